"""A tape's way into a pool: each step, each refusal, and the end of the process between any two."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace

import pytest

from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.roles import Role
from chainfusion.node import documents, pools
from chainfusion.node.accounts.keyring import SeatSigner, desk_of
from chainfusion.node.accounts.refusals import KeyLocked
from chainfusion.node.jobs import JobState, Work
from chainfusion.node.pools import CriteriaNotMet
from chainfusion.node.tapes import NoDraft
from chainfusion.node.tapes.records import DraftChanged, NotReady, NotTheOriginator
from chainfusion.tape.errors import BadMapping
from chainfusion.tape.mapping_reader import parse_mapping
from tests.node.tapes.conftest import CRITERIA, MAPPING, TAPE, Node
from tests.support.consortium import Consortium
from tests.tape import examples

BYTES = TAPE.read_bytes()


def test_a_known_tape_is_looked_through_checked_and_registered(node: Node, deal: str, consortium: Consortium) -> None:
    draft = node.bring(deal, BYTES, TAPE.name)
    seen = node.tapes.folder.seen(deal)
    assert seen is not None and seen.known == "Ally Bank"
    assert (seen.rows, seen.columns[0].letter) == (2895, "A")
    assert draft.mapping is not None and draft.mapping.fields == parse_mapping(MAPPING.read_bytes()).fields

    checked = node.check(deal)
    assert (checked.state, checked.result["errors"]) == (JobState.DONE, 0)
    prepared = node.tapes.ready(node.tapes.folder.draft(deal))
    assert prepared.loans > 1000 and prepared.results.root.hex() == prepared.root

    trustee = consortium.desk_of(Role.TRUSTEE)
    registered = node.register(deal, readers=(trustee.msp,))
    assert registered.state is JobState.DONE, registered.error
    pool = pools.current(trustee, deal)
    assert (pool.record.root.hex(), pool.record.loans) == (prepared.root, prepared.loans)
    assert registered.result["root"] == prepared.root
    assert pools.openings(trustee, pool).commitment.root == pool.record.root
    assert node.tapes.folder.find(deal) is None
    assert not node.tapes.folder.of(deal).exists()


def test_what_is_kept_between_the_steps_is_its_owner_s_alone(node: Node, deal: str) -> None:
    node.bring(deal, BYTES)
    node.check(deal)
    files = [file for file in node.tapes.folder.path.rglob("*") if file.is_file()]
    assert {"tape", "salts", "checked.json", "findings.parquet"} <= {file.name for file in files}
    assert all(stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 for file in files)
    assert stat.S_IMODE(node.tapes.folder.path.stat().st_mode) & 0o077 == 0


def test_errors_are_found_with_their_rows_and_nothing_is_registered(node: Node, deal: str) -> None:
    rows = [*examples.rows(5), examples.row(id="A9", balance="1,2O4.50"), examples.row(id="A3", end="2019-02-30")]
    node.bring(deal, examples.csv_bytes(rows).replace(b"1,2O4.50", b'"1,2O4.50"'))
    ended = node.check(deal, examples.MAPPING, CRITERIA.replace("USD", "CNY"))
    assert ended.state is JobState.DONE and ended.result["errors"] == 3
    draft = node.tapes.folder.draft(deal)
    checked = node.tapes.folder.checked(draft)
    assert checked is not None and checked.pool is None
    assert {(each.rule, each.column, each.first_row) for each in checked.counts} == {
        ("not_a_number", "balance", 7),
        ("not_a_date", "end", 8),
        ("duplicate_loan", "id", 8),
    }
    with pytest.raises(NotReady):
        node.register(deal)


def test_the_mapping_that_passed_is_there_next_time(node: Node, deal: str) -> None:
    data = examples.csv_bytes(examples.rows(40))
    node.bring(deal, data)
    assert node.check(deal, examples.MAPPING, CRITERIA.replace("USD", "CNY")).result["errors"] == 0
    node.tapes.discard(node.desk, deal)
    again = node.bring(deal, data)
    seen = node.tapes.folder.seen(deal)
    assert seen is not None and seen.known == "Donghai Bank"
    assert again.mapping is not None and again.mapping.fields == examples.mapping().fields


def test_criteria_that_are_not_met_are_registered_knowingly_or_not_at_all(node: Node, deal: str) -> None:
    node.bring(deal, BYTES, TAPE.name)
    node.check(deal, leave_out=False)
    assert not node.tapes.ready(node.tapes.folder.draft(deal)).results.passed
    with pytest.raises(CriteriaNotMet):
        node.register(deal, failing=False)
    assert node.register(deal, failing=True).state is JobState.DONE


def test_a_second_tape_replaces_the_first_and_says_what_changed(node: Node, deal: str) -> None:
    node.bring(deal, BYTES, TAPE.name)
    node.check(deal)
    node.register(deal, f"{deal} first")
    lines = BYTES.splitlines(keepends=True)
    node.bring(deal, b"".join(lines[:-200]), TAPE.name)
    node.check(deal)
    changes = node.tapes.ready(node.tapes.folder.draft(deal)).changes
    assert changes is not None
    assert (changes.added, changes.changed) == (0, 0) and 0 < changes.removed <= 200
    node.register(deal, f"{deal} second")
    assert pools.current(node.desk, deal).version == 2


def test_nobody_but_the_originator_brings_a_tape(at: Callable[[Role], Node], deal: str) -> None:
    trustee = at(Role.TRUSTEE)
    with pytest.raises(NotTheOriginator):
        trustee.tapes.bring(trustee.desk, "wang", deal, "tape.csv", BytesIO(BYTES))
    assert not trustee.tapes.folder.path.exists()


def test_a_bad_mapping_changes_nothing(node: Node, deal: str) -> None:
    before = node.bring(deal, BYTES, TAPE.name)
    with pytest.raises(BadMapping):
        node.check(deal, "format: chainfusion-mapping-v1\n")
    assert node.tapes.folder.draft(deal) == before


def test_a_step_on_an_older_state_is_refused(node: Node, deal: str) -> None:
    draft = node.bring(deal, BYTES, TAPE.name)
    node.check(deal)
    with pytest.raises(DraftChanged):
        node.tapes.decide(
            node.desk, "lin", deal, draft.number, mapping=MAPPING.read_text(), criteria=CRITERIA, leave_out=True
        )


def test_the_same_request_is_one_job(node: Node, deal: str) -> None:
    first = node.tapes.bring(node.desk, "lin", deal, "t.csv", BytesIO(BYTES), request="again")
    assert node.tapes.bring(node.desk, "lin", deal, "t.csv", BytesIO(BYTES), request="again").id == first.id
    node.ended(first)
    assert node.tapes.folder.draft(deal).number == 1


def test_a_restart_between_two_steps_loses_nothing(node: Node, deal: str) -> None:
    node.bring(deal, BYTES, TAPE.name)
    node = node.restart()
    node.check(deal)
    root = node.tapes.ready(node.tapes.folder.draft(deal)).root
    node = node.restart()
    assert node.register(deal).result["root"] == root
    node.jobs.close()


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("at_document", [1, 2, 3])
def test_a_registration_that_was_interrupted_is_completed_and_seals_nothing_twice(
    node: Node, deal: str, at_document: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.bring(deal, BYTES, TAPE.name)
    node.check(deal)
    calls = 0
    honest = documents.add

    def dies(*args: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == at_document:
            raise Killed
        return honest(*args, **options)  # type: ignore[arg-type]

    draft = node.tapes.folder.draft(deal)
    root = node.tapes.ready(draft).root
    arguments = {"number": draft.number, "readers": [], "though_failing": True, "request": deal, "root": root}
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(pools.documents, "add", dies)
        node.tapes._register(_work(node, arguments))
    sealed = set(node.desk.vault.objects())
    node.tapes._register(_work(node, arguments))
    assert pools.current(node.desk, deal).record.root.hex() == root
    assert len(documents.overview(node.desk, deal)) == 3
    assert len(set(node.desk.vault.objects()) - sealed) == 4 - at_document
    assert node.tapes._register(_work(node, arguments))["root"] == root  # and once more, when all is done


def _work(node: Node, arguments: dict[str, object]) -> Work:
    class Alone(Work):
        """Work on a job that nobody sees."""

        def _note(self, **facts: object) -> None:
            del facts

    return Alone(replace(node.jobs.newest(1)[0], arguments=arguments), node.desk, node.jobs)


def test_a_discarded_draft_is_gone(node: Node, deal: str) -> None:
    node.bring(deal, BYTES, TAPE.name)
    node.tapes.discard(node.desk, deal)
    with pytest.raises(NoDraft):
        node.tapes.folder.draft(deal)
    assert not node.tapes.folder.of(deal).exists()


MALFORMED = {
    "nothing": b"",
    "only a header": b"id,amount\n",
    "not text": bytes(range(256)) * 40,
    "a broken workbook": b"PK\x03\x04" + b"\0" * 400,
    "half a character": "id,金额\n1,2\n".encode("gb18030")[:-4] + b"\xff\xff\n",
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_file_is_a_typed_refusal_that_stays_with_the_draft(node: Node, deal: str, what: str) -> None:
    draft = node.bring(deal, MALFORMED[what])
    job = node.tapes.latest_job(draft)
    assert job is not None
    if job.state is JobState.DONE:
        ended = node.check(deal, examples.MAPPING, CRITERIA.replace("USD", "CNY"))
        assert ended.state is JobState.REFUSED or ended.result["errors"] > 0
    else:
        assert job.state is JobState.REFUSED and isinstance(job.error, ChainFusionError)
        assert job.error.code.startswith("TAPE_")


def test_a_locked_key_is_told_before_the_work_begins(node: Node, deal: str) -> None:
    node.bring(deal, BYTES, TAPE.name)
    node.check(deal)
    signer = node.desk.session.signer
    certificate = SimpleNamespace(der=signer.certificate_der, fingerprint=signer.certificate_fingerprint)
    locked = SeatSigner(SimpleNamespace(msp_id=signer.msp_id, certificate=certificate, name="lin"))  # type: ignore[arg-type]
    before = len(node.jobs.newest())
    draft = node.tapes.folder.draft(deal)
    with pytest.raises(KeyLocked):
        node.tapes.register(
            desk_of(node.desk, locked),
            "lin",
            deal,
            draft.number,
            node.tapes.ready(draft).root,
            readers=(),
            though_failing=True,
            request=f"locked {deal}",
        )
    assert len(node.jobs.newest()) == before
    assert node.tapes.folder.find(deal) == draft
