"""What conditions, deadlines, requirements and quorums are called in a diagram: short phrases that people can type.

    pool.loans at-least 100 and deal.currency is CNY
    5 business days of cn-interbank@2025-11-04 after pricing.date
    document legal-opinion by law-firm
    weight 3 of investor 1 trustee 2

Words are parted by spaces; a word with a space or a quotation mark in it stands in JSON's quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import TypeVar

from chainfusion.domain.calendar import UnknownCalendar, newest
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import Condition, Deadline, Holds, Need, Quorum, Requirement, Weight
from chainfusion.domain.roles import Role

E = TypeVar("E", bound=Enum)
T = TypeVar("T")
_WORD = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([^\s"]+))')
_PLAIN = re.compile(r"[!#-~\u00a1-\ud7ff]+")
_KEYWORDS = frozenset({"and", "by", "of", "after"})
_INTEGER = re.compile(r"-?[0-9]{1,19}")


class BadPhrase(ValueError):
    """A phrase that says nothing that a definition can hold."""

    def __init__(self, en: str, zh: str) -> None:
        self.why = Text(en, zh)
        super().__init__(en)


# ------------------------------------------------------------------ writing


def quoted(text: str) -> str:
    """One word of a phrase."""
    plain = _PLAIN.fullmatch(text) and text not in _KEYWORDS and text.isprintable()
    return text if plain else json.dumps(text)


def of_conditions(conditions: tuple[Condition, ...]) -> str:
    """All of the conditions."""
    return " and ".join(f"{quoted(c.fact)} {c.holds.value} {quoted(c.value)}" for c in conditions)


def of_requirements(requirements: tuple[Requirement, ...]) -> str:
    """All of the requirements."""
    return " and ".join(map(of_requirement, requirements))


def of_requirement(requirement: Requirement) -> str:
    """One requirement."""
    what = f" {quoted(requirement.of)}" if requirement.of else ""
    return requirement.need.value + what + (f" by {requirement.by.value}" if requirement.by else "")


def of_deadline(deadline: Deadline) -> str:
    """A deadline. A calendar without a version stands in quotes: it is kept, and not read as the newest."""
    calendar = quoted(deadline.calendar) if _is_versioned(deadline.calendar) else json.dumps(deadline.calendar)
    after = f" after {quoted(deadline.after)}" if deadline.after else ""
    return f"{deadline.days} business days of {calendar}{after}"


def of_quorum(quorum: Quorum, threshold: int, weights: tuple[Weight, ...]) -> str:
    """`count 2`, or `weight 3 of` each role with its weight."""
    shares = "".join(f" {each.role.value} {each.weight}" for each in weights)
    return f"{quorum.value} {threshold}" + (f" of{shares}" if shares else "")


# ------------------------------------------------------------------ reading


def conditions(text: str) -> tuple[Condition, ...]:
    """The conditions of a phrase. Raises: BadPhrase."""
    try:
        return _all_of(text, _condition)
    except BadPhrase as fault:
        raise BadPhrase(
            f"{text[:60]!r} is not of the form `pool.loans at-least 100 and ...`: {fault.why.en}",
            f"{text[:60]!r} 须写作 pool.loans at-least 100 and ...：{fault.why.zh}",
        ) from None


def requirements(text: str) -> tuple[Requirement, ...]:
    """The requirements of a phrase. Raises: BadPhrase."""
    return _all_of(text, _requirement)


def requirement(text: str) -> Requirement:
    """One requirement. Raises: BadPhrase."""
    return _whole(text, _requirement)


def deadline(text: str) -> Deadline:
    """A deadline; a calendar without a version is the newest one known. Raises: BadPhrase."""
    try:
        return _whole(text, _deadline)
    except BadPhrase:
        raise BadPhrase(
            f"{text[:60]!r} is not of the form `5 business days of cn-interbank`, `... after step.field`",
            f"{text[:60]!r} 须写作 5 business days of cn-interbank，或另加 after step.field",
        ) from None
    except UnknownCalendar as refusal:
        raise BadPhrase(refusal.message("en"), refusal.message("zh")) from None


def quorum(text: str) -> tuple[Quorum, int, tuple[Weight, ...]]:
    """A quorum that counts or weighs. Raises: BadPhrase."""
    return _whole(text, _quorum)


class _Words:
    """The words of a phrase, one after the other."""

    def __init__(self, text: str) -> None:
        self._words = list(_split(text.strip()))

    @property
    def left(self) -> bool:
        return bool(self._words)

    @property
    def names(self) -> bool:
        """Whether a word comes next that is no keyword."""
        return self.left and (self._words[0][1] or self._words[0][0] not in _KEYWORDS)

    def take(self) -> str:
        if not self.names:
            raise BadPhrase("a word is missing", "缺少词语")
        return self._words.pop(0)[0]

    def takes(self, *keywords: str) -> bool:
        """Whether these words come next, unquoted; then they are taken."""
        if self._words[: len(keywords)] != [(word, False) for word in keywords]:
            return False
        del self._words[: len(keywords)]
        return True

    def needs(self, *keywords: str) -> None:
        if not self.takes(*keywords):
            raise BadPhrase(f"`{' '.join(keywords)}` is missing", f"缺少 {' '.join(keywords)}")

    def one_of(self, kind: type[E]) -> E:
        word, known = self.take(), {str(member.value): member for member in kind}
        if word not in known:
            listed = ", ".join(known)
            raise BadPhrase(f"{word[:40]!r} is none of {listed}", f"{word[:40]!r} 不在可选范围：{listed}")
        return known[word]

    def integer(self) -> int:
        word = self.take()
        if not _INTEGER.fullmatch(word):
            raise BadPhrase(f"{word[:40]!r} is not a whole number", f"{word[:40]!r} 不是整数")
        return int(word)

    def calendar(self) -> str:
        is_quoted = self.left and self._words[0][1]
        name = self.take()
        return name if is_quoted or _is_versioned(name) else newest(name)


def _split(text: str) -> Iterator[tuple[str, bool]]:
    """Each word, and whether it stood in quotes."""
    at = 0
    while at < len(text):
        found = _WORD.match(text, at)
        if found is None:
            raise BadPhrase("a quotation mark is not closed", "引号未闭合")
        try:
            yield (json.loads(found[1]), True) if found[1] else (found[2], False)
        except ValueError:
            raise BadPhrase(f"{found[1][:40]} is not quoted as JSON", "引号内须符合 JSON") from None
        at = found.end()


def _is_versioned(calendar: str) -> bool:
    return "@" in calendar or "&" in calendar


def _whole(text: str, read: Callable[[_Words], T]) -> T:
    words = _Words(text)
    found = read(words)
    if words.left:
        raise BadPhrase(f"words are left over in {text[:60]!r}", f"{text[:60]!r} 中有多余词语")
    return found


def _all_of(text: str, read: Callable[[_Words], T]) -> tuple[T, ...]:
    def each(words: _Words) -> tuple[T, ...]:
        found = [read(words)]
        while words.takes("and"):
            found.append(read(words))
        return tuple(found)

    return _whole(text, each)


def _condition(words: _Words) -> Condition:
    return Condition(words.take(), words.one_of(Holds), words.take())


def _requirement(words: _Words) -> Requirement:
    need = words.one_of(Need)
    if need is Need.DOCUMENT:
        of = words.one_of(DocumentKind).value
    else:
        of = words.take() if need is Need.FIGURE or words.names else ""
    return Requirement(need, of, words.one_of(Role) if words.takes("by") else None)


def _deadline(words: _Words) -> Deadline:
    days = words.integer()
    words.needs("business", "days", "of")
    return Deadline(days, words.calendar(), words.take() if words.takes("after") else "")


def _quorum(words: _Words) -> tuple[Quorum, int, tuple[Weight, ...]]:
    kind, threshold = words.one_of(Quorum), words.integer()
    weights = []
    if words.takes("of"):
        while words.left:
            weights.append(Weight(words.one_of(Role), words.integer()))
    return kind, threshold, tuple(weights)
