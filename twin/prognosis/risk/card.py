"""Card: what a reader must know of a risk before using it, item by item after TRIPOD+AI.

Collins GS et al. BMJ 2024;385:e078378. An item that the model cannot know (who the patients were, why) says so.
"""

import pandas as pd

from twin.prognosis.risk.learner import REFERENCE, Learner, named
from twin.prognosis.risk.split import split_named
from twin.prognosis.risk.train import Risk

_UNSAID = "Not stated; to be written by who trained it."


def card(risk: Risk, version: str) -> str:
    """Return the model card, in Markdown; `version` is scikit-learn's."""
    parts = [
        f"# Model card: {risk.question.outcome}, foretold by {_learner(risk).words}",
        "Items in brackets are those of TRIPOD+AI (Collins GS et al. BMJ 2024;385:e078378).",
        _purpose(risk),
        _data(risk),
        _methods(risk, version),
        _results(risk),
        _limits(risk),
    ]
    return "\n\n".join(parts) + "\n"


def _learner(risk: Risk) -> Learner:
    return named(risk.learner, risk.question.kind, risk.question.visit is not None)


def _purpose(risk: Risk) -> str:
    return (
        f"## What it is for [1, 3, 4]\n\n{risk.purpose or _UNSAID}\n\nIt is a research model: no decision on a patient "
        "may rest on it before it is validated where it is to be used."
    )


def _data(risk: Risk) -> str:
    question, counts = risk.question, risk.report.counts
    missing = [
        f"{name} {share:.0%}"
        for name, share in zip(risk.ranges.features.names, risk.ranges.missing, strict=True)
        if share
    ]
    outcome = {
        "binary": f"`{question.outcome}`, 0 or 1: the chance of 1",
        "continuous": f"`{question.outcome}`, a number",
        "survival": f"time `{question.outcome}`, censored by `{question.censored}`: chance until {question.horizon}",
    }[question.kind]
    lines = [
        "## Data",
        f"- Source and version [5]: {risk.provenance.data}; schema {risk.provenance.schema}.",
        f"- Participants and setting [6]: {counts['patients']} patients, {counts['rows']} rows, of which "
        f"{counts['rows without an outcome, left out']} without an outcome were left out. {_UNSAID}",
        f"- Outcome [8]: {outcome}.",
        f"- Predictors [9]: {', '.join(_predictor(risk, place) for place in range(len(question.features)))}.",
        f"- Columns refused as features: {', '.join(question.later) or 'none named'}.",
        f"- Sample size [10]: {counts['events'] if counts['events'] is not None else 'no'} events, "
        f"{counts['features']} features; no size was planned.",
        f"- Missing values [11]: {', '.join(missing) or 'none'}; filled within folds (plain: the mean).",
    ]
    return "\n".join(lines)


def _predictor(risk: Risk, place: int) -> str:
    name, levels = risk.ranges.features.names[place], risk.ranges.features.levels[place]
    if levels is None:
        return f"`{name}` ({risk.ranges.least[place]:g} to {risk.ranges.most[place]:g})"
    return f"`{name}` ({len(levels)} levels)"


def _methods(risk: Risk, version: str) -> str:
    compared = ", ".join(dict.fromkeys(risk.report.figures["learner"]))
    visit, of_visits = risk.question.visit, _learner(risk).visits
    reads = "its patient's rows up to it, no later one" if of_visits else "its own row alone"
    lines = [
        "## How it was learned [12]",
        *([f"- Visits: told apart by `{visit}`; a row's forecast reads {reads}."] if visit else []),
        f"- Compared: {compared}. Kept: **{risk.learner}**{f' ({risk.setting})' if risk.setting else ''}, "
        f"scikit-learn {version}. The plain model is kept unless another's error is lower beyond doubt, or one is "
        "asked for.",
        f"- Validation: nested, {split_named(risk.split.name).words}; {risk.report.folds['fold'].nunique()} outer "
        f"folds judge, {risk.split.inner} inner folds choose settings; seed {risk.split.seed}. Where the best of "
        "several is kept by the figures below, they flatter it slightly.",
        "- Class imbalance [13]: nothing was weighed or sampled anew; chances are calibrated as they are.",
        f"- Fairness [14]: {_by_group(risk)}",
    ]
    return "\n".join(lines)


def _results(risk: Risk) -> str:
    figures, reference = risk.report.figures, REFERENCE[risk.question.kind]
    table = _markdown(
        pd.DataFrame(
            {
                "learner": figures["learner"],
                "measure": figures["measure"],
                "value (interval)": [_interval(*row) for row in figures[["value", "lower", "upper"]].to_numpy(float)],
                f"above {reference}": [
                    _interval(*row)
                    for row in figures[[f"above {reference}", "difference lower", "difference upper"]].to_numpy(float)
                ],
            }
        )
    )
    most = risk.report.importance.head(10)
    return "\n\n".join(
        [
            "## What it is worth [23] in patients left out",
            table,
            *_groups(risk),
            "## What it looks at",
            _markdown(most.assign(**{name: most[name].astype(float).round(4) for name in most.columns[1:]})),
            "The model in full [24]: `model.skops`, read by `panakeia risk predict`.",
        ]
    )


def _by_group(risk: Risk) -> str:
    if not risk.report.fairness:
        return "not measured here; `panakeia fairness` does, on `out_of_fold.csv` with a column of groups."
    attributes = dict.fromkeys(one["attribute"] for one in risk.report.fairness["figures"] if one["attribute"])
    return f"compared by {', '.join(attributes)}, in patients left out, below."


def _groups(risk: Risk) -> list[str]:
    """Return the figures by group, each with its interval, and how far groups are apart in words."""
    fairness = risk.report.fairness
    if not fairness:
        return []
    shown = [
        {
            "group": f"{one['attribute']}: {one['group']}" if one["attribute"] else one["group"],
            "patients": one["n"],
            "measure": one["metric"].replace("_", " "),
            "value (interval)": _interval(*(_number(one[name]) for name in ("value", "lower", "upper"))),
        }
        for one in fairness["figures"]
    ]
    words = [f"- by {one['attribute']}, {one['words']}" for one in fairness["disparities"]]
    notes = [f"- {one}" for one in fairness["notes"]]
    return ["## By group of patients left out [14]", _markdown(pd.DataFrame(shown)), "\n".join([*words, *notes])]


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _limits(risk: Risk) -> str:
    told = [f"- **{warning}**" for warning in risk.report.warnings]
    lines = [
        "## Limits [26, 27]",
        *told,
        "- It holds for patients like those learned from: what lies outside of their ranges is flagged, and a new "
        "hospital or year must be measured anew.",
        "- A contribution or a dependence says what the model does with a value, not what a treatment would do.",
        "- The folder holds forecasts and outcomes by row (`out_of_fold.csv`) and the extremes of each feature "
        "(`manifest.json`): who passes it on passes these on.",
    ]
    return "\n".join(lines)


def _interval(value: float, lower: float, upper: float) -> str:
    if value != value:
        return "-"
    return f"{value:.3f}" if lower != lower else f"{value:.3f} ({lower:.3f} to {upper:.3f})"


def _markdown(frame: pd.DataFrame) -> str:
    rows = [frame.columns.tolist(), ["---"] * len(frame.columns), *frame.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
