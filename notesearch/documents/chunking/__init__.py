"""From text to chunks that fit a model."""
