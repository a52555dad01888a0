"""Opening a deal and settling who takes part in it, as people state it; the contract decides on all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chainfusion.domain.deal import DealTerms, NamedParty, Product
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.roles import Role
from chainfusion.domain.text import check_currency, check_id, check_name
from chainfusion.ledger.port import Receipt
from chainfusion.node.desk import Desk


class BadDeal(ChainFusionError):
    """A part of a deal that no record takes."""

    code = "BAD_DEAL"
    says = Text("{part} cannot be {given!r}: {why}.", "{part_zh}不能为 {given!r}：{why_zh}。")
    do = Text("Correct it and send the form again; nothing was recorded.", "请更正后重新提交；未记录任何内容。")


ID = Text("The id", "项目编号")
NAME = Text("A name", "项目名称")
CURRENCY = Text("The currency", "币种")
PARTY = Text("A party", "参与方")
_ID_FORM = Text(
    "1 to 64 letters, digits, dots, underscores or hyphens", "须为 1 至 64 个字母、数字、点、下划线或连字符"
)
_NAME_FORM = Text("one line of 1 to 120 characters is needed", "须为 1 至 120 个字符的单行文本")
_CURRENCY_FORM = Text("three capital letters are needed, such as CNY", "须为三个大写字母，如 CNY")
_PARTY_FORM = Text("a role and an institution are needed, each pair once", "须为角色与机构，且不重复")


def open_deal(
    desk: Desk,
    deal: str,
    names: tuple[str, str],
    product: Product,
    currency: str,
    parties: Iterable[str],
    *,
    request: str | None = None,
) -> Receipt:
    """Opens a deal as its originator and asks its parties, each `ROLE=MSP`; `names`: the English and the Chinese one.

    Raises: BadDeal, DealExists, RoleNotHeld, NotAMember, RoleNeeded.
    """
    _fits(ID, _ID_FORM, deal, check_id)
    for name in names:
        _fits(NAME, _NAME_FORM, name, check_name)
    _fits(CURRENCY, _CURRENCY_FORM, currency, check_currency)
    named = tuple(dict.fromkeys((party_of(f"{Role.ORIGINATOR}={desk.msp}"), *map(party_of, parties))))
    terms = DealTerms(deal, *names, product, currency, named)
    return desk.session.call("deal.open", request=request, terms=terms)


def party_of(word: str) -> NamedParty:
    """A party as `ROLE=MSP`. Raises: BadDeal."""
    role, _, msp = word.partition("=")
    try:
        return NamedParty(Role(role), msp)
    except ValueError:  # no role, none of an institution, or no MSP id
        raise _bad(PARTY, _PARTY_FORM, word) from None


def accept(desk: Desk, deal: str, role: Role, *, request: str | None = None) -> Receipt:
    """Takes a role that the institution was named for. Raises: NotNamed."""
    return desk.session.call("deal.accept", request=request, deal=deal, role=role)


def decline(desk: Desk, deal: str, role: Role, reason: str, *, request: str | None = None) -> Receipt:
    """Declines it, with the reason. Raises: NotNamed, ReasonRefused."""
    return desk.session.call("deal.decline", request=request, deal=deal, role=role, reason=reason)


def name_party(desk: Desk, deal: str, party: str, *, request: str | None = None) -> Receipt:
    """Asks one more institution, `ROLE=MSP`. Raises: BadDeal, PartyNamed, RoleNotHeld."""
    return desk.session.call("deal.name_party", request=request, deal=deal, party=party_of(party))


def replace_party(
    desk: Desk, deal: str, party: str, successor: str, reason: str, *, request: str | None = None
) -> Receipt:
    """Ends a party's role, and asks a successor where one is named. Raises: BadDeal, ReasonRefused, and others."""
    given: dict[str, Any] = {"party": party_of(party), "successor": successor or None, "reason": reason}
    return desk.session.call("deal.replace_party", request=request, deal=deal, **given)


def close(desk: Desk, deal: str, *, request: str | None = None) -> Receipt:
    """Makes the pool final. Raises: NoPool."""
    return desk.session.call("deal.close", request=request, deal=deal)


def cancel(desk: Desk, deal: str, reason: str, *, request: str | None = None) -> Receipt:
    """Ends a deal that does not come about. Raises: ReasonRefused."""
    return desk.session.call("deal.cancel", request=request, deal=deal, reason=reason)


def start_process(desk: Desk, deal: str, process: str, version: int, *, request: str | None = None) -> Receipt:
    """Starts a deal's process on an adopted version. Raises: DefinitionNotAdopted, ProcessStarted."""
    return desk.session.call("process.start", request=request, deal=deal, process=process, version=version)


def _fits(part: Text, form: Text, given: str, check: Callable[[str], None]) -> None:
    try:
        check(given)
    except ValueError:
        raise _bad(part, form, given) from None


def _bad(part: Text, form: Text, given: str) -> BadDeal:
    return BadDeal(part=part.en, part_zh=part.zh, given=given[:80], why=form.en, why_zh=form.zh)
