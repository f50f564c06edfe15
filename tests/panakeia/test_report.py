"""The report is one file that needs no other, and writes what it is given as text."""

import re
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from panakeia.report import Report, Section, Table


def page_of(section: Section) -> str:
    return Report("Title & more", ("a <finding>", "another"), (section,), {"seed": "1", "data": "d-1"}).to_html()


def cells(page: str) -> list[str]:
    return re.findall(r"<t[dh](?: [^>]*)?>(.*?)</t[dh]>", page)


def test_the_page_is_self_contained_and_escapes() -> None:
    table = pd.DataFrame({"name": ["<b>bold</b>"], "n": [1000.0]})
    page = page_of(Section("S & T", lead="a < b", tables=(Table(table),), caption="c > d"))
    assert "<b>" not in page and "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<h1>Title &amp; more</h1>" in page and "<li>a &lt;finding&gt;</li>" in page
    assert "<h2>S &amp; T</h2>" in page and "<p>a &lt; b</p>" in page and "c &gt; d" in page
    assert "http" not in page and "src=" not in page


def test_tables_have_their_columns_and_short_values() -> None:
    rows = pd.DataFrame({"knowledge_level": ["a", None], "n": [1000, 2], "score": [0.123456, float("nan")]})
    page = page_of(Section("S", tables=(Table(rows),)))
    assert cells(page) == ["knowledge level", "n", "score", "a", "1,000", "0.123", "", "2", ""]
    assert "<details>" not in page and "<figure>" not in page and "<caption>" not in page


def test_a_folded_table_is_named_and_counted_and_another_has_a_caption() -> None:
    rows = pd.DataFrame({"n": [1, 2, 3]})
    page = page_of(Section("S", tables=(Table(rows, "Paths", folded=True), Table(rows, "Edges"))))
    assert page.count("<details>") == page.count("</details>") == 1
    assert "<summary>Paths: 3 rows</summary>" in page
    assert "<caption>Edges</caption>" in page and "<caption>Paths" not in page


def test_a_figure_stands_in_the_page_as_drawing(tmp_path: Path) -> None:
    figure = Figure()
    figure.add_subplot().set_xlabel("day")
    report = Report("T", (), (Section("S", figure=figure),), {"seed": "1", "data": "d-1"})
    report.write(str(tmp_path / "deep" / "report.html"))
    page = (tmp_path / "deep" / "report.html").read_text(encoding="utf-8")
    assert page.count("<figure><svg") == 1 and "&lt;svg" not in page
    assert "seed: 1 · data: d-1</p>" in page


def test_the_findings_as_text() -> None:
    assert Report("T", ("one", "two"), ()).to_text() == "T\n- one\n- two"
