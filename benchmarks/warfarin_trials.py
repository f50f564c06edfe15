"""Claim: EU-PACT and COAG come out as they did, under one set of assumptions, and each assumption's part is known.

    python benchmarks/warfarin_trials.py

Runs panakeia/examples/eu_pact.toml and coag.toml on 4,000 twins an arm, with the published model and with the one
estimated anew on the IWPC's doses; then with one assumption changed at a time, in COAG also one after the other; then
over how well doses are taken and how far a measured INR is off. Prints one JSON object: each arm's share of time in
range by Rosendaal on measured INRs and by the true INR of each day, the difference, all with 95 % Monte-Carlo
intervals, who was ever measured above 4, COAG's Black patients apart, and what lies within the bounds: both
differences inside the published intervals, each arm within 5 points. `--table` prints the same as Markdown.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kg.files import toml
from kg.files.checked import check
from twin.trials.protocol import TrialDesign
from twin.trials.result import TrialResult
from twin.trials.run import run

Content = dict[str, Any]
EXAMPLES = Path(__file__).parent.parent / "panakeia" / "examples"
MODELS = {"published": "warfarin_hamberg2007", "recalibrated": "warfarin_hamberg2007_iwpc"}
PUBLISHED: dict[str, dict[str, Any]] = {
    "eu_pact": {
        "arms": (60.3, 67.4),
        "difference": 7.0,
        "interval": (3.3, 10.6),
        "source": "doi:10.1056/NEJMoa1311386",
    },
    "coag": {"arms": (45.4, 45.2), "difference": -0.2, "interval": (-3.4, 3.1), "source": "doi:10.1056/NEJMoa1310669"}
    | {"black": (43.5, 35.2)},
}
"""Control and guided arm, % of time in range, and their adjusted difference in points, 95 % interval."""
NEAR = 5.0
"""How many points an arm may be off."""
ADHERENCES: dict[str, Any] = {
    "all doses taken": 1.0,
    "8 % missed (about what patients say)": {"kind": "between", "mean": 0.92, "sd": 0.10},
    "19 % missed (pill bottles)": {"kind": "between", "mean": 0.812, "sd": 0.211},
}
ERRORS = {"0.180": 0.1803, "0.105": 0.105, "0.090": 0.090}
"""SD of a measured INR's logarithm: as published (decision 0024); of volunteers, by the lower of two readings (there
too); of patients whose INR stays within 2 to 3 on one dose (doi:10.1016/j.thromres.2012.05.028)."""
INR = "residual: INR"
OCCASION = "between occasions: ec50_mg_per_l"
LASTING = 0.285
"""SD of ln EC50 that makes the INR vary by √(0.180² - 0.090²) at 2.5, where ln INR falls by 0.548 a unit of it."""


def changed(content: Content, **tables: Mapping[str, Any] | list[Any]) -> Content:
    """Return a trial's content with other values in some of its tables, or another list or table of a kind."""
    found = deepcopy(content)
    for name, values in tables.items():
        own = found.get(name)
        whole = isinstance(values, list) or (name == "population") or own is None
        found[name] = values if whole else {**own, **values}  # type: ignore[dict-item]
    return found


def policies(content: Content, *changes: Mapping[str, Any]) -> list[Any]:
    """Return a trial's arms with other keys in their policies; None takes a key away."""
    arms = deepcopy(content["arms"])
    for arm, change in zip(arms, changes, strict=True):
        told = {**arm["policy"], **change}
        arm["policy"] = {key: value for key, value in told.items() if value is not None}
    return list(arms)


def eu_pact(content: Content) -> Iterator[tuple[str, Content]]:
    """Yield EU-PACT as assumed, and with one assumption changed."""
    yield "as assumed", content
    yield "all doses taken", changed(content, conduct={"adherence": 1.0})
    yield "only the protocol's visits", changed(content, visits={"days": [1, 4, 6, 8, 15, 22, 57, 85]})
    yield "no revision on day 4", changed(content, arms=policies(content, {}, {"revision": None}))
    yield from lasting(content)


