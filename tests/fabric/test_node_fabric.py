"""From nothing to a deal on a channel by commands alone, each given one institution's home: four institutions run their
own nodes, a fifth works through another's peer."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from chainfusion.cli.main import app
from tests.fabric.network_stage import free_ports, has_fabric

pytestmark = [
    pytest.mark.fabric,
    pytest.mark.skipif(not has_fabric(), reason="Fabric's binaries are neither in FABRIC_BIN nor on PATH"),
]
ROOT = Path(__file__).parents[2]
WHO = {
    "donghai": ("DonghaiMSP", ("originator", "servicer")),
    "yunjin": ("YunjinMSP", ("trustee",)),
    "wangchao": ("WangchaoMSP", ("lead-underwriter",)),
    "beichen": ("BeichenMSP", ("custodian",)),
    "yanshan": ("YanshanMSP", ("law-firm",)),
}
GUEST, HOST = "yanshan", "YunjinMSP"
DEAL = "DH-2026-1"


@dataclass(frozen=True)
class Town:
    """All homes in one folder; each command is given one."""

    folder: Path
    port: int

    def home(self, name: str) -> str:
        return str(self.folder / name)

    def run(self, name: str, *words: str, user: str = "desk") -> Any:
        """What a command answers at a home. A password is the institution's own."""
        environment = {"CHAINFUSION_HOME": self.home(name), "CHAINFUSION_PASSWORD": f"{name} keeps this",
                       "CHAINFUSION_USER": user, "CHAINFUSION_LANG": "en"}  # fmt: skip
        done = CliRunner().invoke(app, ["--json", *words], env=environment)
        assert done.exit_code == 0, f"{name}: {words}: {done.output}{done.stderr}"
        return json.loads(done.stdout) if done.stdout else None

    def each(self, *words: str, user: str = "desk") -> dict[str, Any]:
        return {name: self.run(name, *words, user=user) for name in WHO}

    def found(self) -> None:
        shared, offers = self.folder / "shared", []
        cards = []
        for number, (name, (msp, roles)) in enumerate(WHO.items()):
            self.run(name, "org", "init", "--msp", msp, "--name", name.title(), "--name-zh", "机构")
            held = [word for role in roles for word in ("--role", role)]
            self.run(name, "org", "enrol", "desk", *held)
            self.run(name, "org", "enrol", "rep", "--role", "representative")
            self.run(name, "org", "enrol", "admin", "--role", "representative", "--admin")
            cards += ["--card", str(self.folder / f"{name}.card")]
            self.run(name, "org", "card", *held, "--out", cards[-1])
            place = ["--host", "127.0.0.1", "--port", str(self.port + 10 * number)]
            nodes = ["--no-peer", "--no-orderer"] if name == GUEST else place
            offers.append(str(self.folder / f"{name}.offer"))
            self.run(name, "network", "offer", *held, *nodes, "--out", offers[-1])
        genesis, plan = str(self.folder / "genesis.json"), str(self.folder / "plan.yaml")
        (self.folder / "agreement.txt").write_text("agreed")
        self.run("donghai", "consortium", "draft", genesis, *cards, "--agreement", str(self.folder / "agreement.txt"),
                 "--orderer", "DonghaiMSP", "--name", "Bohai", "--name-zh", "渤海")  # fmt: skip
        self.each("consortium", "sign", genesis, user="rep")
        self.run("donghai", "network", "init", plan, *(word for each in offers for word in ("--offer", each)))
        self.run("donghai", "network", "assemble", plan, *offers, "--genesis", genesis, "--out", str(shared))
        self.each("network", "adopt", str(shared))

    def start(self) -> None:
        """Each starts its own nodes; they wait for each other, so all begin at once."""
        running = [self._begin(name) for name in WHO if name != GUEST]
        for each in running:
            out, errors = each.communicate(timeout=180)
            assert each.returncode == 0, out + errors

    def _begin(self, name: str) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "tests.fabric.run_cli", "--json", "network", "start"]
        environment = os.environ | {"CHAINFUSION_HOME": self.home(name), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
                                    "CHAINFUSION_PASSWORD": f"{name} keeps this"}  # fmt: skip
        return subprocess.Popen(words, env=environment, cwd=ROOT, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)  # fmt: skip

    def join(self) -> None:
        store, genesis = str(self.folder / "store"), str(self.folder / "genesis.json")
        for name in WHO:
            self.run(name, "consortium", "profile", "--store", store, *(("--host", HOST) if name == GUEST else ()))
        founded = self.run(
            "yunjin", "consortium", "found", genesis, "--connection", self._profile("yunjin"), user="rep"
        )
        anchors = set()
        for name in WHO:
            joined = ("consortium", "join", "--connection", self._profile(name), "--genesis", genesis)
            anchors.add(self.run(name, *joined, "--user", "desk")["first_block"])
            self.run(name, "ledger", "await", str(founded["block"]))
        assert len(anchors) == 1
        self.each("consortium", "agree", user="rep")

    def _profile(self, name: str) -> str:
        return str(self.folder / name / "network-connection.json")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    made = Town(tmp_path_factory.mktemp("town"), free_ports())
    made.found()
    try:
        made.start()
        made.join()
        yield made
    finally:
        for name in WHO:
            if name != GUEST:
                made.run(name, "network", "stop")


