"""Run by Python when it starts, where `tests.other_words` put this folder on the path: changes every
sentence there too."""

import contextlib
import sys
from pathlib import Path

# A Python of something else has no notesearch; it is left alone.
with contextlib.suppress(ImportError):
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    from tests.other_words import install

    install()
