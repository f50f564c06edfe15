"""Terminology: which node of the graph a record's code stands for (SNOMED CT, ICD-10-CM, HPO, RxNorm, LOINC).

Three steps, the first that answers wins: a short table that ships here, the names and synonyms of the graph's own
nodes, a new node under the record's own code. `conditions.tsv` maps a code to the nearest disease that public graphs
know, often a broader one (Heart failure, chronic -> congestive heart failure), or says that it is no clinical fact
(Full-time employment). An ICD-10-CM code stands for all codes below it. `drugs.tsv` has ingredients by RxCUI, and
those names of ingredients and products that differ from DrugBank's.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

from kg.files.table import read_tsv
from kg.names import folded
from kg.patients.record import Code, Event, LeftOut
from kg.patients.terms import conditions as of_conditions
from kg.patients.terms import drugs as of_drugs
from kg.patients.terms import others
from kg.patients.terms.meaning import Meaning, Row
from kg.patients.terms.nodes import Nodes, nodes
from kg.query import rows_of
from kg.query.people import EVENTS, genotypes
from kg.stores.protocol import Store
from kg.stores.releases import read_releases

__all__ = ["Meaning", "Row", "Terminology", "terminology"]

SYSTEMS: dict[str, str] = {
    "http://snomed.info/sct": "SNOMEDCT",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD10CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD10CM",
    "http://human-phenotype-ontology.org": "HP",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RXNORM",
    "http://loinc.org": "LOINC",
}
"""A code system's address in FHIR -> the prefix of its CURIEs."""

PATTERNS: dict[str, str] = {
    "SNOMEDCT": r"\d{6,18}",
    "ICD10CM": r"[A-Z]\d[\dA-Z](\.[\dA-Z]{1,4})?",
    "HP": r"\d{7}",
    "RXNORM": r"\d{1,7}",
    "LOINC": r"\d{1,7}-\d",
}
"""What a code of each system looks like; stricter than `kg.curie`: anything else may be a patient's identifier."""

KINDS_OF_RECORDS = ("Patient", "Disease", "Phenotype", "Drug", "Gene", "Variant", "Measurement")
"""The kinds of node that a record is about."""

_TAG = re.compile(r"\s*\((?P<tag>[a-z][a-z /]*)\)$")
_PRODUCT_START = re.compile(r"^(?:NDA\d+\s+)?(?:\d[\d.,]*\s*(?:ACTUAT|DAY|HR|ML|MG)\s+)*", re.IGNORECASE)
_SALTS = (
    "acetate anhydrous besylate bitartrate calcium cilexetil citrate dihydrate disoproxil etexilate fumarate furoate "
    "hydrobromide hydrochloride hydrocholoride magnesium maleate medoxomil mesylate mofetil monohydrate nitrate "
    "phosphate potassium propionate sodium succinate sulfate tartrate trihydrate"
)
_FORMS = "capsule chewable delayed extended inhaler injectable injection oral release solution suspension tablet"
_NOT_THE_INGREDIENT = frozenset(_SALTS.split()) | frozenset(_FORMS.split())
"""Salts, esters and dose forms that follow an ingredient's name in RxNorm; the second spelling is Synthea's."""


_MEANT: dict[str, Callable[[Sequence[Code], Nodes], tuple[Meaning, ...]]] = {
    "condition": of_conditions.meaning,
    "drug": of_drugs.meaning,
    "measurement": others.measurement,
    "procedure": others.procedure,
    "allergy": others.allergy,
    "variant": others.variant,
    "visit": others.visit,
}
"""What an event is of -> what its codes stand for."""

KINDS = tuple(dict.fromkeys(relation.object for relation in EVENTS))
"""The kinds of node that an event leads to."""

RECORDS_LICENCE = "LicenseRef-patient-records"
"""The licence of every source that is patients' records: what only these state, no public source does."""


