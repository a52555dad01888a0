"""The tape that the demonstration runs on: its own, or the visitor's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from chainfusion.domain.criteria import Condition, Criteria, Eligibility, Operator
from chainfusion.domain.deal import Product
from chainfusion.domain.errors import Text
from chainfusion.node.home import write_bytes
from chainfusion.tape.criteria_file import load_criteria
from chainfusion.tape.intake import Intake, inspect_tape
from chainfusion.tape.mapping_reader import load_mapping

OWN_TAPE, OWN_MAPPING, OWN_CRITERIA = "ally-auto-2019-08.csv", "ally-auto-aart-2019.yaml", "auto-loan.yaml"
PRODUCTS = {
    "AUTO_LOAN": Product.AUTO_LOANS,
    "AUTO_LEASE": Product.AUTO_LEASES,
    "RESIDENTIAL_MORTGAGE": Product.RESIDENTIAL_MORTGAGES,
    "COMMERCIAL_MORTGAGE": Product.COMMERCIAL_MORTGAGES,
    "SME_LOAN": Product.SME_LOANS,
    "CORPORATE_LOAN": Product.CORPORATE_LOANS,
    "EQUIPMENT_LEASE": Product.EQUIPMENT_LEASES,
    "RECEIVABLE": Product.RECEIVABLES,
}


@dataclass(frozen=True)
class Asset:
    """A tape's file with the intake of it and the criteria that its pool is held against."""

    file: Path
    intake: Intake
    criteria: Criteria
    own: bool

    @property
    def product(self) -> Product:
        """What the loans are, as the tape's first loan says."""
        product = self.intake.accepted().loan(0).product
        return PRODUCTS.get(product or "", Product.CONSUMER_LOANS)


def own_asset(folder: Path) -> Asset:
    """The tape that the project carries, a public record, copied to where the originator keeps it."""
    data = files("chainfusion.demo").joinpath("data", OWN_TAPE).read_bytes()
    target = folder / OWN_TAPE
    write_bytes(target, data)
    tape = files("chainfusion.tape")
    mapping = load_mapping(Path(str(tape.joinpath("mappings", OWN_MAPPING))))
    criteria = load_criteria(Path(str(tape.joinpath("criteria", OWN_CRITERIA))))
    return Asset(target, inspect_tape(target, mapping), criteria, own=True)


def given_asset(tape: Path, mapping: Path) -> Asset:
    """A visitor's tape, under criteria that any pool must meet: each loan owes something."""
    intake = inspect_tape(tape, load_mapping(mapping))
    owing = Condition("current_balance", Operator.ABOVE, numbers=(0,))
    criterion = Eligibility("owes", Text("Something is owed", "有未偿本金余额"), owing)
    currency = intake.accepted().currency
    return Asset(tape, intake, Criteria("Any pool", currency, (criterion,), ()), own=False)


def with_loan_to_value(criteria: Criteria, limit: int) -> Criteria:
    """The same criteria with another limit (ppm) to a loan's share of its collateral."""
    per_cent = limit // 10_000
    title = Text(f"Loan to value at most {per_cent}% where it is known", f"如有贷款价值比，不超过 {per_cent}%")
    condition = Condition("ltv_ppm", Operator.AT_MOST, numbers=(limit,), unstated=True)
    stricter = Eligibility("loan-to-value", title, condition)
    kept = (stricter if each.id == stricter.id else each for each in criteria.eligibility)
    return replace(criteria, eligibility=tuple(kept))
