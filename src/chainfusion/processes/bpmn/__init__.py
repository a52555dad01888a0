"""Definitions as BPMN 2.0 diagrams, so that analysts draw them in the tools they have. docs/spec/bpmn.md."""

from chainfusion.processes.bpmn.reader import read_bpmn
from chainfusion.processes.bpmn.writer import write_bpmn
from chainfusion.processes.bpmn.xml import is_xml

__all__ = ["is_xml", "read_bpmn", "write_bpmn"]
