"""Direct: the record of one person who is asked about now, as FHIR resources in hand, not files, and not imported."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from kg.patients.formats.fhir.documents import Entry, open_document
from kg.patients.formats.fhir.elements import Json
from kg.patients.formats.fhir.scope import Scope, Shared
from kg.patients.record import Account, Person, Place, Reading, RecordError


def read_person(
    resources: Sequence[Json], alleles: Mapping[str, Collection[str]] | None = None
) -> tuple[Person, Account]:
    """Return what resources, a Patient and what is stated of it, say of that person, and what could not be taken.

    Bundles are not opened. `alleles` are those that a graph knows, by gene. Raises `RecordError` unless there is
    exactly one valid Patient; a resource about another one is refused.
    """
    account = Account()
    scope = Scope(Shared(Reading(account, datetime.now(UTC), alleles=alleles or {})), last=True)
    scope.read(Entry(Place("the record", at), at, dict(one)) for at, one in enumerate(resources, start=1))
    found = list(scope.persons())
    if len(found) != 1:
        told = "; ".join(f"{one.element} {one.reason}" for one in account.rejected if one.table == "Patient")
        raise RecordError(
            f"the record has {len(found)} valid patients{f' ({told})' if told else ''}: expected one Patient in FHIR R4"
            " or R4B, and the resources that are about it"
        )
    return found[0], account


def read_resources(path: str | Path) -> list[Json]:
    """Return the resources in a file of one person's record: a bundle, or one resource; raises `RecordError`."""
    file = Path(path)
    document = open_document(file, file.name, Account())
    return [entry.resource for entry in document.entries if entry.resource is not None]
