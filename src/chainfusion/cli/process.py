"""`chainfusion process`: definitions and their vote; what a deal waits for, and acting on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from chainfusion.cli import process_versions
from chainfusion.cli.output import Printer, printer
from chainfusion.cli.work import (
    BadArgument,
    DealArgument,
    HomeOption,
    RequestOption,
    UserOption,
    Work,
    at_desk,
    bad_input,
    fresh,
    recorded,
    stated,
)
from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import Definition
from chainfusion.domain.process.records import MAIN, Entry
from chainfusion.domain.process.soundness import require_sound
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import ROLE_NAMES, Role
from chainfusion.node import definitions, processes
from chainfusion.node.duties import calendar_of
from chainfusion.node.home import write_bytes
from chainfusion.node.members import Members
from chainfusion.node.processes import Item
from chainfusion.node.views.definitions import steps_of
from chainfusion.processes import library
from chainfusion.processes.bpmn import write_bpmn
from chainfusion.processes.duties import LATE, Duty
from chainfusion.processes.icalendar import KIND_NAMES, STATE_NAMES, icalendar, said

app = typer.Typer(name="process", help="A deal's process: adopt a definition, act on its steps.", no_args_is_help=True)
process_versions.add_to(app)

StepArgument = Annotated[str, typer.Argument(help="The step's id.")]
RunOption = Annotated[str, typer.Option("--run", help="The run, as `process awaited` names it.")]
ForOption = Annotated[str | None, typer.Option("--for", help="MSP id that has delegated the step to you.")]
SourceArgument = Annotated[str, typer.Argument(help="A file, or a name of the library (`process library`).")]
RolesOption = Annotated[
    list[str] | None,
    typer.Option("--role", help="For BPMN: ROLE of steps in no lane, or NAME=ROLE of a lane's own name; repeat."),
]
NameArgument = Annotated[str, typer.Argument(help="The process.")]
VersionOption = Annotated[int, typer.Option(help="Its version.")]


# ------------------------------------------------------------------ definitions


@app.command("library")
def library_(ctx: typer.Context) -> None:
    """List the definitions that come with the program."""
    out = printer(ctx)
    found = [library.definition(name) for name in library.names()]
    out.result(
        [{"process": each.id, "version": each.version, "steps": len(each.main.steps)} for each in found],
        lambda: out.table(
            ("Process", "Name", "Version", "Steps"),
            (
                (each.id, each.main.name_zh if out.lang == "zh" else each.main.name, each.version, steps_of(each))
                for each in found
            ),
        ),
    )


@app.command()
def text(source: SourceArgument) -> None:
    """Print a definition of the library as a text, to start one of your own from."""
    typer.echo(library.text_of(source).decode(), nl=False)


@app.command("prove")
def prove(ctx: typer.Context, source: SourceArgument, role: RolesOption = None) -> None:
    """Prove that a definition, a text or a BPMN file, is sound: never stuck, nothing left over, no dead step."""
    out, definition = printer(ctx), require_sound(_definition(source, role))
    told = {"process": definition.id, "version": definition.version, "steps": steps_of(definition), "sound": True}
    out.result(told, lambda: out.facts(told))


@app.command()
def propose(
    ctx: typer.Context,
    source: SourceArgument,
    home: HomeOption,
    role: RolesOption = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Put a definition, a text or a BPMN file, before the consortium, with your yes."""
    definition = _definition(source, role)
    with at_desk(ctx, home, user, writes=True) as work:
        recorded(work, work.desk.session.call("process-definition.propose", request=request, definition=definition))


