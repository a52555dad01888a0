"""The embedded ledger: one machine, one SQLite file, the contract semantics of Fabric.

A transaction's way, a module a step: `admission` (is it well formed, signed and allowed to be asked for?), `committer`
(order and group), `execution` (run the contract through `context` on `state`), `blocks` (commit to what happened),
`store` (one durable write). `fsck` walks it all again from the file alone.
"""

from chainfusion.ledger.embedded.findings import Finding, Kind
from chainfusion.ledger.embedded.fsck import fsck
from chainfusion.ledger.embedded.ledger import EmbeddedLedger
from chainfusion.ledger.embedded.reader import LedgerFile, LedgerUnreadable

__all__ = ["EmbeddedLedger", "Finding", "Kind", "LedgerFile", "LedgerUnreadable", "fsck"]
