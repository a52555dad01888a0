"""Making identities with a CA of our own: an institution, and the people in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chainfusion.domain.records import to_bytes
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.certificates import ROLES_ATTRIBUTE
from chainfusion.node.identity import folder
from chainfusion.node.identity.folder import Authorities
from chainfusion.node.identity.issuing import (
    LEAF_VALIDITY,
    ROOT_VALIDITY,
    Authority,
    Profile,
    der_of,
    issue_leaf,
    issue_root,
    view_of,
)
from chainfusion.node.identity.keyfile import KeyLock, PrivateKey
from chainfusion.node.identity.organisation import (
    CA,
    ENCRYPTION_KEY,
    FORMAT,
    MSP,
    NODE,
    NOTARY,
    PROFILE,
    USERS,
    Identity,
    Organisation,
    OrganisationProfile,
    checked_user_name,
    open_organisation,
    unlock_authority,
)
from chainfusion.node.identity.refusals import BadIdentityName, IdentityExists
from chainfusion.vault.keys import EncryptionKeyPair

MSP_ID, MAX_NAME = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,55}"), 64
"""X.509 gives a common name 64 characters, of which "notary." takes 7; an organisation's name has 64 as well."""


def create_organisation(
    home: Path,
    msp_id: str,
    name_en: str,
    name_zh: str,
    password: bytes,
    *,
    now: datetime,
    ca_validity: timedelta = ROOT_VALIDITY,
    validity: timedelta = LEAF_VALIDITY,
) -> Organisation:
    """A new institution in `home`: CA, node, notary and encryption key, all locked under `password`.

    The folder appears whole or not at all. Raises: IdentityExists, BadIdentityName, PassphraseEmpty.
    """
    check_names(msp_id, name_en, name_zh)
    with folder.appearing(home) as draft:
        maker = _Maker(draft, msp_id, name_en, KeyLock(password), now)
        authority = maker.authority(ca_validity)
        maker.holder(authority, NODE, "peer", generate_private_key(SECP256R1()), validity)
        maker.holder(authority, NOTARY, "notary", Ed25519PrivateKey.generate(), validity)
        write_profile(draft, msp_id, name_en, name_zh, password)
    return open_organisation(home)


def enrol_user(
    organisation: Organisation,
    name: str,
    roles: Iterable[Role],
    password: bytes,
    *,
    now: datetime,
    admin: bool = False,
    user_password: bytes | None = None,
    validity: timedelta = LEAF_VALIDITY,
) -> Identity:
    """A new person with a key of the own, certified by the institution's CA.

    `password` opens the CA; `user_password` locks the person's key (None: the same). `admin` makes an administrator on
    Fabric (OU=admin); it grants nothing else. Raises: IdentityExists, IdentityMissing, WrongPassword, BadIdentityName.
    """
    place = place_of_user(organisation, name)
    authority = unlock_authority(organisation, password)
    key = generate_private_key(SECP256R1())
    unit = "admin" if admin else "client"
    profile = Profile(organisation.profile.name_en, name, unit, attributes_of(name, unit, roles))
    certificate = view_of(issue_leaf(authority, key.public_key(), profile, now, validity))
    lock = KeyLock(password if user_password is None else user_password)
    with folder.appearing(place) as draft:
        folder.write_msp(draft / MSP, organisation.authorities)
        folder.write_holder(draft / MSP, certificate, lock.lock(key))
    return organisation.user(name)


def attributes_of(name: str, unit: str, roles: Iterable[Role]) -> dict[str, str]:
    """Fabric CA's attributes of an enrolment, and the roles that the holder may act in."""
    words = {"hf.Affiliation": "", "hf.EnrollmentID": name, "hf.Type": unit}
    held = ",".join(sorted({Role(role).value for role in roles}))
    return {ROLES_ATTRIBUTE: held, **words} if held else words


def place_of_user(organisation: Organisation, name: str) -> Path:
    """Where a new person goes; no other may have the name, in either case. Raises: IdentityExists, BadIdentityName."""
    place = organisation.home / USERS / checked_user_name(name)
    for other in (organisation.home / USERS).glob("*"):
        if other.name.lower() == name.lower():
            raise IdentityExists(path=str(other))
    return place


def check_names(msp_id: str, name_en: str, name_zh: str) -> None:
    """Checks what is to stand in certificates and on the ledger. Raises: BadIdentityName."""
    if not MSP_ID.fullmatch(msp_id):
        form = "a letter, then at most 55 of A-Z a-z 0-9 . -", "以字母开头，其后至多 55 个字母、数字或 . -"
        raise _bad_name(msp_id, ("an MSP id", "MSP 编号"), form)
    for name, what in ((name_en, ("an institution's name", "机构名称")), (name_zh, ("a Chinese name", "中文名称"))):
        if not (0 < len(name) <= MAX_NAME and name == name.strip() and name.isprintable()):
            raise _bad_name(name, what, ("1 to 64 printable characters", "应为 1 至 64 个可见字符"))


def write_profile(draft: Path, msp_id: str, name_en: str, name_zh: str, password: bytes) -> None:
    """Makes the encryption key and writes what is public of the institution."""
    pair = EncryptionKeyPair.generate()
    folder.write(draft / ENCRYPTION_KEY, pair.private_bytes(password))
    profile = OrganisationProfile(pair.public_bytes(), FORMAT, msp_id, name_en, name_zh)
    folder.write(draft / PROFILE, to_bytes(profile))


@dataclass(frozen=True)
class _Maker:
    """The parts of a new institution, written into its draft folder."""

    draft: Path
    msp_id: str
    name: str
    lock: KeyLock
    now: datetime

    def authority(self, validity: timedelta) -> Authority:
        key = generate_private_key(SECP256R1())
        root = issue_root(key, self.name, f"ca.{self.msp_id}", self.now, validity)
        folder.write_msp(self.draft / MSP, Authorities((der_of(root),)))
        folder.write_holder(self.draft / CA, view_of(root), self.lock.lock(key))
        return Authority(root, key)

    def holder(self, authority: Authority, place: str, unit: str, key: PrivateKey, validity: timedelta) -> None:
        common_name = f"{place}.{self.msp_id}"
        profile = Profile(self.name, common_name, unit, attributes_of(common_name, unit, ()))
        certificate = issue_leaf(authority, key.public_key(), profile, self.now, validity)
        folder.write_msp(self.draft / place / MSP, Authorities((der_of(authority.certificate),)))
        folder.write_holder(self.draft / place / MSP, view_of(certificate), self.lock.lock(key))


def _bad_name(name: str, what: tuple[str, str], why: tuple[str, str]) -> BadIdentityName:
    return BadIdentityName(name=name[:80], what=what[0], what_zh=what[1], why=why[0], why_zh=why[1])
