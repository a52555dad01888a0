"""Who sits at a request: the person who signed in, and the desk that signs for that person.

Reading is the institution's: its people share one set of views. Acting is a person's: what is recorded carries the
signature of who did it.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.node.desk import Desk

SEAT = "seat"
"""Under this name the request's state holds the seat."""


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


def seat_of(request: Request) -> Seat:
    """The seat of a request. Raises: SignInNeeded."""
    found = getattr(request.state, SEAT, None)
    require(isinstance(found, Seat), SignInNeeded())
    assert isinstance(found, Seat)
    return found
