"""The keyword index (BM25): a copy of the store's text in tantivy."""
