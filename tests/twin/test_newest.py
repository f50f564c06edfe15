"""The newest measurement is the last by a stable sort of moments, whatever the order it was told in."""

import numpy as np
import pandas as pd

from twin.covariates import Continuous, Recorded
from twin.newest import Newest, Reading, newest

CODES = ("LOINC:29463-7", "LOINC:3141-9")
WEIGHT = Continuous("weight_kg", "kg", 1.0, 500.0, recorded=Recorded(CODES, {"kg": 1.0, "g": 1e-3}))
BY_CODE = dict.fromkeys(CODES, WEIGHT)


def test_the_newest_is_what_a_stable_sort_has_last() -> None:
    drawn = np.random.default_rng(17)
    for _ in range(200):
        readings = [
            Reading(
                str(drawn.choice(["LOINC:29463-7", "LOINC:3141-9", "LOINC:8302-2"])),
                float(drawn.integers(40, 120)),
                "kg",
                None if drawn.random() < 0.3 else int(drawn.integers(0, 4)),
                None if drawn.random() < 0.3 else int(drawn.integers(0, 3)),
            )
            for _ in range(drawn.integers(1, 9))
        ]
        frame = pd.DataFrame([vars(one) for one in readings])
        own = frame[frame["code"] != "LOINC:8302-2"].sort_values(["day", "minute"], na_position="first", kind="stable")
        expected = {}
        if len(own):
            last = own.iloc[-1]
            expected = {"weight_kg": Newest(last["value"], None if pd.isna(last["day"]) else int(last["day"]))}
        assert newest(readings, BY_CODE) == expected


def test_what_is_in_an_unknown_unit_is_not_used_and_others_are_in_the_model_s() -> None:
    readings = [
        Reading("LOINC:29463-7", 70_000.0, "g", 5),
        Reading("LOINC:29463-7", 11.0, "[stone_av]", 9),
        Reading("LOINC:29463-7", 12.0, None, 9),
    ]
    assert newest(readings, BY_CODE) == {"weight_kg": Newest(70.0, 5)}
