"""A deal (项目): its terms, its parties, and the states it goes through.

    DRAFT ──all parties accepted──> OPEN ──close──> CLOSED
      └────────────cancel────────────┴──cancel──> CANCELLED

DRAFT waits for its parties; in OPEN the tape, the documents and the opinions come together; CLOSED means that the
pool is final and the securities may be issued on it; CANCELLED ends a deal that does not come about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chainfusion.domain.errors import Text
from chainfusion.domain.membership import check_msp
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from chainfusion.domain.text import check, check_currency, check_id, check_name

MAX_PARTIES = 200


class DealState(StrEnum):
    """Where a deal stands."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


DEAL_STATE_NAMES: dict[DealState, Text] = {
    DealState.DRAFT: Text("Awaiting parties", "待各方确认"),
    DealState.OPEN: Text("Open", "进行中"),
    DealState.CLOSED: Text("Closed", "已封闭"),
    DealState.CANCELLED: Text("Cancelled", "已取消"),
}


class Product(StrEnum):
    """What the assets are; those of SPECIAL_PLANS are placed as an exchange's asset-backed special plan (专项计划)."""

    AUTO_LOANS = "auto-loans"
    AUTO_LEASES = "auto-leases"
    RESIDENTIAL_MORTGAGES = "residential-mortgages"
    COMMERCIAL_MORTGAGES = "commercial-mortgages"
    CONSUMER_LOANS = "consumer-loans"
    SME_LOANS = "sme-loans"
    CORPORATE_LOANS = "corporate-loans"
    EQUIPMENT_LEASES = "equipment-leases"
    RECEIVABLES = "receivables"
    CARD_INSTALMENTS = "card-instalments"
    MICRO_LOANS = "micro-loans"
    NON_PERFORMING_LOANS = "non-performing-loans"
    TRUST_BENEFICIARY_RIGHTS = "trust-beneficiary-rights"


PRODUCT_NAMES: dict[Product, Text] = {
    Product.AUTO_LOANS: Text("Auto loan ABS", "个人汽车贷款资产支持证券"),
    Product.AUTO_LEASES: Text("Auto lease ABS", "汽车租赁资产支持证券"),
    Product.RESIDENTIAL_MORTGAGES: Text("Residential mortgage-backed securities", "个人住房抵押贷款资产支持证券"),
    Product.COMMERCIAL_MORTGAGES: Text("Commercial mortgage-backed securities", "商业房地产抵押贷款支持证券"),
    Product.CONSUMER_LOANS: Text("Consumer loan ABS", "个人消费贷款资产支持证券"),
    Product.SME_LOANS: Text("SME loan ABS", "小微企业贷款资产支持证券"),
    Product.CORPORATE_LOANS: Text("Corporate loan ABS", "企业贷款资产支持证券"),
    Product.EQUIPMENT_LEASES: Text("Equipment lease ABS", "设备租赁资产支持证券"),
    Product.RECEIVABLES: Text("Receivables ABS (asset-backed special plan)", "应收账款资产支持专项计划"),
    Product.CARD_INSTALMENTS: Text("Card instalment ABS", "信用卡分期资产支持证券"),
    Product.MICRO_LOANS: Text("Micro loan ABS (asset-backed special plan)", "小额贷款资产支持专项计划"),
    Product.NON_PERFORMING_LOANS: Text("Non-performing loan ABS", "不良贷款资产支持证券"),
    Product.TRUST_BENEFICIARY_RIGHTS: Text(
        "Trust beneficiary rights ABS (asset-backed special plan)", "信托受益权资产支持专项计划"
    ),
}

SPECIAL_PLANS = frozenset({Product.RECEIVABLES, Product.MICRO_LOANS, Product.TRUST_BENEFICIARY_RIGHTS})


@dataclass(frozen=True)
class NamedParty:
    """An institution that is asked to take a role."""

    role: Role
    msp: str

    def __post_init__(self) -> None:
        check(self.role in INSTITUTION_ROLES, "an institution's role is needed")
        check_msp(self.msp)


@dataclass(frozen=True)
class DealTerms:
    """What the originator opens a deal with; a role may have several institutions, an institution several roles."""

    deal: str
    name: str
    name_zh: str
    product: Product
    currency: str
    parties: tuple[NamedParty, ...]

    def __post_init__(self) -> None:
        check_id(self.deal)
        check_name(self.name, self.name_zh)
        check_currency(self.currency)
        check(0 < len(self.parties) <= MAX_PARTIES, f"1 to {MAX_PARTIES} parties are needed")
        check(len(set(self.parties)) == len(self.parties), "a party is named twice in one role")


@dataclass(frozen=True)
class PoolReference:
    """A version of a deal's pool: what the deal record and later statements point at."""

    version: int
    root: bytes
    tx_id: str


@dataclass(frozen=True)
class Deal:
    """The project's own record: its terms and state, and the strand to its assets.

    `tx_id` is the transaction that opened it; `pool` the pool in force, whose record points back here; `reason` why it
    was cancelled.
    """

    id: str
    name: str
    name_zh: str
    product: Product
    currency: str
    originator: str
    state: DealState
    reason: str | None
    opened: datetime
    tx_id: str
    pool: PoolReference | None


class PartyStatus(StrEnum):
    """How an institution stands to the role that it was named for."""

    NAMED = "named"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REPLACED = "replaced"


PARTY_STATUS_NAMES: dict[PartyStatus, Text] = {
    PartyStatus.NAMED: Text("Awaiting answer", "待确认"),
    PartyStatus.ACCEPTED: Text("Accepted", "已接受"),
    PartyStatus.DECLINED: Text("Declined", "已婉拒"),
    PartyStatus.REPLACED: Text("Replaced", "已更换"),
}


@dataclass(frozen=True)
class Party:
    """An institution in one role of one deal.

    `changed` and `tx_id` tell of its latest step, `reason` why it declined or was replaced.
    """

    deal: str
    role: Role
    msp: str
    status: PartyStatus
    reason: str | None
    changed: datetime
    tx_id: str
