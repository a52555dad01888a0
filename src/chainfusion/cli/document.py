"""`chainfusion document`: files sealed before they leave the node, their index, grants, and opinions on them."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cli.output import Printer
from chainfusion.cli.work import (
    BadArgument,
    DealArgument,
    HomeOption,
    RequestOption,
    UserOption,
    at_desk,
    fresh,
    stated,
)
from chainfusion.contracts.document.contract import IndexLine, OpinionView
from chainfusion.domain.document_kinds import DOCUMENT_KIND_NAMES, DocumentKind, IndexEntry
from chainfusion.domain.opinions import OpinionKind, PoolFact, Statement
from chainfusion.domain.records import from_json, to_json
from chainfusion.domain.roles import ROLE_NAMES, Role
from chainfusion.node import cashflows, documents, pools

app = typer.Typer(name="document", help="Seal, register, grant and open a deal's documents.", no_args_is_help=True)
DocumentArgument = Annotated[str, typer.Argument(help="The document's id.")]
VersionOption = Annotated[int | None, typer.Option("--version", help="A version; else the newest.")]


@app.command()
def add(
    ctx: typer.Context,
    deal: DealArgument,
    file: Annotated[Path, typer.Argument(help="The file.", exists=True, dir_okay=False)],
    home: HomeOption,
    kind: Annotated[DocumentKind, typer.Option(help="What it is.")],
    reader: Annotated[list[str] | None, typer.Option(help="MSP id of a party that may read it; repeat.")] = None,
    next_of: Annotated[str | None, typer.Option(help="Id of the document whose next version this is.")] = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Seal a file for its readers and register its fingerprint; name and content stay in the vault."""
    with at_desk(ctx, home, user, writes=True) as work, file.open("rb") as content:
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        upload = documents.Upload(deal, kind, content, file.name, media_type, tuple(reader or ()))
        with work.out.progress("sealing", file.stat().st_size) as told:
            added = documents.add(work.desk, upload, next_of=next_of, request=request, progress=told)
        work.out.result(
            {
                "document": added.document.id,
                "version": added.document.version,
                "fingerprint": added.document.fingerprint.hex(),
                "transaction": added.receipt.tx_id,
                "block": added.receipt.block,
            }
        )


@app.command("list")
def list_(ctx: typer.Context, deal: DealArgument, home: HomeOption, user: UserOption = "") -> None:
    """Show the deal's index of documents: what is there, from whom, and what is missing."""
    with at_desk(ctx, home, user) as work:
        lines = from_json(tuple[IndexLine, ...], work.desk.session.query("document.index", deal=deal))
        columns = ("Kind", "Provider", "State", "Document", "Version#", "Owner")
        work.out.result(to_json(lines), lambda: work.out.table(columns, _index_rows(work.out, lines)))


def _index_rows(out: Printer, lines: tuple[IndexLine, ...]) -> Iterator[tuple[object, ...]]:
    for line in lines:
        kind = DOCUMENT_KIND_NAMES[line.kind].filled(out.lang, {})
        provider = ROLE_NAMES[line.provider].filled(out.lang, {}) if line.provider else None
        if line.missing:
            yield kind, provider, out.word("missing"), None, None, None
        for each in line.documents:
            yield kind, provider, out.word("there"), each.id, each.version, each.owner


@app.command()
def show(
    ctx: typer.Context, deal: DealArgument, document: DocumentArgument, home: HomeOption, user: UserOption = ""
) -> None:
    """Show every version of a document: fingerprint, who may read it, and the transaction that registered it."""
    with at_desk(ctx, home, user) as work:
        views = documents.versions(work.desk, deal, document)
        rows = (
            (
                view.document.version,
                DOCUMENT_KIND_NAMES[view.document.kind].filled(work.out.lang, {}),
                view.document.owner,
                view.document.fingerprint.hex(),
                view.readers,
                view.document.tx_id,
            )
            for view in views
        )
        columns = ("Version#", "Kind", "Owner", "Fingerprint", "Readers", "Transaction")
        work.out.result(to_json(views), lambda: work.out.table(columns, rows))


