"""A proposal as the YAML that a person reads, completes and keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from chainfusion.domain.loan import LOAN_FIELDS
from chainfusion.tape.mapping import FORMAT, REQUIRED
from chainfusion.tape.propose import OPEN, Candidate, Choice, Proposal
from chainfusion.tape.synonyms import AS_OF

_HELP = {
    "en": "# Proposed from {name}. Check every line; replace each ? (the reader refuses them): docs/spec/tape.md.",
    "zh": "# 根据 {name} 生成的建议。请逐行核对并替换每个“?”（未替换将被拒绝）：docs/spec/tape.md。",
}


def mapping_yaml(proposal: Proposal, lang: str = "en") -> str:
    """The YAML of a proposal, with confidence and reasons as comments in `lang` ("en" or "zh")."""
    lines = [
        _HELP[lang].format(name=_comment(proposal.source_name)),
        f"format: {FORMAT}",
        f"originator: {quoted(OPEN)}",
    ]
    form = proposal.form
    parts = {"kind": form.kind}
    if form.kind == "csv":
        parts |= {"encoding": form.encoding, "delimiter": form.delimiter}
    elif form.sheet:
        parts |= {"sheet": form.sheet}
    lines.append(f"file: {flow(parts)}")
    lines += _line(proposal.choice(AS_OF), "", lang, needed=True)
    lines += _line(proposal.choice("currency"), "", lang, needed=True)
    lines.append(f"nulls: [{', '.join(map(quoted, proposal.nulls))}]")
    lines.append("fields:")
    for field in LOAN_FIELDS:
        if field.name != "currency":
            lines += _line(proposal.choice(field.name), "  ", lang, needed=field.name in REQUIRED)
    return "\n".join(lines) + "\n"


def _line(choice: Choice, indent: str, lang: str, needed: bool) -> list[str]:
    if choice.chosen:
        how = {"column": choice.chosen.column} | choice.chosen.how
        return [f"{indent}# {_why(choice.chosen, lang)}", f"{indent}{choice.field}: {flow(how)}"]
    comments = [f"{indent}# {choice.field}: {_why(candidate, lang)}" for candidate in choice.candidates[:4]]
    return comments + ([f"{indent}{choice.field}: {quoted(OPEN)}"] if needed else [])


def _why(candidate: Candidate, lang: str) -> str:
    reasons = "; ".join(reason.zh if lang == "zh" else reason.en for reason in candidate.reasons)
    return _comment(f"{candidate.column}, {candidate.confidence}%: {reasons}")


def _comment(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def flow(value: str | Sequence[Any] | Mapping[str, Any]) -> str:
    """Texts, lists and maps on one line of YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {flow(part)}" for key, part in value.items()) + "}"
    return quoted(value) if isinstance(value, str) else "[" + ", ".join(map(flow, value)) + "]"


def _key(text: str) -> str:
    return text if re.fullmatch("[a-z_]+", text) else quoted(text)


def quoted(text: str) -> str:
    """A double-quoted scalar."""
    return '"' + "".join(_ESCAPED.get(c) or (c if c.isprintable() else f"\\U{ord(c):08x}") for c in text) + '"'


_ESCAPED = {'"': '\\"', "\\": "\\\\"}
