"""The documentation says what is there, all of it, and names nothing of one machine."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from scripts import reference

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

REGISTRY = re.compile(
    r"(pypi|pythonhosted|npmjs|crates|rubygems|unpkg|jsdelivr|cdnjs)\.(org|io|com|net)|repo1?\.maven|proxy\.golang|deb\.debian",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|farm|root|home/\w+|Users/\w+)/")
HAN = re.compile(r"[\u4e00-\u9fff]")
NOT_PROSE = {".lock", ".svg", ".csv", ".png"}


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git work tree: which files belong to the project is not known")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def texts() -> dict[Path, str]:
    found = {}
    for path in tracked():
        try:
            found[path] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def test_every_command_stands_in_the_command_reference() -> None:
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert page == reference.cli_page(), "docs/cli.md is behind the commands: make docs"
    assert page.count("\n## chainfusion ") == len(list(reference.commands())) > 10


def test_every_command_says_what_it_does() -> None:
    silent = [path for path, command in reference.commands() if not (command.help or "").strip()]
    assert silent == []


def test_every_refusal_stands_in_the_list_of_refusals() -> None:
    page = (DOCS / "errors.md").read_text(encoding="utf-8")
    assert page == reference.errors_page(), "docs/errors.md is behind the code: make docs"
    assert page.count("\n## ") == len(reference.errors()) > 20


def test_every_refusal_speaks_both_languages_and_says_what_to_do() -> None:
    for kind in reference.errors():
        for text in (kind.says, kind.do):
            assert HAN.search(spoken(text.zh)) or not spoken(text.zh), f"{kind.code} has no Chinese: {text.zh}"
            assert not HAN.search(text.en), f"{kind.code} mixes languages: {text.en}"
            assert text.en.endswith((".", "?", "}")), f"{kind.code} ends in the middle: {text.en}"
            assert facts(text.en) == facts(text.zh), f"{kind.code} tells other facts in Chinese"


def spoken(text: str) -> str:
    """The words of a sentence: without its facts and its punctuation."""
    return re.sub(r"{\w+}|[\W_]", "", text)


def facts(text: str) -> set[str]:
    """The facts of a sentence; `why_zh` is `why` in Chinese."""
    return {name.removesuffix("_zh") for name in re.findall(r"{(\w+)}", text)}


def test_every_operation_stands_in_its_contract_s_specification() -> None:
    operations = reference.operations()
    assert {operation.contract for operation in operations} >= {"consortium", "deal", "pool", "document"}
    for operation in operations:
        page = (DOCS / "spec" / f"{operation.contract}.md").read_text(encoding="utf-8")
        assert f"`{operation.name}`" in page or f"`{operation.full_name}`" in page, operation.full_name


@pytest.mark.parametrize("name", ["README.md", "README.zh.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_told_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
    assert told
    assert told - targets == set()


@pytest.mark.parametrize("name", ["README.md", "README.zh.md", "docs/architecture.md", "docs/threat-model.md"])
def test_every_command_that_is_told_exists(name: str) -> None:
    known = {path for path, _ in reference.commands()}
    told = re.findall(r"(?:^|`|bin/)(chainfusion [a-z]+(?: [a-z]+)?)", (ROOT / name).read_text(encoding="utf-8"), re.M)
    unknown = [line for line in told if line not in known and " ".join(line.split()[:2]) not in known]
    assert unknown == []


def test_both_readmes_tell_the_same_commands() -> None:
    english, chinese = (
        re.findall(r"^(?:make|\.venv/bin/chainfusion) .*$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
        for name in ("README.md", "README.zh.md")
    )
    assert [line.split("#")[0].split() for line in english] == [line.split("#")[0].split() for line in chinese]


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for path, text in texts().items():
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
            if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert broken == []


def test_files_named_in_the_architecture_exist() -> None:
    told = set(
        re.findall(r"`((?:src|tests|benchmarks|docs|scripts)/[\w./-]+)`", (DOCS / "architecture.md").read_text())
    )
    assert len(told) > 10
    assert [name for name in sorted(told) if not (ROOT / name).exists()] == []


def test_decisions_are_numbered_without_a_gap_and_say_what_follows() -> None:
    pages = sorted((DOCS / "adr").glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert re.match(rf"# {int(page.name[:4])}\. ", text), page.name
        for heading in ("## Status", "## Context", "## Decision", "## Consequences"):
            assert heading in text, f"{page.name} lacks {heading}"


def test_the_changelog_tells_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.index("## [Unreleased]") < text.index(f"## [{project['version']}]")


def test_no_file_names_a_package_registry() -> None:
    here = Path(__file__)
    named = [str(path.relative_to(ROOT)) for path, text in texts().items() if path != here and REGISTRY.search(text)]
    assert named == []


def test_no_file_holds_a_path_of_one_machine() -> None:
    held = []
    for path, text in texts().items():
        match = MACHINE_PATH.search(text)
        if match and path != Path(__file__) and path.suffix not in NOT_PROSE:
            held.append(f"{path.relative_to(ROOT)}: {match[0]}")
    assert held == []


def test_lock_files_hold_a_hash_for_every_package_and_no_address() -> None:
    for name in ("runtime", "dev"):
        text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
        packages = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
        assert len(packages) > 20
        assert [block.split()[0] for block in packages if "--hash=sha256:" not in block] == []
        assert "://" not in text


def test_lock_files_cover_what_the_project_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    declared = [*project["project"]["dependencies"], *groups["build"]]
    wanted = {
        "runtime": declared,
        "dev": [*declared, *(each for each in groups["dev"] if isinstance(each, str))],
    }
    for name, requirements in wanted.items():
        text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
        locked = set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
        names = {re.split(r"[<>=!~\[; ]", each)[0].lower().replace("_", "-") for each in requirements}
        assert names - locked == set()
