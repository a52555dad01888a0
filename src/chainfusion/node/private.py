"""Files that the node's operator alone reads, from their first byte on; a link in their place is never followed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def new_file(path: Path) -> BinaryIO:
    """A new file to be written. Raises: FileExistsError, OSError."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")


def ensure_file(path: Path) -> None:
    """Makes an empty file where there is none, for a library that opens files by name. Raises: OSError."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
