"""Contracts and the domain beneath them see nothing but their input: no clock, chance, float, file or network."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "chainfusion"
ALLOWED_MODULES = {
    "__future__", "collections", "collections.abc", "dataclasses", "datetime", "enum", "functools", "hashlib",
    "inspect", "itertools", "json", "operator", "re", "typing", "types",
}  # fmt: skip
BENEATH = (
    "membership", "membership_refusals", "governance", "deal", "document_kinds", "document_records", "opinions", "pool",
    "statistics", "text", "roles", "errors", "canonical", "records",
)  # fmt: skip
FILES = [
    *sorted((SOURCE / "contracts").rglob("*.py")),
    *(SOURCE / "domain" / f"{name}.py" for name in BENEATH),
]
CHANCE_OR_CLOCK = {
    "now",
    "today",
    "utcnow",
    "time",
    "random",
    "urandom",
    "token_hex",
    "token_bytes",
    "getenv",
    "environ",
}
BUILTINS = {"float", "input", "print", "eval", "exec", "hash", "id", "__import__", "compile", "globals"}


def imports(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_are_deterministic_and_point_inwards(path: Path) -> None:
    for module in imports(ast.parse(path.read_text())):
        layer = module.removeprefix("chainfusion.").split(".")[0]
        own = module.startswith("chainfusion.") and layer in ("domain", "contracts")
        assert own or module in ALLOWED_MODULES, f"{path.name} imports {module}"
        assert "domain" not in path.parts or not module.startswith("chainfusion.contracts"), path.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_reads_a_clock_draws_lots_or_computes_in_floats(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, (float, complex)), f"{path.name}:{node.lineno} holds a float"
        if isinstance(node, ast.BinOp):
            assert not isinstance(node.op, ast.Div), f"{path.name}:{node.lineno} divides into a float"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in CHANCE_OR_CLOCK, f"{path.name}:{node.lineno} calls {node.func.attr}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in BUILTINS, f"{path.name}:{node.lineno} calls {node.func.id}"


@pytest.mark.parametrize("path", [path for path in FILES if "contracts" in path.parts], ids=lambda path: path.name)
def test_no_order_of_a_set_reaches_the_ledger(path: Path) -> None:
    """Sets of text iterate in an order that differs from process to process: loops over them are sorted."""
    for node in ast.walk(ast.parse(path.read_text())):
        loops = [node.iter] if isinstance(node, (ast.For, ast.comprehension)) else []
        for over in loops:
            bare = isinstance(over, (ast.Set, ast.SetComp)) or (
                isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.func.id in ("set", "frozenset")
            )
            assert not bare, f"{path.name}:{over.lineno} loops over a set"


A_DEAL = """
import hashlib
from chainfusion.domain.roles import INSTITUTION_ROLES
from tests.support.world import World, msp_of
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.roles import Role

world = World().founded().signed().opened()
world.pooled()
readers = tuple(msp_of(role) for role in INSTITUTION_ROLES if role is not Role.LAW_FIRM)
world.document("opinion", DocumentKind.LEGAL_OPINION, Role.LAW_FIRM, readers=readers)
order = [(key, hashlib.sha256(value).hexdigest()) for key, value in world.ledger.state.items()]
print(hashlib.sha256(repr(order).encode()).hexdigest())
"""


def test_another_process_with_other_hash_seeds_writes_the_same_in_the_same_order() -> None:
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root / "src"), str(root)])
    runs = [
        subprocess.run(
            [sys.executable, "-c", A_DEAL],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    ]
    assert len(runs[0].strip()) == 64
    assert set(runs) == {runs[0]}
