"""People who read pages at once, from a process of their own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from itertools import islice

import httpx

PATIENCE_SECONDS = 120


def visit(address: str, pages: Sequence[str], users: int) -> tuple[float, list[float], list[str]]:
    """All pages, shared among so many users who each ask for one after the other.

    Gives the seconds that it took, those of each page, and what went wrong.
    """
    return asyncio.run(_visit(address, pages, users))


async def _visit(address: str, pages: Sequence[str], users: int) -> tuple[float, list[float], list[str]]:
    took: list[float] = []
    wrong: list[str] = []

    async def read(client: httpx.AsyncClient, own: Sequence[str]) -> None:
        for path in own:
            begun = time.perf_counter()
            try:
                answer = await client.get(path)
            except httpx.HTTPError as error:
                wrong.append(f"{path}: {error!r}")
                continue
            took.append(time.perf_counter() - begun)
            if answer.status_code != 200:
                wrong.append(f"{path}: {answer.status_code}")

    limits = httpx.Limits(max_connections=users, max_keepalive_connections=users)
    async with httpx.AsyncClient(
        base_url=address, timeout=PATIENCE_SECONDS, limits=limits, follow_redirects=True
    ) as client:
        begun = time.perf_counter()
        await asyncio.gather(*(read(client, list(islice(pages, n, None, users))) for n in range(users)))
        return time.perf_counter() - begun, took, wrong
