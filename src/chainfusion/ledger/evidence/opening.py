"""A pool's commitment, and the opening that shows one loan of it: salt, record, place and path.

A loan's leaf is salt and record, so that nobody finds a balance by trying balances; the pool's root is the RFC 9162
root over the leaves in tape order. A root alone does not say how many leaves it has, so the count stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.domain.errors import require
from chainfusion.domain.loan import Loan, decode_loan
from chainfusion.ledger.evidence import merkle

SALT_BYTES = 16


@dataclass(frozen=True)
class PoolCommitment:
    """What the ledger holds of a loan tape: the root over the loans' leaves and how many there are."""

    root: bytes
    count: int


@dataclass(frozen=True)
class LoanOpening:
    """Shows one loan of a committed pool to whoever holds the commitment, and no other loan.

    `index` counts from 0 in tape order; `path` are the sibling hashes, lowest first.
    """

    index: int
    path: tuple[bytes, ...]
    record: bytes
    salt: bytes

    def verify(self, commitment: PoolCommitment) -> Loan:
        """The loan, once it is proven to be leaf `index` of the committed pool. Raises: ProofInvalid, BadLoanRecord."""
        require(
            len(self.salt) == SALT_BYTES,
            merkle.ProofInvalid(why=f"the salt is not {SALT_BYTES} bytes", why_zh=f"盐值应为 {SALT_BYTES} 字节"),
        )
        leaf = loan_leaf(self.salt, self.record)
        merkle.verify_inclusion(leaf, self.index, commitment.count, self.path, commitment.root)
        return decode_loan(self.record)


def loan_leaf(salt: bytes, record: bytes) -> bytes:
    """The leaf hash of a loan: SHA-256(0x00, salt, record)."""
    return merkle.leaf_hash(salt + record)