@dataclass(frozen=True)
class Terminology:
    """What codes mean in a graph of these nodes; what was asked once is remembered, by codes and displays."""

    known: Nodes
    _meant: dict[tuple[str, tuple[Code, ...]], tuple[Meaning, ...] | str] = field(
        default_factory=dict, repr=False, compare=False
    )

    def meanings(self, event: Event) -> tuple[Meaning, ...]:
        """Return what an event's codes stand for, of a medicine each ingredient.

        Raises `LeftOut`, whose message holds nothing of the record, for what is no clinical fact about the patient, and
        for what has no code of a system that is known.
        """
        asked = event.what, event.codes
        found = self._meant.get(asked)
        if found is None:
            try:
                found = _MEANT[event.what](event.codes, self.known)
            except LeftOut as reason:
                found = str(reason)
            self._meant[asked] = found
        if isinstance(found, str):
            raise LeftOut(found)
        return found


def terminology(store: Store) -> Terminology:
    """Return what codes mean in the graph of a store."""
    records = {release.name for release in read_releases(store) if release.licence == RECORDS_LICENCE}
    rows = (row for kind in KINDS for row in rows_of(store, kind))
    return Terminology(nodes(rows, records))


@dataclass(frozen=True)
class Lexicon:
    """The nodes that a graph has already, by CURIE, and their CURIEs by kind and name."""

    rows: Mapping[str, Row]
    curies: Mapping[tuple[str, str], str]

    def row(self, kind: str, curie: str, name: str) -> Row:
        """Return the graph's own node of this CURIE, else a new one of this name."""
        return self.rows.get(curie) or {"kind": kind, "id": curie, "name": name}

    def named(self, kind: str, name: str) -> Row | None:
        """Return the graph's own node of this name or synonym, unless there is none or more than one."""
        curie = self.curies.get((kind, folded(name)))
        return self.rows[curie] if curie else None


def lexicon(rows: Iterable[Row]) -> Lexicon:
    """Return the lexicon of these nodes; a name counts for more than a synonym, one that two nodes have for nothing.

    >>> known = lexicon([{"kind": "Drug", "id": "DRUGBANK:DB00682", "name": "Warfarin", "synonyms": ["Coumadin"]}])
    >>> known.named("Drug", "coumadin")["id"]
    'DRUGBANK:DB00682'
    """
    by_curie: dict[str, Row] = {}
    names: dict[tuple[str, str], set[str]] = {}
    synonyms: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        by_curie[row["id"]] = row
        names.setdefault((row["kind"], folded(row["name"])), set()).add(row["id"])
        for synonym in row.get("synonyms") or ():
            synonyms.setdefault((row["kind"], folded(synonym)), set()).add(row["id"])
    return Lexicon(by_curie, {name: min(ids) for name, ids in (synonyms | names).items() if len(ids) == 1})


def read_lexicon(store: Store) -> Lexicon:
    """Return the lexicon of the store's nodes of those kinds that a record is about."""
    rows = [row for kind in KINDS_OF_RECORDS for row in rows_of(store, kind)]
    return lexicon(
        row | {"genotypes": genotypes(store, row["id"])} if row["kind"] == "Patient" else row for row in rows
    )


def condition(codes: Sequence[Code], known: Lexicon) -> Row:
    """Return the Disease or Phenotype that a condition's codes stand for.

    Raises `LeftOut` for what is no clinical fact about the patient, or has no code that says what it is.

    >>> condition([Code("SNOMEDCT", "44054006", "Diabetes")], lexicon([]))["id"]
    'DOID:9352'
    """
    for code in codes:
        row = _listed_condition(code)
        if row:
            if not row["node"]:
                raise LeftOut("a social circumstance, not a clinical fact")
            return known.row(row["kind"], row["node"], row["name"])
    for code in codes:
        found = known.named("Disease", _TAG.sub("", code.display))
        if found:
            return found
    for code in codes:
        if code.system in ("SNOMEDCT", "HP"):
            return known.row(_kind(code), f"{code.system}:{code.code}", _name(code))
    raise LeftOut("no code of SNOMED CT, HPO, or an ICD-10-CM code that is mapped")


