"""Measure likeness: is the patient most like one whose disease is known of the same disease, from another publication?

    python benchmarks/similar.py --data ../shared/data [--pairwise]

prints one JSON object. Each published patient (phenopacket) is asked for in turn, by the features that are recorded as
present and nothing else: no disease, gene, variant or publication. The patients of the same publication are taken away;
who is left is ranked by `kg.similar.likeness`, and a hit at k is a patient of the same disease among the first k, one
of another disease with the same likeness coming before. Patients whose disease no other publication has are not asked
for, and counted. The measure's two constants were chosen on the diseases of one half ("tuned"); the other half is
"held_out". Intervals are of a bootstrap over diseases. What is not skill stands apart: publications of one disease ask
after the same features, and curators write down as absent what other patients of the disease have, so that agreeing on
what is absent, or on what was asked after at all, tells the diagnosis.
"""

import argparse
import hashlib
import json
import math
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kg.fetch import Fetch, PublicFile
from kg.files.columns import read_columns
from kg.files.lines import read_lines
from kg.files.obo import read_terms
from kg.patients.formats.phenopacket import READER
from kg.patients.record import Account, Person, Reading
from kg.query.likeness import ASPECTS
from kg.similar import Facet, facet, likeness
from kg.sources import hpo, hpoa, phenopackets

DIAGNOSES = PublicFile("patients/mimic-iv-demo/hosp/diagnoses_icd.csv.gz")
PRESCRIPTIONS = PublicFile("patients/mimic-iv-demo/hosp/prescriptions.csv.gz")
DEPTHS = (1, 10)
BLOCK = 250
DRAWS = 2_000
Scores = Callable[[list[int]], NDArray[np.float64]]
"""The patients asked for -> how like each of them every patient is: [asked, patient]."""


@dataclass(frozen=True)
class Cases:
    """The published patients: what each is asked by, and what decides a hit. Shapes of the arrays: [patient]."""

    present: list[frozenset[str]]
    absent: list[frozenset[str]]
    variants: list[frozenset[str]]
    genes: dict[str, str]
    disease: NDArray[np.int64]
    publication: NDArray[np.int64]
    tuned: NDArray[np.bool_]
    asked: NDArray[np.int64]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--pairwise", action="store_true", help="also best-match averages (Resnik, Lin): minutes")
    parser.add_argument("--seed", type=int, default=0, help="seed of the bootstrap")
    options = parser.parse_args()
    fetch = Fetch(options.data and Path(options.data))
    sys.stdout.write(json.dumps(measure(fetch, options.pairwise, options.seed), indent=2) + "\n")


def measure(fetch: Fetch, pairwise: bool, seed: int) -> dict[str, Any]:
    """Return what the benchmark prints."""
    cases = read_cases(fetch)
    broader = list(kinds_of(fetch))
    started = time.perf_counter()
    present = features(cases.present, broader, ASPECTS["phenotype"].emphasis)
    seconds = {"closures": time.perf_counter() - started}
    ranks = {"likeness": ranked(cases, lambda rows: likeness(present, rows))}
    seconds["all_by_all"] = time.perf_counter() - started - seconds["closures"]
    flat = features(cases.present, ())
    ranks["simgic"] = ranked(cases, lambda rows: plain(present, rows))
    ranks["jaccard_of_recorded_terms"] = ranked(cases, lambda rows: plain(even(flat), rows))
    if pairwise:
        ranks["best_match_average_resnik"] = ranked(cases, best_match_average(present, lin=False))
        ranks["best_match_average_lin"] = ranked(cases, best_match_average(present, lin=True))
    told = {name: figures(cases, rank, seed) for name, rank in ranks.items()}
    return {
        "benchmark": "similar",
        "data": {source.SOURCE.name: source.SOURCE.version for source in (phenopackets, hpo, hpoa)},
        "patients": len(cases.disease),
        "publications": len(set(cases.publication.tolist())),
        "diseases": len(set(cases.disease.tolist())),
        "asked": len(cases.asked),
        "not_asked_disease_in_one_publication": len(cases.disease) - len(cases.asked),
        "diseases_asked": len(set(cases.disease[cases.asked].tolist())),
        "phenotypes_only": told | {"same_disease_by_chance": chance(cases), "commonest_disease": commonest(cases)},
        "likeness_minus": {
            name: figures(cases, ranks["likeness"], seed, ranks[name]) for name in ranks if name != "likeness"
        },
        "informed_by": informed_by(cases, present, annotated(fetch, broader), seed),
        "with_more": with_more(cases, present, broader, seed),
        "not_skill": not_skill(cases, present, broader, seed),
        "stays": stays(fetch),
        "seconds": seconds,
    }


