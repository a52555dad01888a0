"""Figures as they are typed into a command, a form or an address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from chainfusion.cashflow.analytics.stress import Stress
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.terms.records import DealTerms

_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,10})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,12}", re.ASCII)
MOST_LISTED = 12
"""Figures of a list: a grid of them squared is still read on a page."""
LONGEST_RATING = 12


class BadInquiry(ChainFusionError):
    """A question with a word that it cannot be asked with."""

    code = "BAD_INQUIRY"
    says = Text("{title} cannot be {given!r}: {why}.", "{title_zh}不能为 {given!r}：{why_zh}。")
    do = Text("Correct it and ask again.", "请更正后重新提交。")


@dataclass(frozen=True)
class Given:
    """Words by the name of what they are for; `titles` say what people call that. Every reading raises BadInquiry."""

    words: Mapping[str, str]
    titles: Mapping[str, Text]

    def refusal(self, name: str, given: str, why: str, why_zh: str) -> BadInquiry:
        """What is wrong with a word."""
        title = self.titles[name]
        return BadInquiry(title=title.en, title_zh=title.zh, given=given[:60], why=why, why_zh=why_zh)

    def has(self, name: str) -> bool:
        """Whether anything was said."""
        return bool(self.words[name])

    def decimal(self, name: str, low: Decimal | int, high: Decimal | int) -> Decimal:
        """A number within bounds."""
        return self._decimal(name, self.words[name], low, high)

    def _decimal(self, name: str, word: str, low: Decimal | int, high: Decimal | int) -> Decimal:
        fits = _NUMBER.fullmatch(word) is not None and low <= Decimal(word) <= high
        why = f"a number from {low} to {high} is needed", f"须为 {low} 至 {high} 的数字"
        require(fits, self.refusal(name, word, *why))
        return Decimal(word)

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number within bounds."""
        word = self.words[name]
        fits = _WHOLE.fullmatch(word) is not None and low <= int(word) <= high
        why = f"a whole number from {low} to {high} is needed", f"须为 {low} 至 {high} 的整数"
        require(fits, self.refusal(name, word, *why))
        return int(word)

    def per_cents(self, name: str) -> tuple[Decimal, ...]:
        """Per cents with commas between them, each once."""
        parts = self._parts(name)
        why = f"at most {MOST_LISTED} figures, each once", f"至多 {MOST_LISTED} 个不重复的数字"
        fits = len(parts) <= MOST_LISTED and len(set(parts)) == len(parts)
        require(fits, self.refusal(name, self.words[name], *why))
        return tuple(self._decimal(name, part, 0, 100) for part in parts)

    def stresses(self, name: str) -> tuple[Stress, ...]:
        """RATING=MULTIPLE of defaults, with commas between them, each rating once."""
        found: dict[str, Stress] = {}
        for part in self._parts(name):
            rating, equals, multiple = (each.strip() for each in part.partition("="))
            fits = bool(equals) and 0 < len(rating) <= LONGEST_RATING and rating not in found
            why = "RATING=MULTIPLE is needed, each rating once", "格式为“评级=倍数”，评级不重复"
            require(fits and len(found) < MOST_LISTED, self.refusal(name, part, *why))
            found[rating] = Stress(rating, self._decimal(name, multiple, 0, 100))
        return tuple(found.values())

    def among(self, name: str, known: Iterable[str]) -> str:
        """One of the words that there are."""
        return self._among(name, self.words[name], known)

    def _among(self, name: str, word: str, known: Iterable[str]) -> str:
        names = list(known)
        listed = ", ".join(names)
        require(word in names, self.refusal(name, word, f"it is one of {listed}", f"可选：{listed}"))
        return word

    def tranche(self, name: str, terms: DealTerms) -> str:
        """A class of notes."""
        return self.among(name, (tranche.id for tranche in terms.tranches))

    def tranches(self, name: str, terms: DealTerms) -> tuple[str, ...]:
        """Classes of notes with commas between them; all of them where nothing was said."""
        known = [tranche.id for tranche in terms.tranches]
        return tuple(self._among(name, part, known) for part in self._parts(name)) if self.has(name) else tuple(known)

    def accounts(self, name: str, terms: DealTerms) -> tuple[str, ...]:
        """Accounts with commas between them; none where nothing was said."""
        known = [account.id for account in terms.accounts]
        return tuple(self._among(name, part, known) for part in self._parts(name)) if self.has(name) else ()

    def day(self, name: str, otherwise: date) -> date:
        """A date as ISO 8601 writes it; `otherwise` where nothing was said."""
        if not self.has(name):
            return otherwise
        try:
            return date.fromisoformat(self.words[name])
        except ValueError:
            why = "a date such as 2026-01-31 is needed", "须为 2026-01-31 形式的日期"
            raise self.refusal(name, self.words[name], *why) from None

    def _parts(self, name: str) -> list[str]:
        return [part.strip() for part in self.words[name].split(",")]
