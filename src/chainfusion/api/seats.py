"""Who sits at a request: the person who signed in, and the desk that signs for that person.

Reading is the institution's: its people share one set of views. Acting is a person's: what is recorded carries the
signature of who did it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.node.desk import Desk

VISIT = "visit"
"""Under this name the request's state holds the visit."""


class SignInNeeded(ChainFusionError):
    """Something that only a person of the institution may see or do."""

    code = "SIGN_IN_NEEDED"
    says = Text("Nobody is signed in.", "尚未登录。")
    do = Text("Sign in, then repeat; nothing was done.", "请登录后重试；未执行任何操作。")


@dataclass(frozen=True)
class Seat:
    """A person at work: the account's name, and the desk whose session signs as that person."""

    account: str
    desk: Desk


@dataclass(frozen=True)
class Visit:
    """Who is at a request.

    `form_secret` is what the tokens in this visitor's forms are made of; empty where forms need none: nobody signed in
    with a cookie, so that no other site can use it. `unlock` takes the password of the person's signing key where that
    is locked. `manages` tells whether a person is there who may change the account's own settings: no program with a
    token is.
    """

    seat: Seat | None = None
    form_secret: bytes = b""
    unlock: Callable[[str], None] | None = None
    manages: bool = False

    @property
    def account(self) -> str:
        """The account's name; empty where nobody is signed in."""
        return self.seat.account if self.seat else ""


NOBODY = Visit()


def visit_of(request: Request) -> Visit:
    """Who is at a request."""
    found = getattr(request.state, VISIT, NOBODY)
    return found if isinstance(found, Visit) else NOBODY


def seat_of(request: Request) -> Seat:
    """The seat of a request. Raises: SignInNeeded."""
    seat = visit_of(request).seat
    require(seat is not None, SignInNeeded())
    assert seat is not None
    return seat
