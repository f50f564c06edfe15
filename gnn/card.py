"""Card: what a model is for, what it learned from, what its scores mean and how far to trust them, as a page.

The sections are those of Mitchell et al. 2019 (doi:10.1145/3287560.3287596), as far as a model of a graph has them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gnn import checkpoint
from gnn.checkpoint import Model
from gnn.folders import CARD, evaluation
from gnn.score import LEVEL
from gnn.stability import ORDER, OVERLAP
from gnn.task import REGIMES
from kg.graph import SourceRelease, data_version
from kg.output import whole_file

SHOWN = (
    *("average_precision", "recall_at_100", "reciprocal_rank", "mrr", "hits_at_10", "auprc"),
    *("recall_at_20", "recall_at_20_new_to_the_patient", "recall_at_20_of_rare_drugs", "share_ranked_before"),
)
"""The figures of the card's tables; the evaluation's file has all of them."""


def write_card(model: Model, folder: str | Path) -> Path:
    """Write the card of the model that lies in a folder beside it, and return its path.

    What was measured is in it where the folder's evaluation is of this very model: whoever evaluates writes it anew.
    """
    stated = checkpoint.about(folder)
    return write_sections(folder, _sections(model, stated, evaluation(folder, stated) if stated else {}))


def write_sections(folder: str | Path, sections: Iterable[str]) -> Path:
    """Write the sections of a card into a folder, in place of the card that may be there; return its path."""
    path = Path(folder) / CARD
    with whole_file(path) as part:
        part.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    return path


def _sections(model: Model, stated: Mapping[str, Any] | None, measured: Mapping[str, Any]) -> Iterator[str]:
    task, summary = model.task, model.summary()
    subject, target = task.columns
    yield f"# Which {subject} {task.relation} which {target}"
    yield (
        f"A model of the task `{task.name}`: it scores pairs of a {subject} and a {target} by how like they are to "
        f"pairs that are known ({', '.join(task.labels)}), over a knowledge graph. Written by panakeia "
        f"{stated['panakeia'] if stated else ''} with the model; seed {model.config.seed}, "
        f"{summary[f'{subject}s']:,} {subject}s, {summary[f'{target}s']:,} {target}s, "
        f"{summary['known_pairs']:,} known pairs."
    )
    yield f"## Intended use\n\n{_use(model)}"
    yield f"## What a score means\n\n{_meaning(model)}"
    yield f"## Data\n\n{data_section(model.sources, model.held_out)}"
    yield f"## Training\n\n{_training(model)}"
    yield f"## Evaluation\n\n{evaluation_section(measured)}"
    yield f"## Limits\n\n{_limits(model)}"


def _use(model: Model) -> str:
    subject, target = model.task.columns
    return (
        f"To rank hypotheses, either way: {subject}s for a {target}, {target}s for a {subject}. For research and trial "
        "planning, read with the evidence (`panakeia explain`). Not a medical device: no treatment is decided by it, "
        "and a high score is no evidence that a drug works or is safe."
    )


def _meaning(model: Model) -> str:
    lists = model.listed(True).removeprefix("in ")
    told = [f"`{regime}`: {one.way}" for regime, one in model.calibrators.items()]
    lines = [
        f'`score`: how like a pair is to those in {lists}, from 0 to 1: a score that means "in the list", no more.',
        f"`probability`: the share of pairs with such a score that are in the list, had it not been known "
        f"(calibrated apart by regime: {', '.join(told)}).",
        f"`low` and `high`: between them the score lies in {LEVEL:.0%} of draws of the training data anew; what no "
        "data tell is in neither. `probability_low` and `probability_high`: the probabilities at these scores.",
        "`prior`: the same probability from the numbers of known pairs of both ends alone; `lift`, `lift_low`, "
        "`lift_high`: the calibrated probability and its ends over it.",
        f"`known`: the pair is {model.listed(True)}. One that is not may be known elsewhere, or known not to work.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def data_section(sources: Iterable[SourceRelease], held_out: tuple[int, str]) -> str:
    """Tell what a model learned from, and how many pairs (with their SHA-256) it must not hear of."""
    sources, (held, sha) = tuple(sources), held_out
    rows = [f"| {release.name} | {release.version} | {release.licence} | {release.citation} |" for release in sources]
    left = f"{held:,} pairs were held out in every form (SHA-256 {sha})." if held else "No pair was held out."
    head = f"Data version: {data_version(sources)}. {left} The model carries the licences of its data."
    return "\n".join([head, "", "| data set | version | licence | citation |", "| --- | --- | --- | --- |", *rows])


def _training(model: Model) -> str:
    ends = [
        f"- {side.kind}s are alike by: {', '.join(side.shared) or 'nothing'}"
        for side in (model.around.subjects, model.around.objects)
    ]
    return "\n".join(
        [
            f"{len(model.members)} members, their log-odds averaged; readouts apart for {', '.join(REGIMES)} pairs.",
            "",
            *ends,
            f"- walks between them: {', '.join(model.task.chains) or 'none'}",
            "",
            settings_table(asdict(model.config)),
        ]
    )


def settings_table(settings: Mapping[str, Any]) -> str:
    """Return settings as the rows of a table."""
    rows = [f"| {name} | {_cell(value)} |" for name, value in settings.items()]
    return "\n".join(["| setting | value |", "| --- | --- |", *rows])


def evaluation_section(measured: Mapping[str, Any]) -> str:
    """Tell what was measured of a model, split by split (`gnn.folders.evaluation`)."""
    if not measured.get("splits"):
        return (
            "This very model has not been evaluated: `panakeia evaluate --model DIR` does it. What models of these "
            "settings reach, beside which baselines, stands in `docs/validation.md`."
        )
    head = (
        "Measured with the settings of this model, trained anew without what is held out; all candidates are ranked. "
        "Intervals hold 95 % of bootstrap draws of the nodes asked for. `model - other`: how much better, paired."
    )
    return "\n\n".join([head, *(_split(split) for split in measured["splits"].values())])


def _split(measured: Mapping[str, Any]) -> str:
    """Tell what was measured by one split: tables with a row for each method, a column for each figure.

    Each group that was measured apart, whose name stands before a figure's (a data set of patients), has a table.
    """
    figures = {(row["method"], row["metric"]): row for row in measured["figures"]}
    tables = []
    for group in dict.fromkeys(metric.rpartition(": ")[0] for _, metric in figures):
        named = {metric: f"{group}: {metric}" if group else metric for metric in SHOWN}
        shown = {name: metric for name, metric in named.items() if any(metric == there for _, there in figures)}
        methods = dict.fromkeys(method for method, metric in figures if metric in shown.values())
        rows = [[method, *(_figure(figures.get((method, metric))) for metric in shown.values())] for method in methods]
        head = ["method", *(name.replace("_", " ") for name in shown)]
        table = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
        if shown:
            tables.append("\n".join([*([f"{group[0].upper()}{group[1:]}:", ""] if group else []), *table]))
    about = (
        f"Held out by {measured['split']}: {measured['held_out']:,} pairs, {len(measured['folds'])} folds (seed "
        f"{measured['seed']}), {measured['nodes']:,} nodes asked for, {measured['candidates']:,} candidates; data "
        f"{measured['data_version']}."
    )
    found = [f"- {name.replace('_', ' ')}: {value:.3g}" for name, value in measured["promises"].items()]
    others = (metric for _, metric in figures if metric in (OVERLAP, ORDER) or metric.startswith("entropy"))
    for metric in dict.fromkeys(others):
        if row := figures.get(("model", metric)):
            found.append(f"- {metric.replace('_', ' ')}: {_figure(row)}")
    return "\n\n".join([f"### By {measured['split']}", about, *tables, "\n".join(found)]).rstrip()


def _figure(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    interval = f" ({row['lower']:.3f} to {row['upper']:.3f})" if row.get("lower") is not None else ""
    return f"{row['mean']:.3f}{interval}"


def _limits(model: Model) -> str:
    subject, target = model.task.columns
    lines = [
        f"A {subject} or {target} of which little is known is ranked by little: see `prior` and the interval.",
        f"Well studied {subject}s and {target}s have more known pairs, and rank higher for it.",
        "What is not in the list counts as unlikely in training, though some of it is merely not listed.",
        "Learned from public data bases, with their gaps: rare diseases, recent drugs and biologics are few in them.",
    ]
    side = model.around.subjects
    if "ATC group" in side.ways:
        without = int((np.diff(side.ways["ATC group"].reached.indptr) == 0).sum())
        lines.append(
            f"ATC groups state what a drug is used for: they help with uses known already, and {without:,} of "
            f"{len(side.nodes):,} drugs have none. `docs/validation.md` has the figures without them."
        )
    return "\n".join(f"- {line}" for line in lines)


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
