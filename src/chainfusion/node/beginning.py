"""From an empty home to a member of a founded consortium: what `org` and `consortium` do by command, a step at a time.

What is drafted or received lies in `<home>/founding.json` until the ledger is joined. Copies of one genesis that
several founders signed are put together; a genesis that says something else takes the place of one that was not signed
here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from chainfusion.domain.canonical import NotCanonical
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import Member, SignedGenesis
from chainfusion.domain.records import BadRecord, from_bytes, to_bytes
from chainfusion.domain.roles import Role
from chainfusion.node import founding
from chainfusion.node.home import Home, LedgerFolder, read_record, write_record
from chainfusion.node.identity.enrolment import create_organisation, enrol_user
from chainfusion.node.identity.organisation import Identity, Organisation, unlock
from chainfusion.node.joining import join_ledger
from chainfusion.node.opening import found_ledger, open_ledger

R = TypeVar("R")
FILE = "founding.json"
SHORTEST = 8
"""Characters of a password that locks a key."""


class FoundingRefused(ChainFusionError):
    """Something on the way to a consortium that does not fit."""

    code = "FOUNDING_REFUSED"
    says = Text("{what}: {why}.", "{what_zh}：{why_zh}。")
    do = Text("Correct it and try again; nothing was changed.", "请更正后重试；未作任何更改。")


def refused(what: Text, why: str, why_zh: str) -> FoundingRefused:
    """The refusal, in both languages."""
    return FoundingRefused(what=what.en, what_zh=what.zh, why=why, why_zh=why_zh)


CARD, GENESIS, PASSWORD = Text("The card", "成员名片"), Text("The genesis", "创世文件"), Text("The password", "口令")


@dataclass(frozen=True)
class Founding:
    """Where a home stands: its organisation with its people, the genesis at hand, whether it has joined."""

    organisation: Organisation | None
    people: tuple[Identity, ...]
    genesis: SignedGenesis | None
    joined: bool

    @property
    def signed(self) -> tuple[str, ...]:
        """Who has signed the genesis."""
        return tuple(each.msp for each in self.genesis.signatures) if self.genesis else ()

    @property
    def orders(self) -> bool:
        """Whether this institution's node is the one that orders."""
        own = self.organisation.msp_id if self.organisation else ""
        return self.genesis is not None and self.genesis.genesis.rules.orderer == own

    @property
    def unsigned(self) -> tuple[str, ...]:
        """Founders whose signature is missing."""
        if self.genesis is None:
            return ()
        return tuple(each.msp for each in self.genesis.genesis.members if each.msp not in self.signed)


