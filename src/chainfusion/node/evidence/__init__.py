"""Making evidence files from a ledger, whichever its engine.

making      one way to ask for evidence, and which engine makes it
export      from an embedded ledger
channel     from a Fabric channel
anchoring   what a recipient is given to trust of a channel
witnessing  a member's notary on what its own peer recorded of a channel
"""

from chainfusion.node.evidence.export import EvidenceSource, EvidenceUnsound, NotInCheckpoint, export_evidence

__all__ = ["EvidenceSource", "EvidenceUnsound", "NotInCheckpoint", "export_evidence"]
