"""What a site offers of its table."""

import numpy as np
import pandas as pd

from twin.prognosis.federated.rows import rows_of

TABLE = pd.DataFrame({"dead": [0.0, 1.0] * 10, "age": np.arange(20.0), "sex": ["F", "M"] * 10})


def test_a_table_with_many_gaps_offers_its_whole_columns_and_loses_no_row() -> None:
    seldom = TABLE.assign(cause=[None] * 15 + ["stroke"] * 5, note=None)
    rows = rows_of(seldom)
    assert list(rows.table) == ["dead", "age", "sex"] and len(rows.table) == 20 and rows.left_out == 0
    assert rows.gaps == ("cause", "note")
    named = rows_of(seldom, ["dead", "cause"])
    assert len(named.table) == 5 and named.left_out == 15 and named.gaps == ()


def test_a_few_gaps_cost_their_rows_alone() -> None:
    rows = rows_of(TABLE.assign(age=[np.nan] * 3 + list(range(17))))
    assert list(rows.table) == ["dead", "age", "sex"] and rows.left_out == 3 and rows.gaps == ()


def test_where_every_column_has_a_gap_all_are_offered() -> None:
    gaps = pd.DataFrame({"a": [np.nan, 1.0], "b": [1.0, np.nan]})
    assert list(rows_of(gaps).table) == ["a", "b"] and rows_of(gaps).left_out == 2
