"""People: the patients of an import, what they are known by, how resources refer to them, and who else is named there.

A patient is known by the medical record number, else by any identifier, else by the resource's id. Resources refer to
it by id, by URL, by a version's URL, by an identifier, or by holding it; within one document first, then in all.
"""

from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs

from kg.patients.formats.fhir.elements import Json, codings, must_be_known, objects, text
from kg.patients.formats.fhir.stated import version_of
from kg.patients.formats.fhir.times import moment
from kg.patients.moment import Moment
from kg.patients.private import Private, private_words
from kg.patients.record import Account, Place, RecordError, Refused

SEXES = ("male", "female", "other", "unknown")
OTHERS = frozenset(("Practitioner", "PractitionerRole", "RelatedPerson", "Person"))
"""Types of resources that are people other than patients."""

BARE = "Patient.id"
"""The system of those who are known by nothing but the id of their resource."""

Identity = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Patient:
    """What a Patient resource says of whom it is; `record` and `version` are the resource's own."""

    identity: Identity
    place: Place
    sex: str | None
    born: Moment | None
    died: Moment | None
    record: str | None
    version: int | None
    private: Private


@dataclass(frozen=True)
class Names:
    """What refers to the patients of one document, or of all: the references, and identifiers as system and value."""

    references: dict[str, set[Identity | None]] = field(default_factory=dict)
    identifiers: dict[Identity, set[Identity | None]] = field(default_factory=dict)

    def add(self, patient: Json, url: str | None, identity: Identity | None) -> None:
        """Note all that refers to a patient; an identity of None is that of a patient who is refused."""
        name = text(patient.get("id"))
        known_as = {f"Patient/{name}", f"urn:uuid:{name}"} if name else set()
        if url:
            known_as |= {_unversioned(url), _at_its_end(_unversioned(url))}
        for reference in known_as:
            self.references.setdefault(reference, set()).add(identity)
        for identifier in identifiers(patient):
            self.identifiers.setdefault(identifier, set()).add(identity)

    def meant(self, reference: Json, base: str) -> set[Identity | None]:
        """Return who may be meant by a Reference in a resource that has a URL under this base."""
        literal = _unversioned(text(reference.get("reference")) or "")
        path, _, query = literal.partition("?")
        candidates: list[set[Identity | None] | None] = [
            self.references.get(f"{base}{literal}") if base else None,
            self.references.get(literal),
            self.references.get(_at_its_end(literal)),
        ]
        asked = parse_qs(query).get("identifier", []) if path == "Patient" else []
        logical = [(system, value) for system, _, value in (found.rpartition("|") for found in asked)]
        logical += identifiers({"identifier": [reference.get("identifier")]})
        candidates += [self.identifiers.get(identifier) for identifier in logical]
        return next((found for found in candidates if found), set())


@dataclass(frozen=True)
class People:
    """The patients of an import as they were found; whoever is found twice must be the same."""

    account: Account
    names: Names = field(default_factory=Names)
    known: dict[Identity, Patient] = field(default_factory=dict)

    def add(self, raw: Json, place: Place) -> Patient:
        """Note a valid Patient; raises `Refused` if it cannot be taken, `RecordError` if it is another of this name."""
        must_be_known(raw)
        sex = raw.get("gender")
        if sex is not None and sex not in SEXES:
            self.account.reject(place, "Patient", "gender", f"is not one of {', '.join(SEXES)}")
            sex = None
        patient = Patient(
            identity=_identity(raw),
            place=place,
            sex=sex,
            born=moment(raw.get("birthDate"), "birthDate"),
            died=moment(raw.get("deceasedDateTime"), "deceasedDateTime"),
            record=text(raw.get("id")),
            version=version_of(raw),
            private=private_words(raw),
        )
        before = self.known.get(patient.identity)
        self.known[patient.identity] = _as_one(before, patient) if before else patient
        return self.known[patient.identity]

    def contained(self, resource: Json, reference: str, place: Place, names: Names) -> Identity:
        """Return who is the Patient that a resource contains; raises `Refused` if there is nothing to know it by."""
        for inner in objects(resource.get("contained")):
            if inner.get("resourceType") != "Patient" or f"#{text(inner.get('id'))}" != reference:
                continue
            if not identifiers(inner):
                raise Refused("subject", "is a contained Patient without an identifier")
            patient = self.add(inner, place)
            nameless = {name: value for name, value in inner.items() if name != "id"}
            for known_by in (names, self.names):
                known_by.add(nameless, None, patient.identity)
            return patient.identity
        raise Refused("subject", "does not refer to a Patient that is here")

    def find(self, subject: Json, names: Names, url: str | None) -> Identity | None:
        """Return who is meant by a subject, None if nobody who is known; the document's own `names` come first.

        Raises `Refused` if it may mean two, or a patient who is refused.
        """
        base = _base(url)
        meant = names.meant(subject, base) or self.names.meant(subject, base)
        if len(meant) > 1:
            raise Refused("subject", "may mean two Patients")
        for identity in meant:
            if identity is None:
                raise Refused("subject", "refers to a Patient that is refused")
            return identity
        return None


