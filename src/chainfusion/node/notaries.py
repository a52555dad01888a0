"""The members' notaries, by the certificates in the membership record: whose line on a checkpoint counts."""

from __future__ import annotations

from collections.abc import Iterable

from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.membership import Member
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.evidence.note import NoteKey, NoteSignature, SignatureType


class Notaries:
    """The keys that these members cosign with."""

    def __init__(self, members: Iterable[Member]) -> None:
        self._keys = {each.msp: _key(each) for each in members}

    def made(self, line: NoteSignature, text: str) -> bool:
        """Whether a line over this text is by the notary of the member that it names."""
        key = self._keys.get(line.name)
        if key is None or not key.made(line):
            return False
        try:
            key.verify(text, line)
        except ChainFusionError:
            return False
        return True


def _key(member: Member) -> NoteKey:
    public = Certificate.from_der(member.notary_certificate).ed25519_key.public_bytes_raw()
    return NoteKey(member.msp, public, SignatureType.COSIGNATURE)
