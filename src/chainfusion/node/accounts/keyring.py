"""Signing keys while their people are signed in: in this process's memory, each for one session, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from threading import Lock

from chainfusion.domain.errors import ChainFusionError
from chainfusion.node.accounts.refusals import KeyLocked
from chainfusion.node.desk import Desk
from chainfusion.node.identity.organisation import Identity
from chainfusion.node.identity.signer import Signer


@dataclass
class SeatSigner:
    """A person's certificate, and the key as long as it is unlocked here."""

    identity: Identity
    _key: Signer | None = None
    _why: ChainFusionError | None = None

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

    @property
    def is_open(self) -> bool:
        """Whether the key is unlocked."""
        return self._key is not None

    def sign(self, data: bytes) -> bytes:
        """ECDSA P-256 with SHA-256 over `data`: DER, low S. Raises: KeyLocked."""
        key, why = self._key, self._why
        self._why = None
        if key is None:
            raise why or KeyLocked(user=self.identity.name)
        return key.sign(data)

    @property
    def key(self) -> Signer | None:
        """The key, if it is unlocked: to go with its person to another session."""
        return self._key

    def open(self, key: Signer) -> None:
        """Takes the unlocked key."""
        self._key, self._why = key, None

    def stays_locked(self, why: ChainFusionError) -> None:
        """The next act is refused for this reason: the password that came with it was wrong."""
        self._why = why

    def close(self) -> None:
        """Forgets it."""
        self._key = None

    def __repr__(self) -> str:
        return f"SeatSigner({self.identity.name}, {'open' if self.is_open else 'locked'})"


def desk_of(office_desk: Desk, signer: SeatSigner | Signer) -> Desk:
    """A person's desk: the institution's ledger, vault and encryption key, and the person's own signature."""
    session = replace(office_desk.session, signer=signer)
    return replace(office_desk, session=session, unlock=lambda: office_desk.encryption)


@dataclass
class Keyring:
    """The desks of sessions, by their digests."""

    office_desk: Desk
    _desks: dict[bytes, tuple[SeatSigner, Desk]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def held(self, digest: bytes, identity: Identity) -> tuple[SeatSigner, Desk]:
        """A session's signer and desk, the key locked until `SeatSigner.open`."""
        with self._lock:
            if digest not in self._desks:
                signer = SeatSigner(identity)
                self._desks[digest] = signer, desk_of(self.office_desk, signer)
            return self._desks[digest]

    def find(self, digest: bytes) -> tuple[SeatSigner, Desk] | None:
        """What a session holds, if it has asked for it before."""
        return self._desks.get(digest)

    def lock(self, digest: bytes) -> None:
        """Forgets a session's key; the session lasts."""
        held = self.find(digest)
        if held:
            held[0].close()

    def forget(self, digest: bytes) -> None:
        """Forgets all of a session: work that still runs for it signs nothing more."""
        with self._lock:
            held = self._desks.pop(digest, None)
        if held:
            held[0].close()

    def keep_only(self, living: frozenset[bytes]) -> None:
        """Forgets all sessions but these."""
        for digest in set(self._desks) - living:
            self.forget(digest)
