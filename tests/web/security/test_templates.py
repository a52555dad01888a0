"""Every form and every script of the pages sends the token, so that what works in a test works for who signed in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import chainfusion.web

WEB = Path(chainfusion.web.__file__).parent
FORM = re.compile(r"<form\b[^>]*method=[\"']post[\"'].*?(?:</form>|\Z|{%-? endmacro)", re.DOTALL | re.IGNORECASE)


def forms() -> list[tuple[str, str]]:
    return [
        (path.name, each) for path in WEB.rglob("*.html") for each in FORM.findall(path.read_text(encoding="utf-8"))
    ]


def test_every_form_that_is_posted_carries_the_token() -> None:
    assert len(forms()) > 10
    assert [(name, form[:120]) for name, form in forms() if "csrf_field()" not in form] == []


def test_no_form_posts_elsewhere_or_carries_the_token_where_all_can_see_it() -> None:
    for name, form in forms():
        (action,) = re.findall(r"action=[\"']([^\"']*)[\"']", form.split(">", 1)[0] + ">") or [""]
        assert not action.startswith(("http:", "https:", "//")), name
        assert "csrf" not in action, name
    for path in WEB.rglob("*.html"):
        for form in re.findall(r"<form\b(?![^>]*method)[^>]*>.*?</form>", path.read_text(encoding="utf-8"), re.DOTALL):
            assert "csrf_field" not in form, f"{path.name}: a form that is not posted puts the token into the address"


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.js")), ids=lambda path: path.name)
def test_every_script_that_posts_sends_the_token(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if re.search(r"method:\s*[\"'](POST|PUT|PATCH|DELETE)", text, re.IGNORECASE):
        assert "x-csrf-token" in text.lower()


def test_no_password_is_kept_or_shown() -> None:
    for path in WEB.rglob("*.html"):
        for field in re.findall(r"<input\b[^>]*type=[\"']password[\"'][^>]*>", path.read_text(encoding="utf-8")):
            assert "value=" not in field, path.name
            assert "autocomplete=" in field, path.name