def identifiers(patient: Json) -> list[Identity]:
    """Return the identifiers of a patient as system and value."""
    return [
        (text(found.get("system")) or "", value)
        for found in objects(patient.get("identifier"))
        if (value := text(found.get("value")))
    ]


def others_words(resource: Json) -> Private:
    """Return what tells who a practitioner or a relative is; their short numbers are in too many codes by chance."""
    found = private_words(resource)
    return Private(frozenset(word for word in found.words if not word.replace(" ", "").isdigit()), found.numbers)


def _identity(raw: Json) -> Identity:
    """Return the system and value of the medical record number, else of any identifier, else the resource's id."""
    numbered = [
        found
        for found in objects(raw.get("identifier"))
        if any(coding.get("code") == "MR" for coding in codings(found.get("type")))
    ]
    known_by = sorted(identifiers({"identifier": numbered}) or identifiers(raw))
    if known_by:
        return known_by[0]
    name = text(raw.get("id"))
    if name is None:
        raise Refused("identifier", "is missing, and so is an id: there is nothing to know the patient by")
    return BARE, name


def _as_one(one: Patient, other: Patient) -> Patient:
    """Return what two resources say of one patient, the newer before the older.

    Raises `RecordError` if they are two people.
    """
    versions = (one.version, other.version)
    if one.record == other.record and None not in versions and one.version != other.version:
        newer, older = sorted((one, other), key=lambda patient: -(patient.version or 0))
    else:
        _must_be_one(one, other)
        newer, older = other, one
    precise = [patient.born for patient in (newer, older) if patient.born and patient.born.precision == "day"]
    return replace(
        newer,
        sex=newer.sex or older.sex,
        born=precise[0] if precise else newer.born or older.born,
        died=newer.died or older.died,
        private=newer.private | older.private,
    )


def _must_be_one(one: Patient, other: Patient) -> None:
    """Raise `RecordError` for two people; one of an identifier with a system may have had a mistake corrected."""
    differing = [("birthDate", _differ(one.born, other.born)), ("gender", _unlike(one.sex, other.sex))]
    elements = [element for element, differ in differing if differ]
    told_apart = one.identity[0] not in ("", BARE)
    if len(elements) > told_apart:
        raise RecordError(
            f"{other.place.file}, entry {other.place.line}: this Patient is known by the same identifier or id as "
            f"that of {one.place.file}, entry {one.place.line}, and has another {' and '.join(elements)}: expected one "
            "person; give each an identifier of the hospital's, with its system, or leave one out"
        )


def _differ(one: Moment | None, other: Moment | None) -> bool:
    """Say whether two dates of birth cannot be one; a year and a day in it can."""
    return one is not None and other is not None and (one.last < other.first or other.last < one.first)


def _unlike(one: str | None, other: str | None) -> bool:
    return one != other and not {one, other} & {None, "unknown"}


def _unversioned(reference: str) -> str:
    return reference.partition("/_history/")[0].strip().rstrip("/")


def _at_its_end(reference: str) -> str:
    """Return the type and the id with which a URL ends."""
    return "/".join(reference.split("/")[-2:])


def _base(url: str | None) -> str:
    """Return the server's part of a resource's URL, with the slash at its end."""
    parts = _unversioned(url or "").split("/")
    return "/".join(parts[:-2]) + "/" if len(parts) > 3 else ""
