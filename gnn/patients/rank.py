"""Rank: a PatientModel and a store to drugs for a patient, patients for a drug, and scores of pairs.

A patient is asked for at the end of the record. Whoever was not there in training is ranked like all others; one who
withdrew consent is refused. Beside what like patients received stand, apart from it, what the molecular graph supports
(`kg.support`) and what speaks against a drug (`kg.safety`): no ranking leaves its warnings out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from gnn.pairs import PairsError, check_columns
from gnn.patients.cases import NOW, cases
from gnn.patients.events import read_events
from gnn.patients.hidden import without_hidden
from gnn.patients.model import Asked, PatientModel, asked, because, interval, logits, prior, probabilities
from gnn.rank import SCORE_COLUMNS, assert_trained_on
from gnn.task import End
from kg.query.people import OWN_PREFIX, find_patient, patients, stored
from kg.safety import Warnings, warnings_of
from kg.schema import PERSON
from kg.search import check_count, find, meanings
from kg.stores.protocol import Store
from kg.support import support, support_of

MODEL_COLUMNS = ("score", "probability", "low", "high", "prior", "known", "because")
"""What like patients received."""
SUPPORT_COLUMNS = ("treats", "genes", "support")
"""What the molecular graph says for it."""
WARNING_COLUMNS = ("warning", "warnings", "warning_because")
"""What speaks against it."""


class WithdrawnError(ValueError):
    """A patient who withdrew consent, and of whom nothing is said."""


@dataclass(frozen=True)
class People:
    """Patients at the ends of their records, as a store has them. Shapes: scores [patient, candidate]."""

    ids: tuple[str, ...]
    of: Asked
    logits: NDArray[np.float32]
    known: NDArray[np.bool_]


def people(model: PatientModel, store: Store, ids: Sequence[str]) -> People:
    """Judge every candidate for these patients, given by identifier.

    Raises `WithdrawnError` where one withdrew consent: without saying who.
    """
    held = stored(store, ids)
    events = read_events(without_hidden(held, model.hidden))
    if lost := len(set(ids)) - len(events.people):
        raise WithdrawnError(f"{lost} of {len(set(ids))} patients withdrew consent: no drug is ranked for who did")
    told = cases(events, model.bounds)
    ends = np.flatnonzero(told.kind == NOW)
    every = asked(model, told, events.sources)
    of = Asked(every.told.of(ends), every.treated[ends])
    place = pd.Index(told.drugs).get_indexer(pd.Index(model.candidates))
    earlier = told.earlier[ends].toarray() > 0
    known = np.zeros((len(ends), len(model.candidates)), bool)
    known[:, place >= 0] = earlier[:, place[place >= 0]]
    return People(events.people, of, logits(model, of), known)


def score(model: PatientModel, store: Store, pairs: pd.DataFrame, origin: object = "the pairs") -> pd.DataFrame:
    """Score pairs of a patient (by identifier) and a drug (by identifier, name or synonym).

    Returns the same rows in the same order, with `score`, `probability`, `prior` and `known` (on the record) added.
    Raises `PairsError` naming the lines (counting a header as line 1) of who or what is not in the store, without
    repeating what may be a patient's name, and `WithdrawnError` where a patient withdrew consent.
    """
    assert_trained_on(model, store)
    check_columns(origin, [str(column) for column in pairs.columns], model.task, SCORE_COLUMNS)
    texts = {column: pairs[column].astype(str) for column in model.task.columns}
    meant = {
        "patient": _patients(store, texts["patient"]),
        "drug": _drugs(store, [*texts["drug"].unique()], set(model.candidates)),
    }
    bad = sorted(
        (place + 2, text)
        for column, of in texts.items()
        for place, text in enumerate(of)
        if text not in meant[column]
        for text in [f"a {column} that the store does not have, or has several of"]
    )
    if bad:
        told = "\n".join(f"line {line}: {why}" for line, why in bad[:_SHOWN])
        raise PairsError(f"{origin}: {len(bad)} ends of pairs cannot be scored:\n{told}")
    ids = {column: of.map(meant[column]).tolist() for column, of in texts.items()}
    return pairs.assign(**scored(model, store, ids["patient"], ids["drug"]))


def _patients(store: Store, texts: pd.Series) -> dict[str, str]:
    """Return the patient that each text means, with or without the prefix."""
    forms = {text: (text.strip(), OWN_PREFIX + text.strip()) for text in texts.unique()}
    held = {one for _, one in store.nodes([(PERSON, form) for two in forms.values() for form in two])}
    return {text: form for text, two in forms.items() for form in two if form in held}


def _drugs(store: Store, texts: Sequence[str], known: set[str]) -> dict[str, str]:
    others = [text for text in texts if text not in known]
    found = meanings(store, others, "Drug") if others else {}
    return {text: text for text in texts if text in known} | {
        text: ones[0].id for text, ones in found.items() if len(ones) == 1
    }


_SHOWN = 10


def scored(model: PatientModel, store: Store, ids: Sequence[str], drugs: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return what is said of each pair of a patient and a drug, by identifier: score, probability, prior, known.

    A drug that the model has not seen is as one that nobody takes and that is like no other. Raises `WithdrawnError`.
    """
    found = people(model, store, sorted(set(ids)))
    rows = pd.Index(found.ids).get_indexer(pd.Index(ids))
    columns = pd.Index(model.candidates).get_indexer(pd.Index(drugs))
    strange = columns < 0
    lowest = found.logits.min(axis=1)[rows]
    values = np.where(strange, lowest, found.logits[rows, columns])
    chances = probabilities(model, found.of, found.logits)
    return {
        "score": expit(values),
        "probability": np.where(strange, chances.min(axis=1)[rows], chances[rows, columns]),
        "prior": np.where(strange, 1e-6, prior(model, found.of)[rows, columns]),
        "known": np.where(strange, False, found.known[rows, columns]),
    }


