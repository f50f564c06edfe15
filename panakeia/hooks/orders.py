"""Orders: the drafts of medication orders, each with the ingredients that it stands for in the graph."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.files.table import read_tsv
from kg.files.text import FileError
from kg.patients.bedside import Bedside
from kg.patients.formats.fhir.codes import codes
from kg.patients.formats.fhir.elements import codings, member, objects, text
from kg.patients.record import Code, Refused
from panakeia.hooks.asked import Asked, Json

_NOT_ORDERED = ("cancelled", "entered-in-error", "stopped", "completed")
Products = Mapping[str, tuple[str, ...]]
"""RxNorm's ingredients by the number of a product of them."""


@dataclass(frozen=True)
class Order:
    """A draft as the client has it, and its ingredients: identifier to name; none where no code or name is known."""

    resource: Json
    drugs: Mapping[str, str]

    @property
    def reference(self) -> str | None:
        """What refers to the order, if it has an id."""
        name = text(self.resource.get("id"))
        return name and f"MedicationRequest/{name}"


def orders(asked: Asked, known: Bedside, products: Products) -> list[Order]:
    """Return the medication orders that are asked about: the selected ones at a selection, all at a signature."""
    beside = {
        name: one for one in asked.drafts if one.get("resourceType") == "Medication" and (name := text(one.get("id")))
    }
    found = []
    for draft in asked.drafts:
        if draft.get("resourceType") != "MedicationRequest" or draft.get("status") in _NOT_ORDERED:
            continue
        if draft.get("doNotPerform") is True or not _is_selected(draft, asked.selected):
            continue
        drugs: dict[str, str] = {}
        for concept in _concepts(draft, beside):
            for some in _with_ingredients(_codes(concept), products):
                drugs |= known.drugs_of(some)
        found.append(Order(draft, drugs))
    return found


def read_products(path: Path) -> Products:
    """Read a hospital's table of RxNorm's products: the columns rxcui and ingredient, a line a pair.

    Raises `FileError` for a number that is none, with its line.
    """
    found: dict[str, list[str]] = {}
    for line, row in read_tsv(path, ("rxcui", "ingredient")).by_line().items():
        if not (row["rxcui"].isdigit() and row["ingredient"].isdigit()):
            raise FileError(
                f"{path.name}, line {line}: expected two numbers of RxNorm, of a product and its ingredient"
            )
        found.setdefault(row["rxcui"], []).append(row["ingredient"])
    return {product: tuple(of) for product, of in found.items()}


def _is_selected(draft: Json, selected: Collection[str] | None) -> bool:
    return selected is None or f"MedicationRequest/{draft.get('id')}" in selected


def _concepts(draft: Json, beside: Mapping[str, Json]) -> Iterator[Any]:
    """Yield the concepts of what is ordered: of the product, else of each of its ingredients."""
    if draft.get("medicationCodeableConcept"):
        yield draft["medicationCodeableConcept"]
        return
    reference = text(member(draft.get("medicationReference"), "reference")) or ""
    inside = {f"#{one.get('id')}": one for one in objects(draft.get("contained"))}
    medication = inside.get(reference) or beside.get(reference.rpartition("/")[2])
    if medication is None:
        return
    if medication.get("code"):
        yield medication["code"]
        return
    for part in objects(medication.get("ingredient")):
        yield part.get("itemCodeableConcept")


def _codes(concept: Any) -> list[Code]:
    """Return a concept's codes, and its text as a name."""
    try:
        found = list(codes(concept, "", lambda element, reason: None))
    except Refused:
        found = []
    said = [text(member(concept, "text")), *(text(one.get("display")) for one in codings(concept))]
    return [*found, *(Code("TEXT", "", name) for name in said if name)]


def _with_ingredients(found: list[Code], products: Products) -> Iterator[list[Code]]:
    """Yield codes, or the ingredients of a product that the hospital's table has."""
    for code in found:
        if code.system == "RXNORM" and code.code in products:
            yield from ([Code("RXNORM", one)] for one in products[code.code])
            return
    if found:
        yield found
