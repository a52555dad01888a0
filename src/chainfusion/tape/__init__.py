"""Loan tapes: from the file that an originator sends to a validated table of loans under a Merkle root."""
