"""The library of one computer: SQLite is the truth, tantivy and HNSW are copies of it."""
