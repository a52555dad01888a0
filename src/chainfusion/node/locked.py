"""Keys that are unlocked when they are first needed: who only reads gives no password."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger import port
from chainfusion.node.identity.organisation import Identity, unlock
from chainfusion.node.identity.signer import Signer

Password = bytes | Callable[[], bytes]
"""A password, or how to ask for it: then it is asked for once, when the key is first needed."""


def told(password: Password) -> bytes:
    """The password itself."""
    return password if isinstance(password, bytes) else password()


@dataclass(frozen=True)
class LockedSigner:
    """A person's signing key behind its password; the certificate is public."""

    identity: Identity
    password: Password

    @property
    def msp_id(self) -> str:
        """The member's MSP id."""
        return self.identity.msp_id

    @property
    def certificate_der(self) -> bytes:
        """The certificate of the key."""
        return self.identity.certificate.der

    @property
    def certificate_fingerprint(self) -> str:
        """SHA-256 of the certificate's DER, hexadecimal."""
        return self.identity.certificate.fingerprint

    def sign(self, data: bytes) -> bytes:
        """ECDSA P-256 with SHA-256 over `data`: DER, low S. Raises: WrongPassword."""
        return self.unlocked.sign(data)

    @cached_property
    def unlocked(self) -> Signer:
        """The key itself, once the password was given. Raises: WrongPassword."""
        return unlock(self.identity, told(self.password))


class NeverSigns(ChainFusionError):
    """A signature asked of what reads for a whole institution."""

    code = "NEVER_SIGNS"
    says = Text("The node itself signs nothing in a person's name.", "节点本身不以个人名义签署。")
    do = Text("Sign in, and act as yourself.", "请登录后以本人身份操作。")


@dataclass(frozen=True)
class CertificateAlone:
    """Asks in a person's name, where questions need no signature; it has no key."""

    msp_id: str
    certificate_der: bytes
    certificate_fingerprint: str

    def sign(self, data: bytes) -> bytes:
        """Raises: NeverSigns."""
        del data
        raise NeverSigns


def certificate_alone(signer: port.Signer) -> CertificateAlone:
    """A signer without its key."""
    return CertificateAlone(signer.msp_id, signer.certificate_der, signer.certificate_fingerprint)
