"""Withheld: of a graph's patients no count of one to four is told, nor what could tell it."""

import json

import pandas as pd

from tests.twin.prognosis.fairness.patients import patients
from twin.prognosis.fairness.cases import Asked
from twin.prognosis.fairness.compare import EVERYBODY, Settings, compare
from twin.prognosis.fairness.withhold import of_a_graph, withhold

ASKED = Asked(("group",), "truth", "class")
FEW = Settings(draws=20)


def counts(value: object) -> list[int]:
    """Return all whole numbers in an answer, but those of its settings."""
    if isinstance(value, dict):
        return [one for name, part in value.items() if name not in ("withheld_below", "pairs") for one in counts(part)]
    if isinstance(value, list):
        return [one for part in value for one in counts(part)]
    return [value] if isinstance(value, int) and not isinstance(value, bool) else []


def test_no_small_count_is_told() -> None:
    table = patients(400)
    table.loc[:2, "group"] = "three"
    told = withhold(compare(table, ASKED, FEW)).to_json()
    assert [one for one in counts(told) if 0 < one < 5] == []
    json.dumps(told, allow_nan=False)
    rows = {row["group"]: row for row in told["figures"] if row["metric"] == "accuracy"}
    assert rows["three"]["n"] == "<5" and rows["three"]["value"] is None
    shown = [row["n"] for row in rows.values() if isinstance(row["n"], int)]
    assert len(shown) == 3  # all and two of four groups: else the three were what is left of all
    assert rows[EVERYBODY]["value"] is None and rows["A"]["value"] is not None


def test_shares_are_withheld_where_a_cell_is_small_and_others_are_told() -> None:
    table = pd.DataFrame(
        {
            "group": ["A"] * 100 + ["B"] * 100,
            "truth": ([1.0] * 50 + [0.0] * 50) * 2,
            "chance": [0.9] * 48 + [0.1] * 52 + [0.8] * 30 + [0.2] * 50 + [0.7] * 20,
        }
    )
    found = compare(table, Asked(("group",), "truth", "chance"), FEW)
    told = withhold(found)
    assert (
        told.figure_of("A", "true_positive_rate", "group").value
        != told.figure_of("A", "true_positive_rate", "group").value
    )
    assert told.figure_of("B", "true_positive_rate", "group").value == 0.6
    assert told.figure_of("A", "brier", "group").value == found.figure_of("A", "brier", "group").value
    assert "auroc" in {one.metric for one in told.disparities["group"]}
    assert "accuracy" not in {one.metric for one in told.disparities["group"]} and not told.parities["group"]
    assert "not told" in told.to_text()


def test_a_table_of_a_graph_s_patients_is_told_by_their_names() -> None:
    table = patients(10)
    assert not of_a_graph(table, ASKED)
    named = [f"PANAKEIA:P-{number:020x}" for number in range(10)]
    assert of_a_graph(table.assign(USUBJID=named), ASKED) and of_a_graph(table.assign(patient=named), ASKED)
