"""Statements: what each FHIR resource of a record states about its patient, in terms of the graph.

Stated is what holds: a confirmed condition, a medicine ordered or taken, a measured number with its unit, a genotype.
What is planned, refuted, entered in error or not numeric is left out with the reason; what is malformed or dated when
it cannot have been is refused. Texts, names, identifiers and addresses are never taken over; a code's public name is,
unless it holds something private (see `kg.patients.private`).
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from kg.patients.bundles import Bundle, Refused, Rejection
from kg.patients.deidentify import OLDEST_AGE_YEARS
from kg.patients.pharmacogenomics import COPIES, Call, GenotypeError, call_genotype, call_variant, listed_genes
from kg.patients.private import Private
from kg.patients.record import Code, LeftOut
from kg.patients.terminology import PATTERNS, SYSTEMS, Lexicon, Row, condition, drugs, measurement

GENOTYPE, VARIANT, GENE_STUDIED = "84413-4", "69548-6", "48018-6"
"""LOINC in HL7's Genomics Reporting guide: a genotype, a variant, and the component that names the gene."""
DBSNP, ALLELIC_STATE, ALTERNATE_ALLELE = "81255-2", "53034-5", "69551-0"
"""LOINC of a variant's components."""
PRESENT, ABSENT = "LA9633-4", "LA9634-2"
"""LOINC's answers to whether a variant is there."""

_UCUM = "http://unitsofmeasure.org"
_UNIT = re.compile(r"[!-~]{1,32}")
_RS_ID = re.compile(r"(?:rs)?(\d{1,12})")
_LONGEST_NAME = 200
_TIMES = (
    *("onsetDateTime", "onsetPeriod", "recordedDate", "authoredOn"),
    *("effectiveDateTime", "effectivePeriod", "effectiveInstant", "dateAsserted", "issued"),
)
"""The elements that may say when, the first that does wins."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACEHOLDERS = frozenset(
    ("0001-01-01", "1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01")
)
"""Days that programs write where they know none: stored, one would tell by how many days the patient's are moved."""
_PREGNANCY = timedelta(days=300)
"""How long before the birth something of a patient's may be found."""
_ZONES = timedelta(days=1)
"""By how much a date without a time may seem to be later than it is."""

_PER_YEAR = {
    **dict.fromkeys(("a", "a_j", "a_t", "a_g", "yr", "yrs", "year", "years"), 1),
    **dict.fromkeys(("mo", "mo_j", "mo_s", "mo_g", "month", "months"), 12),
    **dict.fromkeys(("wk", "week", "weeks"), 365.25 / 7),
    **dict.fromkeys(("d", "day", "days"), 365.25),
}
"""The units in which an age is given -> how many make a year."""

_CONDITION_STATUS = {
    "confirmed": "",
    "unconfirmed": "not confirmed",
    "provisional": "not confirmed",
    "differential": "not confirmed",
    "refuted": "refuted",
    "entered-in-error": "entered in error",
}
_MEDICATION_STATUS = {
    **dict.fromkeys(("active", "on-hold", "completed", "stopped"), ""),
    **dict.fromkeys(("draft", "intended", "cancelled", "not-taken"), "not taken"),
    "unknown": "of unknown status",
    "entered-in-error": "entered in error",
}
_MEDICATION_INTENT = {
    **dict.fromkeys(("order", "original-order", "reflex-order", "filler-order", "instance-order"), ""),
    **dict.fromkeys(("proposal", "plan", "directive", "option"), "planned, not ordered"),
}
_OBSERVATION_STATUS = {
    **dict.fromkeys(("preliminary", "final", "amended", "corrected"), ""),
    **dict.fromkeys(("registered", "unknown"), "not observed yet"),
    "cancelled": "cancelled",
    "entered-in-error": "entered in error",
}


@dataclass(frozen=True)
class Fact:
    """An edge of the patient's to be: the relation, the node it leads to, when, and the edge's own attributes."""

    relation: str
    node: Row
    at: datetime | None
    attributes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Stated:
    """Everything that one entry of a bundle states; `at` is its time, also where nothing else is taken from it.

    What does not hold has no time: it says nothing of when the patient was seen.
    """

    bundle: str
    entry: int
    resource: str
    at: datetime | None
    facts: tuple[Fact, ...] = ()
    call: Call | None = None


@dataclass(frozen=True)
class Statements:
    """What a whole bundle states, and what of it was refused or left out (counted by resource type and reason)."""

    stated: tuple[Stated, ...]
    rejected: tuple[Rejection, ...]
    left_out: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Context:
    """What it takes to read a resource: the graph's nodes, the bundle's medications, what must not pass."""

    known: Lexicon
    medications: Mapping[str, Any]
    private: Private