@app.command("require")
def require_(
    ctx: typer.Context,
    deal: DealArgument,
    entry: Annotated[list[str], typer.Argument(metavar="KIND=ROLE ...", help="What the deal needs, and from whom.")],
    home: HomeOption,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Set the deal's index of documents, in place of the one that its product starts with."""
    entries = tuple(map(_entry, entry))
    with at_desk(ctx, home, user, writes=True) as work:
        receipt = documents.require_kinds(work.desk, deal, entries, request=request)
        work.out.result({"deal": deal, "kinds": len(entries), "transaction": receipt.tx_id})


@app.command()
def grant(
    ctx: typer.Context,
    deal: DealArgument,
    document: DocumentArgument,
    home: HomeOption,
    reader: Annotated[str, typer.Option(help="MSP id of the party that may read it.")],
    version: VersionOption = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Let one more party read a document."""
    with at_desk(ctx, home, user, writes=True) as work:
        found = documents.version(work.desk, deal, document, version).document
        granted = documents.grant(work.desk, found, reader, request=request)
        work.out.result(to_json(granted))


@app.command("open")
def open_(
    ctx: typer.Context,
    deal: DealArgument,
    document: DocumentArgument,
    home: HomeOption,
    out: Annotated[Path | None, typer.Option(help="Where to write it; else under its own name here.")] = None,
    version: VersionOption = None,
    user: UserOption = "",
) -> None:
    """Open a document that your institution was granted; every byte is checked against the ledger."""
    with at_desk(ctx, home, user) as work:
        found = documents.version(work.desk, deal, document, version).document
        with work.out.progress("opening") as told:
            opened = documents.read(work.desk, found, told)
            target = fresh(out or Path(opened.facts.name))
            opened.save(target)
        work.out.result(
            {
                "written": str(target),
                "name": opened.facts.name,
                "fingerprint": found.fingerprint.hex(),
                "by": found.owner,
            }
        )


@app.command()
def opine(
    ctx: typer.Context,
    deal: DealArgument,
    document: Annotated[str, typer.Argument(help="Id of the document that holds the opinion's text.")],
    home: HomeOption,
    kind: Annotated[OpinionKind, typer.Option(help="What the opinion is.")],
    conclusion: Annotated[str, typer.Option(help="unqualified, qualified, adverse, disclaimer; a rating its grade.")],
    relies_on: Annotated[list[str] | None, typer.Option(help="Id of a document it relies on; repeat.")] = None,
    pool: Annotated[bool, typer.Option("--pool/--no-pool", help="It relies on the pool in force.")] = True,
    terms: Annotated[int | None, typer.Option(help="The version of the deal's terms that it relies on.")] = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """State an opinion that names the facts it relies on: the pool's root, documents by fingerprint."""
    with at_desk(ctx, home, user, writes=True) as work:
        relied = tuple(documents.version(work.desk, deal, each).document.fact for each in relies_on or ())
        reference = pools.current(work.desk, deal).reference if pool else None
        agreed = cashflows.fact(work.desk, deal, terms) if terms is not None else None
        with stated("opinion"):
            statement = Statement(
                kind=kind,
                conclusion=conclusion,
                document=documents.version(work.desk, deal, document).document.fact,
                pool=PoolFact(reference.version, reference.root) if reference else None,
                documents=relied,
                terms=agreed,
            )
        stated_opinion = documents.state_opinion(work.desk, deal, statement, request=request)
        facts = {
            "deal": deal,
            "by": stated_opinion.by,
            "kind": kind.value,
            "conclusion": conclusion,
            "transaction": stated_opinion.tx_id,
        }
        work.out.result(to_json(stated_opinion), lambda: work.out.facts(facts))


@app.command()
def opinions(ctx: typer.Context, deal: DealArgument, home: HomeOption, user: UserOption = "") -> None:
    """List the deal's opinions, and whether each still stands on current facts."""
    with at_desk(ctx, home, user) as work:
        views = from_json(tuple[OpinionView, ...], work.desk.session.query("document.opinions", deal=deal))
        work.out.result(
            to_json(views),
            lambda: work.out.table(
                ("By", "Kind", "Conclusion", "Current", "Transaction"),
                (
                    (
                        view.opinion.by,
                        view.opinion.statement.kind.value,
                        view.opinion.statement.conclusion,
                        work.out.word("yes" if view.current else "no: a fact was replaced"),
                        view.opinion.tx_id,
                    )
                    for view in views
                ),
            ),
        )


def _entry(text: str) -> IndexEntry:
    kind, _, role = text.partition("=")
    if kind not in set(DocumentKind):
        raise BadArgument(what="kind", given=kind, known=", ".join(DocumentKind))
    if role not in set(Role):
        raise BadArgument(what="role", given=role, known=", ".join(Role))
    with stated("document index"):
        return IndexEntry(DocumentKind(kind), Role(role))
