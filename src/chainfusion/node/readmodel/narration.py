"""What the read model is told how to say: sentences are the views' to word, and are kept as they were worded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainfusion.domain.errors import Text

Told = Callable[[str, dict[str, Any], Callable[[str], Text], Callable[[str], str | None]], Text]
"""What a call did, from its operation and arguments, a member's name by MSP id, and a document's kind by id."""


@dataclass(frozen=True)
class Narration:
    """How transactions are told. `edition` changes with the wording: a model of another edition is read again."""

    tell: Told
    edition: str
