"""The storage of notes, chunks and vectors, and the search in it."""
