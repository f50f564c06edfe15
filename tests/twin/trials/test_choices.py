"""What a trial's file may choose from: every kind there is, with the keys that it must and may have."""

from typing import Any

import pytest

from kg.files.checked import Checked, DesignError, check
from twin.trials.choices import NAMED, PARTS, TABLES, choices

CHECKED = [row for row in choices() if row["part"] not in NAMED]
"""Rows of tables that have a schema of their own."""


def test_every_kind_is_listed_with_its_keys() -> None:
    rows = {(row["part"], row["kind"]): row for row in choices()}
    assert {part for part, _ in rows} == {*PARTS, *TABLES, *NAMED}
    assert all(row["what"] for row in rows.values())
    told = {(*place, key["name"]): key for place, row in rows.items() for key in row["keys"]}
    low, method = (told["endpoints[]", "time_in_range", name] for name in ("low", "method"))
    assert (low["needed"], low["type"], low["allowed"], low["unit"]) == (True, "number", None, "that of the observable")
    assert (method["needed"], method["usual"], method["allowed"]) == (False, "rosendaal", ["rosendaal", "daily_true"])
    assert told["hazards[]", "constant", "per_week"]["range"] == ">= 0, < 1"
    assert told["hazards[]", "constant", "per_week"]["unit"] == "1/week"
    assert told["titration", "table", "rows[].hold_doses"]["range"] == ">= 0, <= 28"
    assert told["arms[]", "", "policy"]["type"] == "table, one of arms[].policy"
    assert told["analysis", "", "multiplicity"]["usual"] == "none"
    assert told["trial", "", "design"]["allowed"] == ["twins", "parallel"]
    assert "while_on_treatment" in told["estimand", "", "<a hazard's name>"]["allowed"]
    assert all(key["type"] for key in told.values())


@pytest.mark.parametrize("row", CHECKED, ids=lambda row: f"{row['part']} {row['kind']}")
def test_what_is_not_allowed_or_out_of_range_is_refused(row: dict[str, Any]) -> None:
    """Of each key with listed values another text, and of each with a range a number outside it."""
    base = PARTS.get(row["part"]) or TABLES[row["part"]]
    kind = {"kind": row["kind"]} if row["kind"] else {}
    for key in [key for key in row["keys"] if "." not in key["name"]]:
        signs = [limit.split() for limit in key["range"].split(", ") if limit]
        wrong = [float(bound) + (-1 if sign[0] == ">" else 1) for sign, bound in signs]
        wrong = [int(one) if one == int(one) and "whole" in key["type"] else one for one in wrong]
        for value in [*wrong, *(["no such value"] if key["allowed"] else [])]:
            stated = [value] if key["type"].startswith("list") else {"a": value} if "by name" in key["type"] else value
            with pytest.raises(DesignError, match=rf"{key['name']}\S*: .*(got|expected)"):
                check({**kind, key["name"]: stated}, base, "part")


@pytest.mark.parametrize("row", CHECKED, ids=lambda row: f"{row['part']} {row['kind']}")
def test_what_is_called_needed_is_missed(row: dict[str, Any]) -> None:
    needed = [key["name"] for key in row["keys"] if key["needed"] and "." not in key["name"]]
    base: type[Checked] = PARTS.get(row["part"]) or TABLES[row["part"]]
    kind = {"kind": row["kind"]} if row["kind"] else {}
    if not needed:
        assert check(kind, base, "part").model_dump().get("kind", "") == row["kind"]
        return
    with pytest.raises(DesignError) as told:
        check(kind, base, "part")
    assert all(f"{name}: missing" in str(told.value) for name in needed)
