"""The smallest parts of a text: where they lie, what they count, and what ends with them."""

from __future__ import annotations
