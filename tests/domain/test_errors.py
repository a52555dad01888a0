"""Errors: stable codes, two languages, and no fact lost on the way."""

import pytest

from chainfusion.domain.errors import ChainFusionError, Text, UnknownRefusal, error_from_json, require


class ShelfFull(ChainFusionError):
    code = "TEST_SHELF_FULL"
    says = Text("Shelf {shelf} holds {count}.", "{shelf} 号架已有 {count} 件。")
    do = Text("Use shelf {next}.", "请用 {next} 号架。")


def test_speaks_both_languages() -> None:
    error = ShelfFull(shelf="A", count=3, next="B")
    assert error.message() == str(error) == "Shelf A holds 3."
    assert error.message("zh") == "A 号架已有 3 件。"
    assert error.remedy("en") == "Use shelf B."


def test_a_missing_fact_does_not_hide_the_refusal() -> None:
    assert ShelfFull(shelf="A").message() == "Shelf A holds {count}."


def test_crosses_a_process_boundary() -> None:
    error = error_from_json(ShelfFull(shelf="A", count=3).to_json())
    assert type(error) is ShelfFull
    assert error.facts == {"shelf": "A", "count": 3}


@pytest.mark.parametrize("data", [{"code": "FROM_THE_FUTURE", "facts": {"a": 1}}, {"code": "TEST_SHELF_FULL"}, {}])
def test_what_is_not_known_is_kept_as_told(data: dict[str, object]) -> None:
    error = error_from_json(data)
    assert type(error) is UnknownRefusal
    assert str(data.get("code")) in error.message()


def test_a_code_is_taken_once() -> None:
    with pytest.raises(TypeError, match="TEST_SHELF_FULL"):
        type("Other", (ChainFusionError,), {"code": "TEST_SHELF_FULL", "__qualname__": "Other"})


def test_require() -> None:
    require(True, ShelfFull())
    with pytest.raises(ShelfFull):
        require(False, ShelfFull())