def drugs(codes: Sequence[Code], known: Lexicon) -> tuple[Row, ...]:
    """Return the drugs that a medication's codes stand for: each ingredient, and the product if one is unknown.

    Raises `LeftOut` for a medication without an RxNorm code.

    >>> names = "Acetaminophen 325 MG / oxyCODONE Hydrochloride 5 MG Oral Tablet"
    >>> [row["name"] for row in drugs([Code("RXNORM", "1049221", names)], lexicon([]))]
    ['Acetaminophen', 'Oxycodone']
    """
    rxnorm = [code for code in codes if code.system == "RXNORM"]
    if not rxnorm:
        raise LeftOut("no RxNorm code")
    for code in rxnorm:
        listed = _drug_table("rxcui").get(code.code)
        if listed:
            return tuple(known.row("Drug", curie, name) for curie, name in listed.items())
    code = next((code for code in rxnorm if code.display), rxnorm[0])
    parts = [_ingredients(part, known) for part in re.sub(r"\[[^]]*\]", "", code.display).split(" / ")]
    ingredients = tuple(row for part in parts for row in part)
    return ingredients if all(parts) else (*ingredients, known.row("Drug", f"RXNORM:{code.code}", _name(code)))


def measurement(codes: Sequence[Code], known: Lexicon) -> Row:
    """Return the Measurement that an observation's codes stand for; raises `LeftOut` without a LOINC code."""
    for code in codes:
        if code.system == "LOINC":
            return known.row("Measurement", f"LOINC:{code.code}", _name(code))
    raise LeftOut("no LOINC code")


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a tab-separated table that ships beside this module."""
    return list(read_tsv(Path(str(files("kg.patients"))) / name, needed=()).by_line().values())


def _listed_condition(code: Code) -> dict[str, str] | None:
    """Return the table's row of a code, or of the nearest ICD-10-CM code above it."""
    shortest = 3 if code.system == "ICD10CM" else len(code.code)
    for length in range(len(code.code), shortest - 1, -1):
        row = _condition_table().get((code.system, code.code[:length].rstrip(".")))
        if row:
            return row
    return None


@cache
def _condition_table() -> dict[tuple[str, str], dict[str, str]]:
    return {(row["system"], row["code"]): row for row in table("conditions.tsv")}


@cache
def _drug_table(column: str) -> dict[str, dict[str, str]]:
    """Return the names of the drugs by their CURIEs, by what this column of the table says."""
    drugs: dict[str, dict[str, str]] = {}
    for row in table("drugs.tsv"):
        if row[column]:
            drugs.setdefault(row[column], {})[row["node"]] = row["name"]
    return drugs


def _ingredients(part: str, known: Lexicon) -> list[Row]:
    """Return the ingredients that one part of a product's name begins with; an unknown one gives none."""
    words = folded(_PRODUCT_START.sub("", part.strip())).split()
    for length in range(len(words), 0, -1):
        rest = words[length:]
        salts = rest[: next((i for i, word in enumerate(rest) if word[0].isdigit()), len(rest))]
        if not _NOT_THE_INGREDIENT.issuperset(salts):
            continue
        name = " ".join(words[:length])
        listed = _drug_table("text").get(name)
        if listed:
            return [known.row("Drug", curie, name) for curie, name in listed.items()]
        found = known.named("Drug", name)
        if found:
            return [found]
    return []


def _kind(code: Code) -> str:
    """Return the kind of node that a condition is by its own code; SNOMED CT's tag tells, and none means a disease."""
    tag = _TAG.search(code.display)
    if code.system == "HP" or (tag and tag["tag"] == "finding"):
        return "Phenotype"
    if tag and tag["tag"] not in ("disorder", "morphologic abnormality"):
        raise LeftOut("a situation, an event or a procedure, not a condition")
    return "Disease"


def _name(code: Code) -> str:
    return _TAG.sub("", code.display) or f"{code.system} {code.code}"
