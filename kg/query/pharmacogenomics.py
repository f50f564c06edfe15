"""Pharmacogenomics of a patient in the store: what is known of each gene, and what guidelines advise on which drugs.

Both come from the graph: the patient's edges to genes, haplotypes' functions, the phenotypes that these make, and the
recommendations that go by phenotypes. Of a gene that nobody has called, nothing is said but that.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kg.pharmacogenomics.alleles import HLA, copies_of
from kg.pharmacogenomics.calls import GeneResult
from kg.pharmacogenomics.definitions import in_order
from kg.pharmacogenomics.phenotype import Judged, Rules, shared
from kg.pharmacogenomics.recommend import Advice, Guidance, recommend
from kg.query.people import find_patient
from kg.schema import PERSON, WITHDRAWN, Step
from kg.search import find
from kg.stores.protocol import Store
from kg.stores.releases import read_releases

DUTCH = "dpwg"
"""The source whose functions of alleles are its own."""
_GUIDING = (
    *("function_pairs", "activity_score_low", "activity_score_high", "other_phenotype", "other_activity_score_low"),
    *("other_activity_score_high", "recommendation", "classification", "therapy_changes", "population"),
    *("implications", "guideline", "guideline_url", "references", "source"),
)
_CALLED = ("diplotypes", "phenotype", "activity_score", "missing_positions", "not_excluded", "note", "method")

Row = Mapping[str, Any]


class AdviceError(ValueError):
    """There is no advice for a patient, and why."""


@dataclass(frozen=True)
class PatientAdvice:
    """What is known of a patient's genes, what is advised, and the drugs that the record says are `taken`, by name.

    `versions` are the releases of the guidelines.
    """

    patient: str
    results: Mapping[str, GeneResult]
    advice: tuple[Advice, ...]
    taken: Mapping[str, str]
    versions: Mapping[str, str]


def advice(store: Store, patient: str, drugs: Collection[str] = ()) -> PatientAdvice:
    """Return the advice for a patient (given as for `find_patient`) on all drugs, or on these (as for `find`).

    Raises `AdviceError` for one who withdrew consent and for a graph without guidelines, and what `find` raises.
    """
    node = find_patient(store, patient)
    [row] = store.query(f"MATCH (p:{PERSON} {{id: $id}}) RETURN p.consent AS consent", {"id": node.id})
    if row["consent"] == WITHDRAWN:
        raise AdviceError("the patient withdrew consent: the store gives no advice on it")
    wanted = [find(store, drug, "Drug").id for drug in drugs]
    told = guidance(store)
    if not told.rows:
        raise AdviceError("the graph has no guidelines on drugs; build it with the sources pharmcat, cpic, dpwg, pypgx")
    return advice_of(store, [node.id], told, wanted)[node.id]


def advice_of(
    store: Store, patients: Collection[str], told: Guidance, drugs: Collection[str] = ()
) -> dict[str, PatientAdvice]:
    """Return the advice of `guidance` for each of these patients (by identifier) on all drugs, or on these.

    What nobody called of a gene is the same for all: of who has no result at all, nothing more is asked.
    """
    called, stated = _called(store, patients), _phenotypes(store, patients)
    tested = {gene for genes in called.values() for gene in genes} | {
        gene for genes in stated.values() for gene in genes
    }
    rules = rules_of(store, tested)
    guided = {row["gene"] for row in told.rows}
    taken = _taken(store, patients)
    found = {}
    for patient in patients:
        calls, phenotypes = called.get(patient, {}), stated.get(patient, {})
        results = {
            gene: result_of(gene, calls.get(gene, ()), phenotypes.get(gene, ()), rules.get(gene, Rules(gene)))
            for gene in sorted({*calls, *phenotypes, *guided})
        }
        advised = recommend(results, told, rules, drugs or None) if calls or phenotypes else ()
        found[patient] = PatientAdvice(patient, results, advised, taken.get(patient, {}), told.versions)
    return found


def guidance(store: Store) -> Guidance:
    """Return the recommendations of the graph, none where it has no guidelines."""
    versions = {release.name: release.version for release in read_releases(store)}
    columns = ", ".join(f"r.`{name}` AS `{name}`" for name in _GUIDING)
    rows = store.query(
        "MATCH (p:GenePhenotype)-[r:phenotype_guides_drug]->(d:Drug), (g:Gene) WHERE g.id = p.gene "
        "RETURN p.id AS subject, d.id AS object, d.name AS drug, g.name AS gene, g.id AS gene_id, " + columns,
        {},
    )
    told = tuple({**row, "source_version": versions.get(row["source"], "")} for row in rows)
    return Guidance(told, {name: versions[name] for name in sorted({row["source"] for row in rows} & versions.keys())})


def _called(store: Store, patients: Collection[str]) -> dict[str, dict[str, list[Row]]]:
    """Return what calls say of each patient's genes, by their symbols."""
    columns = ", ".join(f"r.{name} AS {name}" for name in _CALLED)
    rows = store.query(
        f"MATCH (p:{PERSON})-[r:patient_has_diplotype]->(g:Gene) WHERE p.id IN $ids "
        f"RETURN p.id AS patient, g.name AS gene, {columns} ORDER BY patient, gene, r.day, r.record",
        {"ids": sorted(patients)},
    )
    called: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        called.setdefault(row["patient"], {}).setdefault(row["gene"], []).append(row)
    return called


