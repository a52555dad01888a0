"""Passwords at rest: argon2id with the parameters of RFC 9106's second recommendation, and what a password must be.

Checking costs 64 MiB for a few hundredths of a second. So that many at once do not take the machine's memory, few run
beside each other; so that a name that nobody has is not told by its time, it is checked against a hash of nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import cached_property
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chainfusion.domain.errors import require
from chainfusion.node.accounts.refusals import PasswordUnfit

SHORTEST, LONGEST = 12, 1024
"""Characters, and bytes."""
AT_ONCE = 2


@dataclass
class Passwords:
    """Hashes and checks passwords; `hasher` states the work."""

    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    _turn: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE))

    def hashed(self, password: str) -> str:
        """The hash to keep, with its own salt and parameters."""
        with self._turn:
            return self.hasher.hash(password)

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one that was hashed; where nothing is kept the work is the same, and it is not."""
        with self._turn:
            try:
                right = self.hasher.verify(kept or self._of_nobody, password[:LONGEST])
            except (VerificationError, InvalidHashError):
                return False
        return right and kept is not None

    def is_old(self, kept: str) -> bool:
        """Whether a hash was made with less work than is asked for today."""
        return self.hasher.check_needs_rehash(kept)

    @cached_property
    def _of_nobody(self) -> str:
        return self.hasher.hash(secrets.token_hex(16))

    def warm(self) -> None:
        """Makes what the first check would otherwise wait for."""
        _ = self._of_nobody


def check_password(password: str, name: str) -> None:
    """Whether a password may be one. Raises: PasswordUnfit."""
    short = PasswordUnfit(why=f"it has less than {SHORTEST} characters", why_zh=f"少于 {SHORTEST} 个字符")
    require(len(password) >= SHORTEST, short)
    long = PasswordUnfit(why=f"it has more than {LONGEST} bytes", why_zh=f"超过 {LONGEST} 字节")
    require(len(password.encode()) <= LONGEST, long)
    few = PasswordUnfit(why="it repeats very few characters", why_zh="重复字符过多")
    require(len(set(password)) >= 5, few)
    named = PasswordUnfit(why="it holds the account's name", why_zh="包含账户名")
    require(name.lower() not in password.lower(), named)
