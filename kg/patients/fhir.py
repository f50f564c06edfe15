"""FHIR R4: patients' bundles -> rows of the graph, each patient under a pseudonym.

Each condition, phenotype, drug and measurement of a record is an edge of its own, told from the others by its day and
by `record`, the keyed name of the FHIR resource that states it: what is read twice is one edge. `file` of a row is the
bundle's place among those given ("bundle 3 of 50"), `line` the number of its entry: files are often named after
patients. Days are those of `kg.patients.deidentify.shifted_day`; an age is that at the latest record.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kg.graph import SourceRelease, table
from kg.patients.bundles import Bundle, BundleError, Rejection, find_bundles, read_bundle
from kg.patients.deidentify import Pseudonym, capped_age, pseudonym, record_name, release_digest, shifted_day
from kg.patients.pharmacogenomics import call_genotype, gene_row, settle, variant_row
from kg.patients.private import private_words
from kg.patients.statements import Stated, statements, time_of
from kg.patients.terminology import KINDS_OF_RECORDS, Lexicon, Row
from kg.progress import Progress, silent
from kg.rows import Rows
from kg.schema import AttributeType, edge_columns, node_columns

SOURCE = "fhir"
_NEVER = datetime.min.replace(tzinfo=UTC)
_SEXES = ("male", "female", "other", "unknown")

_PLACE: dict[str, AttributeType] = {"file": "string", "line": "int64"}
_NODE_COLUMNS: dict[str, AttributeType] = {
    "kind": "string",
    **{column: kind for record in KINDS_OF_RECORDS for column, kind in node_columns(record).items()},
    **_PLACE,
}
_EDGE_COLUMNS: dict[str, AttributeType] = {
    "relation": "string",
    **edge_columns("patient_has_measurement"),
    **edge_columns("patient_carries_variant"),
    **edge_columns("patient_has_diplotype"),
    **_PLACE,
}

_AGENTS = {
    "patient_has_condition": "manual_agent",
    "patient_has_phenotype": "manual_agent",
    "patient_takes_drug": "manual_agent",
    "patient_has_measurement": "not_provided",
    "patient_carries_variant": "not_provided",
    "patient_has_diplotype": "not_provided",
}
"""Clinicians enter conditions and drugs; whether a person or a machine made a measurement, the record does not say."""


@dataclass(frozen=True)
class Reading:
    """What a set of bundles gives: unchecked rows, the patients in them, what was refused and what was left out.

    `left_out` counts, by FHIR resource type and reason, what is not taken on purpose.
    """

    rows: Rows
    patients: tuple[str, ...]
    rejected: tuple[Rejection, ...]
    left_out: Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class _Record:
    """What one bundle says of its patient; `place` is that of the Patient resource.

    `names` are the keyed names of its resources, by the number of their entry.
    """

    who: Pseudonym
    place: Row
    names: Mapping[int, str]
    sex: str | None
    born: datetime | None
    stated: tuple[Stated, ...]
    rejected: tuple[Rejection, ...]
    left_out: Mapping[tuple[str, str], int]

    @property
    def latest(self) -> datetime | None:
        """The time of the latest entry that has one."""
        return max((entry.at for entry in self.stated if entry.at), default=None)


@dataclass(frozen=True)
class _Patient:
    """What all bundles of one patient say together, as rows."""

    nodes: tuple[Row, ...]
    edges: tuple[Row, ...]
    rejected: tuple[Rejection, ...]


def read(
    paths: str | Path | Sequence[str | Path],
    key: bytes,
    known: Lexicon,
    progress: Progress = silent,
    *,
    now: datetime | None = None,
) -> Reading:
    """Read the bundles at these paths (files, or folders of them) into rows, patients under pseudonyms of this key.

    Records refer to the nodes that `known` has where they can; these nodes are among the rows, as they are. Several
    bundles of one patient make one patient, together with what `known` holds of the patient already. What is dated
    after `now` (if not given, the moment of reading) is refused. Raises `kg.patients.bundles.BundleError` for a file
    that is no bundle of one patient.
    """
    files = find_bundles(paths)
    now = now or datetime.now(UTC)
    records: list[_Record] = []
    contents: list[str] = []
    for number, path in enumerate(files, start=1):
        progress(f"read patient {number} of {len(files)}", (number - 1) / len(files))
        try:
            bundle = read_bundle(path, f"bundle {number} of {len(files)}")
        except BundleError as failure:
            raise BundleError(f"{failure}; bundles are counted in the order of their paths") from None
        records.append(_record(bundle, key, known, now))
        contents.append(bundle.sha256)
    by_patient: dict[str, list[_Record]] = {}
    for record in records:
        by_patient.setdefault(record.who.curie, []).append(record)
    patients = [_patient(same, known) for same in by_patient.values()]
    nodes: dict[str, Row] = {}
    for row in (row for patient in patients for row in patient.nodes):
        nodes.setdefault(row["id"], row)
    parts: tuple[_Record | _Patient, ...] = (*records, *patients)
    left_out: Counter[tuple[str, str]] = Counter()
    for record in records:
        left_out.update(record.left_out)
    return Reading(
        Rows(
            _release(release_digest(key, contents)),
            (table(_NODE_COLUMNS, nodes.values()),),
            (table(_EDGE_COLUMNS, [edge for patient in patients for edge in patient.edges]),),
        ),
        tuple(by_patient),
        tuple(rejection for part in parts for rejection in part.rejected),
        dict(sorted(left_out.items())),
    )


def _release(digest: str) -> SourceRelease:
    """Return the release that one import makes: its version changes with the bundles, and tells nothing of them."""
    return SourceRelease(
        name=SOURCE,
        version=f"R4-{digest}",
        licence="LicenseRef-patient-records",
        citation="Patient records in FHIR R4, under keyed pseudonyms; theirs who entrusted them, not to be shared.",
        url="https://hl7.org/fhir/R4",
    )


def _record(bundle: Bundle, key: bytes, known: Lexicon, now: datetime) -> _Record:
    patient = bundle.patient.resource
    place = {"file": bundle.name, "line": bundle.patient.number}
    faults = []
    if patient.gender not in (None, *_SEXES):
        faults.append(("gender", f"is not one of {', '.join(_SEXES)}"))
    earliest, born = _born(patient, "-01-01"), _born(patient, "-07-01")
    if earliest and earliest > now + timedelta(days=1):
        faults.append(("birthDate", "is in the future"))
        earliest = born = None
    found = statements(bundle, known, private_words(patient.model_dump(mode="json")), born=earliest, now=now)
    wrong = [Rejection(bundle.name, bundle.patient.number, "Patient", *fault) for fault in faults]
    who = pseudonym(key, _identity(patient, bundle.name))
    return _Record(
        who=who,
        place=place,
        names={entry.number: record_name(key, who, entry.identity) for entry in bundle.entries},
        sex=patient.gender if patient.gender in _SEXES else None,
        born=born,
        stated=found.stated,
        rejected=(*bundle.rejected, *found.rejected, *wrong),
        left_out=Counter(found.left_out) + Counter(bundle.skipped),
    )


def _identity(patient: Any, bundle: str) -> tuple[str, str]:
    """Return the system and value of the medical record number, else of any identifier, else the resource's id."""
    identifiers = [found for found in patient.identifier or () if found.value]
    numbers = [
        found for found in identifiers if found.type and any(coding.code == "MR" for coding in found.type.coding or ())
    ]
    known_by = sorted((found.system or "", found.value) for found in numbers or identifiers)
    if not known_by and not patient.id:
        raise BundleError(f"{bundle}: the Patient has neither an identifier nor an id: there is nothing to know it by")
    return known_by[0] if known_by else ("Patient.id", patient.id)


