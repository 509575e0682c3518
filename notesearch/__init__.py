"""Notesearch finds the passage you meant in your own notes. See README.md beside this file for the rooms."""

import os

# The one place of the version: pyproject.toml, --version, About, the log and the User-Agent read it here.
__version__ = "0.1.0"

# onnxruntime 1.29 and later sends telemetry to Microsoft on Linux and macOS, unless this is set before it is
# first imported in a process. This file runs first in every process of ours. On Windows a call turns it off:
# see embedding/local/onnx.py.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
