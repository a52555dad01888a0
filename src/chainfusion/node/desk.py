"""A person's desk: the session that signs, the vault, and the key that opens what the institution was granted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from chainfusion.node.members import Members
from chainfusion.node.session import Session
from chainfusion.vault.keys import EncryptionKeyPair
from chainfusion.vault.vault import Vault


@dataclass(frozen=True)
class Desk:
    """All that a use case works with. `unlock` gives the institution's encryption key when it is first needed."""

    session: Session
    vault: Vault
    unlock: Callable[[], EncryptionKeyPair]

    @cached_property
    def encryption(self) -> EncryptionKeyPair:
        """The key that documents are sealed to. Raises: WrongPassword."""
        return self.unlock()

    @property
    def msp(self) -> str:
        """The member that the person works for."""
        return self.session.msp

    @property
    def members(self) -> Members:
        """The consortium's members."""
        return Members(self.session.ledger)