def informed_by(cases: Cases, present: Facet, annotations: Facet, seed: int) -> dict[str, Any]:
    """Return the figures with terms' information counted elsewhere than among all patients."""
    few = np.random.default_rng(seed).choice(len(cases.disease), 20, replace=False)
    having = np.asarray(present.known[few].sum(axis=0)).ravel()
    place = {term: column for column, term in enumerate(annotations.terms)}
    none = np.log(annotations.known.shape[0] + 2)
    told = [annotations.information[place[term]] if term in place else none for term in present.terms]
    informed = {"twenty_patients": np.log((len(few) + 2) / (having + 1)), "annotations_of_diseases": np.array(told)}
    return {
        name: figures(cases, ranked(cases, partial(likeness, replace(present, information=information))), seed)
        for name, information in informed.items()
    }


def annotated(fetch: Fetch, broader: list[tuple[str, str]]) -> Facet:
    """Return what HPO's annotations say that diseases have."""
    path = hpoa.SOURCE.fetched(fetch)[hpoa.ANNOTATIONS].path
    rows = read_columns(path, ("database_id", "qualifier", "hpo_id", "aspect"), comment="#").to_pylist()
    told = [row for row in rows if row["aspect"] == "P" and row["qualifier"] != "NOT"]
    place = {disease: number for number, disease in enumerate(sorted({row["database_id"] for row in told}))}
    return facet(len(place), {(place[row["database_id"]], row["hpo_id"]) for row in told}, broader)


def with_more(cases: Cases, present: Facet, broader: list[tuple[str, str]], seed: int) -> dict[str, Any]:
    """Return the figures with features used otherwise, and with variants."""
    absent = features(cases.absent, [(narrow, broad) for broad, narrow in broader])  # who lacks it lacks its kinds
    spread = matrix_of(absent, present)
    weighted = present.known.multiply(present.information[None, :]).tocsr()
    variants = features(cases.variants, ())
    genes = features(cases.variants, cases.genes.items())
    weight = ASPECTS["variant"].weight / ASPECTS["phenotype"].weight

    def contradicted(rows: list[int]) -> NDArray[np.float64]:
        against = (weighted[rows] @ spread.T + spread[rows] @ weighted.T).toarray()
        mine = np.asarray(weighted[rows].sum(axis=1)).reshape(-1, 1)
        return likeness(present, rows) - 0.5 * against / np.maximum(mine, 1e-9)

    return {
        name: figures(cases, ranked(cases, scores), seed)
        for name, scores in {
            "less_what_the_one_has_and_the_other_lacks": contradicted,
            "variants_too": lambda rows: likeness(present, rows) + weight * likeness(variants, rows),
            "variants_and_their_genes_too": lambda rows: likeness(present, rows) + weight * likeness(genes, rows),
        }.items()
    }


