"""The pages made from code: what they take from a command and from a refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
import typer

from chainfusion.domain.errors import ChainFusionError
from scripts import reference

app = typer.Typer()
noun = typer.Typer(name="pool")
app.add_typer(noun)


@noun.command("register")
def register(
    deal: Annotated[str, typer.Argument(help="The deal's id.")],
    files: Annotated[list[Path] | None, typer.Argument(help="Files | of it.")] = None,
    owner: Annotated[str, typer.Option("--owner", "-o", help="Who owns it.")] = ...,  # type: ignore[assignment]
    dry: Annotated[bool, typer.Option("--dry/--real", help="Only say what would be done.")] = True,
    seed: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Registers a pool.

    The tape stays in the vault.
    """


@app.command("verify")
def verify() -> None:
    """Checks evidence."""


@pytest.fixture
def page() -> str:
    command = typer.main.get_command(app)
    return "\n".join(reference._command(path, each) for path, each in reference._walk("chainfusion", command))


def test_every_command_is_a_heading_as_people_type_it(page: str) -> None:
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## chainfusion pool register DEAL [FILES ...]",
        "## chainfusion verify",
    ]


def test_a_command_s_text_arguments_and_options_are_told(page: str) -> None:
    assert "Registers a pool.\n\nThe tape stays in the vault." in page
    assert "| `DEAL` | The deal's id. |" in page
    assert "| `--owner`, `-o` | Who owns it. Required. |" in page
    assert "| `--dry`, `--real` | Only say what would be done. |" in page


def test_a_bar_in_a_text_does_not_break_the_table(page: str) -> None:
    assert "| Files \\| of it. |" in page


def test_what_is_hidden_and_the_help_option_are_not_told(page: str) -> None:
    assert "seed" not in page
    assert "--help" not in page


def test_a_refusal_is_told_by_code_in_both_languages() -> None:
    kinds = {kind.code: kind for kind in reference._subclasses(ChainFusionError)}
    told = reference._error(kinds["NOT_CANONICAL"])
    assert told.startswith("## NOT_CANONICAL\n")
    assert "Not canonical JSON: {why}. Take the file" in told
    assert "不是规范 JSON" in told


def test_refusals_of_tests_are_not_told() -> None:
    class Mine(ChainFusionError):
        code = "ONLY_IN_A_TEST"

    assert Mine not in set(reference._subclasses(ChainFusionError))
