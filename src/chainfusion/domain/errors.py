"""The one shape of every refusal: a stable code, what and where in English and Chinese, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in the languages people read it in; `{name}` is filled from the error's facts."""

    en: str
    zh: str

    def filled(self, lang: str, facts: dict[str, Any]) -> str:
        """The sentence in `lang` ("en" or "zh") with the facts put in."""
        return (self.zh if lang == "zh" else self.en).format_map(_Shown(facts))


class _Shown(dict[str, Any]):
    """Facts as they are printed; a fact that is missing shows as its own name instead of failing the refusal."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class ChainFusionError(Exception):
    """Base of all refusals. A subclass states `code`, `says` and `do`; an instance carries the facts.

    Facts are JSON values (str, int, bool, None, list, dict), so that an error crosses a process boundary and is
    rebuilt from its code by `error_from_json`.
    """

    code: ClassVar[str] = "ERROR"
    says: ClassVar[Text] = Text("Something was refused.", "操作被拒绝。")
    do: ClassVar[Text] = Text("Read the message and correct the input.", "请按提示更正输入。")
    _by_code: ClassVar[dict[str, type[ChainFusionError]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" not in vars(cls):
            return
        known = ChainFusionError._by_code.setdefault(cls.code, cls)
        if known.__qualname__ != cls.__qualname__:
            raise TypeError(f"error code {cls.code} is taken by {known.__qualname__}")

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__()

    def __str__(self) -> str:
        return self.message("en")

    def message(self, lang: str = "en") -> str:
        """What was refused and where, in `lang`."""
        return self.says.filled(lang, self.facts)

    def remedy(self, lang: str = "en") -> str:
        """What to do about it, in `lang`."""
        return self.do.filled(lang, self.facts)

    def to_json(self) -> dict[str, Any]:
        """Code and facts: all that another process needs to rebuild this error."""
        return {"code": self.code, "facts": self.facts}


def error_from_json(data: dict[str, Any]) -> ChainFusionError:
    """The typed error that `to_json` wrote; an unknown code becomes `UnknownRefusal` and keeps what it was told."""
    known = ChainFusionError._by_code.get(str(data.get("code")))
    facts = data.get("facts")
    if known is None or not isinstance(facts, dict):
        return UnknownRefusal(code=str(data.get("code")), facts=str(facts))
    return known(**facts)


class UnknownRefusal(ChainFusionError):
    """An error that came from a newer or foreign program."""

    code = "UNKNOWN_REFUSAL"
    says = Text("The other side refused with {code}: {facts}.", "对方拒绝，代码 {code}：{facts}。")
    do = Text("Update this program, or ask the other side.", "请升级本程序，或联系对方。")

    def __init__(self, **facts: Any) -> None:
        super().__init__(**facts)


def require(condition: bool, refusal: ChainFusionError) -> None:
    """Raises `refusal` unless `condition` holds."""
    if not condition:
        raise refusal
