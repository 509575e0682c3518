"""Where notes, chunks and vectors are kept, and how they are found."""
