"""Deals that began on an earlier ledger: where they come from, and which fact here re-states which fact there."""
