"""The report is one file that needs no other, and writes what it is given as text."""

import pandas as pd

from panakeia.report import Report, Section


def test_the_page_is_self_contained_and_escapes() -> None:
    table = pd.DataFrame({"name": ["<b>bold</b>"], "n": [1000.0]})
    page = Report("Title & more", ("a <finding>",), (Section("S", table=table, folded=True),), {"seed": "1"}).to_html()
    assert "<b>" not in page and "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "Title &amp; more" in page and "a &lt;finding&gt;" in page
    assert "1,000" in page
    assert "http" not in page and "src=" not in page
