"""The local log of who came in and who was refused: `<home>/signin.log`, a JSON object a line, its owner's alone.

It holds accounts, ways, addresses and reasons: no password, no id, no token, and no name that is not an account's,
because people type passwords where their name belongs.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import structlog

from chainfusion.node.accounts.sessions import Where

FILE = "signin.log"
LARGEST, KEPT = 5_000_000, 5


class _OwnersAlone(RotatingFileHandler):
    def _open(self) -> Any:
        return os.fdopen(os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600), "a",
                         encoding="utf-8")  # fmt: skip


@dataclass
class Audit:
    """Writes the log of one home."""

    home: Path

    def __post_init__(self) -> None:
        self._handler = _OwnersAlone(str(self.home / FILE), maxBytes=LARGEST, backupCount=KEPT, delay=True)
        logger = logging.Logger(f"chainfusion.signin.{self.home}")
        logger.addHandler(self._handler)
        self._log = structlog.wrap_logger(
            logger,
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )

    def note(self, event: str, account: str, where: Where, **facts: str | int | bool) -> None:
        """One line. `account` is an account's name, or empty."""
        self._log.info(event, account=account, address=where.address[:64], agent=where.kind, **facts)

    def close(self) -> None:
        """Closes the file."""
        self._handler.close()
