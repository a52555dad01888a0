"""The parts institutions play, and the duties their people hold."""

from __future__ import annotations

from enum import StrEnum

from chainfusion.domain.errors import Text


class Role(StrEnum):
    """What an institution is in a deal. REPRESENTATIVE is a person's duty: to act for the member in the consortium."""

    ORIGINATOR = "originator"
    TRUSTEE = "trustee"
    LEAD_UNDERWRITER = "lead-underwriter"
    SERVICER = "servicer"
    CUSTODIAN = "custodian"
    RATING_AGENCY = "rating-agency"
    LAW_FIRM = "law-firm"
    ACCOUNTANT = "accountant"
    REGISTRAR = "registrar"
    INVESTOR = "investor"
    REGULATOR = "regulator"
    REPRESENTATIVE = "representative"


ROLE_NAMES: dict[Role, Text] = {
    Role.ORIGINATOR: Text("Originator", "发起机构"),
    Role.TRUSTEE: Text("Trustee", "受托机构"),
    Role.LEAD_UNDERWRITER: Text("Lead underwriter", "主承销商"),
    Role.SERVICER: Text("Servicer", "贷款服务机构"),
    Role.CUSTODIAN: Text("Custodian", "资金保管机构"),
    Role.RATING_AGENCY: Text("Rating agency", "评级机构"),
    Role.LAW_FIRM: Text("Law firm", "律师事务所"),
    Role.ACCOUNTANT: Text("Accountant", "会计师事务所"),
    Role.REGISTRAR: Text("Registrar and paying agent", "登记托管与支付代理机构"),
    Role.INVESTOR: Text("Investor", "投资者"),
    Role.REGULATOR: Text("Regulator", "监管机构"),
    Role.REPRESENTATIVE: Text("Representative", "联盟代表"),
}

INSTITUTION_ROLES: tuple[Role, ...] = tuple(role for role in Role if role is not Role.REPRESENTATIVE)