def _has(relation: str, end: str) -> str:
    """Return what must be true, in Cypher, of a patient's edge `r` for the patient to have what it leads to."""
    return " AND ".join(Step(relation, True).holds("r", end))


def _phenotypes(store: Store, patients: Collection[str]) -> dict[str, dict[str, list[str]]]:
    """Return the phenotypes of each patient's genes that the record states, with a call or without."""
    rows = store.query(
        f"MATCH (p:{PERSON})-[r:patient_has_gene_phenotype]->(f:GenePhenotype), (g:Gene) "
        f"WHERE p.id IN $ids AND g.id = f.gene AND {_has('patient_has_gene_phenotype', 'f')} "
        "RETURN DISTINCT p.id AS patient, g.name AS gene, f.phenotype AS phenotype ORDER BY patient, gene, phenotype",
        {"ids": sorted(patients)},
    )
    stated: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        if row["phenotype"]:
            stated.setdefault(row["patient"], {}).setdefault(row["gene"], []).append(row["phenotype"])
    return stated


def _taken(store: Store, patients: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the drugs that each patient's record says are taken: identifier to name."""
    rows = store.query(
        f"MATCH (p:{PERSON})-[r:patient_takes_drug]->(d:Drug) "
        f"WHERE p.id IN $ids AND {_has('patient_takes_drug', 'd')} "
        "RETURN DISTINCT p.id AS patient, d.id AS id, d.name AS name ORDER BY patient, name, id",
        {"ids": sorted(patients)},
    )
    taken: dict[str, dict[str, str]] = {}
    for row in rows:
        taken.setdefault(row["patient"], {})[row["id"]] = row["name"]
    return taken


def rules_of(store: Store, genes: Collection[str]) -> dict[str, Rules]:
    """Return what the graph's sources say of the alleles of these genes, and what two alleles make."""
    asked = {"genes": sorted(genes)}
    functions: dict[str, dict[str, str]] = {gene: {} for gene in genes}
    scores: dict[str, dict[str, float | None]] = {gene: {} for gene in genes}
    dutch: dict[str, dict[str, str]] = {gene: {} for gene in genes}
    for row in store.query(
        "MATCH (h:Haplotype)-[f:haplotype_of_gene]->(g:Gene) WHERE g.name IN $genes AND f.function IS NOT NULL "
        "RETURN g.name AS gene, h.allele_name AS allele, f.function AS function, f.activity_score AS score, "
        "f.source AS source ORDER BY gene, allele, source",
        asked,
    ):
        if row["source"] == DUTCH:
            dutch[row["gene"]][row["allele"]] = row["function"]
        else:
            functions[row["gene"]][row["allele"]] = row["function"]
            scores[row["gene"]][row["allele"]] = row["score"]
    pairs: dict[str, dict[str, str]] = {gene: {} for gene in genes}
    ranges: dict[str, list[tuple[float, float | None, str]]] = {gene: [] for gene in genes}
    for row in store.query(
        "MATCH (f:GenePhenotype)-[r:phenotype_of_gene]->(g:Gene) WHERE g.name IN $genes AND r.source <> $dutch "
        "RETURN g.name AS gene, f.phenotype AS phenotype, r.function_pairs AS pairs, r.activity_score_low AS low, "
        "r.activity_score_high AS high ORDER BY gene, low",
        {**asked, "dutch": DUTCH},
    ):
        pairs[row["gene"]] |= dict.fromkeys(row["pairs"] or (), row["phenotype"])
        if row["low"] is not None:
            ranges[row["gene"]].append((row["low"], row["high"], row["phenotype"]))
    return {
        gene: Rules(gene, functions[gene], scores[gene], {}, pairs[gene], tuple(ranges[gene]), dutch[gene])
        for gene in genes
    }


def result_of(gene: str, calls: Sequence[Row], stated: Sequence[str], rules: Rules) -> GeneResult:
    """Return what all calls of a gene say together, and a phenotype that is stated where none of them has one.

    A call has the attributes of `patient_has_diplotype`.
    """
    open_ = [set(row["not_excluded"] or ()) for row in calls if row["diplotypes"]]
    untold = tuple(sorted(set.intersection(*open_), key=in_order)) if open_ else ()
    said = [{pair_of(gene, one, rules) for one in row["diplotypes"]} for row in calls if row["diplotypes"]]
    agreed = set.intersection(*said) if said else set()
    pairs = tuple(sorted(agreed or set().union(*said), key=lambda pair: [in_order(allele) for allele in pair]))
    notes = [row["note"] for row in calls if row["note"]]
    if said and not agreed:
        notes.insert(0, "calls of it contradict each other")
    phenotypes = {row["phenotype"] for row in calls if row["phenotype"]} or set(stated)
    if gene in HLA:
        phenotypes = {"; ".join(sorted(phenotypes))} - {""}
    values = {row["activity_score"] for row in calls if row["activity_score"] is not None}
    judged = [rules.judge(pair) for pair in pairs]
    together = shared(judged) if judged else Judged()
    possible = [one.phenotype or "unknown" for one in (*judged, *_otherwise(pairs, untold, rules))]
    if len(phenotypes) > 1:
        notes.insert(0, f"several phenotypes are stated: {', '.join(sorted(phenotypes))}")
    return GeneResult(
        gene,
        method=", ".join(dict.fromkeys(row["method"] for row in calls if row["method"])),
        diplotypes=tuple(dict.fromkeys(one for row in calls for one in row["diplotypes"] or ())),
        looked_up=pairs,
        phenotype=phenotypes.pop() if len(phenotypes) == 1 else together.phenotype,
        activity_score=values.pop() if len(values) == 1 else together.activity_score,
        functions=together.functions,
        missing_positions=tuple(dict.fromkeys(site for row in calls for site in row["missing_positions"] or ())),
        notes=tuple(dict.fromkeys(notes)) or (() if calls or stated else ("not called: nothing is recorded of it",)),
        untold=untold,
        possible=tuple(dict.fromkeys(possible)) if untold or len(pairs) > 1 else (),
    )


def pair_of(gene: str, diplotype: str, rules: Rules) -> tuple[str, ...]:
    """Return the alleles of a diplotype, of several on one copy that of the lowest score."""

    def rank(allele: str) -> tuple[bool, float, Any]:
        value = rules.scores.get(allele)
        return value is None, value or 0.0, in_order(allele)

    return tuple(sorted((min(copy, key=rank) for copy in copies_of(gene, diplotype)), key=in_order))


def _otherwise(pairs: Sequence[tuple[str, ...]], untold: Sequence[str], rules: Rules) -> Iterator[Judged]:
    """Yield what pairs would make with an allele that is not excluded on one of their copies."""
    for pair in pairs:
        for at in range(len(pair)):
            for allele in untold:
                yield rules.judge((*pair[:at], allele, *pair[at + 1 :]))
