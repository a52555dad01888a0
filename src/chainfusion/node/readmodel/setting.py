"""Where an institution's read model lies: an SQLite file in its home, unless a setting names another database."""

from __future__ import annotations

import os

from chainfusion.node.home import Home
from chainfusion.node.readmodel.database import MEMORY, Database, ReadModelUnreachable, file_url

VARIABLE = "CHAINFUSION_READ_MODEL"
"""The environment variable that names the database."""
FILE = "read-model.db"
DAMAGED = ("file is not a database", "database disk image is malformed")
"""How SQLite says that a file is not what it was."""


def read_model_url(home: Home | None) -> str:
    """What the environment names, else a file in the home; in memory where there is none."""
    return os.environ.get(VARIABLE) or (MEMORY if home is None else file_url(home.path / FILE))


def open_database(home: Home | None) -> Database:
    """The database of a home's read model; a file of its own that is damaged is thrown away.

    Raises: ReadModelUnreachable.
    """
    url = read_model_url(home)
    database = Database.at(url)
    try:
        database.tables()
    except ReadModelUnreachable as error:
        own = None if home is None else home.path / FILE
        damaged = any(word in str(error.facts["why"]) for word in DAMAGED)
        if own is None or url != file_url(own) or not damaged:
            raise
        database.close()
        for file in own.parent.glob(f"{own.name}*"):
            file.unlink()
        database = Database.at(url)
    return database
