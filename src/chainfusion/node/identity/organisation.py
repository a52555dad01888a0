"""An institution's identity on disk, and opening it: public parts without a password, each key with its own.

organisation.json     MSP id, names, public encryption key
msp/                  what all may see, for a channel's configuration
ca/                   the root CA's certificate and key (absent where the CA is the institution's own)
node/msp/             the node (OU=peer)
notary/               the Ed25519 key that signs checkpoints (OU=notary; not an identity on Fabric)
encryption/key.json   the HPKE key that documents are sealed to
users/<name>/msp/     people (OU=client or admin)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chainfusion.domain.canonical import NotCanonical
from chainfusion.domain.errors import require
from chainfusion.domain.membership import Member
from chainfusion.domain.records import BadRecord, from_bytes
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.certificates import Certificate, paths_to_root
from chainfusion.node.identity import folder
from chainfusion.node.identity.folder import Authorities
from chainfusion.node.identity.issuing import Authority
from chainfusion.node.identity.keyfile import KeyLock, open_key, plain_key
from chainfusion.node.identity.refusals import BadIdentityName, IdentityMissing, NotAnOrganisation, WrongPassword
from chainfusion.node.identity.signer import Notary, Signer
from chainfusion.vault.keys import EncryptionKeyInvalid, EncryptionKeyPair
from chainfusion.vault.passphrase import LockedSecretRefused

FORMAT = "chainfusion-organisation-v1"
PROFILE, MSP, CA, NODE, NOTARY, USERS = "organisation.json", "msp", "ca", "node", "notary", "users"
ENCRYPTION_KEY = Path("encryption", "key.json")
USER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True)
class OrganisationProfile:
    """The content of organisation.json (canonical JSON)."""

    encryption_key: bytes
    format: str
    msp_id: str
    name_en: str
    name_zh: str


@dataclass(frozen=True)
class Identity:
    """A holder of a certificate, with its key still locked. `folder` is its MSP."""

    msp_id: str
    name: str
    certificate: Certificate
    folder: Path

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that the certificate states."""
        return self.certificate.roles

    @property
    def key_file(self) -> Path:
        """Where the encrypted key lies."""
        return self.folder / folder.key_path(self.certificate)


@dataclass(frozen=True)
class Organisation:
    """The public parts of an institution's identity."""

    home: Path
    profile: OrganisationProfile
    authorities: Authorities
    node: Identity
    notary: Identity | None

    @property
    def msp_id(self) -> str:
        """The MSP id."""
        return self.profile.msp_id

    @property
    def encryption_public_key(self) -> bytes:
        """The 1216 bytes that go on the ledger (see `chainfusion.vault.keys`)."""
        return self.profile.encryption_key

    @property
    def holds_ca(self) -> bool:
        """Whether the root CA's key is here, so that people can be enrolled."""
        return (self.home / CA).is_dir()

    def user(self, name: str) -> Identity:
        """A person by name. Raises: IdentityMissing, NotAnOrganisation, CertificateRefused."""
        place = self.home / USERS / checked_user_name(name)
        require(place.is_dir(), IdentityMissing(msp=self.msp_id, what=f"user {name}", what_zh=f"用户 {name}"))
        return _identity(self.msp_id, name, place / MSP, self.authorities)

    def users(self) -> tuple[Identity, ...]:
        """All people, by name."""
        names = sorted(each.name for each in (self.home / USERS).glob("*") if USER_NAME.fullmatch(each.name))
        return tuple(map(self.user, names))

    def as_member(self, roles: tuple[Role, ...]) -> Member:
        """The institution's entry in a consortium. Raises: IdentityMissing where it has no notary."""
        return Member(
            msp=self.msp_id,
            name=self.profile.name_en,
            name_zh=self.profile.name_zh,
            roles=roles,
            root_certificates=self.authorities.roots,
            intermediate_certificates=self.authorities.intermediates,
            encryption_key=self.encryption_public_key,
            notary_certificate=_notary_of(self).certificate.der,
            node_certificate=self.node.certificate.der,
        )


def open_organisation(home: Path) -> Organisation:
    """The identity in a folder, checked for being whole and one; no password, no key.

    Raises: NotAnOrganisation, CertificateRefused.
    """
    profile = _read_profile(home)
    authorities = folder.read_authorities(home / MSP)
    notary = home / NOTARY / MSP
    return Organisation(
        home=home,
        profile=profile,
        authorities=authorities,
        node=_identity(profile.msp_id, f"node.{profile.msp_id}", home / NODE / MSP, authorities),
        notary=_identity(profile.msp_id, f"notary.{profile.msp_id}", notary, authorities) if notary.is_dir() else None,
    )


