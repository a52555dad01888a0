"""Who of an institution's people may come in, and for how long their keys stay unlocked.

settings    what the institution decides: how long a session lasts, which identity provider signs people in
database    the file that keeps accounts, sessions, passkeys and tokens: secrets as hashes alone
passwords   argon2id; the same work for a name that nobody has
people      accounts: each stands for one identity of the organisation
attempts    pauses that grow with wrong passwords
sessions    who is signed in, since when, from where
keyring     signing keys in memory, each for one session
tokens      what programs come in with
passkeys    WebAuthn
oidc        the bank's own identity provider; `provider` asks it
pending     what is waited for and may be used once: challenges, states, one-time links
throttle    token buckets
audit       the local log of who came and who was refused
accounts    what a home keeps, in one
gatekeeper  all of it together, as the doors use it
"""
