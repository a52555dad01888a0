"""Process files: blocks become sound graphs, and what is wrong is refused with its line."""

from __future__ import annotations

import pytest

from chainfusion.domain.process.definition import END, START, GatewayKind, Holds, Need, Quorum
from chainfusion.domain.process.form import faults_of
from chainfusion.domain.process.soundness import unsoundness
from chainfusion.domain.roles import Role
from chainfusion.processes.refusals import BadProcessFile
from chainfusion.processes.text import read_definition

WHOLE = """
process: small-deal
version: 1
documents: [loan-tape, legal-opinion]
main:
  name: A small deal
  name-zh: 小型项目
  do:
    - step: mandate
      name: Mandate
      name-zh: 委任
      by: originator
      checked: yes
    - all:
        - - step: diligence
            name: Due diligence
            name-zh: 尽职调查
            by: law-firm
            requires: [pool, {document: legal-due-diligence-report, by: law-firm}]
        - - step: ratings
            name: Ratings
            name-zh: 评级
            by: rating-agency
            quorum: all
            runs: rating
    - step: review
      name: Review
      name-zh: 复核
      by: [lead-underwriter, trustee]
      quorum: {weight: 2, of: {lead-underwriter: 1, trustee: 1}}
      returns: [diligence]
    - repeat:
        do:
          - step: price
            name: Pricing
            name-zh: 定价
            by: lead-underwriter
            fill:
              - {field: coupon, name: Coupon, name-zh: 票面利率, kind: rate, lowest: 0, highest: 100000}
            within: {days: 3, calendar: cn-interbank@2025-11-04}
            expired: {do: [{step: lapse, name: Lapse, name-zh: 失效, by: originator}], then: end}
        again: {figure.price.coupon: {at-least: 50000}}
    - one:
        - when: {deal.currency: CNY}
          do: [{step: register, name: Register, name-zh: 登记, by: registrar, quorum: {count: 1}}]
        - {}
inside:
  rating:
    name: Rating
    name-zh: 评级
    do: [{step: committee, name: Committee, name-zh: 评审会, by: rating-agency}]
"""


def test_blocks_become_a_sound_graph() -> None:
    definition = read_definition(WHOLE.encode())
    assert faults_of(definition) == ()
    assert unsoundness(definition.main) is None
    kinds = {gateway.id: gateway.kind for gateway in definition.main.gateways}
    assert kinds == {
        "fork-1": GatewayKind.ALL,
        "join-1": GatewayKind.ALL,
        "begin-1": GatewayKind.ONE,
        "again-1": GatewayKind.ONE,
        "choice-1": GatewayKind.ONE,
        "met-1": GatewayKind.ONE,
    }
    assert [flow.source for flow in definition.main.into(END)] == ["met-1", "lapse"]
    assert definition.main.out_of(START)[0].target == "mandate"


def test_every_key_of_a_step_is_read() -> None:
    main = read_definition(WHOLE.encode()).main
    steps = {step.id: step for step in main.steps}
    assert steps["mandate"].checked
    assert [(each.need, each.by) for each in steps["diligence"].requires] == [
        (Need.POOL, None), (Need.DOCUMENT, Role.LAW_FIRM),
    ]  # fmt: skip
    assert (steps["ratings"].process, steps["ratings"].quorum) == ("rating", Quorum.ALL)
    assert (steps["review"].quorum, steps["review"].threshold, len(steps["review"].weights)) == (Quorum.WEIGHT, 2, 2)
    assert steps["review"].returns == ("diligence",)
    assert steps["price"].template[0].highest == 100_000
    assert steps["price"].deadline is not None
    assert steps["price"].deadline.days == 3
    (again,) = (flow for flow in main.flows if flow.source == "again-1" and flow.when)
    assert (again.target, again.when[0].holds) == ("begin-1", Holds.AT_LEAST)
    (expired,) = (flow for flow in main.flows if flow.expired)
    assert (expired.source, expired.target) == ("price", "lapse")


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("by: law-firm\n            requires", "by: notary\n            requires", 18, "none of"),
        ("version: 1", "version: one", 3, "whole number"),
        ("checked: yes", "checked: true", 13, "yes or no"),
        ("- all:\n", "- every:\n", 15, "one of step, all, one, repeat"),
        ("returns: [diligence]", "returns: [price]", 27, "does not come before"),
        ("runs: rating", "runs: judging", 21, "no process judging"),
        ("kind: rate, lowest", "kind: ratio, lowest", 40, "none of"),
        ("figure.price.coupon", "figure.price.spread", 1, "is no fact"),
        ("calendar: cn-interbank@2025-11-04", "calendar: moon@1", 34, "calendar"),
        ("then: end", "then: stop", 42, "`next` or `end`"),
        ("    name: Rating\n    name-zh: 评级\n    do:", "    name: Rating\n    do:", 50, "'name-zh' is missing"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(old: str, new: str, line: int, why: str) -> None:
    assert old in WHOLE
    with pytest.raises(BadProcessFile) as caught:
        read_definition(WHOLE.replace(old, new).encode())
    assert why in str(caught.value)
    assert abs(caught.value.facts["line"] - line) <= 2


def test_a_deadline_that_passes_may_go_on() -> None:
    text = WHOLE.replace("then: end", "then: next")
    definition = read_definition(text.encode())
    assert unsoundness(definition.main) is None
    assert [flow.source for flow in definition.main.into(END)] == ["met-2"] or definition.main.into(END)