def rank(
    model: PatientModel, store: Store, node: str, *, end: End | None = None, top: int = 20, new_only: bool = False
) -> pd.DataFrame:
    """Rank the drugs for a patient, or, with the end `object`, the patients for a drug; whom the text means, if `None`.

    See `drugs_for` and `patients_for`.
    """
    assert_trained_on(model, store)
    if end is None:
        end = "subject" if _patients(store, pd.Series([node])) else "object"
    if end == "object":
        return patients_for(model, store, node, top=top, new_only=new_only)
    return drugs_for(model, store, node, top=top, new_only=new_only)[0]


def drugs_for(
    model: PatientModel, store: Store, patient: str, *, top: int = 20, new_only: bool = False
) -> tuple[pd.DataFrame, Warnings]:
    """Rank the drugs for a patient (given as for `find_patient`), best first; with `new_only` those not on the record.

    Columns: rank, drug, name, then three parts: `MODEL_COLUMNS`, what like patients received, with what of the record
    speaks for it; `SUPPORT_COLUMNS`, what the molecular graph says for it; `WARNING_COLUMNS`, what speaks against it.
    Returns the warnings too, which say what was not checked. Raises `UnknownNode`, `WithdrawnError`, `ValueError`.
    """
    check_count("top", top)
    node = find_patient(store, patient)
    found = people(model, store, [node.id])
    order = np.argsort(-found.logits[0], kind="stable")
    places = np.flatnonzero(~found.known[0][order]) if new_only else np.arange(len(order))
    best = order[places[:top]].tolist()
    wanted = [model.candidates[drug] for drug in best]
    against = warnings_of(store, [node.id], wanted)[node.id]
    supported = support(store, node.id, wanted)
    frame = pd.DataFrame({"rank": places[:top] + 1, "drug": wanted, "name": [model.names[drug] for drug in best]})
    names = _names(store, model, found, best)
    told = _model_part(model, found, [0], best)
    told["because"] = [names[drug] for drug in best]
    for column in SUPPORT_COLUMNS:
        told[column] = [supported.row(drug)[column] for drug in wanted]
    for column, key in zip(WARNING_COLUMNS, ("warning", "warnings", "because"), strict=True):
        told[column] = [against.row(drug)[key] for drug in wanted]
    return frame.assign(**told), against


