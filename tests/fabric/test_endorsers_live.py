"""On real Fabric: without a party's own peer, what is demanded to have its endorsement does not change."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from chainfusion.domain.errors import ChainFusionError
from chainfusion.ledger.fabric.network import processes
from tests.fabric.network_stage import has_fabric
from tests.support.fabric import FabricLab, caught_up, fabric_lab
from tests.support.ledger import representative
from tests.support.probe import probe

pytestmark = [
    pytest.mark.fabric,
    pytest.mark.skipif(not has_fabric(), reason="Fabric's binaries are neither in FABRIC_BIN nor on PATH"),
]
MSPS = ("DonghaiMSP", "HengxinMSP", "YanshanMSP")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FabricLab]:
    with fabric_lab(tmp_path_factory.mktemp("fabric"), MSPS, {}, contracts=(probe,)) as found:
        yield found


def test_a_fact_about_a_party_does_not_change_without_that_party(lab: FabricLab) -> None:
    name = lab.new_chaincode({})
    lab.consortium.clock.now = datetime.now(UTC)
    ledgers = [lab.ledger(name, member) for member in lab.consortium.members]
    person = representative(lab.consortium.members[0])

    def submit(operation: str, **args: object) -> int:
        proposal = lab.consortium.proposal(person, f"probe.{operation}", **args)
        return ledgers[0].submit(proposal, person).block

    block = submit("put_endorsed", key="about Yanshan", value="1", parties=[MSPS[2]], members=list(MSPS))
    caught_up(ledgers, submit("put", key="free", value="1"))
    assert ledgers[0].state("about Yanshan") == b"1"
    assert block < ledgers[0].height()

    party = next(each for each in processes.load(lab.network.places.running) if each.name == f"peer.{MSPS[2]}")
    party.end(signal.SIGKILL)
    with pytest.raises(ChainFusionError) as refused:
        submit("put", key="about Yanshan", value="2")
    assert refused.value.code in {"TRANSACTION_REFUSED", "PEERS_UNREACHABLE"}
    with pytest.raises(ChainFusionError):  # and the demand itself is protected as the value is
        submit("put_endorsed", key="about Yanshan", value="2", parties=[MSPS[0]], members=list(MSPS))
    submit("put", key="free", value="2")
    assert ledgers[0].state("free") == b"2"
    assert ledgers[0].state("about Yanshan") == b"1"

    lab.network.machine.launch(lab.network.ledger_id)
    caught_up(ledgers, ledgers[0].height() - 1)
    submit("put", key="about Yanshan", value="3")
    assert ledgers[0].state("about Yanshan") == b"3"
