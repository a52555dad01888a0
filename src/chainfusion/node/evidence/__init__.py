"""Making evidence files from a ledger."""

from chainfusion.node.evidence.export import EvidenceSource, EvidenceUnsound, NotInCheckpoint, export_evidence

__all__ = ["EvidenceSource", "EvidenceUnsound", "NotInCheckpoint", "export_evidence"]
