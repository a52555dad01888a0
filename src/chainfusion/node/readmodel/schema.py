"""The tables of the read model. All of it can be made again from the ledger, so a change of form is a rebuild.

Whoever changes a table, or what is written into one, counts `SCHEMA` up: a model of another number is dropped and read
again from block 0. Times are texts as signed (UTC, microseconds), which sort as times do; days are those of UTC+8.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, Table, Text
from sqlalchemy.dialects import postgresql

SCHEMA = 3
PREFIX = "cf_"
"""Begins the name of every table, so that a rebuild drops its own and nothing else."""

metadata = MetaData()
Word = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""A text that is compared byte for byte on every database: ids, hashes, times, days."""

model = Table(
    f"{PREFIX}model",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("schema", Integer, nullable=False),
    Column("words", Word, nullable=False),
    Column("ledger", Word, nullable=False),
    Column("built", Word, nullable=False),
    Column("height", Integer, nullable=False),
    Column("head", Word, nullable=False),
    Column("named", Integer, nullable=False),
    Column("made", Integer, nullable=False),
)
"""One row: the form, the wording of sentences, and the ledger that this is a model of; which build it is; how many
blocks are taken in and the hash of the last. `named` is the block that last changed a member's name, `made` counts the
derived records that were written."""

blocks = Table(
    f"{PREFIX}block",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("hash", Word, nullable=False),
    Column("time", Word, nullable=False),
    Column("transactions", Integer, nullable=False),
    Column("invalid", Integer, nullable=False),
)

acts = Table(
    f"{PREFIX}act",
    metadata,
    Column("block", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("tx_id", Word, nullable=False),
    Column("time", Word, nullable=False),
    Column("recorded", Word, nullable=False),
    Column("day", Word, nullable=False),
    Column("msp", Word, nullable=False),
    Column("person", Text, nullable=False),
    Column("contract", Word, nullable=False),
    Column("operation", Word, nullable=False),
    Column("version", Integer, nullable=False),
    Column("deal", Word),
    Column("valid", Boolean, nullable=False),
    Column("code", Word, nullable=False),
    Column("what_en", Text, nullable=False),
    Column("what_zh", Text, nullable=False),
    Column("failure_en", Text),
    Column("failure_zh", Text),
)
"""A transaction as people read it. `deal` is what its arguments name, whether there is such a deal or not."""
Index(f"{PREFIX}act_tx", acts.c.tx_id, unique=True)
Index(f"{PREFIX}act_deal", acts.c.deal, acts.c.block, acts.c.position)
Index(f"{PREFIX}act_facets", acts.c.block, acts.c.position, acts.c.contract, acts.c.msp, acts.c.valid, acts.c.day)

tallies = Table(
    f"{PREFIX}tally",
    metadata,
    Column("contract", Word, primary_key=True),
    Column("msp", Word, primary_key=True),
    Column("valid", Boolean, primary_key=True),
    Column("day", Word, primary_key=True),
    Column("number", Integer, nullable=False),
)
"""How many transactions there are of each kind, so that counting facets reads no transaction."""

marks = Table(
    f"{PREFIX}mark",
    metadata,
    Column("mark", Word, primary_key=True),
    Column("page", Word, primary_key=True),
    Column("kind", Word, nullable=False),
)
"""Hashes and ids that are searched for, and the page that shows what each is of."""

members = Table(
    f"{PREFIX}member",
    metadata,
    Column("msp", Word, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
)

membership = Table(
    f"{PREFIX}membership",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("record", Text, nullable=False),
)
"""One row: the membership after the last block, replayed step by step."""

documents = Table(
    f"{PREFIX}document",
    metadata,
    Column("id", Word, primary_key=True),
    Column("kind", Word, nullable=False),
)

definitions = Table(
    f"{PREFIX}definition",
    metadata,
    Column("process", Word, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("record", Text, nullable=False),
)

deals = Table(
    f"{PREFIX}deal",
    metadata,
    Column("id", Word, primary_key=True),
    Column("product", Word, nullable=False),
    Column("process", Word),
    Column("process_version", Integer),
    Column("acts", Integer, nullable=False),
    Column("touched", Integer, nullable=False),
    Column("read", Integer),
    Column("turns", Word),
    Column("made", Integer, nullable=False),
    Column("record", Text),
)
"""A deal: what it is, how many transactions name it, and the block of the last valid one. The rest is derived from the
contracts' answers: `record`, as of block `read`, which holds until the moment `turns`, and is the `made`-th written."""
Index(f"{PREFIX}deal_made", deals.c.made)

step_times = Table(
    f"{PREFIX}step_time",
    metadata,
    Column("block", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("whole", Boolean, primary_key=True),
    Column("deal", Word, nullable=False),
    Column("product", Word, nullable=False),
    Column("process", Word, nullable=False),
    Column("part", Word, nullable=False),
    Column("step", Word, nullable=False),
    Column("item", Word, nullable=False),
    Column("msp", Word, nullable=False),
    Column("kind", Word, nullable=False),
    Column("opened", Word, nullable=False),
    Column("closed", Word, nullable=False),
    Column("late", Boolean, nullable=False),
)
"""How long a step took. `whole`: the step itself, from the moment it was reached to the act that moved the deal on;
else the part of one institution, from its turn to its last act. `part` is the process of the definition in which the
step stands."""
Index(f"{PREFIX}step_time_item", step_times.c.item, step_times.c.step)