def _patient(records: Sequence[_Record], known: Lexicon) -> _Patient:
    who = records[0].who
    latest = max((record.latest for record in records if record.latest), default=None)
    entries = [entry for record in records for entry in record.stated]
    facts = [
        (fact, entry, record.names[entry.entry])
        for record in records
        for entry in record.stated
        for fact in entry.facts
    ]
    edges: list[Row] = []
    nodes: list[Row] = []
    for fact, entry, name in facts:
        place = {"file": entry.bundle, "line": entry.entry}
        event = {
            "day": shifted_day(fact.at.date(), latest.date(), who) if fact.at and latest else None,
            "record": name,
        }
        nodes.append({**fact.node, **place})
        edges.append(_edge(fact.relation, who, fact.node["id"], place) | event | dict(fact.attributes))
    stored = known.rows.get(who.curie, {})
    genotypes, variants, rejected = _genotypes(entries, stored)
    for variant, copies, entry in variants:
        place = {"file": entry.bundle, "line": entry.entry}
        row = variant_row(variant, known)
        nodes.append({**row, **place})
        edges.append(_edge("patient_carries_variant", who, row["id"], place) | {"copies": copies})
    newest = max(records, key=lambda record: record.latest or _NEVER)
    ages = [capped_age(record.born.date(), latest.date()) for record in records if record.born and latest]
    if stored.get("age_years") is not None:
        ages.append(stored["age_years"])
    patient = {
        "kind": "Patient",
        "id": who.curie,
        "name": who.name,
        "sex": newest.sex or stored.get("sex"),
        "age_years": max(ages, default=None),
        **newest.place,
    }
    for gene, genotype in genotypes.items():
        row = gene_row(gene, known)
        nodes.append({**row, **newest.place})
        told = {"diplotypes": [genotype], "method": "record"}
        edges.append(_edge("patient_has_diplotype", who, row["id"], newest.place) | told)
    return _Patient((patient, *nodes), tuple(edges), rejected)


def _edge(relation: str, who: Pseudonym, target: str, place: Row) -> dict[str, object]:
    return {
        "relation": relation,
        "negated": False,
        "subject": who.curie,
        "object": target,
        "knowledge_level": "observation",
        "agent_type": _AGENTS[relation],
        **place,
    }


def _genotypes(
    entries: Sequence[Stated], stored: Row
) -> tuple[dict[str, str], list[tuple[str, int, Stated]], tuple[Rejection, ...]]:
    """Return the genotypes by gene, the variants carried with their copies, and the calls that contradict others.

    Calls that contradict what is stored already are rejected, and the stored genotype stays.
    """
    called = [(entry.call, entry) for entry in entries if entry.call]
    before: dict[str, str] = dict(stored.get("genotypes") or {})
    settled = settle(
        [*(call for call, _ in called), *(call_genotype(genotype, gene) for gene, genotype in before.items())]
    )
    rejected = tuple(
        Rejection(entry.bundle, entry.entry, entry.resource, "value[x]", f"contradicts another call of {call.gene}")
        for call, entry in called
        if call.gene in settled.contradicted
    )
    kept = {gene: genotype for gene, genotype in before.items() if gene in settled.contradicted}
    carried = {
        variant: (variant, settled.copies[variant], entry)
        for call, entry in called
        for variant in call.copies.keys() & settled.copies.keys()
    }
    return (
        dict(sorted({**settled.genotypes, **kept}.items())),
        [carried[variant] for variant in sorted(carried)],
        rejected,
    )


def _born(patient: Any, rest: str) -> datetime | None:
    """Return the date of birth; `rest` is its month and day where the record does not give them."""
    text = str(patient.birthDate or "")
    return time_of(text + rest[max(len(text) - 4, 0) :])