def statements(bundle: Bundle, known: Lexicon, private: Private, *, born: datetime | None, now: datetime) -> Statements:
    """Return what a bundle states, less what is `private`, of a patient born on or after `born`, up to `now`."""
    context = _Context(known, bundle.medications, private)
    stated: list[Stated] = []
    rejected: list[Rejection] = []
    left_out: list[tuple[str, str]] = []
    for entry in bundle.entries:
        kind = type(entry.resource).__name__
        at, call = None, None
        facts: tuple[Fact, ...] = ()
        try:
            _must_hold(kind, entry.resource)
            at = _when(entry.resource, born, now)
            if kind == "Observation" and _loinc(entry.resource.code) & {GENOTYPE, VARIANT}:
                call = _call(entry.resource, private)
            else:
                facts = tuple(_READERS[kind](entry.resource, at, context))
        except LeftOut as reason:
            left_out.append((kind, str(reason)))
        except Refused as fault:
            rejected.append(Rejection(bundle.name, entry.number, kind, fault.element, fault.reason))
        stated.append(Stated(bundle.name, entry.number, kind, at, facts, call))
    return Statements(tuple(stated), tuple(rejected), tuple(left_out))


def _condition(resource: Any, at: datetime | None, context: _Context) -> Iterator[Fact]:
    row = condition(_codes(resource.code, "code", context.private), context.known)
    yield Fact("patient_has_condition" if row["kind"] == "Disease" else "patient_has_phenotype", row, at)


def _medication(resource: Any, at: datetime | None, context: _Context) -> Iterator[Fact]:
    concept = resource.medicationCodeableConcept
    if concept is None:
        reference = resource.medicationReference.reference or ""
        contained = {f"#{inner.id}": inner for inner in resource.contained or ()}
        medication = context.medications.get(reference) or contained.get(reference)
        if medication is None:
            raise Refused("medicationReference", "refers to no Medication in the bundle")
        concept = getattr(medication, "code", None)
    for row in drugs(_codes(concept, "medication", context.private), context.known):
        yield Fact("patient_takes_drug", row, at)


def _observation(resource: Any, at: datetime | None, context: _Context) -> Iterator[Fact]:
    numeric = [part for part in (resource, *(resource.component or ())) if part.valueQuantity is not None]
    if not numeric:
        raise LeftOut("no number")
    for part in numeric:
        value, unit = _quantity(part.valueQuantity, context.private)
        row = measurement(_codes(part.code, "code", context.private), context.known)
        yield Fact("patient_has_measurement", row, at, {"value": value, "unit": unit})


def _call(resource: Any, private: Private) -> Call:
    """Return the genotype call of an Observation; nothing of its text is kept but listed alleles and rs identifiers."""
    components = {code: part for part in resource.component or () for code in _loinc(part.code)}
    try:
        if GENOTYPE in _loinc(resource.code):
            return _genotype(resource, components)
        return _variant(resource, components, private)
    except GenotypeError as failure:
        raise Refused("value[x]", f"is not understood: {failure}") from None


def _genotype(resource: Any, components: Mapping[str, Any]) -> Call:
    texts = _texts(resource)
    if not texts:
        raise LeftOut("no genotype")
    genes = _texts(components.get(GENE_STUDIED))
    gene = next((gene for gene in genes if gene in listed_genes()), genes[0] if genes else None)
    failures: list[GenotypeError] = []
    for text in texts:
        try:
            return call_genotype(text, gene)
        except GenotypeError as failure:
            failures.append(failure)
    raise failures[0]


def _variant(resource: Any, components: Mapping[str, Any], private: Private) -> Call:
    found = [_RS_ID.fullmatch(text) for text in _texts(components.get(DBSNP))]
    variant = next((f"rs{match[1]}" for match in found if match), None)
    if variant is None:
        raise LeftOut("a variant without a dbSNP identifier")
    if private.is_code(variant.removeprefix("rs")):
        raise Refused("component", "is not an identifier of dbSNP")
    alternate = _texts(components.get(ALTERNATE_ALLELE))[:1]
    answers = _loinc(resource.valueCodeableConcept)
    if ABSENT in answers:
        return call_variant(variant, 0)
    states = [COPIES[code] for code in _loinc(_concept(components.get(ALLELIC_STATE))) if code in COPIES]
    if not states or (answers and PRESENT not in answers):
        raise Refused("component", "does not say how many copies: expected an allelic state (53034-5)")
    return call_variant(variant, states[0], *alternate)


