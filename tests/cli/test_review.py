"""A preview on the command line: an agency is invited, asks a loan away, and sees it gone from the next pool."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.shell import ROOT, Shell

SET_UP = """
org init --home bank --msp BankMSP --name Bank --name-zh 银行
org enrol --home bank bank-rep --role representative
org enrol --home bank bank-desk --role originator
org card --home bank --role originator --out bank.card
org init --home agency --msp AgencyMSP --name Agency --name-zh 评级
org enrol --home agency agency-rep --role representative
org enrol --home agency agency-desk --role rating-agency
org card --home agency --role rating-agency --out agency.card
consortium draft gen.json --card bank.card --card agency.card --agreement $text --orderer BankMSP --name 2 --name-zh 二
consortium sign gen.json --home bank --user bank-rep
consortium sign gen.json --home agency --user agency-rep
consortium found gen.json --home bank --user bank-rep --ledger ledger
consortium join --home bank --ledger ledger --user bank-desk
consortium join --home agency --ledger ledger --user agency-desk
consortium agree --home bank --user bank-rep
consortium agree --home agency --user agency-rep
deal open D-1 --home bank --name One --name-zh 一 --product auto-loans --currency USD --party rating-agency=AgencyMSP
deal accept D-1 --home agency --role rating-agency
pool register D-1 $tape --home bank --mapping $mapping --criteria $criteria
"""
LOAN = "22793398"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    package = ROOT / "src/chainfusion"
    files = {
        "text": package / "demo/agreement.txt",
        "criteria": package / "tape/criteria/auto-loan.yaml",
        "mapping": package / "tape/mappings/ally-auto-aart-2019.yaml",
        "tape": package / "demo/data/ally-auto-2019-08.csv",
    }
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CHAINFUSION_PASSWORD", "seven words that nobody else would choose")
        made = Shell(tmp_path_factory.mktemp("review"), {name: str(path) for name, path in files.items()})
        for line in SET_UP.strip().splitlines():
            made.ask(line)
        yield made


def without(shell: Shell, loan: str) -> str:
    """The tape without a loan, in the shell's folder."""
    lines = Path(shell.variables["tape"]).read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if loan not in line]
    assert len(kept) == len(lines) - 1
    (shell.folder / "next.csv").write_text("".join(kept), encoding="utf-8")
    return "next.csv"


def test_a_loan_is_asked_away_and_gone_from_the_next_pool(shell: Shell) -> None:
    assert shell.refused("review remark D-1 early --home agency")["code"] == "NOT_INVITED"
    shell.ask("review share D-1 AgencyMSP --home bank")
    asked = shell.ask(f"review remark D-1 'related party' --home agency --loan {LOAN} --removal")["remark"]
    assert shell.refused(f"review removed D-1 {asked[:12]} --home bank")["code"] == "LOAN_STILL_THERE"
    shell.ask(f"review answer D-1 {asked[:12]} agreed --home bank --accept")
    assert shell.refused(f"review removed D-1 {asked[:12]} --home bank")["code"] == "LOAN_STILL_THERE"
    following = without(shell, LOAN)
    shell.ask(f"pool register D-1 {following} --home bank --mapping $mapping --criteria $criteria")
    shell.ask(f"review removed D-1 {asked[:12]} --home bank")
    (said,) = shell.ask("review show D-1 --home bank")["remarks"]
    assert (said["text"], said["reason"], said["loan"], said["still_there"]) == ("related party", "agreed", LOAN, False)
    assert said["view"]["removal"]["pool"]["version"] == 2
    assert shell.run("review", "show", "D-1", "--home", "agency").code == 0
