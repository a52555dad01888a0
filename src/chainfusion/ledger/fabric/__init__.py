"""Hyperledger Fabric as the engine: the same contracts, commands and evidence on the members' own peers."""
