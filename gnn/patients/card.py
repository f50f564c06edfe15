"""Card: what a model of patients and drugs is for, what it learned from, what it keeps of whom, how far to trust it.

The sections are those of `gnn.card`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gnn import checkpoint
from gnn.card import data_section, evaluation_section, settings_table, write_sections
from gnn.folders import evaluation
from gnn.patients.hear import FOLDS
from gnn.patients.model import INPUTS, LEVEL, PatientModel
from gnn.patients.received import LEAST_PATIENTS

SETTINGS = ("task", "seed", "label_sources", "sources", "draws", "parts")
"""The settings that a model of patients heeds."""


def write_card(model: PatientModel, folder: str | Path) -> Path:
    """Write the card of the model that lies in a folder beside it, and return its path; see `gnn.card.write_card`."""
    stated = checkpoint.about(folder) or {}
    return write_sections(folder, _sections(model, stated, evaluation(folder, stated) if stated else {}))


def _sections(model: PatientModel, stated: Mapping[str, Any], measured: Mapping[str, Any]) -> Iterator[str]:
    summary, held_out = model.summary(), tuple(stated.get("held_out", (0, "")))
    yield "# Which drug is for which patient"
    yield (
        f"A model of the task `{model.task.name}`: it ranks drugs for a patient by what patients with a like record "
        f"received, and by which drugs the knowledge graph says are like those. Written by panakeia "
        f"{stated.get('panakeia', '')} with the model; seed {model.config.seed}, {summary['patients']:,} patients "
        f"({', '.join(f'{name} {count:,}' for name, count in model.records.items())}), {summary['drugs']:,} drugs, of "
        f"which {summary['drugs_taken']:,} are on their records."
    )
    yield f"## Intended use\n\n{_USE}"
    yield f"## What a score means\n\n{_meaning(model)}"
    yield f"## Data\n\n{data_section(model.sources, (int(held_out[0]), str(held_out[1])))}"
    yield f"## Privacy\n\n{_PRIVACY}"
    yield f"## Training\n\n{_training(model)}"
    yield f"## Evaluation\n\n{evaluation_section(measured)}"
    yield f"## Limits\n\n{_LIMITS}"


_USE = (
    "To say which drugs patients like this one received (`panakeia rank PATIENT`), and which patients of a graph a "
    "drug would fit (`panakeia rank DRUG --for patients`), for research and trial planning. What was given is no "
    "evidence that it helped: the score knows prescribing, not benefit. Read it with its two other parts, what the "
    "graph supports and what speaks against a drug. Not a medical device: no treatment is decided by it."
)

_PRIVACY = "\n".join(
    [
        "- The model has weights of things (a condition, a drug), and no row, name, pseudonym or date of a patient.",
        f"- What fewer than {LEAST_PATIENTS} patients have is no thing of its own. That alone does not make it "
        "anonymous: weights of a small cohort can tell of its members. Keep the model where the records may be kept.",
        "- Who withdrew consent was not learned from, and is not ranked. Who withdraws later is not ranked from then "
        "on, but was learned from: train anew.",
    ]
)

_LIMITS = "\n".join(
    f"- {line}"
    for line in (
        "A record says what was prescribed, by the habits of one place and time; another hospital has others.",
        "A drug that is not on a record may have been taken and not written down.",
        "A drug that nobody takes is judged by drugs like it alone, and comes after nearly all others.",
        "A drug without a warning is not a safe one: the warnings say which sources the graph lacks.",
    )
)


def _meaning(model: PatientModel) -> str:
    told = ", ".join(f"`{regime}`: {one.way}" for regime, one in model.calibrators.items())
    lines = (
        '`score`: how like a drug is to those on such records, from 0 to 1: a score that means "on the record", no '
        "more; `known`: it is on this one.",
        f"`probability`: the share of pairs with such a score that are on the record, had it not been told (calibrated "
        f"apart by regime and data set: {told}).",
        f"`low` and `high`: between them the score lies in {LEVEL:.0%} of draws of the patients anew.",
        "`prior`: how common the drug is in the patient's data set; `because`: what of the record speaks most for it.",
    )
    return "\n".join(f"- {line}" for line in lines)


def _training(model: PatientModel) -> str:
    settings = {name: value for name, value in asdict(model.config).items() if name in SETTINGS}
    regimes = [f"- {regime}: {', '.join(INPUTS[regime])}" for regime in model.readouts]
    head = (
        f"Regressions on the records, and a readout for each regime, fitted on {FOLDS} inner folds that hide its pairs:"
    )
    return "\n".join([head, "", *regimes, "", settings_table(settings)])
