"""What the workspace's tests look at: a deal on the real tape with documents and opinions, and a draft beside it."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from chainfusion.cashflow.text.reader import read_terms
from chainfusion.demo.institutions import INSTITUTIONS
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.opinions import OpinionKind, PoolFact, Statement
from chainfusion.domain.pool import Pool
from chainfusion.domain.process.records import MAIN, Entry
from chainfusion.domain.roles import Role
from chainfusion.node import cashflows, documents, pools, processes
from chainfusion.node.processes import Item
from chainfusion.node.session import Session
from chainfusion.processes import library
from chainfusion.tape.criteria_file import AUTO_LOAN, load_criteria
from chainfusion.tape.intake import read_tape
from chainfusion.tape.mapping_reader import load_mapping
from tests.support.consortium import Consortium

DEAL, DRAFT = "DH-AUTO-2026-1", "DH-AUTO-2026-2"
HOSTILE = "<script>alert(1)</script>"
TERMS = read_terms(files("chainfusion").joinpath("demo/data/auto-terms.yaml").read_bytes())
EVERYONE = tuple(each.msp for each in INSTITUTIONS)


def scene(path: Path) -> Consortium:
    """The consortium with both deals, a checkpoint over all of it but the last act."""
    return scene_of(Consortium(path))


def scene_of(consortium: Consortium) -> Consortium:
    """The same on a consortium that nothing was done in yet."""
    _draft_with_hostile_words(consortium)
    consortium.draft(DEAL)
    consortium.accept(DEAL)
    report = consortium.upload(DEAL, DocumentKind.LEGAL_DUE_DILIGENCE_REPORT, Role.LAW_FIRM, readers=EVERYONE)
    pool = register_pool(consortium)
    _work_on(consortium, pool)
    text = consortium.upload(DEAL, DocumentKind.LEGAL_OPINION, Role.LAW_FIRM, b"%PDF an opinion", EVERYONE)
    relied = PoolFact(pool.version, pool.record.root)
    statement = Statement(OpinionKind.LEGAL, "unqualified", text.fact, relied, (report.fact,))
    documents.state_opinion(consortium.desk_of(Role.LAW_FIRM), DEAL, statement)
    _rating_that_ages(consortium, relied)
    consortium.checkpoint()
    consortium.desk_of(Role.TRUSTEE).session.call("pool.acknowledge", deal=DEAL, pool=relied)
    _agree_on_terms(consortium)
    _run_process(consortium)
    return consortium


def register_pool(consortium: Consortium, deal: str = DEAL) -> Pool:
    """The real tape that the project carries, registered as a pool."""
    package = files("chainfusion")
    mapping = "tape/mappings/ally-auto-aart-2019.yaml"
    with as_file(package / "demo/data/ally-auto-2019-08.csv") as file, as_file(package / mapping) as described:
        tape = read_tape(file, load_mapping(described))
        desk = consortium.desk_of(Role.ORIGINATOR)
        criteria = load_criteria(AUTO_LOAN)
        readers = (consortium.desk_of(Role.TRUSTEE).msp,)
        return pools.register(desk, deal, file, tape, criteria, readers=readers, though_failing=True).pool


def _agree_on_terms(consortium: Consortium) -> None:
    """Terms that all have consented to, and a second version that waits for them."""
    originator = consortium.desk_of(Role.ORIGINATOR)
    cashflows.register_terms(originator, DEAL, TERMS)
    for role in (Role.TRUSTEE, Role.LEAD_UNDERWRITER, Role.CUSTODIAN):
        cashflows.consent(consortium.desk_of(role), DEAL, 1)
    trustee_fee = next(fee for fee in TERMS.fees if fee.id == "trustee")
    dearer = tuple(replace(fee, amount="1_600.00 USD") if fee is trustee_fee else fee for fee in TERMS.fees)
    cashflows.register_terms(originator, DEAL, replace(TERMS, fees=dearer))


def _run_process(consortium: Consortium) -> None:
    """The deal runs on the interbank process: approved by two people, engaged by the trustee."""
    definition = library.definition("interbank-credit-abs")
    consortium.adopt(definition)
    originator = consortium.desk_of(Role.ORIGINATOR).session
    originator.call("process.start", deal=DEAL, process=definition.id, version=1)
    processes.act(originator, Item(DEAL, MAIN, "approval"), (Entry("target-size", "100000000000"),))
    second = consortium.members[originator.msp].user("second person")
    colleague = Session(consortium.ledger, originator.registry, second, consortium.clock)
    processes.check(colleague, Item(DEAL, MAIN, "approval"), approve=True)
    processes.act(consortium.desk_of(Role.CUSTODIAN).session, Item(DEAL, MAIN, "engagement"))


def _draft_with_hostile_words(consortium: Consortium) -> None:
    consortium.draft(DRAFT, f"Auto {HOSTILE}", f"车贷{HOSTILE}")
    agency = consortium.desk_of(Role.RATING_AGENCY)
    agency.session.call("deal.decline", deal=DRAFT, role=Role.RATING_AGENCY, reason=f"No capacity {HOSTILE}")


def _work_on(consortium: Consortium, pool: Pool) -> None:
    underwriter = consortium.desk_of(Role.LEAD_UNDERWRITER)
    underwriter.session.call("pool.acknowledge", deal=DEAL, pool=PoolFact(pool.version, pool.record.root))
    consortium.upload(DEAL, DocumentKind.WORKING_PAPER, Role.ACCOUNTANT, b"not for others")


def _rating_that_ages(consortium: Consortium, pool: PoolFact) -> None:
    """A rating whose report is replaced afterwards, so that the rating does not stand any more."""
    report = consortium.upload(DEAL, DocumentKind.RATING_REPORT, Role.RATING_AGENCY, b"first", EVERYONE)
    statement = Statement(OpinionKind.RATING, "AAAsf", report.fact, pool, ())
    documents.state_opinion(consortium.desk_of(Role.RATING_AGENCY), DEAL, statement)
    consortium.upload(DEAL, DocumentKind.RATING_REPORT, Role.RATING_AGENCY, b"second", EVERYONE, next_of=report.id)
