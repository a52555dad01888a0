"""Pools: the loan tapes of a deal, each under one Merkle root."""