_READERS: dict[str, Callable[[Any, datetime | None, _Context], Iterator[Fact]]] = {
    "Condition": _condition,
    "MedicationRequest": _medication,
    "MedicationStatement": _medication,
    "Observation": _observation,
}


def _must_hold(kind: str, resource: Any) -> None:
    """Raise `LeftOut` if a resource says that it does not hold, `Refused` if FHIR does not know what it says."""
    if kind == "Condition":
        _check(_answer(resource.verificationStatus, "confirmed"), _CONDITION_STATUS, "verificationStatus")
    elif kind == "Observation":
        _check(resource.status, _OBSERVATION_STATUS, "status")
    else:
        _check(resource.status, _MEDICATION_STATUS, "status")
        _check(getattr(resource, "intent", None) or "order", _MEDICATION_INTENT, "intent")
        if getattr(resource, "doNotPerform", None):
            raise LeftOut("an order not to give it")


def _check(status: str | None, known: Mapping[str, str], element: str) -> None:
    if status is None or status not in known:
        raise Refused(element, f"is not one of {', '.join(known)}")
    if known[status]:
        raise LeftOut(known[status])


def _answer(concept: Any, otherwise: str) -> str | None:
    codings = concept.coding if concept else None
    return codings[0].code if codings else otherwise


def _codes(concept: Any, element: str, private: Private) -> list[Code]:
    """Return the codes of known systems; `Refused` if one is not a code of its system or is the patient's own."""
    codes = []
    for coding in getattr(concept, "coding", None) or ():
        system = SYSTEMS.get(coding.system or "")
        if system is None or coding.code is None:
            continue
        code = coding.code.removeprefix("HP:") if system == "HP" else coding.code
        if not re.fullmatch(PATTERNS[system], code) or private.is_code(code):
            raise Refused(f"{element}.coding.code", f"is not a code of {coding.system}")
        codes.append(Code(system, code, _public(coding.display, private)))
    return codes


def _public(display: str | None, private: Private) -> str:
    """Return a code's name without invisible characters, or nothing if it may name the patient."""
    name = " ".join("".join(letter for letter in display or "" if unicodedata.category(letter) != "Cf").split())
    return "" if len(name) > _LONGEST_NAME or private.is_in(name) else name


def _quantity(quantity: Any, private: Private) -> tuple[float, str]:
    if quantity.value is None:
        raise LeftOut("no number")
    if quantity.comparator:
        raise LeftOut("a bound, not a number")
    unit = quantity.code if quantity.system == _UCUM and quantity.code else quantity.unit
    if not unit:
        raise LeftOut("a number without a unit")
    if not _UNIT.fullmatch(unit) or private.is_in(unit):
        raise Refused("valueQuantity.unit", "is not a unit of UCUM")
    if float(quantity.value) >= OLDEST_AGE_YEARS * _PER_YEAR.get(unit.strip("{}").casefold(), math.inf):
        raise LeftOut("a number of years that may be an age of 90 or more")
    return float(quantity.value), unit


def _concept(part: Any) -> Any:
    return getattr(part, "valueCodeableConcept", None)


def _texts(part: Any) -> list[str]:
    """Return what a value may be written as: its text, then the names and codes of its codings."""
    concept = _concept(part)
    texts = [getattr(part, "valueString", None), getattr(concept, "text", None)]
    for coding in getattr(concept, "coding", None) or ():
        texts += [coding.display, coding.code]
    return [text for text in texts if text]


def _loinc(concept: Any) -> set[str]:
    codings = getattr(concept, "coding", None) or ()
    return {coding.code for coding in codings if SYSTEMS.get(coding.system or "") == "LOINC" and coding.code}


def time_of(value: object) -> datetime | None:
    """Return a FHIR date or time, a date as its first moment in UTC; None if it gives only a month or a year."""
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _when(resource: Any, born: datetime | None, now: datetime) -> datetime | None:
    """Return the time of a resource, that at which a period starts; `Refused` for one at which it cannot have been."""
    for element in _TIMES:
        value = getattr(resource, element, None)
        at = time_of(getattr(value, "start", value))
        if at is None:
            continue
        if at > now + _ZONES:
            raise Refused(element, "is in the future")
        if at.date().isoformat() in _PLACEHOLDERS or at == _EPOCH:
            raise Refused(element, "is a day that programs write where they know none")
        if born and at + _PREGNANCY < born:
            raise Refused(element, "is before the patient's birth")
        return at
    return None
