"""The courier: looks for what is worth telling, and sends what is due. One round at a time, over and over."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.node.notifications.mail import send_mail
from chainfusion.node.notifications.occasions import Occasion, occasions
from chainfusion.node.notifications.outbox import Letter, Outbox, letter_id
from chainfusion.node.notifications.refusals import Undelivered
from chainfusion.node.notifications.settings import NotificationSettings, secret_of
from chainfusion.node.notifications.webhook import post
from chainfusion.node.rounds import rounds
from chainfusion.node.views import Workspace

EVERY = 20.0
"""Seconds between two rounds."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Round:
    """What a round did: letters queued, delivered, and not delivered."""

    queued: int
    delivered: int
    failed: int


@dataclass
class Courier:
    """Tells an institution's people and programs what `workspace` has for them."""

    workspace: Workspace
    home: Path
    settings: NotificationSettings
    outbox: Outbox

    def round(self) -> Round:
        """One round. Raises: as the ledger's queries, where it cannot be reached."""
        now = int(time.time())
        clock = self.workspace.desk.session.clock()
        found = occasions(self.workspace, clock, self.settings.remind_days)
        queued = self.outbox.queue(found, self.settings.channels, now)
        self.outbox.forget(now)
        results = [self._deliver(letter) for letter in self.outbox.due(now)]
        return Round(queued, sum(results), len(results) - sum(results))

    def try_out(self, channel: str) -> bool:
        """Sends one letter that says only that it is a trial; whether it went out."""
        now = int(time.time())
        told = Occasion(f"trial|{time.time_ns()}", "trial", _TRIAL, _TRIAL_ABOUT, "/inbox")
        self.outbox.queue((told,), (channel,), now)
        return self._deliver(self.outbox.find(letter_id(channel, told)))

    def _deliver(self, letter: Letter) -> bool:
        now = int(time.time())
        try:
            self._hand_over(letter, now)
        except Undelivered as error:
            self.outbox.failed(letter, now, error.why, for_good=error.for_good)
            return False
        self.outbox.delivered(letter, now)
        return True

    def _hand_over(self, letter: Letter, now: int) -> None:
        kind, _, name = letter.channel.partition(":")
        hook, mail = self.settings.webhook(name), self.settings.mail
        try:
            if kind == "webhook" and hook is not None:
                post(hook.url, secret_of(self.home, hook.secret_file), letter, self.settings.base, now)
            elif kind == "mail" and mail is not None and name in mail.recipients:
                send_mail(self.home, mail, letter, name, self.settings.base)
            else:
                raise Undelivered("the settings do not name this channel any more", for_good=True)
        except ChainFusionError as error:  # a secret that cannot be read: it may be put back
            raise Undelivered(error.message("en"), for_good=False) from None


_TRIAL = Text("A trial: notifications arrive", "测试：通知可以送达")
_TRIAL_ABOUT = Text("Nothing is to be done.", "无需操作。")


@contextmanager
def running(courier: Courier | None) -> Iterator[None]:
    """Rounds in a thread of their own, as long as the block runs; none where nothing is to be told."""
    if courier is None:
        yield
        return

    def go() -> None:
        try:
            courier.round()
        except ChainFusionError as error:  # the ledger cannot be reached now: it is asked again
            log.warning("notifications: %s", error.message("en"))
        except Exception:  # whatever it was, the next round is not lost by it
            log.exception("notifications: a round failed")

    try:
        with rounds("courier", go, EVERY, at_once=True):
            yield
    finally:
        courier.outbox.close()
