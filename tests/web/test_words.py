"""Both languages are whole: no text without its translation, no translation that nobody shows."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import extract_from_ast

import chainfusion.web
from chainfusion.contracts.catalogue import registry
from chainfusion.domain.errors import Text
from chainfusion.node.views.sentences import _SAID, sentence
from chainfusion.web import figures
from chainfusion.web.i18n import chinese, preferred

TEMPLATES = Path(chainfusion.web.__file__).parent / "templates"
_FIELD = re.compile(r"\{(\w+)\}")


def spoken() -> set[str]:
    """Every text that a template asks for."""
    found = set()
    for template in TEMPLATES.glob("*.html"):
        for _, _, text in extract_from_ast(Environment().parse(template.read_text()), ("_",)):
            found.add(text[0] if isinstance(text, tuple) else text)
    return found


def test_every_text_is_translated_and_every_translation_is_used() -> None:
    assert spoken() - set(chinese()) == set()
    assert set(chinese()) - spoken() == set()


def test_translations_keep_their_fields() -> None:
    for english, translated in chinese().items():
        assert sorted(_FIELD.findall(english)) == sorted(_FIELD.findall(translated)), english


def test_every_operation_is_a_sentence_in_both_languages() -> None:
    operations = {
        f"{contract}.{operation}"
        for contract in {each.contract for each in registry().operations()}
        for operation, declared in registry().in_force(contract).operations.items()
        if not declared.reads_only
    }
    assert operations == set(_SAID)


def test_malformed_arguments_of_a_refused_call_are_no_reason_to_fail() -> None:
    for args in ({}, {"terms": 1}, {"pool": []}, {"document": None}, {"change": "x"}, {"genesis": {}}, {"party": 3}):
        for operation in (*_SAID, "unknown.operation"):
            said = sentence(operation, args, lambda msp: Text(msp, msp), lambda _: None)
            assert said.en
            assert said.zh


def test_languages_are_chosen_in_order() -> None:
    assert preferred("en", "zh", "zh") == "en"
    assert preferred("xx", "zh", "en") == "zh"
    assert preferred(None, None, "de-DE,de;q=0.9,zh-TW;q=0.5,en") == "zh"
    assert preferred(None, None, "de") == "en"
    assert preferred(None, None, "") == "zh"


def test_numbers_are_written_as_the_market_writes_them() -> None:
    assert figures.money(736_241_890_537, "CNY", "zh") == figures.Shown("73.62", "亿元")
    assert figures.money(736_241_890_537, "CNY", "en") == figures.Shown("7.36", "CNY bn")
    assert figures.money(3_719_302_180, "USD", "en") == figures.Shown("37.2", "USD mm")
    assert figures.money(1_300_001, "USD", "zh") == figures.Shown("1.30", "万美元")
    assert figures.exact_money(-2_240_408, "CNY", "zh") == "\u221222,404.08 元"
    assert figures.exact_money(500, "JPY", "en") == "JPY 500"
    assert figures.per_cent(38_618) == "3.86"
    assert figures.per_cent(None) == "—"
    assert figures.tenths(24_003) == "240.0"
    assert figures.share(2_294) == "22.94"
    assert figures.short_hash("ab" * 32) == "ababab…abab"


def test_times_are_those_of_shanghai() -> None:
    late = datetime(2019, 12, 31, 17, 30, 5, tzinfo=UTC)
    assert figures.moment(late, "zh") == "2020-01-01 01:30"
    assert figures.moment(late, "en", seconds=True) == "1 Jan 2020 01:30:05"
    assert figures.iso(late) == "2020-01-01T01:30:05+08:00"
