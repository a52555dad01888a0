"""What a record works out of its fields, once."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from chainfusion.domain.lazy import lazy


@dataclass(frozen=True)
class Sum:
    parts: tuple[int, ...]
    asked: list[str] = field(default_factory=list, compare=False)

    @lazy
    def total(self) -> int:
        """The parts together."""
        self.asked.append("total")
        return sum(self.parts)


def test_it_is_worked_out_once_for_each_record() -> None:
    first, second = Sum((1, 2)), Sum((3,))
    assert (first.total, first.total, second.total) == (3, 3, 3)
    assert first.asked == second.asked == ["total"]


def test_it_is_no_field() -> None:
    first = Sum((1, 2))
    assert first.total == 3
    assert first == Sum((1, 2))
    assert replace(first, parts=(5,)).total == 5
    with pytest.raises(FrozenInstanceError):
        first.total = 4


def test_the_class_has_its_description() -> None:
    assert isinstance(Sum.total, lazy)
    assert Sum.total.__doc__ == "The parts together."


def test_what_fails_is_tried_again() -> None:
    class Late:
        ready = False

        @lazy
        def value(self) -> int:
            if not self.ready:
                raise LookupError
            return 1

    late = Late()
    with pytest.raises(LookupError):
        late.value  # noqa: B018 - raises
    late.ready = True
    assert late.value == 1
