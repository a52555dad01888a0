"""What a command of cash flow runs on and what it assumes: the same options for all of them, written down once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import polars as pl
import typer

from chainfusion.cashflow.deal.assumed import Assumed, assumed, payment, rate, read_scenario
from chainfusion.cashflow.deal.assumed import private as private_value
from chainfusion.cashflow.deal.published import read_collections
from chainfusion.cashflow.deal.run import DealRun, run_deal
from chainfusion.cashflow.inquiry.inquiry import Case
from chainfusion.cashflow.pool.columns import Pool
from chainfusion.cashflow.text.reader import load_terms
from chainfusion.cli.output import printer
from chainfusion.cli.tape import take
from chainfusion.cli.work import BadArgument, UserOption, Work, at_desk
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.terms.private import Side
from chainfusion.domain.terms.records import DealTerms
from chainfusion.node import cashflows, studies
from chainfusion.vault.chunks import Progress

T = TypeVar("T")


class SourceNeeded(ChainFusionError):
    """Nothing to run on, or two things at once."""

    code = "SOURCE_NEEDED"
    says = Text("It is not told what to run: {why}.", "未说明运行对象：{why_zh}。")
    do = Text(
        "Name a deal with --home, or --terms with --tape and --mapping, or --terms with --collections.",
        "请指定项目与 --home，或 --terms 加 --tape 与 --mapping，或 --terms 加 --collections。",
    )


@dataclass(frozen=True)
class Source:
    """A deal on the ledger, or terms in a file; loans of a tape, or collections."""

    deal: Annotated[str, typer.Argument(help="The deal's id; without it, --terms.", show_default=False)] = ""
    home: Annotated[
        Path | None,
        typer.Option(
            "--home", envvar="CHAINFUSION_HOME", help="The institution's folder, for a deal.", file_okay=False
        ),
    ] = None
    terms: Annotated[
        Path | None, typer.Option("--terms", help="Deal terms (YAML), instead of a deal's.", exists=True)
    ] = None
    tape: Annotated[Path | None, typer.Option("--tape", help="A loan tape, with --terms.", exists=True)] = None
    mapping: Annotated[Path | None, typer.Option("--mapping", help="The tape's column mapping.", exists=True)] = None
    collections: Annotated[
        Path | None,
        typer.Option("--collections", help="Collections by payment (CSV, Parquet) instead of loans.", exists=True),
    ] = None
    version: Annotated[int | None, typer.Option("--version", help="A version of the terms; else that in force.")] = None
    user: UserOption = ""

    @contextmanager
    def opened(self, ctx: typer.Context) -> Iterator[Origin]:
        """What it names, while the block lasts. Raises: SourceNeeded, and others."""
        if bool(self.deal) == (self.terms is not None):
            raise SourceNeeded(why="a deal, or --terms", why_zh="须指定项目或 --terms 之一")
        if self.terms is not None:
            yield OfFiles(ctx, self, load_terms(self.terms))
            return
        if self.home is None:
            raise SourceNeeded(why="a deal needs --home", why_zh="指定项目时须指定 --home")
        with at_desk(ctx, self.home, self.user) as work:
            yield OfDeal(work, self)


@dataclass(frozen=True)
class OfDeal:
    """A deal on the ledger."""

    work: Work
    source: Source

    @property
    def terms(self) -> DealTerms:
        """The version that is run."""
        return cashflows.show(self.work.desk, self.source.deal, self.source.version).record.terms

    def run(self, told: Assumed) -> DealRun:
        """Runs the waterfall. Raises: as `cashflows.project` and `run_published`."""
        desk, deal, version, file = self.work.desk, self.source.deal, self.source.version, self.source.collections
        if file is not None:
            return cashflows.run_published(desk, deal, file, told, version)
        with self.work.out.progress("projecting") as progress:
            return cashflows.project(desk, deal, told, version, progress)

    def case(self, told: Assumed, progress: Progress) -> Case:
        """What questions are asked of. Raises: as `studies.of_deal` and `of_published`."""
        if self.source.collections is not None:
            return studies.of_published(self.terms, self.source.collections, told, progress)
        return studies.of_deal(self.work.desk, self.source.deal, told, self.source.version, progress)

    def loans(self) -> Pool:
        """The loans of the pool in force. Raises: as `cashflows.pool_of_deal`."""
        with self.work.out.progress("opening") as progress:
            return cashflows.pool_of_deal(self.work.desk, self.source.deal, progress).loans


@dataclass(frozen=True)
class OfFiles:
    """Terms in a file, and a tape or collections."""

    ctx: typer.Context
    source: Source
    terms: DealTerms

    def run(self, told: Assumed) -> DealRun:
        """Runs the waterfall. Raises: as `run_deal`, `cashflows.run_tape` and `read_collections`."""
        if self.source.collections is not None:
            return run_deal(self.terms, read_collections(self.source.collections, self.terms), told)
        tape = self._tape()
        with printer(self.ctx).progress("projecting") as progress:
            return cashflows.run_tape(self.terms, tape, told, progress)

    def case(self, told: Assumed, progress: Progress) -> Case:
        """What questions are asked of. Raises: as `studies.of_tape` and `of_published`."""
        if self.source.collections is not None:
            return studies.of_published(self.terms, self.source.collections, told, progress)
        return studies.of_tape(self.terms, self._tape(), told, progress)

    def loans(self) -> Pool:
        """The loans of the tape. Raises: NothingToProject, and as `take`."""
        return cashflows.going(self.terms.id, self._tape(), self.terms.dates.cut_off)[0]

    def _tape(self) -> pl.DataFrame:
        if self.source.tape is None or self.source.mapping is None:
            why = "--terms needs --tape and --mapping, or --collections"
            raise SourceNeeded(why=why, why_zh="--terms 须配合 --tape 与 --mapping，或 --collections")
        day = datetime.combine(self.terms.dates.cut_off, datetime.min.time())
        return take(printer(self.ctx), self.source.tape, self.source.mapping, day).accepted().frame


Origin = OfDeal | OfFiles


@dataclass(frozen=True)
class Future:
    """The assumptions as they were typed; what is typed goes before what the file says."""

    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="Assumptions as a file (YAML, JSON).", exists=True)
    ] = None
    cpr: Annotated[str | None, typer.Option("--cpr", help="Prepayment, per cent a year.")] = None
    cdr: Annotated[str | None, typer.Option("--cdr", help="Default, per cent a year.")] = None
    recovery: Annotated[str | None, typer.Option("--recovery", help="Recovered of what defaults, per cent.")] = None
    lag: Annotated[str | None, typer.Option("--lag", help="Months from default to recovery.")] = None
    bound: Annotated[Side | None, typer.Option("--bound", help="Which bound private terms are taken at.")] = None
    index: Annotated[list[str] | None, typer.Option("--index", help="NAME=PERCENT of an index; repeat.")] = None
    event: Annotated[list[str] | None, typer.Option("--event", help="NAME=PAYMENT from which it holds; repeat.")] = None
    private: Annotated[
        list[str] | None, typer.Option("--private", help="NAME=VALUE:SALT of a private term; repeat.")
    ] = None

    def assumed(self) -> Assumed:
        """What is assumed. Raises: BadScenario."""
        base = read_scenario(self.scenario.read_bytes()) if self.scenario else Assumed()
        words = {"cpr": self.cpr, "cdr": self.cdr, "recovery": self.recovery, "lag": self.lag}
        typed = assumed({**words, "bound": self.bound.value if self.bound else None})
        given = {name: getattr(typed, name) for name, word in words.items() if word is not None}
        return replace(
            base,
            **given,
            bound=self.bound or base.bound,
            indices={**base.indices, **_pairs(self.index, lambda name, word: (rate(name, word),))},
            events={**base.events, **_pairs(self.event, payment)},
            private={**base.private, **_pairs(self.private, _supplied)},
        )


def _pairs(words: list[str] | None, read: Callable[[str, str], T]) -> dict[str, T]:
    found = {}
    for word in words or ():
        name, equals, value = word.partition("=")
        if not equals:
            raise BadArgument(what="argument", given=word, known="NAME=VALUE")
        found[name] = read(name, value)
    return found


def _supplied(name: str, word: str) -> tuple[str, str]:
    value, _, salt = word.rpartition(":")
    return private_value(name, value, salt)


# ------------------------------------------------------------------ commands that take them


@dataclass(frozen=True)
class Word:
    """An option of one command: how Python and how people name it, its type as typer reads it, its default."""

    name: str
    kind: Any
    otherwise: Any = inspect.Parameter.empty


def sourced(command: Callable[..., None], *words: Word) -> Callable[..., None]:
    """A command's function with the options of `Source` and `Future` beside its own `words`.

    `command` is called with the context, the source, the future, and its words by name.
    """

    def called(ctx: typer.Context, **given: Any) -> None:
        made = [kind(**{f.name: given.pop(f.name) for f in fields(kind)}) for kind in (Source, Future)]
        command(ctx, *made, **given)

    declared = [Word("ctx", typer.Context), *words, *_declared(Source), *_declared(Future)]
    called.__name__, called.__doc__ = command.__name__, command.__doc__
    called.__annotations__ = {word.name: word.kind for word in declared}
    called.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(word.name, inspect.Parameter.KEYWORD_ONLY, default=word.otherwise, annotation=word.kind)
            for word in declared
        ]
    )
    return called


def _declared(kind: type[Source] | type[Future]) -> Iterator[Word]:
    hints = get_type_hints(kind, include_extras=True)
    return (Word(each.name, hints[each.name], each.default) for each in fields(kind))
