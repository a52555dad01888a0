"""Evidence of a Fabric channel, step by step: the order of the checks is the order of `examine`."""

from __future__ import annotations

import hashlib

from chainfusion.domain.errors import Text, require
from chainfusion.ledger.evidence.cosignatures import Cosignature
from chainfusion.ledger.evidence.evidence_file import malformed
from chainfusion.ledger.evidence.fabric.anchor import FabricAnchor
from chainfusion.ledger.evidence.fabric.configuration import Configuration
from chainfusion.ledger.evidence.fabric.envelope import Invocation, read_call
from chainfusion.ledger.evidence.fabric.evidence_file import FabricEvidence
from chainfusion.ledger.evidence.fabric.identities import Identity, parse_identity
from chainfusion.ledger.evidence.transaction import Creator, Proposal
from chainfusion.verify import report
from chainfusion.verify.anchor import channel_anchor
from chainfusion.verify.conclusion import Proven
from chainfusion.verify.fabric import telling
from chainfusion.verify.fabric.chain import Chain, check_chain, check_links, check_start
from chainfusion.verify.fabric.definition import definition_in_force
from chainfusion.verify.fabric.demands import check_demands
from chainfusion.verify.fabric.transaction import check_creator, check_endorsed, check_first_of_its_id, transaction_at
from chainfusion.verify.fabric.validity import check_validity
from chainfusion.verify.question import Question, require_after
from chainfusion.verify.statement import Statement, read_statement
from chainfusion.verify.verdict import Recorder


def examine(question: Question, evidence: FabricEvidence, steps: Recorder) -> Proven:
    """What the evidence proves. Raises: VerificationFailed at the first check that does not hold."""
    with steps.step("file"):
        found = transaction_at(evidence, evidence.place)
        proposal = proposal_of(evidence, found)
        telling.note_file(steps, evidence, proposal)
    with steps.step("anchor"):
        anchor = channel_anchor(question.trust)
        check_start(evidence, anchor)
        question.expect(anchor.ledger)
        telling.note_anchor(steps, anchor)
    with steps.step("configurations"):
        chain = check_chain(evidence)
        telling.note_configurations(steps, chain)
    with steps.step("orderers"):
        check_links(evidence.blocks)
        configuration = chain.in_force(evidence.block)
        _check_no_later(chain, configuration)
        orderers = configuration.check_orderers(evidence.block, proposal.time)
        telling.note_orderers(steps, configuration, orderers)
    with steps.step("block"):
        _check_place(evidence, found, proposal, question)
        telling.note_block(steps, evidence)
    with steps.step("creator"):
        creator = check_creator(found, configuration)
        report.note_creator(steps, "creator", creator.msp, anchor.names(creator.msp), creator.certificate)
    with steps.step("definition"):
        definition = definition_in_force(evidence, chain, anchor, found, evidence.place)
        telling.note_definition(steps, found, definition)
    with steps.step("endorsements"):
        what = Text(f"transaction {proposal.tx_id}", f"交易 {proposal.tx_id}")
        endorsers = check_endorsed(found, configuration, definition.application_policy, what)
        demanded = check_demands(evidence, chain, anchor, found, endorsers)
        _check_nothing_unused(evidence, definition.blocks | demanded)
        telling.note_endorsements(steps, endorsers, anchor, evidence)
    with steps.step("validity"):
        attested = check_validity(evidence, configuration, anchor.attestations)
        _check_times(proposal, attested, question)
        telling.note_validity(steps, attested, configuration, anchor)
    with steps.step("statement"):
        answered = hashlib.sha256(found.response).hexdigest()
        statement = read_statement(evidence.subject, proposal, answered, question.expect_deal)
        report.note_statement(steps, evidence.subject, statement)
    checked = question.examine_document(evidence.subject, steps)
    return _proven(evidence, statement, checked, proposal, creator, attested, anchor)


def proposal_of(evidence: FabricEvidence, found: Invocation) -> Proposal:
    """The call in our own form. Raises: EnvelopeMalformed, NotCanonical, WireMalformed, IdentityRefused."""
    call = read_call(found.args)
    msp, certificate = parse_identity(found.outer.creator)
    proposal = Proposal(
        args=call.arguments,
        channel=evidence.ledger,
        contract=call.contract,
        creator=Creator(msp, certificate.fingerprint),
        nonce=found.outer.nonce.hex(),
        operation=call.operation,
        time=found.outer.time,
        transient=call.transient,
        version=call.version,
    )
    vars(proposal)["tx_id"] = found.outer.tx_id  # Fabric's id hashes the creator in Fabric's form
    return proposal


def _check_place(evidence: FabricEvidence, found: Invocation, proposal: Proposal, question: Question) -> None:
    same = evidence.subject.tx_id == proposal.tx_id
    require(same, malformed("the subject is another transaction", "存证主题是另一笔交易"))
    check_first_of_its_id(evidence, found)
    question.require_past("transaction", proposal.time)


def _check_no_later(chain: Chain, configuration: Configuration) -> None:
    """What came into force later says nothing of the subject."""
    last = chain.configurations[-1] is configuration
    require(last, malformed("a configuration is newer than the subject", "含有晚于主题的配置"))


def _check_nothing_unused(evidence: FabricEvidence, needed: frozenset[int]) -> None:
    used = {*evidence.configurations, *needed, evidence.place.block}
    exact = used == set(evidence.by_number)
    require(exact, malformed("a block that proves nothing of the subject", "含有与主题无关的区块"))


def _check_times(proposal: Proposal, attested: tuple[Cosignature, ...], question: Question) -> None:
    for each in attested:
        require_after(each.msp, each.time, proposal.time)
        question.require_past(each.msp, each.time)


def _proven(
    evidence: FabricEvidence,
    statement: Statement,
    checked: bool,
    proposal: Proposal,
    creator: Identity,
    attested: tuple[Cosignature, ...],
    anchor: FabricAnchor,
) -> Proven:
    opening = evidence.subject.loan
    return Proven(
        kind=evidence.subject.kind,
        statement=statement,
        loan_index=opening.index if opening else None,
        document_checked=checked,
        by=anchor.names(creator.msp),
        person=creator.certificate.subject,
        on=proposal.time,
        recorded=telling.recorded(attested),
        caveat=None if attested else telling.UNATTESTED,
        unproven=telling.UNPROVEN if attested else (telling.MAY_BE_INVALID, *telling.UNPROVEN),
    )