def not_skill(cases: Cases, present: Facet, broader: list[tuple[str, str]], seed: int) -> dict[str, Any]:
    """Return what looks like skill and is none."""
    absent = even(features(cases.absent, ()))
    mentioned = even(features([a | b for a, b in zip(cases.present, cases.absent, strict=True)], ()))
    return {
        "agreeing_on_what_is_absent_only": figures(cases, ranked(cases, lambda rows: plain(absent, rows)), seed),
        "asked_after_the_same_features": figures(cases, ranked(cases, lambda rows: plain(mentioned, rows)), seed),
        "with_the_same_publication": figures(
            cases, ranked(cases, lambda rows: likeness(present, rows), same_publication=True), seed
        ),
    }


def stays(fetch: Fetch) -> dict[str, Any]:
    """Return how often a stay in hospital is most like another one of the same patient's, by diagnoses and drugs.

    The weight of drugs beside conditions was chosen on the patients of one half.
    """
    diagnoses, orders = (pd.read_csv(fetch.get(file).path, dtype=str) for file in (DIAGNOSES, PRESCRIPTIONS))
    place = {stay: row for row, stay in enumerate(sorted(diagnoses["hadm_id"].unique()))}
    of = diagnoses.groupby("hadm_id")["subject_id"].first().loc[list(place)].to_numpy()
    coded = zip(diagnoses["hadm_id"], diagnoses["icd_version"] + diagnoses["icd_code"], strict=True)
    codes = {(place[stay], code) for stay, code in coded}
    drugs = {(place[stay], drug) for stay, drug in zip(orders["hadm_id"], orders["drug"], strict=True) if stay in place}
    by_code, by_drug = (likeness(facet(len(place), cells), range(len(place))) for cells in (codes, drugs))
    both = {row for row, _ in drugs} & {row for row, _ in codes}
    asked = np.array([row for row in sorted(both) if (of == of[row]).sum() > 1])
    tuned = np.array([first_half(one) for one in of[asked]])
    shares = {}
    for weight in (0.0, 0.25, 0.5, 1.0, 2.0):
        ranks = first_of_own(by_code + weight * by_drug, of)[asked]
        shares[f"drugs_{weight:g}"] = {
            half: {f"hits@{depth}": round(float((ranks[chosen] <= depth).mean()), 4) for depth in DEPTHS}
            for half, chosen in {"tuned": tuned, "held_out": ~tuned}.items()
        }
    return {"stays": len(place), "asked": len(asked), "patients": len(set(of[asked].tolist())), "by_weight": shares}


def first_of_own(scores: NDArray[np.float64], of: NDArray[Any]) -> NDArray[np.int64]:
    """Return the rank of the first other row that is of the same, one of another coming first where as like: [row]."""
    same, there = of[:, None] == of[None, :], ~np.eye(len(of), dtype=bool)
    best = np.where(same & there, scores, -np.inf).max(1)
    return np.asarray(1 + ((scores >= best[:, None]) & ~same).sum(1))


def read_cases(fetch: Fetch) -> Cases:
    """Return the published patients, as the reader of phenopackets gives them."""
    path = phenopackets.SOURCE.fetched(fetch)[phenopackets.PACKETS].path
    packets = [json.loads(text) for _, text in read_lines(path)]
    people = list(READER.read([path], Reading(Account(), datetime.now(UTC), fetch=fetch)))
    genes: dict[str, str] = {}
    for packet in packets:
        for cause in phenopackets.causes(packet):
            genes[cause.variant["id"]] = cause.gene["id"] if cause.gene else cause.variant["id"]
    disease = numbered(packet["diseases"][0]["term"]["id"] for packet in packets)
    publication = numbered(packet["metaData"]["externalReferences"][0]["id"] for packet in packets)
    published: dict[int, set[int]] = defaultdict(set)
    for ill, told in zip(disease.tolist(), publication.tolist(), strict=True):
        published[ill].add(told)
    return Cases(
        present=[codes(person, "condition", negated=False) for person in people],
        absent=[codes(person, "condition", negated=True) for person in people],
        variants=[codes(person, "variant", negated=False) for person in people],
        genes=genes,
        disease=disease,
        publication=publication,
        tuned=np.array([first_half(packet["diseases"][0]["term"]["id"]) for packet in packets]),
        asked=np.array([row for row, ill in enumerate(disease.tolist()) if len(published[ill]) > 1]),
    )


