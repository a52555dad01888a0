"""Phrases of a diagram: what is written is read back, whatever words it holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.process.definition import Condition, Deadline, Holds, Quorum, Requirement, Weight
from chainfusion.domain.roles import Role
from chainfusion.processes.bpmn import phrases
from chainfusion.processes.bpmn.phrases import BadPhrase
from tests.processes.bpmn.dressed import CALENDARS, REQUIREMENTS, VALUES

FACTS = st.sampled_from(("pool.loans", "figure.price.coupon"))
CONDITIONS = st.builds(Condition, FACTS, st.sampled_from(Holds), VALUES)


@given(st.lists(CONDITIONS, min_size=1, max_size=4).map(tuple))
def test_conditions(conditions: tuple[Condition, ...]) -> None:
    assert phrases.conditions(phrases.of_conditions(conditions)) == conditions


@given(st.lists(REQUIREMENTS, min_size=1, max_size=4).map(tuple))
def test_requirements(requirements: tuple[Requirement, ...]) -> None:
    assert phrases.requirements(phrases.of_requirements(requirements)) == requirements


@given(st.builds(Deadline, st.integers(-2000, 2000), CALENDARS, st.sampled_from(("", "pricing.day"))))
def test_deadlines(deadline: Deadline) -> None:
    assert phrases.deadline(phrases.of_deadline(deadline)) == deadline


def test_quorums() -> None:
    weights = Weight(Role.INVESTOR, 1), Weight(Role.TRUSTEE, 2)
    assert phrases.of_quorum(Quorum.WEIGHT, 3, weights) == "weight 3 of investor 1 trustee 2"
    assert phrases.quorum("weight 3 of investor 1 trustee 2") == (Quorum.WEIGHT, 3, weights)
    assert phrases.quorum("count 2") == (Quorum.COUNT, 2, ())


def test_plain_words_stand_without_quotes() -> None:
    assert phrases.of_conditions((Condition("deal.currency", Holds.IS, "人民币"),)) == "deal.currency is 人民币"
    assert phrases.of_conditions((Condition("deal.currency", Holds.IS, "and"),)) == 'deal.currency is "and"'


@pytest.mark.parametrize("said", ["", "count", "count two", "some 2", "weight 3 of notary 1", "count 2 3"])
def test_what_is_no_quorum_is_refused(said: str) -> None:
    with pytest.raises(BadPhrase):
        phrases.quorum(said)
