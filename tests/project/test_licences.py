"""What the project depends on at run time may be used in a bank's closed systems: no copyleft of the whole work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFUSED = re.compile(
    r"\b(AGPL|GPL|SSPL|BUSL|Affero|General Public License|Business Source|Non-?Commercial)", re.IGNORECASE
)
ALLOWED = re.compile(r"MIT|BSD|Apache|PSF|ISC|MPL|Mozilla|Zlib|0BSD|Python Software Foundation", re.IGNORECASE)


def refused(licence: str) -> bool:
    """A licence with no alternative that is allowed: "A OR B" is refused only where both are."""
    return all(REFUSED.search(choice) or not ALLOWED.search(choice) for choice in re.split(r"\bOR\b", licence))


def licence(name: str) -> str:
    """The licence as the package's own metadata states it: expression, else classifiers, else the free text."""
    about = metadata.metadata(name)
    classifiers = [c for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    return about.get("License-Expression") or "; ".join(classifiers) or (about.get("License") or "")[:200]


def runtime_packages() -> Iterator[str]:
    text = (ROOT / "requirements" / "runtime.lock").read_text(encoding="utf-8")
    for name in sorted(set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))):
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # another system's, such as colorama
        yield name


@pytest.mark.parametrize("name", list(runtime_packages()))
def test_a_run_time_package_s_licence_is_permissive(name: str) -> None:
    assert not refused(licence(name)), f"{name}: {licence(name) or 'states no licence'}"


@pytest.mark.parametrize(
    ("text", "is_refused"),
    [
        ("MIT", False),
        ("Apache-2.0 OR BSD-3-Clause", False),
        ("MIT OR GPL-3.0-only", False),
        ("GPL-3.0-or-later", True),
        ("License :: OSI Approved :: GNU Affero General Public License v3", True),
        ("", True),
        ("Proprietary", True),
    ],
)
def test_licences_are_told_apart(text: str, is_refused: bool) -> None:
    assert refused(text) is is_refused


def test_the_project_s_own_licence_is_complete() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
