"""Nothing from after baseline is a feature, and what is known at baseline is what was measured until then."""

import numpy as np
import pandas as pd
import pytest

from twin.prognosis.question import AfterBaseline, Features, Question, at_baseline
from twin.trials.analysis.table import AnalysisError, MissingColumn, MissingValues


@pytest.mark.parametrize("feature", ["AVAL", "CNSR", "USUBJID", "AVISITN", "CHG", "ADY", "cd420"])
def test_what_came_after_baseline_is_no_feature(feature: str) -> None:
    with pytest.raises(AfterBaseline, match=feature):
        Question(features=("BASE", feature), later=("cd420",))


def test_an_outcome_under_another_name_is_no_feature() -> None:
    with pytest.raises(AfterBaseline, match="cd420"):
        Question("cd420", features=("cd40", "cd420"))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"features": ()}, "no feature"),
        ({"features": ("BASE", "BASE")}, "BASE more than once"),
        ({"kind": "survival"}, "horizon"),
        ({"kind": "survival", "horizon": 0.0}, "horizon"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(asked: dict[str, object], told: str) -> None:
    with pytest.raises(AnalysisError, match=told):
        Question(**asked)  # type: ignore[arg-type]


def events() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "USUBJID": ["b", "b", "b", "a", "a", "c"],
            "ADY": [-10.0, 0.0, 30.0, -1.0, 14.0, 5.0],
            "bili": [1.0, np.nan, 9.0, 2.0, 8.0, 7.0],
            "edema": ["no", "yes", "yes", "no", "yes", "yes"],
        }
    )


def test_the_last_value_until_the_index_day_is_the_baseline() -> None:
    found = at_baseline(events(), ["bili", "edema"])
    assert found["USUBJID"].tolist() == ["b", "a", "c"]
    assert found["bili"].tolist()[:2] == [1.0, 2.0]
    assert found["edema"].tolist()[:2] == ["yes", "no"]
    assert found.loc[2, ["bili", "edema"]].isna().all()


def test_what_came_later_changes_no_baseline() -> None:
    changed = events()
    changed.loc[changed["ADY"] > 0.0, ["bili", "edema"]] = [1e9, "changed"]
    pd.testing.assert_frame_equal(at_baseline(changed, ["bili", "edema"]), at_baseline(events(), ["bili", "edema"]))


def test_levels_are_those_that_were_learned() -> None:
    features = Features.of(pd.DataFrame({"sex": ["m", "f", None], "age": [1, 2, 3]}), ["sex", "age"])
    matrix = features.matrix(pd.DataFrame({"sex": ["f", "other", None], "age": [4.0, np.nan, 6.0]}))
    np.testing.assert_array_equal(matrix, [[0.0, 4.0], [np.nan, np.nan], [np.nan, 6.0]])


def test_another_table_is_refused_by_name() -> None:
    features = Features.of(pd.DataFrame({"age": [1.0]}), ["age"])
    with pytest.raises(MissingColumn, match="age"):
        features.matrix(pd.DataFrame({"height": [1.0]}))
    with pytest.raises(MissingValues, match="age"):
        features.matrix(pd.DataFrame({"age": ["old"]}))
