"""What a trial's file may choose from: every kind there is, with the keys that it must and may have."""

import pytest

from kg.files.checked import DesignError, check
from twin.trials.choices import PARTS, choices


def test_every_kind_is_listed_with_its_keys() -> None:
    rows = {(row["part"], row["kind"]): row for row in choices()}
    assert {part for part, _ in rows} == set(PARTS)
    keys = {key["name"]: key for key in rows["endpoints[]", "time_in_range"]["keys"]}
    assert keys["low"] == {"name": "low", "needed": True, "usual": None}
    assert keys["method"] == {"name": "method", "needed": False, "usual": "rosendaal"}
    assert all(row["what"] for row in rows.values())


@pytest.mark.parametrize("row", choices(), ids=lambda row: f"{row['part']} {row['kind']}")
def test_what_is_called_needed_is_missed(row: dict[str, object]) -> None:
    needed = [key["name"] for key in row["keys"] if key["needed"]]  # type: ignore[attr-defined]
    base = PARTS[str(row["part"])]
    if not needed:
        assert check({"kind": row["kind"]}, base, "part").kind == row["kind"]
        return
    with pytest.raises(DesignError) as told:
        check({"kind": row["kind"]}, base, "part")
    assert all(f"{name}: missing" in str(told.value) for name in needed)
