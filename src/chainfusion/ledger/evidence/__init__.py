"""Formats and proofs of the ledger: all that the offline verifier needs, on the standard library and cryptography."""