@app.command()
def vote(
    ctx: typer.Context,
    process: NameArgument,
    home: HomeOption,
    version: VersionOption,
    approve: Annotated[bool, typer.Option("--yes/--no", help="Your vote.")],
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Vote on a version of a process."""
    arguments = {"process": process, "version": version, "approve": approve}
    _call(ctx, home, user, request, "process-definition.vote", arguments)


@app.command("list")
def list_(ctx: typer.Context, home: HomeOption, user: UserOption = "") -> None:
    """List the processes before the consortium, and those adopted."""
    with at_desk(ctx, home, user) as work:
        found = definitions.overview(work.desk)
        rows = [(each.definition.id, each.definition.version, each.state.value, each.by) for each in found]
        told = [dict(zip(("process", "version", "state", "by"), row, strict=True)) for row in rows]
        work.out.result(told, lambda: work.out.table(("Process", "Version", "State", "By"), rows))


@app.command()
def bpmn(
    ctx: typer.Context,
    source: SourceArgument,
    out: Annotated[Path, typer.Option("--out", help="Where to write the diagram.")],
) -> None:
    """Write a definition as BPMN 2.0 with its diagram, named in the language of `--lang`."""
    printed, definition = printer(ctx), _definition(source)
    write_bytes(fresh(out), write_bpmn(definition, printed.lang))
    printed.result({"process": definition.id, "version": definition.version, "written": str(out)})


# ------------------------------------------------------------------ a deal


@app.command()
def start(
    ctx: typer.Context,
    deal: DealArgument,
    home: HomeOption,
    process: Annotated[str, typer.Option(help="The process.")],
    version: VersionOption = 1,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Start a deal's process on an adopted version."""
    _call(ctx, home, user, request, "process.start", {"deal": deal, "process": process, "version": version})


@app.command()
def awaited(ctx: typer.Context, deal: DealArgument, home: HomeOption, user: UserOption = "") -> None:
    """Show what a deal waits for: the step, for whom, by when, and what still lacks."""
    with at_desk(ctx, home, user) as work:
        steps = processes.awaited(work.desk.session, deal)
        work.out.result(
            [to_json(step) for step in steps],
            lambda: work.out.table(
                ("Run", "Step", "Waits for", "To check", "Due", "Lacks"),
                (
                    (
                        step.run,
                        step.step,
                        list(step.waits_for + step.to_countersign),
                        list(step.to_check),
                        step.due,
                        [f"{each.need.value} {each.of}".strip() for each in step.missing],
                    )
                    for step in steps
                ),
            ),
        )


@app.command()
def duties(
    ctx: typer.Context,
    deal: DealArgument,
    home: HomeOption,
    mine: Annotated[bool, typer.Option("--mine", help="Only what your institution owes.")] = False,
    late: Annotated[bool, typer.Option("--late", help="Only what was or is late, or was missed.")] = False,
    ics: Annotated[Path | None, typer.Option("--ics", help="Where to write an iCalendar file.")] = None,
    user: UserOption = "",
) -> None:
    """Show by when each party owes what, and what was done on time, late or not at all."""
    with at_desk(ctx, home, user) as work:
        session = work.desk.session
        found = [each for each in calendar_of(session, deal) if not mine or each.msp == work.desk.msp]
        found = [each for each in found if not late or each.state in LATE]
        if ics is not None:
            members = Members(work.ledger).current().members.items()
            names = {msp: Text(member.name, member.name_zh) for msp, member in members}
            write_bytes(fresh(ics), icalendar(found, session.clock(), names, work.out.lang))
        show_duties(work.out, found)


@app.command()
def act(
    ctx: typer.Context,
    deal: DealArgument,
    step: StepArgument,
    home: HomeOption,
    fill: Annotated[
        list[str] | None,
        typer.Option("--fill", help="FIELD=VALUE of the step's template, money in minor units, rates in ppm; repeat."),
    ] = None,
    run: RunOption = MAIN,
    on_behalf: ForOption = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Do your institution's part of a step."""
    with stated("entries"):
        entries = tuple(map(_entry, fill or []))
    _at_item(
        ctx, home, user,
        lambda work: processes.act(work.desk.session, Item(deal, run, step), entries, msp=on_behalf, request=request),
    )  # fmt: skip


@app.command()
def check(
    ctx: typer.Context,
    deal: DealArgument,
    step: StepArgument,
    home: HomeOption,
    approve: Annotated[bool, typer.Option("--approve/--reject", help="What you say to a colleague's work.")],
    reason: Annotated[str | None, typer.Option(help="Why it is rejected.")] = None,
    run: RunOption = MAIN,
    on_behalf: ForOption = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Approve or reject, as the second person, what a colleague has done."""
    item = Item(deal, run, step)
    _at_item(
        ctx, home, user,
        lambda work: processes.check(
            work.desk.session, item, approve=approve, reason=reason, msp=on_behalf, request=request
        ),
    )  # fmt: skip


@app.command()
def countersign(
    ctx: typer.Context,
    deal: DealArgument,
    step: StepArgument,
    home: HomeOption,
    run: RunOption = MAIN,
    on_behalf: ForOption = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Certify a step that is complete."""
    with at_desk(ctx, home, user, writes=True) as work:
        at: dict[str, Any] = {"deal": deal, "run": run, "step": step, "msp": on_behalf or work.desk.msp}
        recorded(work, work.desk.session.call("process.countersign", request=request, **at))


@app.command("return")
def return_(
    ctx: typer.Context,
    deal: DealArgument,
    step: StepArgument,
    home: HomeOption,
    to: Annotated[str, typer.Option(help="The earlier step that the work goes back to.")],
    reason: Annotated[str, typer.Option(help="Why; it stands on the ledger.")],
    run: RunOption = MAIN,
    on_behalf: ForOption = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Send the work back to an earlier step, with the reason."""
    with at_desk(ctx, home, user, writes=True) as work:
        at: dict[str, Any] = {"deal": deal, "run": run, "step": step, "msp": on_behalf or work.desk.msp}
        call = work.desk.session.call("process.send_back", request=request, **at, target=to, reason=reason)
        recorded(work, call)


@app.command()
def delegate(
    ctx: typer.Context,
    deal: DealArgument,
    step: StepArgument,
    home: HomeOption,
    to: Annotated[str | None, typer.Option(help="MSP id that acts for yours; leave it out to take that back.")] = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Let another institution act for yours on a step."""
    _call(ctx, home, user, request, "process.delegate", {"deal": deal, "step": step, "delegate": to})


@app.command()
def agent(
    ctx: typer.Context,
    home: HomeOption,
    every: Annotated[int, typer.Option(help="Seconds between rounds; 0 for one round.")] = 0,
    user: UserOption = "",
) -> None:
    """Move deals on whose time has come; the contract decides what is due."""
    with at_desk(ctx, home, user, writes=True) as work:
        while True:
            for receipt in processes.tend(work.desk.session):
                recorded(work, receipt)
            if every == 0:
                return
            time.sleep(every)


# ------------------------------------------------------------------ what all of them do


def show_duties(out: Printer, found: list[Duty]) -> None:
    """Prints a calendar of duties."""
    rows = (
        (
            each.due,
            said(each.name, out.lang),
            each.run,
            said(ROLE_NAMES[each.role], out.lang) if each.role else None,
            each.msp,
            said(KIND_NAMES[each.kind], out.lang),
            said(STATE_NAMES[each.state], out.lang),
        )
        for each in found
    )
    columns = ("Due", "Step", "Run", "Role", "Institution", "Owes", "State")
    out.result([to_json(each) for each in found], lambda: out.table(columns, rows))


def _call(ctx: typer.Context, home: Path, user: str, request: str | None, operation: str, arguments: Any) -> None:
    with at_desk(ctx, home, user, writes=True) as work:
        recorded(work, work.desk.session.call(operation, request=request, **arguments))


def _at_item(ctx: typer.Context, home: Path, user: str, act_on: Callable[[Work], Any]) -> None:
    with at_desk(ctx, home, user, writes=True) as work:
        recorded(work, act_on(work))


def _definition(source: str, roles: list[str] | None = None) -> Definition:
    """The definition in a file, a text or a diagram by its content, or of the library."""
    if Path(source).is_file():
        return definitions.read(Path(source).read_bytes(), *_roles(roles or []))
    if source not in library.names():
        raise BadArgument(what="process", given=source, known=", ".join(library.names()))
    return library.definition(source)


def _roles(words: list[str]) -> tuple[dict[str, Role], Role | None]:
    """What `--role` said: roles by a diagram's own names, and the one of steps that stand in no lane."""
    named, otherwise = dict[str, Role](), None
    for word in words:
        name, equals, role = word.rpartition("=")
        if role not in set(Role):
            raise BadArgument(what="role", given=role, known=", ".join(Role))
        if equals:
            named[name] = Role(role)
        else:
            otherwise = Role(role)
    return named, otherwise


def _entry(word: str) -> Entry:
    field, equals, value = word.partition("=")
    if not equals:
        raise bad_input("entries", f"{word!r} is not FIELD=VALUE")
    return Entry(field, value)
