"""Pictures: well-formed SVG by classes and attributes, the design's colours, and the data they draw."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.analytics.study import Outcomes
from chainfusion.cashflow.export import drawing
from chainfusion.cashflow.export.drawing import HEIGHT, WIDTH, Plane, Series, rounded_up
from chainfusion.cashflow.export.pictures import pictures
from tests.cashflow.analytics.deals import BASE, study

TOKENS = Path(__file__).parents[3].parent / "shared" / "design" / "tokens.css"
SVG = "{http://www.w3.org/2000/svg}"


def ran() -> Outcomes:
    return study().outcomes([BASE.stressed("x", default=6)])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_picture_is_an_image_with_a_label_and_no_style(lang: str, tmp_path: Path) -> None:
    found = pictures(ran(), lang=lang, reserves=["reserve"])
    assert [p.name for p in found] == ["pool", "classes", "collections", "losses", "coverage", "bands"]
    for one in found:
        root = ElementTree.fromstring(one.svg)
        assert root.get("role") == "img"
        assert one.title in (root.get("aria-label") or "")
        for element in root.iter():
            assert element.tag.removeprefix(SVG) in {"svg", "title", "polygon", "polyline", "line", "rect", "text"}
            assert not {"style", "onload", "href"} & set(element.attrib)
        height = float(root.get("height") or 0)
        for element in root.iter():
            for point in (element.get("points") or "").split():
                x, y = map(float, point.split(","))
                assert 0 <= x <= WIDTH
                assert 0 <= y <= height
        assert "nan" not in one.svg.lower().replace("finance", "")
        assert one.write(tmp_path).read_text(encoding="utf-8").startswith("<svg")
        assert one.table.frame.height == len(one.table.frame["date"])
    assert re.search("[\u4e00-\u9fff]", found[0].title) is not None or lang == "en"


def test_the_table_is_what_the_picture_draws() -> None:
    outcomes = ran()
    found = {p.name: p for p in pictures(outcomes)}
    assert found["pool"].table.frame["Performing balance"].to_list() == outcomes.collections.closing[0].tolist()
    assert found["classes"].table.frame["A"].to_list() == outcomes.result["A.balance"][0].tolist()
    assert found["losses"].table.frame["Losses"].to_list()[-1] == outcomes.collections.lost.sum()
    bands = found["bands"].table.frame
    assert bands["Sub interest"].sum() == outcomes.result["Sub.return_paid"].sum()
    assert "<figcaption>" in found["bands"]._repr_html_()


def test_a_scenario_that_there_is_not_is_refused() -> None:
    for place in (1, -1):
        with pytest.raises(BadAnalysis, match="from 0"):
            pictures(ran(), place)


def test_colours_are_the_design_s() -> None:
    if not TOKENS.exists():
        pytest.skip("the design's tokens are not beside the project")
    css = TOKENS.read_text(encoding="utf-8")
    found = re.findall(r"--c[1-6]:\s+light-dark\((#[0-9a-f]{6}),", css)
    assert tuple(found) == drawing.COLOURS


@given(st.floats(1e-9, 1e15))
def test_the_top_of_an_axis_is_round_and_near(value: float) -> None:
    top = rounded_up(value)
    assert value * (1 - 1e-9) <= top <= value * 2.5 * (1 + 1e-9)


@given(st.lists(st.lists(st.floats(0, 1e6), min_size=4, max_size=4), min_size=1, max_size=8))
def test_areas_stand_on_each_other(rows: list[list[float]]) -> None:
    top = max(1.0, max(map(sum, zip(*rows, strict=True))))
    found = drawing.areas(Plane(4, top), [Series(str(n), tuple(row)) for n, row in enumerate(rows)])
    shapes = [re.search('points="([^"]*)"', part)[1].split() for part in found]  # type: ignore[index]
    for below, above in pairwise(shapes):
        assert above[4:] == list(reversed(below[:4]))


def test_a_line_breaks_where_a_value_is_missing() -> None:
    found = drawing.lines(Plane(5, 1.0), [Series("x", (0.1, None, 0.2, 0.3, None))])
    assert [len(re.search('points="([^"]*)"', part)[1].split()) for part in found] == [1, 2]  # type: ignore[index]


def test_names_are_escaped_and_pictures_of_nothing_are_pictures() -> None:
    part = drawing.legend([Series('<script>"', ())])
    assert "<script>" not in "".join(part)
    flat = Plane(1, 0.0)
    assert (flat.y(0.0), flat.x(0)) == (HEIGHT - drawing.BOTTOM, (WIDTH + drawing.LEFT - drawing.RIGHT) / 2)
    assert rounded_up(0) == 1.0
