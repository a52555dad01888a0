"""Definitions drawn at random with all that a step can hold: graphs from blocks, dressed with data of every kind."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.process.definition import (
    END,
    Condition,
    Deadline,
    Definition,
    Field,
    FieldKind,
    Flow,
    Holds,
    Need,
    Process,
    Quorum,
    Requirement,
    Step,
    Weight,
)
from chainfusion.domain.process.net import forward
from chainfusion.domain.roles import Role
from tests.domain.process.drawn import sound_processes

NAMES = st.one_of(
    st.sampled_from(("委任 & <确认>", "a \"quoted\" 'name'", "Trustee's report", "x]]>y")),
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20),
)
VALUES = st.one_of(st.sampled_from(("CNY", "and", "by", 'a "b"', "", " ", "\x00\n", "\ud800")), st.text(max_size=12))
CALENDARS = st.sampled_from(("cn-interbank@2025-11-04", "cn-bank", "weekdays", "cn-bank@2025-11-04&weekdays"))
ROLES = st.lists(st.sampled_from(Role), min_size=1, max_size=3, unique=True).map(tuple)
BOUNDS = st.none() | st.integers(-(10**18), 10**18)


@st.composite
def fields(draw: st.DrawFn) -> tuple[Field, ...]:
    """A template, its first field a date."""
    kinds = [FieldKind.DATE, *draw(st.lists(st.sampled_from(FieldKind), max_size=3))]
    return tuple(draw(_field(f"f{number}", kind)) for number, kind in enumerate(kinds))


@st.composite
def _field(draw: st.DrawFn, name: str, kind: FieldKind) -> Field:
    choices = tuple(draw(st.lists(VALUES, min_size=1, max_size=3))) if kind is FieldKind.CHOICE else ()
    bounds = sorted(each for each in (draw(BOUNDS), draw(BOUNDS)) if each is not None)
    lowest, highest = (*bounds, None, None)[:2]
    return Field(name, draw(NAMES), draw(NAMES), kind, draw(st.booleans()), choices, lowest, highest)


REQUIREMENTS = st.one_of(
    st.builds(Requirement, st.just(Need.DOCUMENT), st.sampled_from(DocumentKind), st.none() | st.sampled_from(Role)),
    st.builds(Requirement, st.sampled_from((Need.POOL, Need.TERMS)), st.just(""), st.none()),
)
DEADLINES = st.builds(Deadline, st.integers(-2000, 2000), CALENDARS, st.just(""))


@st.composite
def dressed_steps(draw: st.DrawFn, step: Step) -> Step:
    """A step with everything that people do in one, or done of itself."""
    requires = tuple(draw(st.lists(REQUIREMENTS, max_size=3)))
    named = replace(step, name=draw(NAMES), name_zh=draw(NAMES), requires=requires)
    deadline = draw(st.none() | DEADLINES)
    if (requires or deadline) and draw(st.integers(0, 3)) == 0:
        return replace(named, by=(), deadline=deadline)
    by = draw(ROLES)
    quorum = draw(st.sampled_from(Quorum))
    weights = tuple(Weight(role, draw(st.integers(1, 9))) for role in by) if quorum is Quorum.WEIGHT else ()
    counted = quorum in (Quorum.COUNT, Quorum.WEIGHT)
    return replace(
        named,
        by=by,
        quorum=quorum,
        threshold=draw(st.integers(1, 9)) if counted else 0,
        weights=weights,
        checked=draw(st.booleans()),
        countersign=draw(st.none() | st.sampled_from(Role)),
        template=draw(fields()) if draw(st.booleans()) else (),
        deadline=deadline,
        escalate=draw(st.none() | st.sampled_from(Role)),
    )


@st.composite
def dressed_processes(draw: st.DrawFn, name: str, inside: str | None = None) -> Process:
    """A process with data; where `inside` is given, some steps run that process."""
    plain = draw(sound_processes(depth=2))
    steps = [draw(dressed_steps(step)) for step in plain.steps]
    if inside is not None and draw(st.booleans()):
        runs = Step(steps[0].id, draw(NAMES), draw(NAMES), draw(ROLES), Quorum.ALL, 0, (), False, None, (), (), None,
                    None, (), inside)  # fmt: skip
        steps[0] = replace(runs, deadline=draw(st.none() | DEADLINES))
    flows = tuple(draw(_dressed_flow(flow)) for flow in plain.flows)
    process = replace(plain, id=name, name=draw(NAMES), name_zh=draw(NAMES), steps=tuple(steps), flows=flows)
    return _with_ways_back(draw, _with_figures(draw, _with_expiries(draw, process)))


@st.composite
def _dressed_flow(draw: st.DrawFn, flow: Flow) -> Flow:
    conditions = st.builds(Condition, st.just("deal.product"), st.sampled_from((Holds.IS, Holds.IS_NOT)), VALUES)
    return replace(flow, when=tuple(draw(st.lists(conditions, min_size=1, max_size=2)))) if flow.when else flow


def _with_expiries(draw: st.DrawFn, process: Process) -> Process:
    """Some steps with a deadline have a second way out, to the end."""
    flows = list(process.flows)
    for step in process.steps:
        ends = any(flow.ends for flow in process.out_of(step.id))
        if step.deadline is not None and not ends and draw(st.booleans()):
            flows.insert(draw(st.integers(0, len(flows))), Flow(step.id, END, (), True))
    return replace(process, flows=tuple(flows))


def _with_figures(draw: st.DrawFn, process: Process) -> Process:
    """Deadlines count from dates that steps deposit, and steps require figures."""
    figures = [f"{step.id}.f0" for step in process.steps if step.template]
    steps = []
    for step in process.steps:
        if figures and step.deadline is not None and draw(st.booleans()):
            step = replace(step, deadline=replace(step.deadline, after=draw(st.sampled_from(figures))))
        if figures and step.process is None and draw(st.booleans()):
            needed = Requirement(Need.FIGURE, draw(st.sampled_from(figures)), None)
            step = replace(step, requires=(*step.requires, needed))
        steps.append(step)
    return replace(process, steps=tuple(steps))


def _with_ways_back(draw: st.DrawFn, process: Process) -> Process:
    steps = []
    for step in process.steps:
        before = [target.id for target in process.steps if target is not step and _leads(process, target.id, step.id)]
        chosen = draw(st.lists(st.sampled_from(before), max_size=2, unique=True)) if before and step.by else ()
        steps.append(replace(step, returns=tuple(chosen)))
    return replace(process, steps=tuple(steps))


def _leads(process: Process, target: str, step: str) -> bool:
    return any(flow.source in forward(process, target, step) for flow in process.into(step))


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """A main process and, sometimes, one inside."""
    inside = (draw(dressed_processes("1-inner")),) if draw(st.booleans()) else ()
    main = draw(dressed_processes("main", "1-inner" if inside else None))
    documents = tuple(draw(st.lists(st.sampled_from(DocumentKind), max_size=3)))
    return Definition("drawn-deal", draw(st.integers(1, 999_999)), main, inside, documents)
