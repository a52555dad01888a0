"""`chainfusion terms`: deal terms as a document: linted, read as a term sheet, registered, consented to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cashflow.text.reader import lint_text, load_terms
from chainfusion.cashflow.text.schema import terms_schema
from chainfusion.cashflow.text.sheet import term_sheet
from chainfusion.cashflow.text.writer import write_terms
from chainfusion.cli.output import REFUSED, Printer, printer
from chainfusion.cli.work import DealArgument, HomeOption, RequestOption, UserOption, at_desk, fresh
from chainfusion.contracts.terms.contract import TermsView
from chainfusion.domain.records import to_json
from chainfusion.domain.terms.findings import Finding
from chainfusion.node import cashflows
from chainfusion.node.home import write_bytes

app = typer.Typer(name="terms", help="Check, read, register and consent to a deal's terms.", no_args_is_help=True)
FileArgument = Annotated[Path, typer.Argument(help="The deal terms (YAML).", exists=True, dir_okay=False)]
VersionOption = Annotated[int | None, typer.Option("--version", help="A version; else that in force, else the newest.")]


@app.command()
def check(ctx: typer.Context, file: FileArgument) -> None:
    """Lint deal terms: every finding with its line and path, warnings too. Exits 1 on errors."""
    out = printer(ctx)
    found = lint_text(file.read_bytes())
    errors = sum(each.severity == "error" for each in found)
    value = {"findings": [to_json(each) for each in found], "errors": errors, "warnings": len(found) - errors}
    out.result(value, lambda: _show_findings(out, found))
    if errors:
        raise typer.Exit(REFUSED)


@app.command()
def sheet(ctx: typer.Context, file: FileArgument) -> None:
    """Print deal terms as a term sheet; `--lang zh` before the noun gives the Chinese one."""
    out = printer(ctx)
    made = term_sheet(load_terms(file), out.lang)
    out.result(to_json(made), lambda: out.say(made.text()))


@app.command()
def schema(ctx: typer.Context) -> None:
    """Print the JSON Schema of deal terms, for editors that complete and check them."""
    out = printer(ctx)
    out.as_json = True
    out.result(terms_schema())


@app.command()
def fingerprint(ctx: typer.Context, file: FileArgument) -> None:
    """Print the fingerprint of deal terms: equal for documents that say the same, as the ledger states it."""
    out = printer(ctx)
    terms = load_terms(file)
    out.result({"deal": terms.id, "fingerprint": terms.fingerprint()})


@app.command()
def register(
    ctx: typer.Context,
    deal: DealArgument,
    file: FileArgument,
    home: HomeOption,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Put terms on the ledger as the deal's next version, with your institution's consent."""
    terms = load_terms(file)
    with at_desk(ctx, home, user, writes=True) as work:
        receipt = cashflows.register_terms(work.desk, deal, terms, request=request)
        made = cashflows.versions(work.desk, deal)[-1]
        told = {"deal": deal, "version": made.record.version, "fingerprint": made.record.fingerprint}
        told |= {"outstanding": list(made.outstanding), "transaction": receipt.tx_id, "block": receipt.block}
        work.out.result(told)


@app.command()
def consent(
    ctx: typer.Context,
    deal: DealArgument,
    version: Annotated[int, typer.Argument(help="The version; `terms show` lists them.")],
    home: HomeOption,
    fingerprint_: Annotated[
        str | None, typer.Option("--fingerprint", help="That of the terms you have read; another one is refused.")
    ] = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Consent to the newest version, by the fingerprint of its registered text."""
    with at_desk(ctx, home, user, writes=True) as work:
        receipt = cashflows.consent(work.desk, deal, version, fingerprint_, request=request)
        left = cashflows.show(work.desk, deal, version).outstanding
        told = {"deal": deal, "version": version, "outstanding": list(left)}
        work.out.result(told | {"transaction": receipt.tx_id, "block": receipt.block})


@app.command()
def show(
    ctx: typer.Context,
    deal: DealArgument,
    home: HomeOption,
    version: VersionOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Where to write the terms as a document.")] = None,
    user: UserOption = "",
) -> None:
    """Show the versions of a deal's terms, who has consented, whose consent is outstanding; write one down."""
    with at_desk(ctx, home, user) as work:
        found = cashflows.versions(work.desk, deal)
        if out is not None:
            write_bytes(fresh(out), write_terms(cashflows.show(work.desk, deal, version).record.terms))
        told = {"versions": [_version(each) for each in found], "written": str(out) if out else None}
        work.out.result(told, lambda: _show_versions(work.out, found))


def _version(view: TermsView) -> dict[str, object]:
    record = view.record
    return {
        "version": record.version,
        "fingerprint": record.fingerprint,
        "by": record.by,
        "registered": record.registered.isoformat(timespec="seconds"),
        "transaction": record.tx_id,
        "consented": [consent.msp for consent in view.consents],
        "outstanding": list(view.outstanding),
    }


def _show_versions(out: Printer, found: Sequence[TermsView]) -> None:
    rows = (_version(each) for each in found)
    out.table(
        ("Version#", "Registered", "By", "Consented", "Outstanding", "Fingerprint"),
        ((r["version"], r["registered"], r["by"], r["consented"], r["outstanding"], r["fingerprint"]) for r in rows),
    )


def _show_findings(out: Printer, found: Sequence[Finding]) -> None:
    errors = sum(each.severity == "error" for each in found)
    out.facts({"errors": errors, "warnings": len(found) - errors})
    if found:
        rows = ((each.line, out.word(each.severity), each.rule, each.path, each.why) for each in found)
        out.table(("Line#", "Severity", "Rule", "Path", "Reason"), rows)
