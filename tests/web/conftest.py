"""A workspace on a real consortium in one process, asked over ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.roles import Role
from chainfusion.node.office import Office
from chainfusion.node.views import Workspace
from chainfusion.node.views.documents import DocumentLine
from chainfusion.web.app import create_app
from chainfusion.web.seating import OpenSeat
from tests.support.consortium import Consortium
from tests.support.scene import DEAL, scene

HOST = "workspace.test"


@dataclass(frozen=True)
class Asked:
    """The app of one institution, and what it reads from."""

    consortium: Consortium
    app: FastAPI
    workspace: Workspace

    def get(self, path: str, **headers: str) -> httpx.Response:
        """The answer to a GET, redirects not followed."""
        return self.send("GET", path, headers=headers)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """The answer to a POST."""
        return self.send("POST", path, **options)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer to any request; an error in the app is an answer too."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def document(self, kind: DocumentKind) -> DocumentLine:
        """The current version of the first document of a kind."""
        return next(row for row in self.workspace.documents(DEAL).index if row.kind is kind).documents[0]

    @property
    def pool_tx(self) -> str:
        """The transaction that registered the pool."""
        return self.workspace.pool(DEAL).registered.tx_id

    def pages(self) -> tuple[str, ...]:
        """An address of every kind of page with twins."""
        rating = self.document(DocumentKind.RATING_REPORT)
        return (
            "/inbox",
            "/deals",
            f"/deals/{DEAL}",
            f"/deals/{DEAL}/process",
            f"/deals/{DEAL}/duties",
            f"/deals/{DEAL}/version",
            f"/deals/{DEAL}/pool",
            f"/deals/{DEAL}/terms",
            f"/deals/{DEAL}/cashflow",
            f"/deals/{DEAL}/cashflow/3",
            f"/deals/{DEAL}/documents",
            f"/deals/{DEAL}/documents/{rating.id}",
            f"/deals/{DEAL}/timeline",
            "/ledger",
            "/ledger/blocks/20",
            "/ledger/transactions",
            "/efficiency",
            "/consortium",
            "/processes",
            f"/ledger/transactions/{self.pool_tx}",
        )


def workspace_of(consortium: Consortium, role: Role, **options: Any) -> Asked:
    """The workspace of the institution in a role."""
    desk = consortium.desk_of(role)
    office = Office(desk, consortium.ledger, consortium.trust)
    app = create_app(office, seating=OpenSeat(desk), hosts=(HOST,), **options)
    return Asked(consortium, app, office.workspace)


@pytest.fixture(scope="session")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    made = scene(tmp_path_factory.mktemp("consortium"))
    yield made
    made.ledger.close()


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    """The same scene, for tests that add to its ledger."""
    made = scene(tmp_path_factory.mktemp("growing"))
    yield made
    made.ledger.close()


@pytest.fixture(scope="session")
def trustee(consortium: Consortium) -> Asked:
    """The trustee may read the tape, and nothing of the accountant's working paper."""
    return workspace_of(consortium, Role.TRUSTEE)


@pytest.fixture(scope="session")
def agency(consortium: Consortium) -> Asked:
    """The rating agency was not granted the tape."""
    return workspace_of(consortium, Role.RATING_AGENCY)
