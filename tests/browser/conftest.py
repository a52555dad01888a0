"""A served workspace and a Chromium that has no network but this machine's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from chainfusion.domain.roles import Role
from chainfusion.node.office import Office
from chainfusion.node.views import Workspace
from chainfusion.web.app import create_app
from chainfusion.web.seating import OpenSeat
from tests.support.consortium import Consortium
from tests.support.scene import scene
from tests.support.serving import serving

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")


@dataclass(frozen=True)
class Served:
    """The workspace of the trustee, at an address."""

    consortium: Consortium
    workspace: Workspace
    address: str


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    consortium = scene(tmp_path_factory.mktemp("consortium"))
    desk = consortium.desk_of(Role.TRUSTEE)
    office = Office(desk, consortium.ledger, consortium.trust)
    app = create_app(office, seating=OpenSeat(desk))
    with serving(app) as address:
        yield Served(consortium, office.workspace, address)
    consortium.ledger.close()


@pytest.fixture(scope="module")  # while Playwright is open, its thread has a running event loop that others' tests meet
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not on this machine: make system-packages tells how to get it")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        opened = engine.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    folder = Path(__file__).parents[2] / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
