"""What evidence from a Hyperledger Fabric channel is made of, on the standard library and cryptography.

wire           protobuf, read strictly
messages       the messages that Fabric hashes and signs
block          a block: its hash, and what its orderers sign
envelope       one transaction, taken apart
identities     an organisation's MSP, and who is one of its people or nodes
policies       who must have signed
configuration  the channel's configuration, and how an update changes it
attestation    members' notaries on what their peers recorded
anchor         what a user trusts: a configuration block, by its hash
evidence_file  the file
"""
