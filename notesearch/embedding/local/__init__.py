"""Embedding on this computer, with ONNX models."""
