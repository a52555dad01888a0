"""The examples as modules: each is run once for all tests."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@cache
def example(name: str) -> ModuleType:
    """The run.py of an example."""
    return loaded(EXAMPLES / name / "run.py")


@cache
def loaded(path: Path) -> ModuleType:
    """A module from its file: the examples' folders have names that are no identifiers."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}".replace("-", "_"), path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
