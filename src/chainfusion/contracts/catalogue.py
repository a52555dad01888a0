"""All contracts of this program, in all versions that a ledger may hold transactions of."""

from __future__ import annotations

from chainfusion.contracts.consortium.contract import consortium
from chainfusion.contracts.deal.contract import deal_contract
from chainfusion.contracts.document.contract import document_contract
from chainfusion.contracts.framework import Registry
from chainfusion.contracts.migration.contract import migration_contract
from chainfusion.contracts.pool.contract import pool_contract
from chainfusion.contracts.process.adoption import definition_contract
from chainfusion.contracts.process.contract import process_contract
from chainfusion.contracts.process.versions import version_contract
from chainfusion.contracts.review.contract import review_contract
from chainfusion.contracts.terms.contract import terms_contract


def registry() -> Registry:
    """The registry that ledgers run and sessions call; a superseded version stays in it, for replay."""
    return Registry(
        consortium,
        deal_contract,
        document_contract,
        pool_contract,
        migration_contract,
        definition_contract,
        process_contract,
        version_contract,
        terms_contract,
        review_contract,
    )