def patients_for(
    model: PatientModel, store: Store, drug: str, *, top: int = 20, new_only: bool = False
) -> pd.DataFrame:
    """Rank the patients of a store whom a drug (given as for `find`) fits, best first, each with its gravest warning.

    Columns as in `drugs_for`, for patients. Nobody who withdrew consent is among them.
    """
    check_count("top", top)
    node = find(store, drug, kind="Drug")
    everybody = patients(store)["id"].tolist()
    found = people(model, store, everybody)
    column = pd.Index(model.candidates).get_indexer(pd.Index([node.id]))[0]
    if column < 0:
        raise ValueError(f"{node.name} ({node.id}) was not in the graph that the model was trained on: train anew")
    order = np.argsort(-found.logits[:, column], kind="stable")
    places = np.flatnonzero(~found.known[order, column]) if new_only else np.arange(len(order))
    best = order[places[:top]].tolist()
    wanted = [found.ids[row] for row in best]
    against = warnings_of(store, wanted, [node.id])
    supported = support_of(store, wanted, [node.id])
    told = _model_part(model, found, best, [column])
    told["because"] = [_names(store, model, _only(found, row), [column])[column] for row in best]
    for name in SUPPORT_COLUMNS:
        told[name] = [supported[one].row(node.id)[name] for one in wanted]
    for name, key in zip(WARNING_COLUMNS, ("warning", "warnings", "because"), strict=True):
        told[name] = [against[one].row(node.id)[key] for one in wanted]
    return pd.DataFrame({"rank": places[:top] + 1, "patient": wanted}).assign(**told)


def _model_part(model: PatientModel, found: People, rows: Sequence[int], columns: Sequence[int]) -> dict[str, Any]:
    """Return what the model says of some patients and some candidates, of which one is one alone."""
    part = Asked(found.of.told.of(np.array(rows)), found.of.treated[np.array(rows)])
    at = np.ix_(np.arange(len(rows)), np.array(columns))
    values = found.logits[np.array(rows)]
    low, high = interval(model, part)
    return {
        "score": expit(values[at]).ravel(),
        "probability": probabilities(model, part, values)[at].ravel(),
        "low": low[at].ravel(),
        "high": high[at].ravel(),
        "prior": prior(model, part)[at].ravel(),
        "known": found.known[np.array(rows)][at].ravel(),
    }


def _only(found: People, row: int) -> People:
    rows = np.array([row])
    return People(
        (found.ids[row],), Asked(found.of.told.of(rows), found.of.treated[rows]), found.logits[rows], found.known[rows]
    )


def _names(store: Store, model: PatientModel, found: People, drugs: Sequence[int]) -> Mapping[int, str]:
    """Return what of the first patient's record speaks most for each drug, in words."""
    told = {drug: because(model, found.of, 0, drug) for drug in drugs}
    ids = sorted({name.split(" ")[0] for of in told.values() for name, _ in of if ":" in name})
    nodes = store.nodes([(kind, one) for kind in _KINDS_OF_THINGS for one in ids])
    named = {one: node.name or one for (_, one), node in nodes.items()}
    return {
        drug: ", ".join(
            " ".join([named.get(first, first), *rest]) for first, *rest in (name.split(" ") for name, _ in of)
        )
        for drug, of in told.items()
    }


_KINDS_OF_THINGS = ("Disease", "Phenotype", "Drug", "Procedure", "Measurement", "Visit", "Variant", "GenePhenotype")