def coag(content: Content, white: Content) -> Iterator[tuple[str, Content]]:
    """Yield COAG as assumed, and with one assumption changed."""
    none = {"late": None, "cyp2c9_from_day": None}
    yield "as assumed", content
    yield "all doses taken", changed(content, conduct={"adherence": 1.0})
    yield (
        "revised on day 5",
        changed(
            content,
            visits={"days": [1, 5, 7, 9, 12, 15, 22, 29]},
            endpoints=since(content, 5),
            arms=policies(content, {"revision_day": 5}, {"revision_day": 5}),
        ),
    )
    yield "no revision on day 4", changed(content, arms=policies(content, {"revision": None}, {"revision": None}))
    late = {**content["arms"][1]["policy"]["late"], "until_day": 4}
    yield "late genotypes come on day 4", changed(content, arms=policies(content, {}, {"late": late}))
    yield "all genotypes there for the first dose", changed(content, arms=policies(content, {}, none))
    yield "EU-PACT's patients", changed(content, population=white["population"])
    yield "the IWPC's clinical equation", changed(content, arms=policies(content, {"algorithm": "iwpc_clinical"}, {}))
    yield from lasting(content)


def lasting(content: Content) -> Iterator[tuple[str, Content]]:
    """Yield a trial in which a half of the INR's error, and more, is the body's, and lasts."""
    for days in (7, 14, 28):
        values = {INR: ERRORS["0.090"], OCCASION: LASTING}
        yield (
            f"of the INR's error 0.090 is a measurement's, the rest lasts {days} days",
            changed(content, parameters=values, conduct={"occasion_days": days}),
        )


def coag_in_steps(content: Content, white: Content) -> Iterator[tuple[str, Content]]:
    """Yield a trial like COAG as it was once tried here, and with one step after the other to COAG as assumed."""
    without = {"late": None, "cyp2c9_from_day": None, "revision": None}
    steps: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = [
        ("the IWPC's clinical equation, no revision", {"algorithm": "iwpc_clinical", "revision": None}, without),
        ("+ Gage's clinical equation", {"revision": None}, without),
        ("+ Lenzini's revision in both arms", {}, {"late": None, "cyp2c9_from_day": None}),
    ]
    early = changed(content, population=white["population"], conduct={"adherence": 1.0})
    for name, control, guided in steps:
        own = changed(early, endpoints=since(early, 5)) if "revision" in control else early
        yield name, changed(own, arms=policies(content, control, guided))
    mixed = changed(content, conduct={"adherence": 1.0})
    yield "+ COAG's patients, 27 % of them Black", changed(mixed, arms=policies(mixed, {}, steps[-1][2]))
    yield "+ late genotypes", changed(mixed, arms=policies(mixed, {}, {"cyp2c9_from_day": None}))
    yield "+ CYP2C9 ignored on day 1", mixed
    yield "+ doses missed (as assumed)", content


def since(content: Content, day: int) -> list[Any]:
    """Return a trial's endpoints, time in range counted from another day on."""
    return [{**one, "from_day": day} if "from_day" in one else one for one in content["endpoints"]]


def measured(content: Content, model: str) -> dict[str, Any]:
    """Run a trial and return its arms and differences in % and points, with intervals."""
    outline = {**content["trial"], "model": MODELS[model]}
    result = run(check({**content, "trial": outline}, TrialDesign, "benchmark"))
    found: dict[str, Any] = {}
    for one in result.endpoints:
        effect = one.differences[0].twins
        found[one.endpoint.name] = {
            "arms": [[percent(each.value), percent(each.lower), percent(each.upper)] for each in one.means.values()],
            "difference": [percent(effect.value), percent(effect.lower), percent(effect.upper)],
        }
    if len(set(result.subjects["RACE"])) > 1:
        found["TTR, Black patients"] = black(result)
    return found


def percent(share: float) -> float:
    """Return a share in percent."""
    return round(100 * share, 2)


