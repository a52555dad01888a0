"""A proposal as the YAML that a person reads, completes and keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

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
        f"originator: {_quoted(OPEN)}",
    ]
    form = proposal.form
    parts = {"kind": form.kind}
    if form.kind == "csv":
        parts |= {"encoding": form.encoding, "delimiter": form.delimiter}
    elif form.sheet:
        parts |= {"sheet": form.sheet}
    lines.append(f"file: {_flow(parts)}")
    lines += _line(proposal.choice(AS_OF), "", lang, needed=True)
    lines += _line(proposal.choice("currency"), "", lang, needed=True)
    lines.append(f"nulls: [{', '.join(map(_quoted, proposal.nulls))}]")
    lines.append("fields:")
    for field in LOAN_FIELDS:
        if field.name != "currency":
            lines += _line(proposal.choice(field.name), "  ", lang, needed=field.name in REQUIRED)
    return "\n".join(lines) + "\n"


def _line(choice: Choice, indent: str, lang: str, needed: bool) -> list[str]:
    if choice.chosen:
        how = {"column": choice.chosen.column} | choice.chosen.how
        return [f"{indent}# {_why(choice.chosen, lang)}", f"{indent}{choice.field}: {_flow(how)}"]
    comments = [f"{indent}# {choice.field}: {_why(candidate, lang)}" for candidate in choice.candidates[:4]]
    return comments + ([f"{indent}{choice.field}: {_quoted(OPEN)}"] if needed else [])


def _why(candidate: Candidate, lang: str) -> str:
    reasons = "; ".join(reason.zh if lang == "zh" else reason.en for reason in candidate.reasons)
    return _comment(f"{candidate.column}, {candidate.confidence}%: {reasons}")


def _comment(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _flow(parts: Mapping[str, str | dict[str, str]]) -> str:
    shown = (f"{_key(key)}: {_flow(v) if isinstance(v, dict) else _quoted(v)}" for key, v in parts.items())
    return "{" + ", ".join(shown) + "}"


def _key(text: str) -> str:
    return text if re.fullmatch("[a-z_]+", text) else _quoted(text)


def _quoted(text: str) -> str:
    """A double-quoted scalar: JSON's form is YAML's, where characters beyond the printable are escaped."""
    return json.dumps(text, ensure_ascii=not text.isprintable())
