"""Embedding by HTTP, with models of OpenAI-compatible servers."""
