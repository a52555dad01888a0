"""The demonstration, run as people run it, in a folder of its own: what it makes stands, and what is spoiled falls."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from typer.testing import CliRunner

from chainfusion.cli.main import app
from chainfusion.demo.institutions import INSTITUTIONS, institution
from chainfusion.demo.story import DEAL
from chainfusion.domain.roles import INSTITUTION_ROLES, Role

ROOT = Path(__file__).parents[2]
TAPES = ROOT.parent / "shared" / "data" / "tapes"
MAPPINGS = ROOT / "src" / "chainfusion" / "tape" / "mappings"
OWN = ROOT / "src" / "chainfusion" / "demo" / "data" / "ally-auto-2019-08.csv"


@dataclass(frozen=True)
class Played:
    """A run: where, its exit code, what it said."""

    folder: Path
    code: int
    said: str
    errors: str

    @property
    def made(self) -> Path:
        return self.folder / "build" / "demo"

    @property
    def manifest(self) -> list[dict[str, Any]]:
        return json.loads((self.made / "manifest.json").read_text())  # type: ignore[no-any-return]


def play(folder: Path, *words: str) -> Played:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "CHAINFUSION_LANG": "en"}
    command = [sys.executable, "-m", "chainfusion.demo", *words]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return Played(folder, ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("demo")
    leftover = folder / "build" / "demo" / "institutions" / "stranger"
    leftover.mkdir(parents=True)
    return play(folder, "--no-serve")


def verified(played: Played, entry: dict[str, Any], document: str | None) -> Any:
    """What `chainfusion verify` says, paths taken from the folder of the run."""
    words = ["--json", "verify", str(played.folder / entry["evidence"])]
    words += [str(played.folder / document)] if document else []
    return CliRunner().invoke(app, [*words, "--trust", str(played.folder / entry["trust"])])


def test_the_run_ends_well_and_tells_ten_acts(played: Played) -> None:
    assert played.code == 0, played.errors
    acts = [line.split("/")[0] for line in played.said.splitlines() if "/10  " in line]
    assert acts == [str(number + 1) for number in range(10)]
    assert "NOT CAUGHT" not in played.said
    assert "FAIL" not in played.said


def test_a_run_starts_clean(played: Played) -> None:
    folders = {path.name for path in (played.made / "institutions").iterdir()}
    assert folders == {each.folder for each in INSTITUTIONS}


def test_the_manifest_lists_each_evidence_file_by_paths_from_where_it_ran(played: Played) -> None:
    assert {Path(entry["evidence"]).name for entry in played.manifest} == {
        path.name for path in (played.made / "evidence").iterdir()
    }
    for entry in played.manifest:
        assert set(entry) == {"evidence", "trust", "document"}
        assert all(path is None or path.startswith("build/demo/") for path in entry.values())


def test_every_entry_verifies_through_the_command_line(played: Played) -> None:
    assert len(played.manifest) == 9
    for entry in played.manifest:
        result = verified(played, entry, entry["document"])
        assert result.exit_code == 0, entry
        assert json.loads(result.stdout)["ok"]


def test_no_entry_verifies_another_s_document(played: Played) -> None:
    papers = [entry["document"] for entry in played.manifest if entry["document"]]
    for entry in played.manifest:
        if entry["document"]:
            other = next(paper for paper in papers if paper != entry["document"])
            assert verified(played, entry, other).exit_code == 1


def test_evidence_of_another_run_is_not_trusted(played: Played, tmp_path: Path) -> None:
    genesis = tmp_path / "genesis.json"
    text = (played.made / "institutions" / "donghai" / "genesis.json").read_text()
    genesis.write_text(text.replace("Yangtze", "Another"))
    for entry in played.manifest:
        assert verified(played, entry | {"trust": str(genesis)}, entry["document"]).exit_code == 1


def test_the_ledger_that_it_leaves_is_sound(played: Played) -> None:
    genesis = played.made / "institutions" / "beiyu" / "genesis.json"
    database = str(played.made / "ledger" / "ledger.db")
    result = CliRunner().invoke(app, ["--json", "ledger", "fsck", database, "--trust", str(genesis)])
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"findings": []})


def test_the_command_line_works_on_what_it_left(played: Played) -> None:
    home = str(played.made / "institutions" / "yunjin")
    result = CliRunner().invoke(app, ["--json", "pool", "versions", "DH-AUTO-2026-1", "--home", home])
    first, second = json.loads(result.stdout)
    assert (first["record"]["loans"], second["record"]["loans"]) == (2844, 2825)
    assert second["record"]["replaces"]["root"] == first["record"]["root"]
    assert second["acknowledged_by"] == ["WangchaoMSP", "YunjinMSP"]


def test_each_spoiled_copy_differs_from_its_original_by_one_byte(played: Played) -> None:
    for spoiled in (played.made / "tampered").glob("*.pdf"):
        original = (played.made / "papers" / spoiled.name).read_bytes()
        changed = spoiled.read_bytes()
        assert sum(a != b for a, b in zip(original, changed, strict=True)) == 1


def test_papers_are_pdf_files_that_show_the_registered_root(played: Played) -> None:
    papers = sorted((played.made / "papers").glob("*.pdf"))
    assert len(papers) == 6
    assert all(paper.read_bytes().startswith(b"%PDF-") for paper in papers)
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed: what the papers say is not read")
    home = str(played.made / "institutions" / "yunjin")
    shown = CliRunner().invoke(app, ["--json", "pool", "show", "DH-AUTO-2026-1", "--home", home])
    root = json.loads(shown.stdout)["record"]["root"]
    for paper in papers:
        text = subprocess.run(["pdftotext", paper, "-"], capture_output=True, text=True, check=True).stdout
        assert root in "".join(text.split())
        assert "2,825 loans" in text


def test_no_plaintext_of_a_paper_or_tape_lies_in_ledger_or_vault(played: Played) -> None:
    shared = b"".join(path.read_bytes() for path in (played.made / "ledger").rglob("*") if path.is_file())
    for secret in (b"%PDF-", b"legal-opinion.pdf", b"ally-auto", b"22793398,08-01-2019"):
        assert secret not in shared


def test_keys_lie_locked(played: Played) -> None:
    keys = list((played.made / "institutions").rglob("*_sk"))
    assert len(keys) == len(INSTITUTIONS) * 5
    assert all(path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") for path in keys)


def test_a_visitor_s_tape_is_played_with_its_mapping(tmp_path: Path) -> None:
    tape = TAPES / "lendingclub_openintro_loans_full_schema_10000.csv"
    if not tape.exists():
        pytest.skip(f"{tape.name} is not beside the project")
    ran = play(tmp_path, "--no-serve", "--tape", str(tape), "--mapping", str(MAPPINGS / "lendingclub-2018.yaml"))
    assert ran.code == 0, ran.said + ran.errors
    assert len(ran.manifest) == 9
    assert all(verified(ran, entry, entry["document"]).exit_code == 0 for entry in ran.manifest)


def test_a_broken_tape_is_told_by_its_places_and_nothing_is_made(tmp_path: Path) -> None:
    lines = OWN.read_text().splitlines()
    lines[2] = lines[2].replace("0.0919", "nine percent")
    lines[4] = lines[1]
    (tmp_path / "broken.csv").write_text("\n".join(lines))
    ran = play(tmp_path, "--no-serve", "--tape", "broken.csv", "--mapping", str(MAPPINGS / "ally-auto-aart-2019.yaml"))
    assert ran.code == 1
    for place in ("row 3, reportingPeriodInterestRatePercentage, “nine percent”", "row 5, "):
        assert place in ran.said
    assert "TAPE_REFUSED" in ran.errors
    assert not ran.made.exists()


@pytest.mark.parametrize("words", [["--tape", str(OWN)], ["--mapping", str(MAPPINGS / "lendingclub-2018.yaml")],
                                   ["--tape", "none.csv", "--mapping", "none.yaml"]])  # fmt: skip
def test_a_tape_without_its_mapping_is_wrong_use(tmp_path: Path, words: list[str]) -> None:
    ran = play(tmp_path, "--no-serve", *words)
    assert (ran.code, ran.made.exists()) == (2, False)


def test_serving_before_any_run_is_refused(tmp_path: Path) -> None:
    ran = play(tmp_path, "--only-serve")
    assert ran.code == 1
    assert "Traceback" not in ran.errors


def test_what_it_made_is_served_behind_a_sign_in_and_its_link_leads_straight_in(played: Played) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "CHAINFUSION_LANG": "en"}
    command = [sys.executable, "-m", "chainfusion.demo", "--only-serve", "--port", "0"]
    with subprocess.Popen(command, cwd=played.folder, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            said = list(islice((line.strip() for line in running.stdout if line.strip()), 3))
            link, address = said[1], said[2].split()[-1]
            assert "DH-0417 or donghai-rep may sign in to Donghai Bank, password demonstration" in said[0]
            assert link.startswith(f"{address}signin/link/")
            person = build_opener(HTTPCookieProcessor())
            assert DEAL in person.open(link).read().decode()
            stranger = build_opener(HTTPCookieProcessor()).open(address)
            assert stranger.url == f"{address}signin"
            assert DEAL not in stranger.read().decode()
            with pytest.raises(HTTPError, match="403"):
                build_opener().open(link)
        finally:
            running.terminate()


def test_its_institutions_play_every_role_but_those_who_come_later() -> None:
    played = {role for each in INSTITUTIONS for role in each.roles}
    assert set(INSTITUTION_ROLES) - played == {Role.INVESTOR, Role.REGULATOR}
    assert institution(Role.SERVICER) is institution(Role.ORIGINATOR)


def test_its_tape_is_the_public_one_with_columns_left_out() -> None:
    source = TAPES / "ally_auto_aart2895_2019.csv"
    if not source.exists():
        pytest.skip(f"{source.name} is not beside the project")
    with OWN.open(newline="") as kept, source.open(newline="") as whole:
        own, full = csv.DictReader(kept), csv.DictReader(whole)
        rows = list(own)
        assert [{name: row[name] for name in own.fieldnames or ()} for row in full] == rows
    assert (len(rows), len(rows[0])) == (2895, 28)
    assert OWN.stat().st_size < 1_000_000
    page = (OWN.parent / "README.md").read_text(encoding="utf-8")
    assert "2,895" in page
    assert "28 of its columns" in page
