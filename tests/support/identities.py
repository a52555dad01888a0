"""Institutions in memory: real certificates and keys, none of the cost of keeping them at rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chainfusion.domain.roles import Role
from chainfusion.node.identity.issuing import (
    LEAF_VALIDITY,
    Authority,
    Profile,
    der_of,
    issue_leaf,
    issue_root,
    view_of,
)
from chainfusion.node.identity.signer import Notary, Signer
from chainfusion.vault.keys import EncryptionKeyPair

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
"""The time at which test identities are made unless a test says otherwise; they are valid for two years from it."""


def new_key() -> ec.EllipticCurvePrivateKey:
    """A P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Member:
    """One institution: its CA, node, notary and people. `roles` are what `user` gives when a test names none."""

    msp_id: str
    roles: tuple[Role, ...]
    authority: Authority
    now: datetime
    _users: dict[tuple[str, frozenset[Role], bool], Signer] = field(default_factory=dict)

    @property
    def root_der(self) -> bytes:
        """The root CA's certificate."""
        return der_of(self.authority.certificate)

    @cached_property
    def node(self) -> Signer:
        """The node's signer (OU=peer)."""
        return self._signer(f"node.{self.msp_id}", "peer", {"hf.Type": "peer"})

    @cached_property
    def notary(self) -> Notary:
        """The notary's Ed25519 key (OU=notary)."""
        key = Ed25519PrivateKey.generate()
        profile = Profile(self.msp_id, f"notary.{self.msp_id}", "notary", {})
        issued = issue_leaf(self.authority, key.public_key(), profile, self.now, LEAF_VALIDITY)
        return Notary(self.msp_id, view_of(issued), key)

    @cached_property
    def encryption(self) -> EncryptionKeyPair:
        """The institution's HPKE key pair."""
        return EncryptionKeyPair.generate()

    @property
    def encryption_public_key(self) -> bytes:
        """The published half of it."""
        return self.encryption.public_bytes()

    def user(self, name: str = "user", roles: Iterable[Role] | None = None, *, admin: bool = False) -> Signer:
        """A person's signer (OU=client, or admin); the same one for the same words."""
        held = frozenset(self.roles if roles is None else roles)
        key = (name, held, admin)
        if key not in self._users:
            unit = "admin" if admin else "client"
            words = ",".join(sorted(held))
            attributes = {"cf.roles": words, "hf.EnrollmentID": name, "hf.Type": unit, "hf.Affiliation": ""}
            self._users[key] = self._signer(name, unit, attributes)
        return self._users[key]

    def _signer(self, common_name: str, unit: str, attributes: dict[str, str]) -> Signer:
        key = new_key()
        profile = Profile(self.msp_id, common_name, unit, attributes)
        return Signer(self.msp_id, view_of(issue_leaf(self.authority, key.public_key(), profile, self.now)), key)


def make_member(msp_id: str, roles: Iterable[Role] = tuple(Role), now: datetime = NOW) -> Member:
    """A new institution with keys of its own; node, notary and people are made when first asked for."""
    key = new_key()
    root = issue_root(key, msp_id, f"ca.{msp_id}", now)
    return Member(msp_id, tuple(roles), Authority(root, key), now)