@dataclass(frozen=True)
class Beginning:
    """The way of one home."""

    home: Home

    @property
    def _file(self) -> Path:
        return self.home.path / FILE

    def stands(self) -> Founding:
        """Where it is. Raises: NotAnOrganisation, FileDamaged where what is there cannot be read."""
        if not self.home.identity.exists():
            return Founding(None, (), None, joined=False)
        organisation = self.home.organisation()
        genesis = read_record(self._file, SignedGenesis) if self._file.exists() else None
        return Founding(organisation, organisation.users(), genesis, self.home.has_joined)

    # ------------------------------------------------------------------ the institution and its people

    def create(self, msp: str, name: str, name_zh: str, password: str) -> None:
        """Makes the institution's identity. Raises: FoundingRefused, IdentityExists, BadIdentityName."""
        secret = _fit(password)
        self.home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        create_organisation(self.home.identity, msp, name, name_zh, secret, now=_now())

    def enrol(self, user: str, roles: Iterable[Role], ca_password: str, password: str) -> None:
        """Enrols a person. Raises: FoundingRefused, WrongPassword, IdentityExists, BadIdentityName."""
        chosen, secret = tuple(roles), _fit(password)
        require(bool(chosen), refused(Text("The person", "人员"), "a role is needed", "请选择角色"))
        organisation = self.home.organisation()
        enrol_user(organisation, user, chosen, ca_password.encode(), now=_now(), user_password=secret)

    def card(self, roles: Iterable[Role]) -> bytes:
        """The institution's entry for a consortium, as a file. Raises: FoundingRefused."""
        try:
            return to_bytes(self.home.organisation().as_member(tuple(roles)))
        except ValueError as error:
            raise refused(CARD, str(error), "请选择本机构的角色") from None

    # ------------------------------------------------------------------ the genesis

    def draft(self, names: tuple[str, str], cards: Iterable[bytes], agreement: bytes, orderer: str) -> None:
        """Drafts a genesis of the founders' cards. Raises: FoundingRefused."""
        members = [_read(Member, each, CARD) for each in cards]
        require(bool(agreement), refused(Text("The agreement", "联盟协议"), "its text is needed", "请提供协议文本"))
        require(
            orderer in {each.msp for each in members},
            refused(GENESIS, "who orders is one of the founders", "排序成员须为发起成员之一"),
        )
        text, rules = founding.agreement_of(agreement), founding.default_rules(orderer)
        try:
            drafted = founding.draft_genesis(*names, members, text, rules, _now())
        except ValueError as error:
            raise refused(GENESIS, str(error), "名称或成员不符合要求") from None
        self._keep(drafted)

    def take(self, data: bytes) -> None:
        """Takes a genesis that another founder sent. Raises: FoundingRefused."""
        self._keep(_read(SignedGenesis, data, GENESIS))

    def sign(self, user: str, password: str) -> None:
        """Signs the genesis as a founder's representative. Raises: WrongPassword, IdentityMissing, FoundingRefused."""
        identity, genesis = self.home.organisation().user(user), self._genesis()
        speaks = Role.REPRESENTATIVE in identity.roles
        require(speaks, refused(GENESIS, "a representative signs it", "须由联盟代表签署"))
        write_record(self._file, founding.sign_genesis(genesis, unlock(identity, password.encode())))

    def text(self) -> bytes:
        """The genesis at hand, to be passed on. Raises: FoundingRefused."""
        return to_bytes(self._genesis())

    # ------------------------------------------------------------------ the ledger

    def found(self, folder: str, user: str, password: str, node_password: str) -> None:
        """Begins the ledger in a folder, by the member that orders, and joins it.

        Raises: FoundingRefused, WrongPassword, GenesisRefused, FileExists.
        """
        genesis, organisation = self._genesis(), self.home.organisation()
        missing = ", ".join(self.stands().unsigned)
        require(not missing, refused(GENESIS, f"not signed by {missing}", f"尚未签署：{missing}"))
        founder = unlock(organisation.user(user), password.encode())
        node = unlock(organisation.node, node_password.encode())
        place = LedgerFolder(_absolute(folder))
        place.path.mkdir(parents=True, exist_ok=True)
        with found_ledger(place, genesis, founder, node, self.home.identity) as opened:
            join_ledger(self.home, place, opened, user)

    def join(self, folder: str, user: str) -> None:
        """Joins the ledger in a folder, if it was founded on the genesis that was signed here.

        Raises: FoundingRefused, IdentityMissing, LedgerUnreadable, LogForked.
        """
        place = LedgerFolder(_absolute(folder))
        self.home.organisation().user(user)
        there = place.database.exists()
        require(there, refused(Text("The folder", "文件夹"), "no ledger is in it", "其中没有账本"))
        other = refused(GENESIS, "the ledger was founded on another", "账本的创世文件与此处的不同")
        require(place.genesis().genesis == self._genesis().genesis, other)
        with open_ledger(place) as opened:
            join_ledger(self.home, place, opened, user)

    def _genesis(self) -> SignedGenesis:
        found = self.stands().genesis
        if found is None:
            raise refused(GENESIS, "there is none here yet", "尚无创世文件")
        return found

    def _keep(self, fresh: SignedGenesis) -> None:
        stands = self.stands()
        own = stands.organisation.msp_id if stands.organisation else ""
        named = own in {each.msp for each in fresh.genesis.members}
        require(named, refused(GENESIS, f"{own} is none of its founders", f"{own} 不在发起成员之列"))
        if stands.genesis is not None and stands.genesis.genesis == fresh.genesis:
            both = {each.msp: each for each in (*fresh.signatures, *stands.genesis.signatures)}
            fresh = SignedGenesis(fresh.genesis, tuple(both[msp] for msp in sorted(both)))
        else:
            free = own not in stands.signed
            require(free, refused(GENESIS, "another was signed here already", "此处已签署另一份创世文件"))
        write_record(self._file, fresh)


def _now() -> datetime:
    return datetime.now(UTC)


def _fit(password: str) -> bytes:
    long = len(password) >= SHORTEST
    require(long, refused(PASSWORD, f"at least {SHORTEST} characters are needed", f"至少 {SHORTEST} 个字符"))
    return password.encode()


def _absolute(folder: str) -> Path:
    path = Path(folder)
    full = bool(folder) and path.is_absolute()
    require(full, refused(Text("The folder", "文件夹"), "a full path is needed", "请填写完整路径"))
    return path


def _read(kind: type[R], data: bytes, what: Text) -> R:
    try:
        return from_bytes(kind, data)
    except (NotCanonical, BadRecord, ValueError) as error:
        raise refused(what, f"the file is none ({error})"[:200], "文件格式不符") from None
