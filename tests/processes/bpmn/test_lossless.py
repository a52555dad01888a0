"""What is written as BPMN is read back as it was: the library, and definitions drawn at random."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.domain.process.definition import Definition
from chainfusion.domain.process.form import DefinitionRefused, faults_of
from chainfusion.processes import library
from chainfusion.processes.bpmn import is_xml, read_bpmn, write_bpmn
from tests.domain.process.drawn import chain
from tests.domain.process.whole import definition_of
from tests.processes.bpmn.dressed import definitions


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", library.names())
def test_the_library_comes_back_as_it_was(name: str, lang: str) -> None:
    definition = library.definition(name)
    written = write_bpmn(definition, lang)
    assert read_bpmn(written) == definition
    assert is_xml(written)


@settings(max_examples=150, deadline=None)
@given(definitions(), st.sampled_from(("en", "zh")))
def test_random_definitions_come_back_as_they_were(definition: Definition, lang: str) -> None:
    assert faults_of(definition) == ()
    assert read_bpmn(write_bpmn(definition, lang)) == definition


def test_the_same_definition_gives_the_same_bytes() -> None:
    one, other = (library.definition("private-deal") for _ in range(2))
    assert write_bpmn(one) == write_bpmn(other)


def test_what_is_not_well_formed_is_not_written() -> None:
    process = chain("a", "b")
    with pytest.raises(DefinitionRefused):
        write_bpmn(definition_of(replace(process, flows=process.flows[1:])))
