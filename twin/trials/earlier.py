"""Earlier: a trial's file as it was written before any model could be tried, in today's form.

Then a trial was of warfarin: one endpoint, the INR's time in range, stood under [endpoint]; nomograms were in INR and
mg; an arm's rule was its `start`. Such a file means the same as ever, to the last digit: a dose halfway between two
numbers of tablets is given as the even one, where one of today's form takes the larger.
"""

from collections.abc import Mapping
from typing import Any

_ENDPOINT = {"inr_low": "low", "inr_high": "high"}
_TITRATION = {"max_mg": "max_dose", "tablet_mg": "tablet", "nomogram": "rows"}
_ROW = {"inr_below": "below"}
_DROPOUT = "dropout_per_week"
INR = "INR"
MOVED = (
    "keys of an earlier form are read as: endpoint -> endpoints[0], inr_low -> low, inr_high -> high;"
    " titration.nomogram -> titration.rows, inr_below -> below, max_mg -> max_dose, tablet_mg -> tablet,"
    ' titration.halves = "even";'
    " arms.start -> arms.policy, rule -> kind; conduct.dropout_per_week -> hazards"
)


def in_todays_form(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a trial's file in today's form; what is in it already, or is no table, stays as it is."""
    found = dict(content)
    if isinstance(found.get("endpoint"), Mapping) and "endpoints" not in found:
        stated = _renamed(found.pop("endpoint"), _ENDPOINT)
        primary = {"kind": "time_in_range", "name": "TTR", "observable": INR, **stated}
        true = primary | {"name": "TTRTRUE", "method": "daily_true"}
        found["endpoints"] = [primary, true]
    if isinstance(found.get("titration"), Mapping):
        found["titration"] = _titration(found["titration"])
    if isinstance(found.get("arms"), list):
        found["arms"] = [_arm(arm) if isinstance(arm, Mapping) else arm for arm in found["arms"]]
    conduct = found.get("conduct")
    if isinstance(conduct, Mapping) and _DROPOUT in conduct and "hazards" not in found:
        found["conduct"] = {key: value for key, value in conduct.items() if key != _DROPOUT}
        leaving = {"kind": "constant", "name": "dropout", "then": "leave", "per_week": conduct[_DROPOUT]}
        found["hazards"] = [leaving] if conduct[_DROPOUT] else []
    return found


def _titration(stated: Mapping[str, Any]) -> dict[str, Any]:
    if "nomogram" not in stated:
        return dict(stated)
    found = {"kind": "table", "observable": INR, "halves": "even", **_renamed(stated, _TITRATION)}
    if isinstance(found["rows"], list):
        found["rows"] = [_renamed(row, _ROW) if isinstance(row, Mapping) else row for row in found["rows"]]
    return found


def _arm(stated: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(stated)
    if isinstance(found.get("titration"), Mapping):
        found["titration"] = _titration(found["titration"])
    if isinstance(found.get("start"), Mapping) and "policy" not in found:
        found["policy"] = _policy(found.pop("start"))
    return found


def _policy(start: Mapping[str, Any]) -> dict[str, Any]:
    rest = dict(start)
    rule = rest.pop("rule", None)
    if rule == "algorithm":
        return {"kind": "warfarin_algorithm", **rest}
    if rule == "eu_pact_loading":
        return {"kind": "warfarin_algorithm", "loading": "eu_pact", **_renamed(rest, {"maintenance": "algorithm"})}
    if rule == "fixed":
        older = {"older_than_years": "above", "doses_mg_if_older": "doses"}
        group = _renamed({key: rest.pop(key) for key in older if key in rest}, older)
        found = {"kind": "fixed", **_renamed(rest, {"doses_mg": "doses"})}
        return found | ({"instead": [{"covariate": "age_years", **group}]} if group else {})
    return {"kind": rule, **rest} if rule is not None else rest


def _renamed(table: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in table.items()}
