"""Governing the consortium: signing its agreement, putting changes to the vote, voting. The contract decides on all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from chainfusion.domain.canonical import NotCanonical
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import Agreement, Change, ChangeKind, Keys, Member, Membership, Rules, Threshold
from chainfusion.domain.records import BadRecord, from_bytes, from_json
from chainfusion.ledger.port import Receipt
from chainfusion.node.desk import Desk
from chainfusion.node.founding import agreement_of
from chainfusion.node.home import Home

SHARES = ("admission", "suspension", "amendment", "agreement", "witnesses")
"""The shares of the consortium's rules, by their fields."""
_SHARE = re.compile(r"([0-9]{1,4})/([0-9]{1,4})", re.ASCII)


class AnotherText(ChainFusionError):
    """A text that is not the agreement in force."""

    code = "ANOTHER_TEXT"
    says = Text(
        "This text has the fingerprint {found}; version {version} of the agreement has {needed}.",
        "该文本的指纹为 {found}；第 {version} 版联盟协议的指纹为 {needed}。",
    )
    do = Text("Choose the very file of the agreement in force.", "请选择现行联盟协议的原始文件。")


class BadCard(ChainFusionError):
    """A file that is no institution's card."""

    code = "BAD_CARD"
    says = Text("This is no institution's card: {why}.", "该文件不是机构名片：{why}。")
    do = Text("Take the file that `chainfusion org card` wrote.", "请使用 `chainfusion org card` 生成的文件。")


class BadShare(ChainFusionError):
    """A share of the members that is none."""

    code = "BAD_SHARE"
    says = Text("{given!r} is no share of the members.", "{given!r} 不是有效的成员比例。")
    do = Text("Write it as 2/3, above nothing and at most one.", "请写作 2/3 的形式，大于 0 且不超过 1。")


def membership(desk: Desk) -> Membership:
    """Members, rules, agreement and open proposals as they are now."""
    return from_json(Membership, desk.session.query("consortium.membership"))


def sign_agreement(desk: Desk, text: bytes, *, request: str | None = None) -> Receipt:
    """Signs the agreement in force for the institution; `text` is what was read, and must be that very text.

    Raises: AnotherText, AgreementSigned, RoleNeeded.
    """
    found = from_json(Agreement, desk.session.query("consortium.agreement"))
    given = agreement_of(text, found.version)
    facts = {"found": given.fingerprint, "version": found.version, "needed": found.fingerprint}
    require(given.fingerprint == found.fingerprint, AnotherText(**facts))
    return desk.session.call(
        "consortium.sign_agreement", request=request, version=found.version, fingerprint=found.fingerprint
    )


def propose(desk: Desk, change: Change, *, request: str | None = None) -> Receipt:
    """Puts a change to the vote, with the proposer's yes. Raises: as the contract's `propose`."""
    return desk.session.call("consortium.propose", request=request, change=change)


def of_member(kind: ChangeKind, card: bytes) -> Change:
    """The admission or the replacement of the member of a card. Raises: BadCard."""
    try:
        return Change(kind, member=from_bytes(Member, card))
    except (NotCanonical, BadRecord) as error:
        raise BadCard(why=error.message()) from None
    except ValueError as error:
        raise BadCard(why=str(error)) from None


def of_agreement(desk: Desk, text: bytes) -> Change:
    """The next version of the agreement, by its text."""
    version = membership(desk).agreement.version + 1
    return Change(ChangeKind.ADOPT_AGREEMENT, agreement=agreement_of(text, version))


def of_rules(desk: Desk, shares: Mapping[str, str], orderer: str) -> Change:
    """Other rules; a share that is not given stays as it is. Raises: BadShare."""
    rules = membership(desk).rules
    given = {name: share_of(word) for name, word in shares.items() if word}
    return Change(ChangeKind.AMEND_RULES, rules=_changed(rules, given, orderer or rules.orderer))


def _changed(rules: Rules, shares: Mapping[str, Threshold], orderer: str) -> Rules:
    return replace(rules, **shares, orderer=orderer)


def share_of(word: str) -> Threshold:
    """A share such as 2/3. Raises: BadShare."""
    parts = _SHARE.fullmatch(word.strip())
    if parts is None:
        raise BadShare(given=word[:20])
    try:
        return Threshold(int(parts[1]), int(parts[2]))
    except ValueError:
        raise BadShare(given=word[:20]) from None


def vote(desk: Desk, proposal: str, *, approve: bool, request: str | None = None) -> Receipt:
    """Votes on an open proposal, once. Raises: ProposalUnknown, AlreadyVoted, NoVoteOnOwnSuspension."""
    return desk.session.call("consortium.vote", request=request, proposal=proposal, approve=approve)


def withdraw(desk: Desk, proposal: str, *, request: str | None = None) -> Receipt:
    """Takes back an own proposal. Raises: ProposalUnknown, NotTheProposer."""
    return desk.session.call("consortium.withdraw", request=request, proposal=proposal)


def leave(desk: Desk, *, request: str | None = None) -> Receipt:
    """Ends the institution's membership; what it stated stays. Raises: OrdererMustStay."""
    return desk.session.call("consortium.leave", request=request)


def renew_keys(desk: Desk, home: Home, *, request: str | None = None) -> Receipt:
    """Puts the institution's present keys, as its home has them, in place of the earlier ones."""
    before = desk.members.member(desk.msp)
    card = home.organisation().as_member(before.roles)
    keys = Keys(card.encryption_key, card.intermediate_certificates, card.node_certificate, card.notary_certificate)
    return desk.session.call("consortium.renew_keys", request=request, keys=keys)
