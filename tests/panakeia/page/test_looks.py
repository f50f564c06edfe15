"""How a page looks, as far as markup and the stylesheet tell: labels, columns, contrasts, paper."""

import re
from importlib.resources import files
from itertools import product

import pytest

from panakeia.page.chart import Axes, Curve, chart
from panakeia.page.columns import in_columns
from panakeia.page.figures.around import around_figure
from panakeia.page.labels import labelled
from tests.panakeia.page.conftest import Asking

SHEET = files("panakeia.page").joinpath("static", "panakeia.css").read_text(encoding="utf-8")


def test_each_cell_of_a_ranking_says_what_its_column_is_called(asking: Asking) -> None:
    text = asking("reader").get("/disease?node=DOID:3393").text
    heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', text)
    row = re.search(r"<tbody>\s*(<tr>.*?</tr>)", text, re.DOTALL)
    assert row
    cells = re.findall(r'<td[^>]* data-label="([^"]*)"', row[1])
    assert cells == [head for head in heads if head != "Drug"]


def test_a_cell_over_several_rows_keeps_the_names_of_the_others() -> None:
    table = (
        "<table><thead><tr><th>Edge</th><th>Source</th></tr></thead><tbody>"
        '<tr><th scope="rowgroup" rowspan="2">binds</th><td>a</td></tr><tr><td>b</td></tr>'
        "<tr><th>treats</th><td>c</td></tr>"
        '<tr><td colspan="2">none</td></tr></tbody></table>'
    )
    told = labelled(table)
    assert re.findall(r'data-label="Source">(\w)<', told) == ["a", "b", "c"]
    assert '<td colspan="2">none' in told


def test_a_column_is_of_numbers_only_where_all_are_and_counts_stay_whole() -> None:
    rows = [{"n": 10, "share": 0.25, "mixed": 1.5, "yes": True}, {"n": None, "share": 0.5, "mixed": "x", "yes": False}]
    told = {one.name: (one.is_number, one.cells) for one in in_columns(rows, ["n", "share", "mixed", "yes"])}
    assert told == {
        "n": (True, ["10", ""]),
        "share": (True, ["0.2500", "0.5000"]),
        "mixed": (False, ["1.5", "x"]),
        "yes": (False, ["yes", "no"]),
    }


def test_names_of_many_curves_stand_below_the_axis_name_and_within_the_figure() -> None:
    curves = [Curve(f"warfarin_model_{number}_of_a_paper", [0.0, 1.0], [0.0, 1.0]) for number in range(4)]
    drawn = str(chart("c", "A title", "told", curves, Axes("days", "S warfarin mg per L (mg/L)")))
    placed = {
        words: (float(x), float(y))
        for x, y, words in re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', drawn)
    }
    names = [placed[curve.name] for curve in curves]
    assert len(set(names)) == 4 and all(y > placed["S warfarin mg per L (mg/L)"][1] for _, y in names)
    assert all(x + 6.6 * len(curves[0].name) < 720 for x, _ in names)
    lowest = re.search(r"translate\(0 ([\d.]+)\)", drawn)
    assert lowest and max(y for _, y in names) < float(lowest[1]) + 34.0


def test_no_two_neighbours_stand_on_each_other() -> None:
    near = [
        {
            "relation": f"relation_{number // 5}",
            "direction": "in",
            "id": f"X:{number}",
            "kind": "Drug",
            "name": f"drug {number}",
        }
        for number in range(24)
    ]
    drawn = around_figure({"name": "CYP2C9", "kind": "Gene"}, near, {})
    dots = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawn)]
    assert len(dots) == 24
    assert all(a == b or a[0] != b[0] or abs(a[1] - b[1]) >= 20 for a, b in product(dots, dots))


def test_relations_stand_whole_on_one_side_with_how_many_there_are() -> None:
    near = [
        {"relation": relation, "direction": "out", "id": f"X:{relation}{n}", "kind": "Gene", "name": f"{relation} {n}"}
        for relation in ("binds", "treats", "resembles")
        for n in range(3)
    ]
    drawn = around_figure({"name": "warfarin", "kind": "Drug"}, near, {("binds", "out"): 1234})
    links = re.findall(r'href="/node\?node=X:([a-z]+)\d".*?<circle cx="([\d.]+)"', drawn)
    assert len(links) == 9 and len(set(links)) == 3  # each relation has one side
    assert {side for _, side in links} == {"272.0", "748.0"}
    assert "binds, 3 of 1,234<" in drawn and "treats<" in drawn


@pytest.mark.parametrize("scheme", [0, 1])
def test_marks_of_figures_stand_out_from_their_ground_as_wcag_asks(scheme: int) -> None:
    """Graphical objects: 3 to 1 at least (WCAG 2.2, 1.4.11); words: 4.5 to 1 (1.4.3)."""
    inks = dict(re.findall(r"(--[a-z-]+): (#[0-9a-f]{3,6})", SHEET.split(":root {")[1 + scheme].split("}")[0]))
    for ground in ("--card", "--ground"):
        assert all(_contrast(inks[name], inks[ground]) >= 3.0 for name in ("--known", "--unlisted", "--focus"))
        assert all(
            _contrast(inks[name], inks[ground]) >= 4.5 for name in ("--ink", "--soft", "--link", "--main", "--bad")
        )
    for ground in ("--k-drug", "--k-disease", "--k-gene", "--k-other"):
        assert _contrast(inks["--ink"], inks[ground]) >= 4.5 and _contrast(inks["--soft"], inks[ground]) >= 4.5


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_on_paper_the_light_colours_hold_and_tables_stay() -> None:
    assert "@media screen and (prefers-color-scheme: dark)" in SHEET
    hidden = re.findall(r"([^{}]*)\{ display: none; \}", SHEET.split("@media print")[1])
    assert not re.search(r"(^|[ ,])(form|table)([ ,]|$)", hidden[0])
