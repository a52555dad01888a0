"""A read model says what the ledger says, however it came to it, and goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from chainfusion.domain.records import to_json
from chainfusion.domain.roles import Role
from chainfusion.ledger.port import Block
from chainfusion.node.readmodel import ReadModel, schema
from chainfusion.node.readmodel.database import MEMORY, Database
from chainfusion.node.readmodel.narration import Narration
from chainfusion.node.views import Workspace
from chainfusion.node.views.acts import NARRATION
from tests.support.consortium import Consortium
from tests.support.scene import DEAL, DRAFT


@dataclass
class AsOf:
    """A ledger as it was at a height."""

    ledger: Any
    reached: int

    def height(self) -> int:
        return self.reached

    def blocks(self, start: int, stop: int) -> Iterator[Block]:
        return iter(self.ledger.blocks(start, min(stop, self.reached)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)


def content(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but which build it is of."""
    found = {}
    with database.reading() as connection:
        for table in schema.metadata.sorted_tables:
            columns = [column for column in table.columns if column.name != "built"]
            rows = connection.execute(select(*columns)).all()
            found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def followed(consortium: Consortium, database: Database, *heights: int) -> ReadModel:
    """A model that took the ledger in by so many steps."""
    ledger = AsOf(consortium.ledger, 0)
    model = ReadModel(ledger, database, NARRATION)
    for height in (*heights, consortium.ledger.height()):
        ledger.reached = height
        assert model.follow().height == height
    return model


def test_it_holds_every_transaction_of_the_ledger_once(consortium: Consortium, database: Database) -> None:
    followed(consortium, database)
    blocks = list(consortium.ledger.blocks(0, consortium.ledger.height()))
    expected = [(b.header.number, n, each.outcome.tx_id) for b in blocks for n, each in enumerate(b.transactions)]
    order = schema.acts.c.block, schema.acts.c.position
    with database.reading() as connection:
        rows = connection.execute(select(*order, schema.acts.c.tx_id).order_by(*order)).all()
        tallied = connection.execute(select(func.sum(schema.tallies.c.number))).scalar()
    assert [tuple(row) for row in rows] == expected
    assert tallied == len(expected)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_however_it_is_followed_it_comes_to_the_same(consortium: Consortium, data: st.DataObject) -> None:
    heights = st.lists(st.integers(1, consortium.ledger.height() - 1), max_size=12, unique=True).map(sorted)
    by_steps, at_once = Database.at(MEMORY), Database.at(MEMORY)
    followed(consortium, by_steps, *data.draw(heights))
    followed(consortium, at_once)
    assert content(by_steps) == content(at_once)


def test_every_kind_of_database_holds_the_same(consortium: Consortium, database: Database) -> None:
    followed(consortium, database, 3, 17)
    expected = Database.at(MEMORY)
    followed(consortium, expected)
    assert content(database) == content(expected)


def test_pages_read_the_same_out_of_every_kind(consortium: Consortium, url: str) -> None:
    def read(address: str) -> list[Any]:
        desk = consortium.desk_of(Role.ORIGINATOR)
        made = Workspace(desk, consortium.ledger, consortium.trust, Database.at(address))
        root = made.pool(DEAL).versions[-1].root
        views = (
            made.deals(), made.inbox(), made.timeline(DEAL), made.log(), made.transactions(), made.efficiency(),
            made.search(root), made.search("Donghai"), made.deal(DEAL), made.deal(DRAFT),
        )  # fmt: skip
        return [to_json(each) for each in views]

    assert read(url) == read(MEMORY)


def test_progress_is_told_block_by_block(consortium: Consortium, database: Database) -> None:
    told: list[tuple[int, int]] = []
    model = ReadModel(consortium.ledger, database, NARRATION)
    model.follow(lambda done, of: told.append((done, of)))
    height = consortium.ledger.height()
    assert told[-1] == (height, height)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


# ------------------------------------------------------------------ going on, and beginning again


def test_it_goes_on_where_it_was(consortium: Consortium, url: str) -> None:
    if url == MEMORY:
        pytest.skip("what is in memory ends with its process")
    first = Database.at(url)
    built = ReadModel(AsOf(consortium.ledger, 9), first, NARRATION).follow().built
    first.close()
    read: list[int] = []

    @dataclass
    class Watched(AsOf):
        def blocks(self, start: int, stop: int) -> Iterator[Block]:
            read.append(start)
            return super().blocks(start, stop)

    again = ReadModel(Watched(consortium.ledger, 12), Database.at(url), NARRATION).follow()
    assert (again.built, again.height, read) == (built, 12, [9])


@pytest.mark.parametrize("changed", [{"schema": schema.SCHEMA + 1}, {"words": "other words"}, {"ledger": "f" * 32}])
def test_a_model_of_another_form_wording_or_ledger_is_read_again(
    consortium: Consortium, database: Database, changed: dict[str, Any]
) -> None:
    built = followed(consortium, database).state.built
    with database.writing() as connection:
        connection.execute(update(schema.model).values(changed))
        connection.execute(update(schema.acts).values(what_en="something else"))
    again = followed(consortium, database)
    assert again.state.built != built
    expected = Database.at(MEMORY)
    followed(consortium, expected)
    assert content(database) == content(expected)


