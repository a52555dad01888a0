"""Notifications by command: one round, the outbox, a trial."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tests.support.postbox import Hook, hook


@pytest.fixture
def told() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def shell(guide: Shell, tmp_path: Path, told: Hook) -> Shell:
    folder = tmp_path / "work"
    shutil.copytree(guide.folder, folder)
    (folder / "donghai" / "key").write_text("shared")
    given = {
        "base": "https://abs.donghai.example",
        "webhooks": [{"name": "workflow", "url": told.url, "secret_file": "key"}],
    }
    (folder / "donghai" / "notifications.json").write_text(json.dumps(given))
    return Shell(folder, dict(guide.variables))


def test_a_round_tells_what_awaits_the_institution_and_a_trial_says_so(shell: Shell, told: Hook) -> None:
    first = shell.ask("notify send --home donghai")
    assert first["queued"] == first["delivered"] == len(told.posts)
    assert shell.ask("notify send --home donghai")["queued"] == 0
    assert shell.ask("notify test webhook:workflow --home donghai") == {
        "channel": "webhook:workflow",
        "delivered": True,
    }
    told.answers[:] = [404]
    assert shell.run("--json", "notify", "test", "webhook:workflow", "--home", "donghai").code == 1
    newest = shell.ask("notify list --home donghai")
    (failed,) = (each for each in newest if each["state"] == "failed")
    assert failed["error"] == "HTTP 404"
    told.answers[:] = [204]
    shell.ask(f"notify again {failed['id']} --home donghai")
    assert shell.ask("notify send --home donghai")["delivered"] == 1
    assert shell.refused("notify again 0123 --home donghai")["code"] == "LETTER_UNKNOWN"
    assert shell.refused("notify test mail:nobody --home donghai")["code"] == "BAD_ARGUMENT"
    assert shell.refused("notify send --home yunjin")["code"] == "NO_NOTIFICATIONS"
