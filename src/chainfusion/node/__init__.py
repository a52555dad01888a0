"""One institution's running system: its identity, its ledger, its vault, and the use cases that people call."""
