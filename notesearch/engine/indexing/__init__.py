"""From a changed file to vectors: watcher, queue, reading, embedding workers."""
