"""The verifier stands on the standard library, cryptography and our own pure parts; contracts stand on domain alone."""

from __future__ import annotations

import subprocess
import sys

import grimp
import pytest

PURE = ("chainfusion.verify", "chainfusion.ledger.evidence", "chainfusion.domain")
HEAVY = (
    "numpy",
    "polars",
    "numba",
    "sqlite3",
    "yaml",
    "obstore",
    "openpyxl",
    "fastapi",
    "jinja2",
    "typer",
    "rich",
    "pydantic",
)


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("chainfusion", include_external_packages=True)


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def test_the_verifier_reaches_only_evidence_domain_and_cryptography(graph: grimp.ImportGraph) -> None:
    start = {module for module in graph.modules if within(module, ("chainfusion.verify",))}
    reached = {up for module in start for up in graph.find_upstream_modules(module)} | start
    own = {module for module in reached if within(module, ("chainfusion",))}
    outside = {module.split(".")[0] for module in reached - own} - set(sys.stdlib_module_names) - {"cryptography"}
    assert start
    assert {module for module in own if not within(module, PURE)} <= {"chainfusion", "chainfusion.ledger"}
    assert outside == set()


def test_running_the_verifier_loads_nothing_heavy() -> None:
    program = f"import sys, chainfusion.verify; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_domain_uses_nothing_of_ours_and_no_door_or_store(graph: grimp.ImportGraph) -> None:
    used = set()
    for module in graph.modules:
        if within(module, ("chainfusion.domain",)):
            used |= graph.find_modules_directly_imported_by(module)
    assert sorted(m for m in used if within(m, ("chainfusion",)) and not within(m, ("chainfusion.domain",))) == []
    assert (
        used & {"sqlite3", "socket", "fastapi", "obstore", "polars", "typer", "os", "pathlib", "random", "secrets"}
        == set()
    )


def test_contracts_import_domain_only(graph: grimp.ImportGraph) -> None:
    used = set()
    for module in graph.modules:
        if within(module, ("chainfusion.contracts",)):
            used |= graph.find_modules_directly_imported_by(module)
    ours = {module for module in used if within(module, ("chainfusion",))}
    assert sorted(m for m in ours if not within(m, ("chainfusion.contracts", "chainfusion.domain"))) == []
    assert {m.split(".")[0] for m in used - ours} - set(sys.stdlib_module_names) == set()
