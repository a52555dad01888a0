"""Where a read model lies, and what becomes of one that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainfusion.node.home import Home
from chainfusion.node.readmodel import ReadModel, ReadModelUnreachable
from chainfusion.node.readmodel.database import MEMORY, Database, file_url
from chainfusion.node.readmodel.setting import FILE, VARIABLE, open_database, read_model_url
from chainfusion.node.views.acts import NARRATION
from tests.support.consortium import Consortium


def test_it_lies_in_the_home_unless_the_environment_names_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert read_model_url(Home(tmp_path)) == file_url(tmp_path / FILE)
    assert read_model_url(None) == MEMORY
    monkeypatch.setenv(VARIABLE, "sqlite:////srv/model.db")
    assert read_model_url(Home(tmp_path)) == read_model_url(None) == "sqlite:////srv/model.db"


@pytest.mark.parametrize("spoil", ["no database", "in the middle"])
def test_a_damaged_file_of_its_own_is_read_from_the_ledger_again(
    consortium: Consortium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    home, file = Home(tmp_path), tmp_path / FILE
    first = open_database(home)
    ReadModel(consortium.ledger, first, NARRATION).follow()
    first.close()
    data = bytearray(file.read_bytes())
    if spoil == "no database":
        data = bytearray(b"not a database, but long enough to be taken for one " * 40)
    else:
        data[:4096] = data[:100] + b"\xff" * 3996
    file.write_bytes(data)
    (tmp_path / "notes.txt").write_text("not ours")
    again = ReadModel(consortium.ledger, open_database(home), NARRATION).follow()
    assert again.height == consortium.ledger.height()
    assert (tmp_path / "notes.txt").read_text() == "not ours"


def test_a_file_that_somebody_named_is_never_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "theirs.db"
    other.write_bytes(b"something of somebody else's " * 200)
    monkeypatch.setenv(VARIABLE, file_url(other))
    with pytest.raises(ReadModelUnreachable):
        open_database(Home(tmp_path))
    assert other.read_bytes().startswith(b"something of somebody")


@pytest.mark.parametrize(
    "url",
    ["postgresql://me:secret@127.0.0.1:9/none", "nonsense", "oracle://me:secret@host/x", "postgresql://me:secret@:x/"],
)
def test_what_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ReadModelUnreachable) as refused:
        Database.at(url).tables()
    assert "secret" not in refused.value.message("en") + refused.value.message("zh") + str(refused.value.facts)
