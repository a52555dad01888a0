"""Round trips, the fingerprint, and the schema that an editor reads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.cashflow.text.reader import load_terms, read_terms
from chainfusion.cashflow.text.schema import schema_text, terms_schema
from chainfusion.cashflow.text.writer import write_terms
from chainfusion.domain.records import from_bytes, to_bytes
from chainfusion.domain.terms.records import DealTerms
from tests.cashflow.text.small import SMALL, small
from tests.domain.waterfall.deals import FAMILIES, random_deal

PROJECT = Path(__file__).parents[3]
EXAMPLES = sorted((PROJECT / "examples").glob("*/terms.yaml"))


@given(seed=st.integers(0, 2**64 - 1), family=st.sampled_from(FAMILIES))
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_back(seed: int, family: str) -> None:
    terms = random_deal(seed, family).terms
    assert read_terms(write_terms(terms)) == terms
    assert from_bytes(DealTerms, to_bytes(terms)) == terms


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.parent.name)
def test_examples_are_read_and_written(path: Path) -> None:
    terms = load_terms(path)
    assert read_terms(write_terms(terms)) == terms
    assert mismatches(terms_schema(), yaml.safe_load(path.read_bytes())) == []


def test_equal_terms_have_one_fingerprint_and_others_another() -> None:
    spaced = (
        SMALL.replace("3.6%", "0.036").replace("1% * pool.opening", "(1%*pool.opening)").replace("cash, ", "cash ,  ")
    )
    assert read_terms(spaced.encode()).fingerprint() == small().fingerprint()
    assert small(("3.6%", "3.60001%")).fingerprint() != small().fingerprint()


def test_the_fingerprint_is_for_ever() -> None:
    """A change of records, canonical form or spelling of formulas would orphan what is registered on ledgers."""
    assert small().fingerprint() == "ac899701a8d6d4be88e45314b5694051f85ca5be2f9d64d7a79fe03ecead9b69"


def test_the_published_schema_is_the_one_that_the_code_makes() -> None:
    published = PROJECT / "docs" / "spec" / "deal-terms.schema.json"
    assert published.read_text(encoding="utf-8") == schema_text()


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    good = yaml.safe_load(SMALL)
    assert mismatches(terms_schema(), good) == []
    for spoil in ("tranches", "currency", "format"):
        assert mismatches(terms_schema(), {k: v for k, v in good.items() if k != spoil})
    assert mismatches(terms_schema(), good | {"tranche": {}})
    bad = json.loads(json.dumps(good, default=str))
    bad["waterfalls"]["main"]["steps"]["senior"]["rank"] = "by luck"
    assert mismatches(terms_schema(), bad)


def mismatches(schema: dict[str, Any], value: Any, path: str = "$") -> list[str]:
    """Where a value does not fit: the part of JSON Schema that ours uses, with YAML's dates and keys as text."""
    if "anyOf" in schema:
        return [] if any(not mismatches(s, value, path) for s in schema["anyOf"]) else [f"{path}: no form fits"]
    found = []
    kinds = {"object": dict, "array": list, "string": str, "number": (int, float), "integer": int, "boolean": bool}
    value = value.isoformat() if hasattr(value, "isoformat") else value
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not isinstance(value, tuple(kinds[n] for n in names)):  # type: ignore[arg-type]
            return [f"{path}: {value!r} is not {names}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{path}: {value!r} is not in {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{path}: {value!r}")
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        found.append(f"{path}: {value!r} does not match")
    if "oneOf" in schema and sum(not mismatches(s, value, path) for s in schema["oneOf"]) != 1:
        found.append(f"{path}: not exactly one form")
    if isinstance(value, list):
        found += [m for n, item in enumerate(value) for m in mismatches(schema.get("items", {}), item, f"{path}[{n}]")]
    if isinstance(value, dict):
        found += _of_object(schema, {str(k): v for k, v in value.items()}, path)
    return found


def _of_object(schema: dict[str, Any], value: dict[str, Any], path: str) -> list[str]:
    found = [f"{path}: {name} is missing" for name in schema.get("required", []) if name not in value]
    for name, inner in value.items():
        patterns = [s for p, s in schema.get("patternProperties", {}).items() if re.search(p, name)]
        known = schema.get("properties", {}).get(name) or (patterns or [schema.get("additionalProperties", {})])[0]
        found += [f"{path}: {name} is unknown"] if known is False else mismatches(known, inner, f"{path}.{name}")
    return found
