"""The tables of the ledger's file, as they are declared in it."""

from __future__ import annotations

APPLICATION_ID = 0x43464C31
"""`CFL1`, in the file's header."""
FORMAT = 1

TABLES = {
    "meta": "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "blocks": (
        "CREATE TABLE blocks (number INTEGER PRIMARY KEY, header BLOB NOT NULL, signature BLOB NOT NULL) STRICT"
    ),
    "transactions": (
        "CREATE TABLE transactions (place INTEGER PRIMARY KEY, tx_id BLOB NOT NULL UNIQUE, time TEXT NOT NULL,"
        " leaf BLOB NOT NULL, outcome BLOB NOT NULL, response BLOB NOT NULL, events BLOB) STRICT"
    ),
    "transients": "CREATE TABLE transients (place INTEGER PRIMARY KEY, input BLOB NOT NULL) STRICT",
    "certificates": "CREATE TABLE certificates (fingerprint BLOB PRIMARY KEY, der BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "nodes": (
        "CREATE TABLE nodes (level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL,"
        " PRIMARY KEY (level, position)) STRICT, WITHOUT ROWID"
    ),
    "state": (
        "CREATE TABLE state (key BLOB PRIMARY KEY, value BLOB NOT NULL, place INTEGER NOT NULL) STRICT, WITHOUT ROWID"
    ),
    "history": (
        "CREATE TABLE history (key BLOB NOT NULL, place INTEGER NOT NULL, value BLOB,"
        " PRIMARY KEY (key, place)) STRICT, WITHOUT ROWID"
    ),
    "private": (
        "CREATE TABLE private (collection TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
        " place INTEGER NOT NULL, PRIMARY KEY (collection, key)) STRICT, WITHOUT ROWID"
    ),
    "private_hashes": (
        "CREATE TABLE private_hashes (collection TEXT NOT NULL, key_hash BLOB NOT NULL, value_hash BLOB NOT NULL,"
        " place INTEGER NOT NULL, PRIMARY KEY (collection, key_hash)) STRICT, WITHOUT ROWID"
    ),
    "checkpoints": "CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT",
}
"""Name to statement. STRICT, so that a byte changed in a value's type is damage that SQLite reports."""
