"""The eight institutions of the demonstration. Names are invented; roles are those of a credit-asset securitization."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.domain.roles import Role


@dataclass(frozen=True)
class Institution:
    """One institution and the people who act for it: each is a user name with the roles that its certificate states."""

    folder: str
    msp: str
    name: str
    name_zh: str
    roles: tuple[Role, ...]
    desk: str
    """The user who does the deal's work."""

    @property
    def representative(self) -> str:
        """The user who signs and votes for the member in the consortium."""
        return f"{self.folder}-rep"


INSTITUTIONS: tuple[Institution, ...] = (
    Institution("donghai", "DonghaiMSP", "Donghai Bank", "东海银行", (Role.ORIGINATOR, Role.SERVICER), "DH-0417"),
    Institution("yunjin", "YunjinMSP", "Yunjin Trust", "云津信托", (Role.TRUSTEE,), "YJ-0077"),
    Institution("wangchao", "WangchaoMSP", "Wangchao Securities", "望潮证券", (Role.LEAD_UNDERWRITER,), "WC-0231"),
    Institution("beichen", "BeichenMSP", "Beichen Bank", "北辰银行", (Role.CUSTODIAN,), "BC-0055"),
    Institution("mingheng", "MinghengMSP", "Mingheng Ratings", "明衡评级", (Role.RATING_AGENCY,), "MH-0019"),
    Institution("yanshan", "YanshanMSP", "Yanshan Law Firm", "砚山律师事务所", (Role.LAW_FIRM,), "YS-0009"),
    Institution("beiyu", "BeiyuMSP", "Beiyu CPA", "北屿会计师事务所", (Role.ACCOUNTANT,), "BY-0141"),
    Institution("registrar", "RegistrarMSP", "Registration Centre", "登记结算中心", (Role.REGISTRAR,), "DJ-0003"),
)
ORDERER = "DonghaiMSP"
WITNESSES = tuple(each for each in INSTITUTIONS if each.msp != ORDERER)
"""Whose notaries cosign the log: that the orderer vouches for its own log would say nothing."""


def institution(role: Role) -> Institution:
    """The institution that plays a role in the demonstration."""
    return next(each for each in INSTITUTIONS if role in each.roles)