def unlock(identity: Identity, password: bytes) -> Signer:
    """The signer of a person or a node. Raises: WrongPassword, NotAnOrganisation, CertificateUnfit."""
    identity.certificate.p256_key  # noqa: B018 - raises
    key = open_key(folder.read(identity.key_file), password, identity.certificate)
    assert isinstance(key, EllipticCurvePrivateKey)
    return Signer(identity.msp_id, identity.certificate, key)


def unlock_notary(organisation: Organisation, password: bytes) -> Notary:
    """The institution's notary. Raises: IdentityMissing, WrongPassword, NotAnOrganisation, CertificateUnfit."""
    identity = _notary_of(organisation)
    identity.certificate.ed25519_key  # noqa: B018 - raises
    key = open_key(folder.read(identity.key_file), password, identity.certificate)
    assert isinstance(key, Ed25519PrivateKey)
    return Notary(organisation.msp_id, identity.certificate, key)


def unlock_encryption(organisation: Organisation, password: bytes) -> EncryptionKeyPair:
    """The key pair that documents are sealed to. Raises: WrongPassword, NotAnOrganisation."""
    locked = folder.read(organisation.home / ENCRYPTION_KEY)
    name = f"encryption.{organisation.msp_id}"
    try:
        pair = EncryptionKeyPair.from_private_bytes(locked, password)
    except (LockedSecretRefused, EncryptionKeyInvalid):
        raise WrongPassword(name=name) from None
    require(pair.public_bytes() == organisation.encryption_public_key, WrongPassword(name=name))
    return pair


def unlock_authority(organisation: Organisation, password: bytes) -> Authority:
    """The institution's CA at work. Raises: IdentityMissing where the CA is elsewhere, WrongPassword."""
    require(organisation.holds_ca, IdentityMissing(msp=organisation.msp_id, what="CA key", what_zh="CA 密钥"))
    place = organisation.home / CA
    certificate = folder.read_certificate(place / folder.SIGNED)
    require(certificate.der in organisation.authorities.roots, WrongPassword(name=certificate.subject))
    key = open_key(folder.read(place / folder.key_path(certificate)), password, certificate)
    assert isinstance(key, EllipticCurvePrivateKey)
    return Authority(certificate.x509, key)


def export_key(identity: Identity, password: bytes, target: Path) -> None:
    """Writes the private key WITHOUT ENCRYPTION (PKCS#8, PEM, readable by its owner alone).

    Fabric's peer and tools read no other form. Whoever reads the file can sign as its holder: write it where the peer
    alone reads, and nowhere else. Raises: WrongPassword, IdentityExists.
    """
    key = open_key(folder.read(identity.key_file), password, identity.certificate)
    folder.write(target, plain_key(key))


def change_password(identity: Identity, old: bytes, new: bytes) -> None:
    """Locks one key under a new password, in one step. Raises: WrongPassword, PassphraseEmpty."""
    key = open_key(folder.read(identity.key_file), old, identity.certificate)
    folder.replace(identity.key_file, KeyLock(new).lock(key))


def checked_user_name(name: str) -> str:
    """A person's name as it stands in the certificate and on disk. Raises: BadIdentityName."""
    if not USER_NAME.fullmatch(name):
        raise BadIdentityName(
            name=name[:80],
            what="a user name",
            what_zh="用户名",
            why="1 to 63 of A-Z a-z 0-9 . _ -, beginning with a letter or digit",
            why_zh="应为 1 至 63 个字母、数字或 . _ -，并以字母或数字开头",
        )
    return name


def _notary_of(organisation: Organisation) -> Identity:
    if organisation.notary is None:
        raise IdentityMissing(msp=organisation.msp_id, what="notary key", what_zh="公证密钥")
    return organisation.notary


def _identity(msp_id: str, name: str, place: Path, authorities: Authorities) -> Identity:
    certificate = folder.read_certificate(place / folder.SIGNED)
    paths_to_root(certificate, authorities.roots, authorities.intermediates)
    return Identity(msp_id, name, certificate, place)


def _read_profile(home: Path) -> OrganisationProfile:
    place = home / PROFILE
    try:
        profile = from_bytes(OrganisationProfile, folder.read(place))
    except (NotCanonical, BadRecord) as error:
        why, why_zh = error.message("en"), error.message("zh")
        raise NotAnOrganisation(path=str(place), why=why, why_zh=why_zh) from None
    known = profile.format == FORMAT
    require(known, NotAnOrganisation(path=str(place), why="unknown format", why_zh="格式未知"))
    return profile
