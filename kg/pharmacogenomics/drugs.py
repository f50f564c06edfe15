"""Drugs by name: what a pharmacogenomic source calls a drug, and how DrugBank, RxNorm and PharmGKB identify it.

These sources write American names (USAN), DrugBank international ones (INN), each drug's name once; a name means the
drug that DrugBank lists under it, else the one that CPIC gives a RxNorm number, else DPWG's PharmGKB identifier.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kg.fetch import FoundFile, PublicFile
from kg.files.columns import read_columns
from kg.files.documents import read_archive
from kg.files.table import read_csv
from kg.names import folded

DRUGBANK = PublicFile("attributes/drugbank.tsv.gz")
CPIC_PAIRS = PublicFile("pgx/pypgx/cpic-table.csv")
DPWG = PublicFile("pgx/pharmcat/guidelines_dpwg.tar.gz")

NAME_LISTS = (DRUGBANK, CPIC_PAIRS, DPWG)
"""The files whose names of drugs are known where a mirror has them."""

_INTERNATIONAL = {
    "aspirin": "acetylsalicylic acid",
    "debrisoquine": "debrisoquin",
    "dipyrone": "metamizole",
    "isoproterenol": "isoprenaline",
    "levodopa": "l-dopa",
    "mepacrine": "quinacrine",
    "meperidine": "pethidine",
    "penicillin g": "benzylpenicillin",
    "rifampin": "rifampicin",
    "sulfadimidine": "sulfamethazine",
    "thioguanine": "tioguanine",
    "vitamin k1": "phylloquinone",
}
"""A name that the sources use -> the name of the same drug in DrugBank."""


def names_of(drug: str) -> set[str]:
    """Return the names under which a drug of this name may be listed, as `kg.names.folded` writes them.

    >>> names_of("Aspirin") == {"aspirin", "acetylsalicylic acid"}
    True
    """
    name = folded(drug)
    return {name, _INTERNATIONAL.get(name, name)}


@dataclass(frozen=True)
class NamedDrug:
    """A drug: its CURIE, its name there, and the CURIEs that others have for it."""

    id: str
    name: str
    xrefs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drugs:
    """The drugs that names mean; `by_name` has each under its name in the form of `kg.names.folded`."""

    by_name: Mapping[str, NamedDrug]

    def find(self, name: str, xref: str | None = None) -> NamedDrug | None:
        """Return the drug of this name, whatever its capitals; if none is known, the one with the CURIE `xref`."""
        known = self.by_name.get(folded(name)) or self.by_name.get(_INTERNATIONAL.get(folded(name), ""))
        if known is None:
            return NamedDrug(xref, name) if xref else None
        more = (xref,) if xref and xref != known.id and xref not in known.xrefs else ()
        return NamedDrug(known.id, known.name, (*known.xrefs, *more))

    @staticmethod
    def row(drug: NamedDrug, called: str) -> dict[str, object]:
        """Return the columns of the drug's node in a source that calls it so."""
        synonyms = [called] if folded(called) != folded(drug.name) else []
        return {"id": drug.id, "name": drug.name, "synonyms": synonyms, "xrefs": list(drug.xrefs)}


def read_drugs(found: Mapping[PublicFile, FoundFile]) -> Drugs:
    """Return the drugs that those of `NAME_LISTS` name which are there.

    Raises `kg.files.text.FileError` for one that cannot be read.
    """
    listed = _drugbank(found)
    by_name = {folded(name): NamedDrug(id_, name) for name, id_ in listed.items()}
    others = [(name, f"RXNORM:{id_}") for name, id_ in _cpic(found).items()]
    others += [(name, f"PHARMGKB.DRUG:{id_}") for name, id_ in _dpwg(found).items()]
    for name, curie in others:
        key = folded(name)
        drug = by_name.get(key) or by_name.get(_INTERNATIONAL.get(key, "")) or NamedDrug(curie, name)
        xrefs = drug.xrefs if curie == drug.id else (*drug.xrefs, curie)
        by_name[folded(drug.name)] = NamedDrug(drug.id, drug.name, xrefs)
    return Drugs(by_name)


def _drugbank(found: Mapping[PublicFile, FoundFile]) -> dict[str, str]:
    if DRUGBANK not in found:
        return {}
    table = read_columns(found[DRUGBANK].path, ("drugbank_id", "name"))
    ids, names = (table[column].cast("string").to_pylist() for column in ("drugbank_id", "name"))
    return {name: f"DRUGBANK:{id_}" for id_, name in zip(ids, names, strict=True) if name}


def _cpic(found: Mapping[PublicFile, FoundFile]) -> dict[str, str]:
    if CPIC_PAIRS not in found:
        return {}
    rows = read_csv(found[CPIC_PAIRS].path, ("Drug", "RxNorm")).by_line().values()
    return {row["Drug"]: row["RxNorm"] for row in rows if row["RxNorm"]}


def _dpwg(found: Mapping[PublicFile, FoundFile]) -> dict[str, str]:
    if DPWG not in found:
        return {}
    named = {}
    for document in read_archive(found[DPWG].path):
        with document.expected():
            for chemical in document.of("guideline", "relatedChemicals"):
                named[str.strip(chemical["name"])] = chemical["id"]
    return named
