"""Side effect: severe ones that the patient has or had, others that the patient has, and the drug's severe ones.

An effect is the patient's condition or sign where both are one concept of UMLS; what is severe stands in
`kg.query.safety.severe`. A condition that the graph lists the drug as a treatment of is none: leaflets list it too.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kg.graph import Evidence
from kg.query.safety.history import CONDITION, PHENOTYPE, Fact
from kg.query.safety.severe import SEVERE
from kg.query.safety.warning import EVIDENCE, RISK, WATCH, DrugWarning, Question, WarningKind, evidence_of, some

_FREQUENCIES = ("frequency_low", "frequency_high", "frequency_text", "placebo_frequency_high")


class _Effect(NamedTuple):
    """A drug's side effect, all sources together: how often, at most, and who says so."""

    id: str
    name: str
    often: str
    most: float
    evidence: tuple[Evidence, ...]

    def __str__(self) -> str:
        return self.name + self.often


_Met = tuple[_Effect, Fact | None]
"""An effect, and what it is of the patient."""


def find(question: Question) -> Iterator[tuple[str, DrugWarning]]:
    """Yield, for each drug, up to three warnings: each names its effects, the most frequent first."""
    concepts = _concepts(question)
    conditions = {fact.node.id for known in concepts.values() for facts in known.values() for fact in facts}
    treated = _treated(question, conditions)
    wanted = {concept for known in concepts.values() for concept in known} | SEVERE.keys()
    for drug, effects in _effects(question, wanted).items():
        severe: list[_Met] = [(effect, None) for effect in effects if effect.id in SEVERE]
        same = _warning(question, drug, WATCH, "severe side effects: {effects}", severe) if severe else None
        for patient in question.patients:
            known = concepts.get(patient, {})
            met = [
                (effect, fact)
                for effect in effects
                for fact in known.get(effect.id, ())
                if (drug, fact.node.id) not in treated
            ]
            grave: list[_Met] = [(effect, fact) for effect, fact in met if effect.id in SEVERE]
            other: list[_Met] = [(effect, fact) for effect, fact in met if effect.id not in SEVERE and fact.current]
            if grave:
                said = "may cause {effects}, severe, which the record states already"
                yield patient, _warning(question, drug, RISK, said, grave)
            if other:
                yield patient, _warning(question, drug, WATCH, "may cause {effects}, which the record states", other)
            if same:
                yield patient, same


def _warning(question: Question, drug: str, severity: str, said: str, met: Sequence[_Met]) -> DrugWarning:
    because = dict.fromkeys(fact.node for _, fact in met if fact)
    evidence = dict.fromkeys(one for effect, _ in met for one in effect.evidence)
    told = said.format(effects=some([str(effect) for effect in dict.fromkeys(effect for effect, _ in met)]))
    return DrugWarning(drug, question.drugs[drug], KIND.name, severity, tuple(because), told, tuple(evidence))


def _concepts(question: Question) -> dict[str, dict[str, list[Fact]]]:
    """Return, by patient, the concepts of UMLS that the patient's conditions and signs are."""
    found: dict[str, dict[str, list[Fact]]] = {}
    for relation, kind in ((CONDITION, "Disease"), (PHENOTYPE, "Phenotype")):
        having = question.having(relation)
        rows = question.store.query(
            f"UNWIND $ids AS wanted MATCH (n:{kind}) WHERE n.id = wanted RETURN n.id AS id, n.xrefs AS xrefs",
            {"ids": sorted(having)},
        )
        for row in rows:
            for concept in {row["id"], *(row["xrefs"] or ())}:
                if concept.startswith("UMLS:"):
                    for patient, fact in having[row["id"]]:
                        found.setdefault(patient, {}).setdefault(concept, []).append(fact)
    return found


def _treated(question: Question, nodes: Collection[str]) -> set[tuple[str, str]]:
    """Return which drugs the graph lists as treatments of which of these: a leaflet may tell of the illness itself."""
    found = set()
    for relation in ("treats", "palliates"):
        rows = question.store.query(
            f"MATCH (d:Drug)-[:{relation}]->(n:Disease) WHERE n.id IN $nodes "
            "RETURN DISTINCT d.id AS drug, n.id AS node",
            {"nodes": sorted(nodes)},
        )
        found |= {(row["drug"], row["node"]) for row in rows}
    return found


def _effects(question: Question, wanted: Collection[str]) -> dict[str, list[_Effect]]:
    """Return which of these effects each drug has, those that are told to be most frequent first."""
    told = ", ".join(f"r.{column} AS {column}" for column in _FREQUENCIES)
    rows = question.store.query(
        "MATCH (d:Drug)-[r:causes_side_effect]->(e:SideEffect) WHERE e.id IN $effects AND d.id IN $drugs "
        f"RETURN d.id AS drug, e.id AS id, e.name AS name, {told}, {EVIDENCE} ORDER BY drug, id, source",
        {"effects": sorted(wanted), "drugs": list(question.drugs)},
    )
    stated: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for row in rows:
        stated.setdefault(row["drug"], {}).setdefault(row["id"], []).append(row)
    return {
        drug: sorted(map(_effect, effects.values()), key=lambda effect: (-effect.most, effect.name))
        for drug, effects in stated.items()
    }


def _effect(rows: list[Mapping[str, Any]]) -> _Effect:
    first, evidence = rows[0], tuple(map(evidence_of, rows))
    name = first["name"] or first["id"]
    row = next((row for row in rows if row["frequency_high"] is not None), None)
    if row is None:
        text = next((row["frequency_text"] for row in rows if row["frequency_text"]), "")
        return _Effect(first["id"], name, f" ({text})" if text else "", 0.0, evidence)
    low, high, placebo = row["frequency_low"], row["frequency_high"], row["placebo_frequency_high"]
    span = f"{100 * high:.3g} %" if low == high else f"{100 * low:.3g} to {100 * high:.3g} %"
    beside = "" if placebo is None else f", on placebo {100 * placebo:.3g} %"
    return _Effect(first["id"], name, f" ({span}{beside})", high, evidence)


KIND = WarningKind(
    "side_effect",
    "Has the drug a severe side effect, or one that the patient has already?",
    {"causes_side_effect": ""},
    find,
)
