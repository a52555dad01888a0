"""A deal's process by command: proven, adopted, acted on, sent back, moved on by the agent."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.cli.shell import Shell

SMALL = """
process: two-steps
version: 1
main:
  name: Two steps
  name-zh: 两步流程
  do:
    - step: offer
      name: Offer
      name-zh: 报价
      by: originator
      fill:
        - {field: price, name: Price, name-zh: 价格, kind: money, lowest: 1}
    - step: answer
      name: Answer
      name-zh: 答复
      by: [trustee, law-firm]
      quorum: all
      returns: [offer]
"""
STUCK = SMALL.replace("    - step: answer", "    - one: [{}, {}]\n    - step: answer")
ONE_MORE = """    - step: look
      name: Look
      name-zh: 查看
      by: trustee
"""
ACT = "process act RUNNING"


@pytest.fixture(scope="module")
def shell(guide: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("process") / "work"
    shutil.copytree(guide.folder, folder)
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    (folder / "stuck.yaml").write_text(STUCK, encoding="utf-8")
    yield Shell(folder, dict(guide.variables))


def standing(shell: Shell) -> str:
    """How the consortium stands to the small definition."""
    listed = shell.ask("process list --home yunjin")
    return next(each["state"] for each in listed if each["process"] == "two-steps")


def test_the_library_is_listed_and_its_texts_start_a_definition_of_ones_own(shell: Shell) -> None:
    listed = {each["process"] for each in shell.ask("process library ")}
    assert "interbank-credit-abs" in listed
    text = shell.run(*["process", "text", "private-deal"]).out
    (shell.folder / "own.yaml").write_text(text.replace("process: private-deal", "process: own"), encoding="utf-8")
    assert shell.ask("process prove own.yaml")["sound"] is True


def test_what_is_wrong_is_told_with_its_line(shell: Shell) -> None:
    refusal = shell.refused("process prove stuck.yaml")
    assert refusal["code"] == "BAD_PROCESS_FILE"
    assert refusal["facts"]["line"] > 0


def test_a_deal_runs_on_what_the_members_adopted(shell: Shell) -> None:
    shell.ask("process propose small.yaml --home donghai --user donghai-rep")
    for home in ("yunjin", "yanshan", "wangchao"):
        if standing(shell) != "adopted":
            shell.ask(f"process vote two-steps --version 1 --yes --home {home} --user {home}-rep")
    assert standing(shell) == "adopted"
    opened = "--name Running --name-zh 运行 --product auto-loans --currency USD"
    parties = "--party trustee=YunjinMSP --party law-firm=YanshanMSP"
    shell.ask(f"deal open RUNNING --home donghai {opened} {parties}")
    shell.ask("deal accept RUNNING --home yunjin --role trustee")
    shell.ask("deal accept RUNNING --home yanshan --role law-firm")
    shell.ask("process start RUNNING --home donghai --process two-steps")
    (step,) = shell.ask("process awaited RUNNING --home yunjin")
    assert (step["step"], step["waits_for"]) == ("offer", ["DonghaiMSP"])


def test_acts_are_in_turn_and_with_what_the_step_asks_for(shell: Shell) -> None:
    assert shell.refused(f"{ACT} answer --home yunjin")["code"] == "NOT_YOUR_TURN"
    assert shell.refused(f"{ACT} offer --home donghai")["code"] == "ENTRIES_REFUSED"
    assert shell.refused(f"{ACT} offer --home donghai --fill price")["code"] == "BAD_INPUT"
    shell.ask(f"{ACT} offer --home donghai --fill price=100")
    assert shell.refused("process check RUNNING answer --approve --home yunjin")["code"] == "NOTHING_TO_CHECK"
    assert shell.refused("process countersign RUNNING answer --home yunjin")["code"] == "COUNTERSIGNATURE_REFUSED"
    shell.ask("process delegate RUNNING answer --home yunjin --to YanshanMSP")
    shell.ask("process delegate RUNNING answer --home yunjin")
    shell.ask("process return RUNNING answer --home yanshan --to offer --reason dear")
    shell.ask(f"{ACT} offer --home donghai --fill price=90")
    (step,) = shell.ask("process awaited RUNNING --home yunjin")
    assert sorted(step["waits_for"]) == ["YanshanMSP", "YunjinMSP"]


def test_a_running_deal_goes_over_to_a_version_that_all_agree_to(shell: Shell) -> None:
    second = SMALL.replace("version: 1", "version: 2").replace("    - step: answer", ONE_MORE + "    - step: answer")
    (shell.folder / "second.yaml").write_text(second, encoding="utf-8")
    shell.ask("process propose second.yaml --home donghai --user donghai-rep")
    for home in ("yunjin", "yanshan", "wangchao"):
        if shell.ask("process list --home yunjin")[-1]["state"] != "adopted":
            shell.ask(f"process vote two-steps --version 2 --yes --home {home} --user {home}-rep")
    refusal = shell.refused("process propose-version RUNNING --home yunjin --version 2 --reason checked")
    assert refusal["code"] == "VERSION_UNFIT"  # the deal stands before a step that is reached by another way there
    shell.ask("process return RUNNING answer --home yunjin --to offer --reason checked")
    shell.ask("process propose-version RUNNING --home yunjin --version 2 --reason checked")
    assert shell.refused("process change-version RUNNING --home yunjin")["code"] == "VERSION_NOT_AGREED"
    shell.ask("process answer-version RUNNING --decline --reason no --home yanshan")
    shell.ask("process propose-version RUNNING --home yunjin --version 2 --reason checked")
    shell.ask("process answer-version RUNNING --agree --home yanshan")
    assert shell.ask("process versions RUNNING --home yunjin")["outstanding"] == ["DonghaiMSP"]
    shell.ask("process answer-version RUNNING --agree --home donghai")
    (done,) = shell.ask("process versions RUNNING --home yunjin")["done"]
    assert (done["before"], done["after"]) == (1, 2)
    shell.ask(f"{ACT} offer --home donghai --fill price=90")
    (step,) = shell.ask("process awaited RUNNING --home yunjin")
    assert step["step"] == "look"
    shell.ask(f"{ACT} look --home yunjin")


def test_the_last_act_ends_the_process_and_the_agent_has_nothing_left(shell: Shell) -> None:
    shell.ask(f"{ACT} answer --home yunjin")
    shell.ask(f"{ACT} answer --home yanshan")
    assert shell.refused("process awaited RUNNING --home yunjin")["code"] == "NO_PROCESS"
    assert shell.run("--json", *["process", "agent", "--home", "yunjin"]).code == 0


# ------------------------------------------------------------------ diagrams


def test_a_definition_is_drawn_and_a_drawing_is_proven_by_its_content(shell: Shell) -> None:
    drawn = shell.ask("process bpmn private-deal --out private.xml")
    assert drawn["process"] == "private-deal"
    assert shell.ask("process prove private.xml") == shell.ask("process prove private-deal")
    assert shell.refused("process bpmn private-deal --out private.xml")["code"] == "FILE_EXISTS"
    assert "定向项目" not in (shell.folder / "private.xml").read_text(encoding="utf-8").split("cf:")[0]
    assert shell.run("--lang", "zh", "process", "bpmn", "private-deal", "--out", "zh.bpmn").code == 0
    assert shell.ask("process prove zh.bpmn")["sound"] is True


def test_a_drawing_of_another_tool_is_given_its_roles(shell: Shell) -> None:
    (shell.folder / "other.bpmn").write_text(
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" name="other"><process id="p">\n'
        '<laneSet id="l"><lane id="l1" name="Desk 4"><flowNodeRef>a</flowNodeRef></lane></laneSet>\n'
        '<startEvent id="s"/><task id="a"/><task id="b"/><endEvent id="e"/>'
        '<sequenceFlow id="f" sourceRef="s" targetRef="a"/><sequenceFlow id="g" sourceRef="a" targetRef="b"/>'
        '<sequenceFlow id="h" sourceRef="b" targetRef="e"/></process></definitions>',
        encoding="utf-8",
    )
    refusal = shell.refused("process prove other.bpmn")
    assert refusal["code"] == "BPMN_REFUSED"
    assert [each["line"] for each in refusal["facts"]["faults"]] == [2]
    proven = shell.run("--json", "process", "prove", "other.bpmn", "--role", "Desk 4=trustee", "--role", "originator")
    assert (proven.code, proven.json["process"], proven.json["steps"]) == (0, "other", 2)
    assert shell.run("--json", "process", "prove", "other.bpmn", "--role", "notary").refusal["code"] == "BAD_ARGUMENT"


# ------------------------------------------------------------------ duties and templates


def test_duties_are_told_and_written_as_a_calendar(shell: Shell) -> None:
    found = shell.ask("process duties DH-2026-1 --home donghai")
    assert [(each["step"], each["state"], each["due"]) for each in found] == [("pool", "not yet dated", None)]
    assert shell.ask("process duties DH-2026-1 --home yunjin --mine") == []
    assert shell.ask("process duties DH-2026-1 --home donghai --late --ics late.ics") == []
    assert (shell.folder / "late.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert shell.ask("process duties RUNNING --home yunjin") == []
    assert "登记资产池" in shell.run("--lang", "zh", "process", "duties", "DH-2026-1", "--home", "donghai").out


def test_a_deal_of_a_known_kind_begins_with_its_files(shell: Shell) -> None:
    kinds = {each["product"] for each in shell.ask("deal templates ")}
    assert {"mortgages", "non-performing-loans", "lease-rent"} <= kinds
    written = shell.ask("deal template mortgages --out kit")["written"]
    assert len(written) == 6
    assert shell.ask("terms check kit/terms.yaml") == {"findings": [], "errors": 0, "warnings": 0}
    papers = (shell.folder / "kit/index.txt").read_text(encoding="utf-8").split()
    required = shell.ask(f"document require RUNNING {' '.join(papers)} --home donghai")
    assert required["kinds"] == len(papers)
    assert shell.refused("deal template mortgages --out kit")["code"] == "FILE_EXISTS"
    assert shell.refused("deal template castles --out kit2")["code"] == "UNKNOWN_TEMPLATE"
