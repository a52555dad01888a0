"""What the deal of docs/guide.md left on the ledger."""

from __future__ import annotations

from tests.cli.shell import Shell


def test_every_command_of_the_guide_does_what_the_guide_says(guide: Shell) -> None:
    assert len(guide.ran) > 60
    assert {ran.code for ran in guide.ran} == {0, 1}
