"""The deal's papers: real PDF files, rendered from the pool's own figures.

Chinese titles are set where the machine has a Chinese typeface; without one they are left out rather than printed as
empty boxes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import typst

from chainfusion.demo.institutions import Institution
from chainfusion.domain.criteria import CriteriaResults, Unit
from chainfusion.domain.document_kinds import DOCUMENT_KIND_NAMES, DocumentKind
from chainfusion.domain.loan import FIELD
from chainfusion.domain.pool import Pool
from chainfusion.domain.statistics import Average, PoolStatistics, Stratification
from chainfusion.web.bands import band_label, band_unit
from chainfusion.web.figures import day, exact_money, grouped, per_cent, tenths

FACES = ("Noto Sans CJK SC", "Source Han Sans SC", "Noto Serif CJK SC")
MOST_BARS = 12


@dataclass(frozen=True)
class Paper:
    """One document to render: what it is, who issues it, and its sections."""

    kind: DocumentKind
    issuer: Institution
    sections: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Subject:
    """What the papers are about."""

    deal: str
    name: str
    pool: Pool
    criteria: CriteriaResults

    @property
    def statistics(self) -> PoolStatistics:
        """The pool's figures as registered."""
        return self.pool.record.statistics


def render(paper: Paper, subject: Subject, target: Path) -> Path:
    """Renders a paper as PDF at `target`."""
    names = DOCUMENT_KIND_NAMES[paper.kind]
    content = {
        "title": names.en,
        "title_zh": names.zh if has_chinese() else "",
        "issuer": paper.issuer.name,
        "date": day(subject.pool.registered.date(), "en"),
        "deal": f"{subject.name} ({subject.deal})",
        "facts": _facts(subject),
        "sections": paper.sections,
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    with as_file(files("chainfusion.demo") / "templates" / "report.typ") as template:
        typst.compile(template, output=target, sys_inputs={"report": json.dumps(content)}, format="pdf")
    return target


@cache
def has_chinese() -> bool:
    """Whether this machine has a Chinese typeface for PDF files."""
    return not set(FACES).isdisjoint(typst.Fonts().families())


def papers(subject: Subject, by: dict[DocumentKind, Institution]) -> tuple[Paper, ...]:
    """The papers of the demonstration, in the order in which they are signed."""
    builders = {
        DocumentKind.LEGAL_DUE_DILIGENCE_REPORT: _legal_due_diligence,
        DocumentKind.AGREED_UPON_PROCEDURES_REPORT: _agreed_upon_procedures,
        DocumentKind.TRUST_CONTRACT: _trust_contract,
        DocumentKind.LEGAL_OPINION: _legal_opinion,
        DocumentKind.ACCOUNTING_OPINION: _accounting_opinion,
        DocumentKind.RATING_REPORT: _rating_report,
    }
    return tuple(Paper(kind, by[kind], build(subject)) for kind, build in builders.items())


def _facts(subject: Subject) -> list[list[str]]:
    record = subject.pool.record
    root = record.root.hex()
    return [
        ["Deal", f"{subject.name} ({subject.deal})"],
        ["Pool", f"version {subject.pool.version}, {grouped(record.loans)} loans"],
        ["Balance", exact_money(record.statistics.balance, record.currency, "en")],
        ["Cut-off date", day(record.cut_off, "en")],
        ["Pool root", f"{root[:32]} {root[32:]}"],
    ]


# ------------------------------------------------------------------ sections


def _legal_due_diligence(subject: Subject) -> tuple[dict[str, Any], ...]:
    return (
        {
            "heading": "Scope",
            "text": "We examined the originator's authority to sell the receivables, the form of the loan contracts, "
            "and whether each asset of the tape fits the eligibility criteria as to its legal character. This report "
            "speaks of the pool whose root is stated above and of no other.",
        },
        {"heading": "Eligibility as registered", "text": _criteria_text(subject), "table": _eligibility(subject)},
        {
            "heading": "Findings",
            "text": "The contracts are assignable without the borrower's consent. The assignment is effective between "
            "the parties with the delivery of the trust property; it binds a borrower once notified. No loan of the "
            "pool is subject to a set-off agreement known to us.",
        },
    )


def _agreed_upon_procedures(subject: Subject) -> tuple[dict[str, Any], ...]:
    return (
        {
            "heading": "Procedures",
            "text": "We recomputed the pool's statistics from the tape itself, loan by loan, and compared them with "
            "the figures registered on the ledger. We found no difference.",
        },
        {"heading": "Figures recomputed", "text": "All amounts to the cent.", "table": _figures(subject.statistics)},
        *_distributions(subject.statistics, ("current_balance", "remaining_term")),
        {
            "heading": "Concentration",
            "text": "Each limit with the measured value and what is left.",
            "table": _concentration(subject),
        },
    )


def _trust_contract(subject: Subject) -> tuple[dict[str, Any], ...]:
    return (
        {
            "heading": "1  Trust property",
            "text": f"The originator entrusts the {grouped(subject.pool.record.loans)} loans whose commitments have "
            "the root stated above, with all collections after the cut-off date. The tape is sealed in the vault under "
            "the fingerprint registered with the pool; the ledger's entry, not a printed list, identifies the loans.",
        },
        {
            "heading": "2  Duties of the trustee",
            "text": "The trustee holds the trust property separate from its own, reconciles the servicer's and the "
            "custodian's reports before each distribution, and reports to the holders at least three business days "
            "before each payment date.",
        },
        {
            "heading": "3  Replacement of the pool",
            "text": "Until closing the originator may replace the pool by a new version that refers to this one. "
            "Afterwards the pool is final.",
        },
    )


def _legal_opinion(subject: Subject) -> tuple[dict[str, Any], ...]:  # noqa: ARG001
    return (
        {
            "heading": "Opinion",
            "text": "Relying on our due-diligence report and on the trust contract, each in the version registered, "
            "we are of the opinion that the transfer of the receivables is a true sale, that the trust is validly "
            "constituted, and that the pool is remote from the originator's insolvency.",
        },
        {
            "heading": "Qualification",
            "text": "The opinion is unqualified. It speaks as of its date and of the facts that its statement on the "
            "ledger names; where one of them is replaced, it no longer stands.",
        },
    )


def _accounting_opinion(subject: Subject) -> tuple[dict[str, Any], ...]:
    share = _largest_band(subject.statistics, "current_balance")
    return (
        {
            "heading": "Opinion",
            "text": "Having performed the agreed procedures on the tape, and on the transfer of substantially all "
            "risks and rewards, we are of the opinion that the receivables are derecognised on delivery of the trust "
            "property.",
        },
        {
            "heading": "Basis",
            "text": f"The largest band by balance holds {share} % of the pool; the originator retains the "
            "subordinated tranche to the extent that the rules demand.",
        },
    )


def _rating_report(subject: Subject) -> tuple[dict[str, Any], ...]:
    return (
        {
            "heading": "Pool",
            "text": "The figures are those registered with the pool; the distributions below are of all of its loans.",
            "table": _figures(subject.statistics),
        },
        *_distributions(subject.statistics, ("credit_score", "ltv_ppm", "rate_ppm", "region")),
        {
            "heading": "Rating",
            "text": "On these assets we expect to assign AAAsf to the senior tranche at the credit enhancement that "
            "the structure provides.",
        },
    )


def _criteria_text(subject: Subject) -> str:
    met = sum(each.passed for each in subject.criteria.eligibility)
    return f"{met} of {len(subject.criteria.eligibility)} eligibility criteria are met by every loan of the pool."


def _eligibility(subject: Subject) -> dict[str, Any]:
    rows = [
        [each.criterion.title.en, "met" if each.passed else "not met", grouped(each.failing_loans)]
        for each in subject.criteria.eligibility
    ]
    return {"head": ["Criterion", "Result", "Failing loans"], "rows": rows}


def _concentration(subject: Subject) -> dict[str, Any]:
    rows = [
        [
            each.criterion.title.en,
            *(_measured(value, each.criterion.unit) for value in (each.value, each.criterion.limit, each.headroom)),
        ]
        for each in subject.criteria.concentration
    ]
    return {"head": ["Measure", "Value", "Limit", "Headroom"], "rows": rows}


def _measured(value: int | None, unit: Unit) -> str:
    if value is None:
        return "—"
    return f"{per_cent(value)} %" if unit in (Unit.SHARE, Unit.RATE) else grouped(value)


def _figures(statistics: PoolStatistics) -> dict[str, Any]:
    currency = statistics.currency

    def value_of(average: Average | None) -> int | None:
        return average.value if average else None

    rows = [
        ["Loans", grouped(statistics.loans)],
        ["Balance", exact_money(statistics.balance, currency, "en")],
        ["Original balance", exact_money(statistics.original_balance, currency, "en")],
        ["Average balance", exact_money(statistics.average_balance, currency, "en")],
        ["Weighted average rate (%)", per_cent(value_of(statistics.wac))],
        ["Weighted average remaining term (months)", tenths(value_of(statistics.wam))],
        ["Weighted average seasoning (months)", tenths(value_of(statistics.wala))],
        ["Weighted average loan to value (%)", per_cent(value_of(statistics.wa_ltv))],
    ]
    return {"head": ["Figure", "Value"], "rows": rows}


def _distributions(statistics: PoolStatistics, fields: tuple[str, ...]) -> list[dict[str, Any]]:
    tables = {table.field: table for table in statistics.stratifications}
    return [
        _distribution(tables[field], statistics.currency)
        for field in fields
        if field in tables and len(tables[field].bands) > 1
    ]


def _distribution(table: Stratification, currency: str) -> dict[str, Any]:
    bands = table.bands
    if table.field == "region":
        bands = tuple(sorted(bands, key=lambda band: (not band.parts, -band.balance))[:MOST_BARS])
    bars = [
        [band_label(table.field, band.parts, "en"), band.balance_share, f"{band.balance_share / 100:.2f} %"]
        for band in bands
    ]
    shown = f" (the {MOST_BARS} largest)" if len(bands) < len(table.bands) else ""
    unit = band_unit(table.field, currency)
    heading = f"{FIELD[table.field].label.en} ({unit})" if unit else FIELD[table.field].label.en
    return {"heading": heading, "text": f"Share of the balance by band{shown}.", "bars": bars}


def _largest_band(statistics: PoolStatistics, field: str) -> str:
    for table in statistics.stratifications:
        if table.field == field:
            return f"{max(band.balance_share for band in table.bands) / 100:.2f}"
    return "100.00"
