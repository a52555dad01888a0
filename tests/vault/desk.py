"""Members, signatures and stores for the vault's tests."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chainfusion.vault.keys import EncryptionKeyPair
from chainfusion.vault.store import FolderStore, Kind, ObjectKey
from chainfusion.vault.vault import Sealed, Vault

CHUNK = 1024


class Member:
    """An institution: an encryption key, and a signing key whose raw public bytes stand for its certificate."""

    def __init__(self, msp_id: str) -> None:
        self.msp_id = msp_id
        self.key = EncryptionKeyPair.generate()
        self._signing = Ed25519PrivateKey.generate()
        self.certificate_fingerprint = hashlib.sha256(self._signing.public_key().public_bytes_raw()).hexdigest()

    def sign(self, data: bytes) -> bytes:
        return self._signing.sign(data)

    def verifies(self, data: bytes, signature: bytes) -> bool:
        try:
            self._signing.public_key().verify(signature, data)
        except InvalidSignature:
            return False
        return True


DONGHAI, LAW, TRUST, OUTSIDER = Member("DonghaiMSP"), Member("LawMSP"), Member("TrustMSP"), Member("OutsiderMSP")
MEMBERS = {(m.msp_id, m.certificate_fingerprint): m for m in (DONGHAI, LAW, TRUST, OUTSIDER)}


def check(msp: str, certificate: str, message: bytes, signature: bytes) -> bool:
    """The consortium's view of who signs: all four are members."""
    member = MEMBERS.get((msp, certificate))
    return member is not None and member.verifies(message, signature)


class Desk:
    """A vault in a folder, with the short words that the tests use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = FolderStore(folder)
        self.vault = Vault(self.store, chunk_size=CHUNK)

    def seal(self, content: bytes, *members: Member, name: str = "尽职调查报告.pdf") -> Sealed:
        recipients = {member.msp_id: member.key.public for member in (DONGHAI, *members)}
        return self.vault.seal(io.BytesIO(content), name, "application/pdf", recipients, DONGHAI)

    def read(self, object_id: str, member: Member = DONGHAI) -> bytes:
        return self.vault.open(object_id, member.msp_id, member.key, check).read()

    def grant(self, object_id: str, to: Member, by: Member = DONGHAI) -> Path:
        """Grants and gives the grant's file."""
        before = set(self.files(Kind.GRANT, object_id))
        self.vault.grant(object_id, by.msp_id, by.key, check, (to.msp_id, to.key.public), by)
        (made,) = set(self.files(Kind.GRANT, object_id)) - before
        return made

    def file(self, kind: Kind, object_id: str) -> Path:
        return self.folder / ObjectKey(kind, object_id).path

    def files(self, kind: Kind, object_id: str) -> list[Path]:
        return [self.folder / key.path for key in self.store.list(kind, object_id)]

    def everything(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())
