"""Contract tests run on a ledger in memory; where Fabric's programs are, what they said is said to real Fabric too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.world import World

if TYPE_CHECKING:  # the extra `fabric` need not be installed
    from tests.support.replay import Stage

ALSO_ON_FABRIC = {
    "test_consortium",
    "test_deal",
    "test_document",
    "test_migration",
    "test_pool",
    "test_process",
    "test_review",
    "test_terms",
    "test_versions",
}
"""The modules whose tests say everything through a `World`."""
IN_MEMORY = {"test_acts_in_parallel_branches_touch_no_key_in_common"}
"""What takes back what was committed, which no ledger does but one in memory."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each of their tests twice, the second time marked `fabric`."""
    name = metafunc.function.__name__
    if metafunc.module.__name__.rpartition(".")[2] in ALSO_ON_FABRIC and name not in IN_MEMORY:
        engines = ["memory", pytest.param("fabric", marks=pytest.mark.fabric)]
        metafunc.parametrize("said_on", engines, indirect=True)


@pytest.fixture(scope="session")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A network with all institutions of these tests."""
    pytest.importorskip("fabric_protos", reason="the extra `fabric` is not installed")
    from tests.fabric.network_stage import has_fabric
    from tests.support.replay import stage

    if not has_fabric():
        pytest.skip("Fabric's binaries are neither in FABRIC_BIN nor on PATH")
    with stage(tmp_path_factory.mktemp("channel")) as found:
        yield found


@pytest.fixture(autouse=True)
def said_on(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """On Fabric: whatever worlds the test makes are replayed after it."""
    if getattr(request, "param", "memory") == "memory":
        yield
        return
    channel: Stage = request.getfixturevalue("channel")
    worlds: list[World] = []
    begun = World.__post_init__
    monkeypatch.setattr(World, "__post_init__", lambda world: (begun(world), worlds.append(world))[0])
    yield
    for world in worlds:
        channel.replay(world)