def test_a_deal_goes_from_home_to_home(town: Town) -> None:
    parties = [word for name in ("yunjin", GUEST) for word in ("--party", f"{WHO[name][1][0]}={WHO[name][0]}")]
    opened = town.run("donghai", "deal", "open", DEAL, "--name", "One", "--name-zh", "一", "--product", "auto-loans",
                      "--currency", "CNY", *parties)  # fmt: skip
    town.run("yunjin", "ledger", "await", str(opened["block"]))
    town.run("yunjin", "deal", "accept", DEAL, "--role", "trustee")
    accepted = town.run(GUEST, "deal", "accept", DEAL, "--role", "law-firm")
    assert accepted["state"] == "open"
    paper = town.folder / "report.pdf"
    paper.write_bytes(b"%PDF-1.7 a report")
    added = town.run(GUEST, "document", "add", DEAL, str(paper), "--kind", "legal-due-diligence-report",
                     "--reader", "YunjinMSP")  # fmt: skip
    town.run("yunjin", "ledger", "await", str(added["block"]))
    target = town.folder / "opened.pdf"
    town.run("yunjin", "document", "open", DEAL, added["document"], "--out", str(target))
    assert target.read_bytes() == paper.read_bytes()


def test_notaries_witness_and_evidence_verifies_elsewhere(town: Town) -> None:
    sizes = {name: town.run(name, "ledger", "witness", "--rounds", "1") for name in WHO}
    assert {each["size"] for each in sizes.values()} == {sizes["donghai"]["size"]}
    evidence = str(town.folder / "deal.evidence")
    shown = town.run("donghai", "deal", "show", DEAL)
    town.run("donghai", "evidence", "export", "decision", shown["deal"]["tx_id"], "--out", evidence)
    anchor = str(town.folder / "beichen" / "anchor.json")
    assert town.run("beichen", "verify", evidence, "--trust", anchor)["ok"]


def test_two_institutions_serve_their_own_workspace_and_show_the_same(town: Town) -> None:
    with served(town, "donghai") as one, served(town, GUEST) as other:
        first, second = (each.get(f"/api/v1/deals/{DEAL}").json() for each in (one, other))
        assert (first["line"]["id"], first["parties"]) == (second["line"]["id"], second["parties"])
        assert other.get("/ledger").status_code == 200
        readable = [row for row in second["documents"]["index"] for each in row["documents"] if each["readable"]]
        assert readable
        assert not [row for row in first["documents"]["index"] for each in row["documents"] if each["readable"]]


def test_what_one_institution_does_in_its_workspace_the_other_sees_in_its_own(town: Town) -> None:
    with served(town, "donghai") as one, served(town, GUEST) as other:
        body = {"deal": DEAL, "party": {"msp": "BeichenMSP", "role": "custodian"}}
        sent = {"Idempotency-Key": "custodian-1"}
        assert one.post("/api/v1/calls/deal.name_party", json=body, headers=sent).status_code == 403
        with_token = sent | {"X-CSRF-Token": token_of(one)}
        done = one.post("/api/v1/calls/deal.name_party", json=body, headers=with_token)
        assert done.status_code == 201, done.text
        repeated = one.post("/api/v1/calls/deal.name_party", json=body, headers=with_token)
        assert (repeated.status_code, repeated.json()) == (200, done.json())
        town.run(GUEST, "ledger", "await", str(done.json()["block"]))
        parties = other.get(f"/api/v1/deals/{DEAL}").json()["parties"]
        assert [each["status"] for each in parties if each["institution"]["msp"] == "BeichenMSP"] == ["named"]
        refused = other.post("/api/v1/calls/deal.name_party", json=body,
                             headers={"Idempotency-Key": "custodian-2", "X-CSRF-Token": token_of(other)})  # fmt: skip
        assert (refused.status_code, refused.json()["code"]) == (403, "ROLE_NEEDED")


def token_of(signed_in: httpx.Client) -> str:
    """What a page's own scripts send along with a write."""
    found = re.search('name="form-token" content="([^"]+)"', signed_in.get("/deals").text)
    assert found is not None
    return found.group(1)


@contextmanager
def served(town: Town, name: str) -> Iterator[httpx.Client]:
    """A person signed in at a workspace that a process of its own serves, with one institution's password alone."""
    words = [sys.executable, "-m", "tests.fabric.run_cli", "serve", "--port", "0"]
    environment = os.environ | {"CHAINFUSION_HOME": town.home(name), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
                                "CHAINFUSION_PASSWORD": f"{name} keeps this", "CHAINFUSION_USER": "desk"}  # fmt: skip
    with subprocess.Popen(words, env=environment, cwd=ROOT, text=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            link = process.stdout.readline().strip()
            with httpx.Client(base_url=link.partition("signin/")[0], follow_redirects=True, timeout=60) as client:
                assert client.get(link).status_code == 200
                yield client
        finally:
            process.send_signal(signal.SIGINT)
