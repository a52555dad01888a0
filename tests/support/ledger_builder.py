"""A ledger in memory with real keys, signatures and trees, and no contracts: any history can be built, lies included.

It is an `EvidenceSource`, so evidence of it is made by the same export as of a real ledger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chainfusion.contracts.framework import Modification
from chainfusion.domain.canonical import canonical
from chainfusion.domain.governance import GOVERNANCE_OPERATIONS, governance_step
from chainfusion.domain.membership import (
    GENESIS_FORMAT,
    MEMBERSHIP_KEY,
    Agreement,
    FounderSignature,
    Genesis,
    Member,
    Membership,
    Rules,
    SignedGenesis,
    Threshold,
    fingerprint,
)
from chainfusion.domain.records import to_bytes, to_json
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.block import FORMAT, NO_PREVIOUS, BlockHeader
from chainfusion.ledger.evidence.checkpoint import Checkpoint, sign_checkpoint
from chainfusion.ledger.evidence.merkle import consistency_proof, inclusion_proof, leaf_hash, root
from chainfusion.ledger.evidence.note import Note, cosign_text
from chainfusion.ledger.evidence.transaction import VALID, Creator, Outcome, Proposal, Transaction, nonce_of
from chainfusion.ledger.port import Block, CommittedTransaction
from tests.support import identities
from tests.support.identities import NOW

TWO_THIRDS = Threshold(2, 3)
FOUNDED = NOW + timedelta(hours=1)


def entry(identity: identities.Member, *roles: Role) -> Member:
    """An institution as the membership record has it."""
    return Member(
        msp=identity.msp_id,
        name=f"{identity.msp_id} Ltd",
        name_zh=f"{identity.msp_id} 公司",
        roles=roles or (Role.INVESTOR,),
        root_certificates=(identity.root_der,),
        intermediate_certificates=(),
        encryption_key=b"encryption " + identity.msp_id.encode(),
        notary_certificate=identity.notary.certificate_der,
        node_certificate=identity.node.certificate_der,
    )


def signed_genesis(
    founders: Sequence[identities.Member],
    witnesses: Threshold = TWO_THIRDS,
    signers: Sequence[identities.Member] | None = None,
) -> SignedGenesis:
    """A genesis that the founders (or others, in their place) signed; the first founder orders."""
    rules = Rules(TWO_THIRDS, TWO_THIRDS, TWO_THIRDS, TWO_THIRDS, witnesses, founders[0].msp_id)
    members = tuple(map(entry, founders))
    agreement = Agreement(1, "a1" * 32)
    genesis = Genesis(GENESIS_FORMAT, "Harbour Consortium", "港湾联盟", FOUNDED, members, rules, agreement)
    people = [each.user("representative") for each in signers or founders]
    signatures = tuple(
        FounderSignature(founder.msp_id, person.certificate_der, person.sign(genesis.signing_bytes))
        for founder, person in zip(founders, people, strict=True)
    )
    return SignedGenesis(genesis, signatures)


@dataclass
class Recorded:
    """A block with all that was not asked to be true of it."""

    block: Block
    transactions: list[bytes]
    outcomes: list[bytes]


@dataclass
class LedgerBuilder:
    """Builds blocks. What an attack changes is an argument of the method that would do it right."""

    identities: dict[str, identities.Member]
    genesis: SignedGenesis
    blocks: list[Recorded] = field(default_factory=list)
    membership: Membership | None = None
    certificates: dict[str, bytes] = field(default_factory=dict)
    changes: list[Modification] = field(default_factory=list)
    kept: Note | None = None
    requests: int = 0

    @classmethod
    def founded(
        cls, founders: Sequence[identities.Member], genesis: SignedGenesis | None = None, *others: identities.Member
    ) -> LedgerBuilder:
        """A ledger with its block 0. `others` are institutions that may be admitted later."""
        genesis = genesis or signed_genesis(founders)
        builder = cls({each.msp_id: each for each in (*founders, *others)}, genesis)
        builder.append([builder.sign(founders[0].msp_id, "consortium.found", {"genesis": to_json(genesis)})])
        return builder

    @property
    def ledger_id(self) -> str:
        """The ledger's id."""
        return self.genesis.genesis.ledger_id

    @property
    def trust(self) -> bytes:
        """The genesis file."""
        return to_bytes(self.genesis)

    @property
    def now(self) -> datetime:
        """The time of the next block."""
        return FOUNDED + timedelta(minutes=len(self.blocks))

    @property
    def orderer(self) -> str:
        """Who orders now."""
        return self.membership.rules.orderer if self.membership else self.genesis.genesis.rules.orderer

    # ------------------------------------------------------------------ building

    def sign(self, msp: str, operation: str, args: dict[str, Any], signer: Any = None, **changes: Any) -> Transaction:
        """A signed transaction; `changes` replace fields of the proposal before it is signed."""
        self.requests += 1
        person = signer or self.identities[msp].user("maker")
        self.certificates[person.certificate_fingerprint] = person.certificate_der
        contract, _, name = operation.partition(".")
        proposal = Proposal(
            args=args,
            channel=self.ledger_id,
            contract=contract,
            creator=Creator(msp, person.certificate_fingerprint),
            nonce=nonce_of(f"request {self.requests}"),
            operation=name,
            time=self.now,
            transient=None,
            version=1,
        )
        proposal = replace(proposal, **changes)
        return Transaction(proposal, person.sign(proposal.signing_bytes))

    def append(
        self,
        transactions: Sequence[Transaction],
        *,
        codes: Sequence[str] = (),
        responses: Sequence[Any] = (),
        signer: Any = None,
        **header_changes: Any,
    ) -> int:
        """Adds a block of transactions, all valid unless `codes` say otherwise; returns its number."""
        signer = signer or self.identities[self.orderer].node
        codes = codes or [VALID] * len(transactions)
        answers = [canonical(each) for each in responses or [{}] * len(transactions)]
        outcomes = [self._outcome(*each) for each in zip(transactions, codes, answers, strict=True)]
        number = len(self.blocks)
        leaves = [each.leaf for each in transactions], [each.leaf for each in outcomes]
        header = BlockHeader(
            channel=self.ledger_id,
            count=len(transactions),
            format=FORMAT,
            membership=fingerprint(self.membership) if self.membership else bytes(32),
            number=number,
            outcomes=root([leaf_hash(leaf) for leaf in leaves[1]]),
            previous=self.blocks[-1].block.header.hash if self.blocks else NO_PREVIOUS,
            time=self.now,
            transactions=root([leaf_hash(leaf) for leaf in leaves[0]]),
        )
        header = replace(header, **header_changes)
        committed = tuple(
            CommittedTransaction(transaction, outcome, answer, (), number, index)
            for index, (transaction, outcome, answer) in enumerate(zip(transactions, outcomes, answers, strict=True))
        )
        self.blocks.append(Recorded(Block(header, signer.sign(header.signing_bytes), committed), *leaves))
        return number

    def call(self, msp: str, operation: str, response: Any = None, **args: Any) -> str:
        """One transaction in a block of its own; returns its id."""
        transaction = self.sign(msp, operation, args)
        self.append([transaction], responses=[response or {}])
        return transaction.proposal.tx_id

    def decide(self, change: dict[str, Any], by: str, *voters: str) -> str:
        """A proposal and the votes for it, each in its block; returns the proposal's id."""
        proposal = self.call(by, "consortium.propose", change=change)
        for voter in voters:
            self.call(voter, "consortium.vote", proposal=proposal, approve=True)
        return proposal

    def _outcome(self, transaction: Transaction, code: str, response: bytes) -> Outcome:
        proposal = transaction.proposal
        if code == VALID and proposal.contract == "consortium" and proposal.operation in GOVERNANCE_OPERATIONS:
            by, tx_id = proposal.creator.msp, proposal.tx_id
            self.membership = governance_step(self.membership, proposal.operation, proposal.args, by, tx_id)
            self.changes.insert(0, Modification(tx_id, proposal.time, to_bytes(self.membership)))
        digest = hashlib.sha256(response).hexdigest()
        return Outcome(code=code, event=None, private=(), response=digest, tx_id=proposal.tx_id, writes=())

    # ------------------------------------------------------------------ checkpoints

    @property
    def log_leaves(self) -> list[bytes]:
        """The leaf hashes of the log's tree."""
        return [leaf_hash(each.block.header.encoded) for each in self.blocks]

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        """The head of the first `size` blocks."""
        size = len(self.blocks) if size is None else size
        return Checkpoint.of(self.ledger_id, size, root(self.log_leaves[:size]))

    def witnessed(self, by: Iterable[str] | None = None, log: Any = None, at: datetime | None = None) -> Note:
        """The newest checkpoint, signed, cosigned by all active members but the orderer or by those named, and kept."""
        assert self.membership is not None
        names = sorted(self.membership.active - {self.orderer}) if by is None else by
        seconds = int((at or self.now).timestamp())
        note = sign_checkpoint(self.checkpoint(), log or self.identities[self.orderer].notary)
        self.kept = note.signed(*(cosign_text(note.text, self.identities[msp].notary, seconds) for msp in names))
        return self.kept

    # ------------------------------------------------------------------ what evidence is made from

    def block(self, number: int) -> Block:
        """A block by number."""
        return self.blocks[number].block

    def leaves(self, number: int) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """A block's leaves."""
        recorded = self.blocks[number]
        return tuple(recorded.transactions), tuple(recorded.outcomes)

    def transaction(self, tx_id: str) -> CommittedTransaction:
        """A recorded transaction."""
        found = (each for recorded in self.blocks for each in recorded.block.transactions)
        return next(each for each in found if each.transaction.proposal.tx_id == tx_id)

    def certificate(self, certificate_fingerprint: str) -> bytes:
        """A certificate that signed something."""
        return self.certificates[certificate_fingerprint]

    def history(self, key: str) -> tuple[Modification, ...]:
        """The memberships there have been, newest first."""
        assert key == MEMBERSHIP_KEY
        return tuple(self.changes)

    def inclusion_proof(self, block: int, size: int) -> tuple[bytes, ...]:
        """A block's path."""
        return inclusion_proof(self.log_leaves[:size], block)

    def consistency_proof(self, first: int, size: int) -> tuple[bytes, ...]:
        """From one size to another."""
        return consistency_proof(self.log_leaves[:size], first)

    def note(self, size: int | None = None) -> Note:
        """The kept checkpoint."""
        assert self.kept is not None
        return self.kept
