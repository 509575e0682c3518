"""The library of one computer: the SQLite store holds everything, and the tantivy and HNSW indexes are
copies."""