def first_half(disease: str) -> bool:
    """Say whether a disease is of the half on which the constants were chosen."""
    return hashlib.sha256(disease.encode()).digest()[0] % 2 == 0


def codes(person: Person, what: str, *, negated: bool) -> frozenset[str]:
    """Return the first codes of a person's events of a kind; of conditions, the phenotypes' only."""
    first = [event.codes[0] for event in person.events if event.what == what and event.negated == negated]
    return frozenset(f"{code.system}:{code.code}" for code in first if code.system in ("HP", "PANAKEIA"))


def numbered(names: Iterable[str]) -> NDArray[np.int64]:
    """Return a number for each name, the same for the same."""
    return np.unique(list(names), return_inverse=True)[1]


def kinds_of(fetch: Fetch) -> Iterator[tuple[str, str]]:
    """Yield each phenotype with each that it is directly a kind of."""
    for term in read_terms(hpo.SOURCE.fetched(fetch)[hpo.ONTOLOGY].path):
        yield from ((term.id, parent) for parent in term.parents if not term.obsolete)


def features(recorded: list[frozenset[str]], broader: Iterable[tuple[str, str]], emphasis: float = 0) -> Facet:
    """Return what these terms tell of each patient."""
    told = [(row, term) for row, terms in enumerate(recorded) for term in terms]
    return facet(len(recorded), told, broader, emphasis)


def even(of: Facet) -> Facet:
    """Return a facet whose terms all count alike."""
    return Facet(of.terms, of.broader, of.recorded, of.known, np.ones(len(of.terms)), 0.0)


def matrix_of(absent: Facet, present: Facet) -> Any:
    """Return which of the terms known of somebody each patient lacks: [patient, term]."""
    place = {term: column for column, term in enumerate(absent.terms)}
    columns = np.array([place.get(term, -1) for term in present.terms])
    found = absent.known.tocsc()[:, np.maximum(columns, 0)]
    return found.multiply((columns >= 0)[None, :]).tocsr()


def plain(of: Facet, rows: list[int]) -> NDArray[np.float64]:
    """Return the share of shared information (simGIC; Jaccard's index where all terms count alike)."""
    weighted = of.known.multiply(of.information[None, :]).tocsr()
    total = np.asarray(weighted.sum(axis=1)).ravel()
    shared = (weighted[rows] @ of.known.T).toarray()
    return shared / np.maximum(total[rows, None] + total[None, :] - shared, 1e-9)


def best_match_average(of: Facet, *, lin: bool) -> Scores:
    """Return the mean, over the recorded terms of both patients, of the likest term of the other.

    Two terms are as like as the most informative term that both are kinds of is informative (Resnik), or that over the
    mean information of the two (Lin).
    """
    used = np.unique(of.recorded.indices)
    single = facet(len(used), [(row, of.terms[term]) for row, term in enumerate(used)], pairs(of))
    alike = np.zeros((len(used), len(used)), np.float32)
    information = dict(zip(of.terms, of.information, strict=True))
    above = single.known.tocsc()
    for column in np.argsort([information[term] for term in single.terms]):
        below = above.indices[above.indptr[column] : above.indptr[column + 1]]
        alike[np.ix_(below, below)] = information[single.terms[column]]
    if lin:
        alike = 2 * alike / (of.information[used][:, None] + of.information[used][None, :])
    place, starts = np.searchsorted(used, of.recorded.indices), of.recorded.indptr
    some = np.diff(starts) > 0

    def scores(rows: list[int]) -> NDArray[np.float64]:
        told = np.zeros((len(rows), len(starts) - 1))
        for number, row in enumerate(rows):
            mine = place[starts[row] : starts[row + 1]]
            if len(mine):
                matches = alike[mine][:, place]
                there = np.maximum.reduceat(matches, starts[:-1][some], axis=1).mean(0)
                back = np.add.reduceat(matches.max(0), starts[:-1][some]) / np.diff(starts)[some]
                told[number, some] = (there + back) / 2
        return told

    return scores


