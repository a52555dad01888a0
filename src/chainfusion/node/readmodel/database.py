"""The database of a read model: SQLite or PostgreSQL, one writer at a time, readers beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.node.readmodel.schema import PREFIX, metadata

READERS = 48
"""Connections that are kept: one for each thread that answers requests."""
PATIENCE_SECONDS = 60
"""How long a writer waits for another process's to end."""
MEMORY = "sqlite://"


class ReadModelUnreachable(ChainFusionError):
    """A database that the setting names and that cannot be used."""

    code = "READ_MODEL_UNREACHABLE"
    says = Text("The read model at {url} cannot be used: {why}.", "读模型 {url} 无法使用：{why}。")
    do = Text(
        "Start the database or correct the setting; nothing of the ledger is lost, the model is read from it again.",
        "请启动数据库或更正设置；账本内容不受影响，读模型可由账本重建。",
    )


@dataclass(frozen=True)
class Database:
    """Connections to one database. Raises: ReadModelUnreachable, wherever it is used and cannot be."""

    engine: Engine
    _alone: RLock | None = field(default=None)
    """In memory there is one connection, which threads take in turns."""

    @classmethod
    def at(cls, url: str) -> Database:
        """The database of an SQLAlchemy address: "sqlite:///file", "postgresql+psycopg://...", or "sqlite://", which is
        in memory and ends with this object."""
        try:
            if url == MEMORY:
                engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
                return cls(_as_sqlite(engine), RLock())
            parsed = make_url(url)
            options: dict[str, Any] = {"pool_size": READERS, "max_overflow": READERS, "pool_pre_ping": False}
            if parsed.get_backend_name() == "sqlite":
                return cls(_as_sqlite(create_engine(parsed, connect_args={"timeout": PATIENCE_SECONDS}, **options)))
            return cls(
                create_engine(parsed.set(drivername="postgresql+psycopg"), **(options | {"pool_pre_ping": True}))
            )
        except (ArgumentError, ImportError, ValueError) as error:  # the last: a port that is no number
            raise ReadModelUnreachable(url=_shown(url), why=_why(error)) from None

    @property
    def name(self) -> str:
        """The address without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for questions."""
        with self._turn(), self._told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is kept in whole, or not at all where anything is raised."""
        with (
            self._turn(),
            self._told(),
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def create(self) -> None:
        """Makes the tables that are not there."""
        with self.writing() as connection:
            metadata.create_all(connection)

    def drop(self, connection: Connection) -> None:
        """Takes away every table of a read model, of this form or an earlier one."""
        found = [name for name in inspect(connection).get_table_names() if name.startswith(PREFIX)]
        if connection.dialect.name == "postgresql":
            for name in found:
                connection.execute(text(f'DROP TABLE "{name}"'))
            return
        old = MetaData()
        old.reflect(connection, only=found)
        old.drop_all(connection)

    def tables(self) -> frozenset[str]:
        """Names of the read model's tables that are there."""
        with self.reading() as connection:
            return frozenset(name for name in inspect(connection).get_table_names() if name.startswith(PREFIX))

    def close(self) -> None:
        """Ends every connection."""
        self.engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._alone is None:
            yield
        else:
            with self._alone:
                yield

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise ReadModelUnreachable(url=self.name, why=_why(error.orig or error)) from error
        except SQLAlchemyError as error:
            raise ReadModelUnreachable(url=self.name, why=_why(error)) from error


def insert(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT: both databases have it, in the same words."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def add(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Adds rows."""
    if rows:
        connection.execute(table.insert(), rows)


def put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Adds rows, or puts them in the place of those of the same key. All rows name the same columns."""
    if not rows:
        return
    statement = insert(connection, table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if changed:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    connection.execute(statement, rows)


def _as_sqlite(engine: Engine) -> Engine:
    """Transactions begun by us, since the driver begins none before a SELECT; a log beside the file for its readers."""

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -16000", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def file_url(path: Path) -> str:
    """The address of an SQLite file."""
    return f"sqlite:///{path}"


def _shown(url: str) -> str:
    return url.split("@")[-1][:120]


def _why(error: BaseException) -> str:
    return " ".join(str(error).split())[:200].rstrip(". ")
