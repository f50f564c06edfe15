"""Policies: the doses that patients start with, and what is made of a visit, against doses worked out by hand."""

import pytest

from kg.files.checked import DesignError, check
from tests.twin.trials.patients import patients
from twin.trials.policies.fixed import Fixed, Group

OLDER = Group(covariate="age_years", above=75.0, doses=(5.0,))


def test_a_fixed_start_goes_on_with_its_last_dose() -> None:
    plan = Fixed(doses=(10.0, 5.0), instead=(OLDER,)).begin(patients())
    assert plan.laid_out(4).tolist() == [[10, 5, 5, 5], [5, 5, 5, 5]]


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"doses": [-1.0]}, r"doses\[0\]: got -1.0, expected >= 0"),
        ({"doses": []}, "doses: got 0 items, expected at least 1"),
        ({"doses": [5.0], "instead": [{"covariate": "age_years", "doses": [2.5]}]}, "expected one of above, below or"),
        ({"doses": [5.0], "instead": [{"covariate": "age_years", "above": 75}]}, r"instead\[0\].doses: missing"),
        (
            {"doses": [5.0], "instead": [{"covariate": "age_years", "above": 75, "doses": []}]},
            r"instead\[0\].doses: got 0 items",
        ),
    ],
)
def test_an_impossible_fixed_start_is_refused(start: dict[str, object], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        check(start, Fixed, "trial.toml")


def test_the_widest_allowed_start_is_taken() -> None:
    start = {"doses": [0.0, 100.0], "instead": [{"covariate": "age_years", "above": 75, "doses": [2.5]}]}
    assert check(start, Fixed, "trial.toml").doses == (0.0, 100.0)
