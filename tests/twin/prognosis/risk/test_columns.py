"""What a table's columns are where nobody said."""

import pandas as pd
import pytest

from twin.prognosis.risk.columns import event_in_words, taken, where_and_when
from twin.prognosis.risk.split import SplitSettings


@pytest.mark.parametrize(
    ("values", "event"),
    [
        (["pos", "neg"], "pos"),
        (["NEGATIVE", "Positive", None], "Positive"),
        (["Yes", "No"], "Yes"),
        ([True, False], "True"),
        (["dead", "alive"], None),  # of these a user says which is the event
        (["yes", "neg"], None),
        (["yes", "no", "unknown"], None),
        (["yes", "Yes", "no"], None),
        (["yes", None], None),
    ],
)
def test_only_plain_words_name_an_event(values: list[object], event: str | None) -> None:
    assert event_in_words(pd.Series(values, dtype=object)) == event


def test_codes_and_measures_that_end_as_an_identifier_does_stay() -> None:
    table = pd.DataFrame({"steroid": [0, 1] * 20, "lipid": [1.5 + step for step in range(40)], "RANDID": range(40)})
    assert taken(table, set()).features == ("steroid", "lipid")


def test_one_column_alone_is_found_by_its_name() -> None:
    by_site, by_time = SplitSettings("site"), SplitSettings("time")
    assert where_and_when(["age", "Hospital"], by_site).site == "Hospital"
    assert where_and_when(["site", "hospital"], by_site).site is None
    assert where_and_when(["site", "ward"], SplitSettings("site", site="ward")).site == "ward"
    assert where_and_when(["year", "site"], by_time).time == "year"
    assert where_and_when(["site"], SplitSettings()) == SplitSettings()