def pairs(of: Facet) -> Iterator[tuple[str, str]]:
    """Yield each term with each that it is directly a kind of."""
    return ((term, broad) for term, terms in of.broader.items() for broad in terms)


def ranked(cases: Cases, scores: Scores, *, same_publication: bool = False) -> NDArray[np.int64]:
    """Return, for each patient asked for, the rank of the first other of the same disease: [asked]."""
    ranks = []
    for start in range(0, len(cases.asked), BLOCK):
        rows = cases.asked[start : start + BLOCK]
        found = scores(rows.tolist())
        there = cases.publication[rows][:, None] != cases.publication[None, :]
        if same_publication:
            there = rows[:, None] != np.arange(len(cases.disease))[None, :]
        same = cases.disease[rows][:, None] == cases.disease[None, :]
        best = np.where(same & there, found, -np.inf).max(1)
        ranks.append(1 + ((found >= best[:, None]) & there & ~same).sum(1))
    return np.concatenate(ranks)


def figures(
    cases: Cases, ranks: NDArray[np.int64], seed: int, other: NDArray[np.int64] | None = None
) -> dict[str, dict[str, dict[str, float]]]:
    """Return the share of hits at each depth, or how much larger it is than by other ranks, of each half and of all."""
    tuned = cases.tuned[cases.asked]
    told: dict[str, dict[str, dict[str, float]]] = {}
    for half, chosen in {"all": tuned | ~tuned, "tuned": tuned, "held_out": ~tuned}.items():
        told[half] = {}
        for depth in DEPTHS:
            hit = (ranks <= depth).astype(float)
            if other is not None:
                hit -= other <= depth
            told[half][f"hits@{depth}"] = interval(hit[chosen], cases.disease[cases.asked][chosen], seed)
    return told


def interval(values: NDArray[np.float64], disease: NDArray[np.int64], seed: int) -> dict[str, float]:
    """Return the mean over patients, its 95 % interval by a bootstrap over diseases, and the mean over diseases."""
    place = np.unique(disease, return_inverse=True)[1]
    total, count = np.bincount(place, values), np.bincount(place)
    drawn = np.random.default_rng(seed).integers(len(count), size=(DRAWS, len(count)))
    lower, upper = np.quantile(total[drawn].sum(1) / count[drawn].sum(1), [0.025, 0.975])
    numbers = {"value": values.mean(), "lower": lower, "upper": upper, "mean_over_diseases": (total / count).mean()}
    return {name: round(float(number), 4) for name, number in numbers.items()}


def chance(cases: Cases) -> dict[str, float]:
    """Return the expected share of hits where patients come in any order."""
    of_disease, of_publication = Counter(cases.disease.tolist()), Counter(cases.publication.tolist())
    both = Counter(zip(cases.disease.tolist(), cases.publication.tolist(), strict=True))
    told = dict.fromkeys(DEPTHS, 0.0)
    for ill, told_in in zip(cases.disease[cases.asked].tolist(), cases.publication[cases.asked].tolist(), strict=True):
        there, same = len(cases.disease) - of_publication[told_in], of_disease[ill] - both[ill, told_in]
        for depth in DEPTHS:
            told[depth] += 1 - math.comb(there - same, depth) / math.comb(there, depth)
    return {f"hits@{depth}": round(value / len(cases.asked), 4) for depth, value in told.items()}


def commonest(cases: Cases) -> dict[str, float]:
    """Return the share of hits where the answer is always patients of the commonest disease asked for."""
    [(_, count)] = Counter(cases.disease[cases.asked].tolist()).most_common(1)
    return {f"hits@{depth}": round(count / len(cases.asked), 4) for depth in DEPTHS}


if __name__ == "__main__":
    main()
