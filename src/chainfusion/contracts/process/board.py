"""A run's tokens as one transaction sees and moves them; written together at the end.

A token carries when its work came there and by which transaction. What a waiting gateway passes on late carries the
latest of what it waited for, so that a work item is the same whether or not its token has been moved on yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from chainfusion.contracts.framework import Context, Table
from chainfusion.contracts.process import needs
from chainfusion.contracts.process.state import tokens
from chainfusion.domain.process.definition import Process
from chainfusion.domain.process.records import Entry, Token
from chainfusion.domain.process.run import Moves, Run

begun = Table("process-begun", Token)


class Board:
    """The tokens of one run of a process in a deal."""

    def __init__(self, ctx: Context, deal: str, name: str, process: Process) -> None:
        self.ctx, self.deal, self.name, self.process = ctx, deal, name, process
        self.fresh: dict[str, str] = {}
        self.run = Run(process, needs.chooser(ctx, deal, name, process, self.fresh))
        self._begun: Token | None = None
        self._changed: dict[str, Token | None] = {}
        self._read: dict[str, Token | None] = {}

    def begin(self, since: datetime, tx_id: str) -> None:
        """Puts the first tokens, unless the run has begun before; they came by transaction `tx_id`."""
        if begun.get(self.ctx, self.deal, self.name) is None:
            token = Token(since, tx_id)
            self._move(self.run.begun(), token)
            self._begun = token

    def marking(self) -> dict[str, Token]:
        """Every token by its place."""
        places = sorted({flow.place for flow in self.process.flows})
        return {place: token for place in places if (token := self._token(place)) is not None}

    def replaced_by(self, process: Process, marking: Mapping[str, Token]) -> None:
        """Goes on by another process, with these tokens in place of those that there are, and writes what differs."""
        gone = self.marking().keys() - marking.keys()
        come = {place: token for place, token in marking.items() if self._read.get(place) != token}
        self._changed = {**dict.fromkeys(gone), **come}
        self.process = process
        self.write()

    def item(self, step: str) -> Token | None:
        """The work item that a step has before it; None where the step is not reached."""
        moves = self.run.reached(step, self._has)
        if moves is None:
            return None
        (arrival,) = self.process.into(step)
        return self._latest(moves) if moves.taken else self._token(arrival.place)

    def awaited(self) -> list[str]:
        """The steps that are reached."""
        return list(self.run.awaited(self._has))

    def ended(self) -> bool:
        """Whether the run has come to its end."""
        return self.run.ended(self._has)

    def done(self, step: str, entries: tuple[Entry, ...]) -> None:
        """Moves on from a step that is reached and done, with what was filled in."""
        self._arrive(step)
        self.fresh.update({f"figure.{step}.{entry.field}": entry.value for entry in entries})
        self._move(self.run.done(step, self._has), self._now())

    def expired(self, step: str) -> bool:
        """Moves on from a step whose deadline has passed, where a flow is there for it."""
        self._arrive(step)
        moves = self.run.expired(step, self._has)
        if moves is not None:
            self._move(moves, self._now())
        return moves is not None

    def returned(self, step: str, target: str) -> bool:
        """Moves back to an earlier step, where the step may send work there."""
        self._arrive(step)
        moves = self.run.returned(step, target, self._has)
        if moves is not None:
            self._move(moves, self._now())
        return moves is not None

    def write(self) -> None:
        """Writes what was moved."""
        if self._begun is not None:
            begun.put(self.ctx, self._begun, self.deal, self.name)
        for place, token in self._changed.items():
            if token is not None:
                tokens.put(self.ctx, token, self.deal, self.name, place)
            elif self._read.get(place) is not None:
                self.ctx.delete(tokens.key(self.deal, self.name, place))

    # -------------------------------------------------------------- how tokens move

    def _arrive(self, step: str) -> None:
        """Lets what waits before a step pass, with the time at which it could have passed."""
        moves = self.run.reached(step, self._has)
        if moves is not None and moves.taken:
            self._move(moves, self._latest(moves))

    def _move(self, moves: Moves | None, token: Token) -> None:
        if moves is not None:
            self._changed.update(dict.fromkeys(moves.taken))
            self._changed.update(dict.fromkeys(moves.put, token))

    def _latest(self, moves: Moves) -> Token:
        found = [token for place in moves.taken if (token := self._token(place)) is not None]
        return max(found, key=lambda token: (token.since, token.tx_id))

    def _now(self) -> Token:
        return Token(self.ctx.timestamp, self.ctx.tx_id)

    def _has(self, place: str) -> bool:
        return self._token(place) is not None

    def _token(self, place: str) -> Token | None:
        if place in self._changed:
            return self._changed[place]
        if place not in self._read:
            self._read[place] = tokens.get(self.ctx, self.deal, self.name, place)
        return self._read[place]
