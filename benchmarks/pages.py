"""How long the server takes for a page on a busy ledger, beside an empty page; and whether 100 people are all answered.

Pages are asked for in a shuffled order, each of another deal, document, block or transaction, so that little of what
they need was read for the page before. What is left out: pages that compute cash flows, whose work is not the ledger's.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import socket
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from benchmarks._busy_ledger import DEALS, LOANS, PAPERS, busy_ledger, deal_id, paper_id
from benchmarks._visitors import visit
from chainfusion.domain.roles import Role
from chainfusion.node.office import Office
from chainfusion.node.views.dealslist import Order
from chainfusion.web.app import create_app
from chainfusion.web.seating import OpenSeat
from tests.support.consortium import Consortium
from tests.support.scene import DEAL

OF_A_KIND = 40
USERS, VISITS = 100, 2_000
EMPTY = "/search?q="
HOST = "127.0.0.1"


def kinds(consortium: Consortium, pick: random.Random) -> dict[str, Callable[[], str]]:
    """An address of each kind of page, another one each time."""
    ledger = consortium.ledger
    height = ledger.height()

    def deal() -> str:
        return f"/deals/{deal_id(pick.randrange(1, DEALS))}"

    def transaction() -> str:
        return pick.choice(ledger.block(pick.randrange(1, height)).transactions).outcome.tx_id

    def document(number: int) -> str:
        return f"/deals/{deal_id(number)}/documents/{paper_id(number, pick.randrange(PAPERS))}"

    members = sorted(consortium.members)
    return {
        "inbox": lambda: "/inbox",
        "deals": lambda: f"/deals?page={pick.randrange(1, 5)}&sort={pick.choice([*Order])}",
        "deals, by words": lambda: f"/deals?q=auto+{pick.randrange(200):03d}",
        "deal": deal,
        "process": lambda: f"{deal()}/process",
        "pool": lambda: f"{deal()}/pool",
        "documents": lambda: f"{deal()}/documents",
        "document": lambda: document(pick.randrange(1, DEALS)),
        "timeline": lambda: f"{deal()}/timeline",
        "terms": lambda: f"/deals/{DEAL}/terms",
        "ledger": lambda: f"/ledger?before={pick.randrange(60, height)}",
        "ledger, of a member": lambda: f"/ledger?member={pick.choice(members)}",
        "block": lambda: f"/ledger/blocks/{pick.randrange(1, height)}",
        "transactions": lambda: f"/ledger/transactions?contract={pick.choice(['deal', 'document', 'process'])}",
        "transaction": lambda: f"/ledger/transactions/{transaction()}",
        "search by hash": lambda: f"/search?q={transaction()[:12]}",
        "efficiency": lambda: "/efficiency",
        "empty": lambda: EMPTY,
    }


async def _took(app: FastAPI, paths: list[tuple[str, str]]) -> dict[str, list[float]]:
    """Milliseconds of each page, by kind."""
    found: dict[str, list[float]] = defaultdict(list)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}", follow_redirects=True) as client:
        for kind, path in paths:
            begun = time.perf_counter()
            answer = await client.get(path)
            found[kind].append((time.perf_counter() - begun) * 1000)
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status_code}")
    return found


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _row(name: str, value: float, unit: str, size: str, peer: str | None = None, other: float = 0) -> dict[str, Any]:
    ratio = value / other if peer else None
    return {
        "name": name, "value": value, "unit": unit, "size": size,
        "peer": peer, "peer_value": other if peer else None, "ratio": ratio,
    }  # fmt: skip


def run() -> list[dict[str, Any]]:
    """Rows `page_p95_ms` over all kinds and of the slowest kind, and `users_at_once`. Raises: RuntimeError where a page
    is answered with an error."""
    pick = random.Random(7)
    with busy_ledger() as consortium:
        desk = consortium.desk_of(Role.TRUSTEE)
        office = Office(desk, consortium.ledger, consortium.trust)
        office.workspace.catch_up(lambda done, of: None)  # noqa: ARG005
        app = create_app(office, seating=OpenSeat(desk), hosts=(HOST,))
        of_kind = kinds(consortium, pick)
        paths = [(kind, path()) for kind, path in of_kind.items() for _ in range(OF_A_KIND)]
        pick.shuffle(paths)
        took = asyncio.run(_took(app, [("empty", EMPTY), *paths]))
        count = office.workspace.acts.count()
        empty, pages = _p95(took.pop("empty")), [each for values in took.values() for each in values]
        slowest = max(took, key=lambda kind: _p95(took[kind]))
        size = f"{DEALS} deals, {DEALS * LOANS:,} loans, {count:,} transactions"
        rows = [
            _row("page_p95_ms", _p95(pages), "ms", f"{len(took)} kinds; {size}", "an empty page", empty),
            _row("page_p95_ms_slowest", _p95(took[slowest]), "ms", f"{slowest}; {size}", "an empty page", empty),
        ]
        return [*rows, _visited(app, [of_kind[kind]() for kind in pick.choices(sorted(took), k=VISITS)], size)]


def _visited(app: FastAPI, pages: list[str], size: str) -> dict[str, Any]:
    with _served(app) as address, ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        seconds, _, wrong = pool.submit(visit, address, pages, USERS).result()
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {len(pages)} pages went wrong, the first: {wrong[0]}")
    return _row("users_at_once", len(pages) / seconds, "pages/s", f"{USERS} users, no error; {size}")


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    """The app on a port of this machine."""
    listener = socket.create_server((HOST, 0), backlog=256)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://{HOST}:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(30)
