"""The vault: documents and tapes, encrypted before they leave the institution and opened only by who was granted.

keys        the encryption keys of institutions, and data keys sealed to them (HPKE)
passphrase  secrets at rest under a passphrase
chunks      a stream of any length as authenticated chunks
envelope    what is said and signed about an encrypted object; grants
store       where the encrypted objects lie
safe        the facade: seal, open, grant
"""
