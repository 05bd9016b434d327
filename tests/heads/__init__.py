"""Heads that tests open: made once by `make`, stored, so that no test hangs on training's luck."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
TINY = FOLDER / "tiny.nface"
"""The head of `tests/tiny.py`'s actor, with speech, video and ARKit parts."""
SUMS = FOLDER / "SHA256SUMS"
"""What the stored files are, as `sha256sum` writes and checks it."""