def test_a_model_of_a_fork_is_read_again(consortium: Consortium, database: Database) -> None:
    followed(consortium, database)
    with database.writing() as connection:
        connection.execute(update(schema.model).values(head="00" * 32))
    built = ReadModel(consortium.ledger, database, NARRATION).follow().built
    assert built == ReadModel(consortium.ledger, database, NARRATION).follow().built
    with database.reading() as connection:
        assert connection.execute(select(schema.model.c.head)).scalar() != "00" * 32


def test_tables_of_others_stay(consortium: Consortium, database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE payroll (name TEXT)")
        connection.exec_driver_sql("INSERT INTO payroll VALUES ('somebody')")
    ReadModel(consortium.ledger, database, NARRATION).rebuild()
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT name FROM payroll").scalar() == "somebody"


# ------------------------------------------------------------------ whole, or not at all


def test_a_block_that_cannot_be_taken_leaves_the_model_as_it_was(consortium: Consortium, database: Database) -> None:
    ledger = AsOf(consortium.ledger, 10)
    ReadModel(ledger, database, NARRATION).follow()
    before = content(database)
    told = 0

    def breaks(*given: Any) -> Any:
        nonlocal told
        told += 1
        if told > 4:
            raise RuntimeError("the fifth")
        return NARRATION.tell(*given)

    ledger.reached = consortium.ledger.height()
    broken = ReadModel(ledger, database, Narration(breaks, NARRATION.edition))
    with pytest.raises(RuntimeError, match="the fifth"):
        broken.follow()
    assert content(database) == before
    assert ReadModel(ledger, database, NARRATION).follow().height == ledger.reached


def test_several_nodes_on_one_database_take_nothing_in_twice(consortium: Consortium, database: Database) -> None:
    models = [ReadModel(AsOf(consortium.ledger, 1), database, NARRATION) for _ in range(4)]
    models[0].follow()

    def follow(model: ReadModel) -> int:
        reached = 0
        for height in range(1, consortium.ledger.height() + 1, 3):
            model.ledger.reached = height  # type: ignore[attr-defined]
            reached = model.follow().height
        return reached

    with ThreadPoolExecutor(len(models)) as pool:
        list(pool.map(follow, models))
    followed(consortium, database)
    expected = Database.at(MEMORY)
    followed(consortium, expected)
    assert content(database) == content(expected)


def test_a_reader_sees_whole_blocks_while_they_are_taken_in(consortium: Consortium, url: str) -> None:
    if url == MEMORY:
        pytest.skip("in memory readers and the writer take turns")
    database = Database.at(url)
    ledger = AsOf(consortium.ledger, 1)
    model = ReadModel(ledger, database, NARRATION)
    model.follow()
    done = False
    seen: list[tuple[int, int, int]] = []

    def look() -> None:
        last = False
        while not last:
            last = done
            with database.reading() as connection:
                height = connection.execute(select(schema.model.c.height)).scalar_one()
                blocks = connection.execute(select(func.count()).select_from(schema.blocks)).scalar_one()
                acts = connection.execute(select(func.count()).select_from(schema.acts)).scalar_one()
                counted = connection.execute(select(func.sum(schema.blocks.c.transactions))).scalar_one()
            seen.append((height, blocks, acts - counted))

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        for height in range(2, consortium.ledger.height() + 1):
            ledger.reached = height
            model.follow()
        done = True
        looking.result()
    snapshots = database.name.startswith("sqlite")
    for height, blocks, difference in seen:
        assert blocks == height if snapshots else blocks >= height
        assert difference == 0 if snapshots else True
    assert seen[-1][0] == consortium.ledger.height()


def test_deals_are_counted_by_all_that_names_them(consortium: Consortium, database: Database) -> None:
    followed(consortium, database, 5)
    with database.reading() as connection:
        counted = {each.id: each.acts for each in connection.execute(select(schema.deals.c.id, schema.deals.c.acts))}
        named = select(schema.acts.c.deal, func.count().label("n")).where(schema.acts.c.deal.in_(counted))
        found = {each.deal: each.n for each in connection.execute(named.group_by(schema.acts.c.deal))}
    assert counted == found
    assert {DEAL, DRAFT} <= counted.keys()


def test_definitions_are_kept_as_they_were_adopted(consortium: Consortium, database: Database) -> None:
    followed(consortium, database)
    query = consortium.desk_of(Role.TRUSTEE).session.query
    with database.reading() as connection:
        rows = connection.execute(select(schema.definitions)).all()
    assert rows
    for row in rows:
        shown = query("process-definition.show", process=row.process, version=row.version)
        assert json.loads(row.record) == shown["definition"]
