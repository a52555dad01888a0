"""What every page of a tape on its way shows, and where a draft goes on."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from chainfusion.domain.deal import DealState
from chainfusion.domain.errors import Text
from chainfusion.domain.loan import FIELD
from chainfusion.domain.records import to_json
from chainfusion.domain.text import whole_number
from chainfusion.node.jobs import Job
from chainfusion.node.office import Office
from chainfusion.node.tapes import Checked, Draft
from chainfusion.node.views.jobs import job_view
from chainfusion.tape.encoding import ENCODINGS
from chainfusion.web.forms.submission import Filled


def number_of(form: Filled) -> int:
    """The state of the draft that a form was made for; 0, which no draft has, where it does not say."""
    return whole_number(form.text("number"), 9) or 0


def next_step(office: Office, draft: Draft) -> str:
    """The page where a draft goes on; empty where its file could not be read."""
    base = f"/deals/{quote(draft.deal)}/tape"
    job = office.tapes.latest_job(draft)
    if job is not None and job.is_open:
        return f"/jobs/{job.id}"
    if office.tapes.folder.seen(draft.deal) is None:
        return ""
    return f"{base}/result" if office.tapes.folder.checked(draft) else f"{base}/mapping"


def facts(office: Office, deal: str) -> dict[str, Any]:
    """What every page of the tape shows. Raises: UnknownDeal."""
    overview = office.workspace.deal(deal)
    draft = office.tapes.folder.find(deal)
    job = office.tapes.latest_job(draft) if draft else None
    checked = office.tapes.folder.checked(draft) if draft else None
    seen = office.tapes.folder.seen(deal) if draft else None
    return {
        "overview": overview,
        "tab": "pool",
        "draft": draft,
        "seen": seen,
        "job": job_view(office.jobs, job) if job else None,
        "checked": checked,
        "may_bring": overview.line.originator.msp == office.desk.msp,
        "may_register": overview.line.state is DealState.OPEN,
        "stages": stages(draft, seen is not None, checked, job),
        "encodings": ENCODINGS,
        "fields": FIELD,
    }


def stages(draft: Draft | None, seen: bool, checked: Checked | None, job: Job | None) -> list[tuple[Text, str]]:
    """The steps of a tape, and the mark of each."""
    refused = job is not None and job.error is not None
    read = "done" if seen else "fail" if refused and draft else "todo"
    mapped = "done" if checked else "mine" if seen else "todo"
    rules = "todo" if checked is None else "done" if checked.accepted else "fail"
    pool = checked.pool if checked else None
    criteria = "todo" if pool is None else "done" if pool.results.passed else "warn"
    return [
        (Text("Read", "读取"), read),
        (Text("Columns mapped", "列映射"), mapped),
        (Text("Validated", "校验"), rules),
        (Text("Criteria", "合格标准"), "fail" if checked and checked.refused else criteria),
        (Text("Registered", "登记"), "mine" if pool else "todo"),
    ]


def standing(office: Office, deal: str) -> dict[str, Any]:
    """A draft as JSON. Raises: UnknownDeal, NoDraft."""
    office.workspace.deal(deal)
    draft = office.tapes.folder.draft(deal)
    checked = office.tapes.folder.checked(draft)
    seen = office.tapes.folder.seen(deal)
    shown = to_json(checked) if checked else None
    if shown and shown["pool"]:
        del shown["pool"]["results"]["salt"]  # which the ledger's fingerprint is kept from being guessed by
    job = office.tapes.latest_job(draft)
    return {
        "draft": to_json(draft),
        "seen": to_json(seen) if seen else None,
        "checked": shown,
        "job": to_json(job_view(office.jobs, job)) if job else None,
    }