def black(result: TrialResult) -> dict[str, Any]:
    """Return the shares of time in range of the Black patients, and their difference with its interval."""
    theirs = result.subjects[result.subjects["RACE"] == "black"]
    arms = [theirs.loc[theirs["ARM"] == arm.name].set_index("USUBJID")["TTR"] for arm in result.design.arms]
    away = (arms[1] - arms[0]).dropna()
    half = 1.96 * away.std() / np.sqrt(len(away))
    mean = away.mean()
    return {
        "arms": [[percent(arm.mean())] for arm in arms],
        "difference": [percent(mean), percent(mean - half), percent(mean + half)],
        "twins": len(away),
    }


def within(trial: str, found: Mapping[str, Any], endpoint: str) -> dict[str, Any]:
    """Return how far arms are from the published ones, and whether arms and difference are near enough."""
    told = PUBLISHED[trial]
    off = [round(arm[0] - there, 1) for arm, there in zip(found[endpoint]["arms"], told["arms"], strict=True)]
    lower, upper = told["interval"]
    return {
        "arms_off": off,
        "arms_near": max(map(abs, off)) <= NEAR,
        "difference_inside": lower <= found[endpoint]["difference"][0] <= upper,
    }


def runs(contents: Mapping[str, Content]) -> Iterator[tuple[str, str, str, Content]]:
    """Yield each trial to run: part of the report, trial, what is changed, content."""
    white = contents["eu_pact"]
    for name, content in eu_pact(white):
        yield "one at a time", "eu_pact", name, content
    for name, content in coag(contents["coag"], white):
        yield "one at a time", "coag", name, content
    for name, content in coag_in_steps(contents["coag"], white):
        yield "one after the other", "coag", name, content
    for taken, adherence in ADHERENCES.items():
        for error, sd in ERRORS.items():
            for trial, content in contents.items():
                own = changed(content, conduct={"adherence": adherence}, parameters={INR: sd})
                yield "doses taken and error", trial, f"{taken}; error {error}", own


def report() -> list[dict[str, Any]]:
    """Run everything; return a row for each trial and model."""
    contents = {name: toml.read_toml(EXAMPLES / f"{name}.toml") for name in PUBLISHED}
    rows = []
    for part, trial, name, content in runs(contents):
        for model in MODELS:
            sys.stderr.write(f"{part}: {trial}, {name}, {model}\n")
            found = measured(content, model)
            judged = {one: within(trial, found, one) for one in ("TTR", "TTRTRUE")}
            rows.append({"part": part, "trial": trial, "changed": name, "model": model, "found": found, **judged})
    return rows


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return the rows as tables: control v guided arm, and the difference, by Rosendaal and by the true INR."""
    lines: list[str] = []
    for part, of_part in pd.DataFrame(rows).groupby("part", sort=False):
        lines += ["", f"{part}", "", "| trial | | " + " | ".join(MODELS) + " |", "| --- " * 4 + "|"]
        for (trial, name), each in of_part.groupby(["trial", "changed"], sort=False):
            lines.append(f"| {trial} | {name} | " + " | ".join(_cell(one) for one in each["found"]) + " |")
    return "\n".join(lines)


def _cell(found: Mapping[str, Any]) -> str:
    told = []
    for name, words in (("TTR", ""), ("TTRTRUE", "true "), ("TTR, Black patients", "Black "), ("INROVER4", "above 4 ")):
        if name in found:
            control, guided = (arm[0] for arm in found[name]["arms"])
            value, lower, upper = found[name]["difference"]
            told.append(f"{words}{control:.1f} v {guided:.1f}, {value:+.1f} ({lower:+.1f} to {upper:+.1f})")
    return "; ".join(told)


def main() -> None:
    """Measure and print."""
    rows = report()
    if "--table" in sys.argv[1:]:
        sys.stdout.write(markdown(rows) + "\n")
        return
    told = {"claim": "EU-PACT and COAG under one set of assumptions", "published": PUBLISHED, "rows": rows}
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
