"""From a file to text, blocks, chunks and the preview; and the process that reads files."""
