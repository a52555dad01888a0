"""Notifications on a real consortium, to a real mail server and a real listener: once, and again where it failed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from chainfusion.domain.errors import Text
from chainfusion.domain.process.records import MAIN, Entry
from chainfusion.domain.roles import Role
from chainfusion.node import processes
from chainfusion.node.notifications import Courier, Letter, Outbox, courier, occasions, outbox, read_settings
from chainfusion.node.notifications.mail import message_of
from chainfusion.node.notifications.occasions import _is_near
from chainfusion.node.notifications.settings import NotificationsUnusable
from chainfusion.node.office import Office
from chainfusion.node.processes import Item
from chainfusion.processes import library
from tests.support.consortium import Consortium
from tests.support.postbox import Hook, Postbox, hook, postbox

DEAL = "TOLD-1"
KEY = b"a key that both know"
BASE = "https://abs.donghai.example"


@pytest.fixture
def box() -> Iterator[Postbox]:
    with postbox() as found:
        yield found


@pytest.fixture
def told() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def consortium(tmp_path: Path) -> Iterator[Consortium]:
    made = Consortium(tmp_path)
    made.draft(DEAL, "Harbour Auto", "港湾车贷")
    yield made
    made.ledger.close()


def settings_in(home: Path, box: Postbox | None, told: Hook | None) -> None:
    home.mkdir(exist_ok=True)
    (home / "key").write_bytes(KEY + b"\n")
    given: dict[str, object] = {"base": BASE}
    if box is not None:
        given["mail"] = {
            "host": "127.0.0.1",
            "port": box.port,
            "security": "none",
            "sender": "chain-fusion@donghai.example",
            "recipients": ["desk@donghai.example"],
        }
    if told is not None:
        given["webhooks"] = [{"name": "workflow", "url": told.url, "secret_file": "key"}]
    (home / "notifications.json").write_text(json.dumps(given))


def of(consortium: Consortium, home: Path, role: Role) -> Courier:
    """The courier of the institution in a role, as it stands after a start."""
    settings = read_settings(home)
    assert settings is not None
    office = Office(consortium.desk_of(role), consortium.ledger, consortium.trust)
    return Courier(office.workspace, home, settings, Outbox(home))


def running(consortium: Consortium) -> None:
    consortium.accept(DEAL)
    definition = library.definition("interbank-credit-abs")
    consortium.adopt(definition)
    start = {"deal": DEAL, "process": definition.id, "version": definition.version}
    consortium.desk_of(Role.ORIGINATOR).session.call("process.start", **start)


def test_people_are_told_in_both_languages_and_once(consortium: Consortium, tmp_path: Path, box: Postbox) -> None:
    home = tmp_path / "home"
    settings_in(home, box, None)
    for _ in range(3):
        told = of(consortium, home, Role.TRUSTEE)
        for _ in range(5):
            told.round()
        told.outbox.close()
    (mail,) = box.mails
    assert mail["To"] == "desk@donghai.example"
    assert mail["Subject"] == "请您处理：担任受托机构 | Asked of you: Take the role of Trustee"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert "Harbour Auto" in text
    assert "港湾车贷" in text
    assert f"{BASE}/deals/{DEAL}/parties" in text


def test_each_turn_of_a_step_is_an_occasion_of_its_own(consortium: Consortium, tmp_path: Path, told: Hook) -> None:
    home = tmp_path / "home"
    settings_in(home, None, told)
    running(consortium)
    bank = of(consortium, home, Role.ORIGINATOR)
    bank.round()
    session = consortium.desk_of(Role.ORIGINATOR).session
    processes.act(session, Item(DEAL, MAIN, "approval"), (Entry("target-size", "100"),))
    bank.round()
    colleague = consortium.person(session.msp, "second person").session
    processes.check(colleague, Item(DEAL, MAIN, "approval"), approve=False, reason="too small")
    bank.round()
    kinds = [json.loads(body)["kind"] for _, body in told.posts]
    assert kinds.count("check") == 1
    assert kinds.count("act") == 1  # the same work comes back to be done: its institution knows of it
    bank.outbox.close()


def test_a_program_tells_who_spoke_and_that_it_is_the_same_letter(
    consortium: Consortium, tmp_path: Path, told: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    settings_in(home, None, told)
    told.answers[:] = [500, 0, 429, 204]
    now = [1_800_000_000]
    monkeypatch.setattr(courier.time, "time", lambda: now[0])
    bank = of(consortium, home, Role.TRUSTEE)
    pauses = []
    while (letter := bank.outbox.all()[0] if bank.outbox.all() else None) is None or letter.delivered is None:
        bank.round()
        letter = bank.outbox.all()[0]
        if letter.next is not None:
            pauses.append(letter.next - now[0])
            assert bank.round().delivered == 0  # not before its time
            now[0] = letter.next
    assert pauses == list(outbox.PAUSES[:3])
    assert len(told.posts) == 4
    assert len({headers["webhook-id"] for headers, _ in told.posts}) == 1
    for headers, body in told.posts:
        said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digest = base64.b64encode(hmac.new(KEY, said, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{digest}"
    bank.outbox.close()


@pytest.mark.parametrize("status", [302, 400, 404, 410])
def test_what_is_refused_for_good_is_not_tried_again_nor_followed(
    consortium: Consortium, tmp_path: Path, told: Hook, status: int
) -> None:
    home = tmp_path / "home"
    settings_in(home, None, told)
    told.answers[:] = [status]
    bank = of(consortium, home, Role.TRUSTEE)
    for _ in range(3):
        bank.round()
    (letter,) = bank.outbox.all()
    assert (letter.state, letter.error, len(told.posts)) == ("failed", f"HTTP {status}", 1)
    told.answers[:] = [200]
    bank.outbox.again(letter.id, letter.added)
    bank.round()
    assert bank.outbox.all()[0].state == "delivered"
    bank.outbox.close()


def test_a_letter_is_given_up_after_its_last_pause(
    consortium: Consortium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with hook() as gone:
        settings_in(home, None, gone)
    now = [1_800_000_000]
    monkeypatch.setattr(courier.time, "time", lambda: now[0])
    bank = of(consortium, home, Role.TRUSTEE)
    for _ in range(10):
        bank.round()
        now[0] += 24 * 3600
    (letter,) = bank.outbox.all()
    assert (letter.state, letter.attempts) == ("failed", len(outbox.PAUSES) + 1)
    assert "ConnectionRefusedError" in letter.error
    bank.outbox.close()


def test_a_node_that_dies_before_it_notes_a_delivery_sends_it_again_under_the_same_id(
    consortium: Consortium, tmp_path: Path, told: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    settings_in(home, None, told)

    class Died(BaseException):
        pass

    def dies(*_: object) -> None:
        raise Died

    bank = of(consortium, home, Role.TRUSTEE)
    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(Outbox, "delivered", dies)
        bank.round()
    bank.outbox.close()
    again = of(consortium, home, Role.TRUSTEE)
    again.round()
    again.outbox.close()
    first, second = (headers["webhook-id"] for headers, _ in told.posts)
    assert first == second


@pytest.mark.parametrize(("answer", "state"), [("550 no such mailbox", "failed"), ("451 later", "retrying")])
def test_a_mail_server_says_whether_another_attempt_helps(
    consortium: Consortium, tmp_path: Path, box: Postbox, answer: str, state: str
) -> None:
    home = tmp_path / "home"
    settings_in(home, box, None)
    box.refuse = answer
    bank = of(consortium, home, Role.TRUSTEE)
    bank.round()
    assert bank.outbox.all()[0].state == state
    bank.outbox.close()


def test_a_due_day_is_told_before_it_and_after_it(consortium: Consortium, tmp_path: Path) -> None:
    running(consortium)
    office = Office(consortium.desk_of(Role.TRUSTEE), consortium.ledger, consortium.trust)
    line = replace(office.workspace.inbox().others[0], mine=None)
    assert line.due is None  # nothing has a day yet: only turns are told
    found = occasions(office.workspace, consortium.clock(), 1)
    assert {each.kind for each in found} <= {"act", "vote", "asked"}
    today = consortium.clock.now.date()
    friday = today - timedelta(days=(today.weekday() - 4) % 7)
    assert _is_near(friday + timedelta(days=3), friday, 1)  # Monday is the next business day
    assert not _is_near(friday + timedelta(days=4), friday, 1)
    assert not _is_near(friday + timedelta(days=1), friday, 0)
    assert _is_near(friday, friday, 0)


@hypothesis.given(st.text(max_size=200), st.text(max_size=200))
def test_names_of_strangers_add_no_line_to_a_mails_head(name: str, path: str) -> None:
    letter = Letter("0" * 32, "mail:a@b", "act", Text(name, name), Text(name, name), path, 0, 0, 0, None, "")
    message = message_of(letter, "a@b.example", "c@d.example", BASE)
    assert set(message.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
        "MIME-Version",
    }  # fmt: skip
    assert bytes(message).count(b"\nBcc:") == 0


HOOK = {"name": "a", "url": "http://x.example", "secret_file": "k"}
MAIL = {"host": "mx.example", "sender": "a@b.example", "recipients": []}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"base": "http://abs.example"}, "https"),
        ({"base": BASE, "webhooks": [HOOK]}, "url is not https"),
        ({"base": BASE, "webhooks": [HOOK | {"url": BASE}, HOOK | {"url": BASE}]}, "share a name"),
        ({"base": BASE, "remind_days": 99}, "remind_days"),
        ({"base": BASE, "other": 1}, "other"),
        ({"base": 7}, "base"),
        ({"base": BASE, "mail": MAIL | {"security": "none"}}, "encryption"),
        ({"base": BASE, "mail": MAIL | {"sender": "a@b\nBcc: x@y"}}, "address"),
        ({"base": BASE, "mail": MAIL | {"port": 0}}, "port"),
        ([], ""),
        (None, ""),
    ],
)
def test_settings_that_say_what_cannot_be_are_refused(tmp_path: Path, given: object, why: str) -> None:
    (tmp_path / "notifications.json").write_text(json.dumps(given) if given is not None else "{")
    with pytest.raises(NotificationsUnusable) as refused:
        read_settings(tmp_path)
    assert why in refused.value.message("en")
    assert refused.value.message("zh") != refused.value.message("en")


def test_without_settings_nothing_is_told(tmp_path: Path) -> None:
    assert read_settings(tmp_path) is None
