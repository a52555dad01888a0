"""Reading Fabric's blocks: what the peers stored, as bytes, to what our port speaks of.

envelope   one transaction's envelope: who, when, which call; what was endorsed, written and answered
block      a block: its header and hash, the orderers' signatures, the validation codes
records    the port's blocks and transactions made of them
log        a member's log of what its peer recorded, for its notary to cosign
"""
