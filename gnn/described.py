"""Described: a disease or a drug that is in no graph, as a TOML file describes it, to be ranked without rebuilding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnn.likeness import Newcomer
from kg.files.toml import read_toml
from kg.query.symptoms import symptoms_called_like
from kg.search import AmbiguousName, UnknownNode, find
from kg.stores.protocol import Store

IDENTIFIER = "PANAKEIA:described"
"""What stands for the identifier that the node does not have."""

LINKS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Disease": {
        "genes": ("disease_associates_gene", "Gene"),
        "upregulated_genes": ("disease_upregulates_gene", "Gene"),
        "downregulated_genes": ("disease_downregulates_gene", "Gene"),
        "symptoms": ("disease_presents_symptom", "Symptom"),
        "phenotypes": ("disease_presents_symptom", "Phenotype"),
        "anatomy": ("disease_localizes_to_anatomy", "Anatomy"),
        "similar_diseases": ("disease_resembles_disease", "Disease"),
    },
    "Drug": {
        "targets": ("binds", "Gene"),
        "upregulated_genes": ("drug_upregulates_gene", "Gene"),
        "downregulated_genes": ("drug_downregulates_gene", "Gene"),
        "side_effects": ("causes_side_effect", "SideEffect"),
        "classes": ("class_includes_drug", "PharmacologicClass"),
        "similar_drugs": ("drug_resembles_drug", "Drug"),
        "treats": ("treats", "Disease"),
    },
}
"""Kind -> key of the file -> by which relation it leads to which kind."""

VALUES: Mapping[str, tuple[str, ...]] = {"Disease": (), "Drug": ("inchi", "smiles", "atc_codes", "categories")}
"""Kind -> keys that say something of the node itself."""


class DescriptionError(ValueError):
    """A description that cannot be taken; the message names the file, the key and what is wrong."""


@dataclass(frozen=True)
class Description:
    """A node that is in no graph; `notes` say what of its description says nothing to a model."""

    kind: str
    node: Newcomer
    notes: tuple[str, ...]


def read_description(path: str | Path, store: Store) -> Description:
    """Read a description, every node in it given as for `kg.search.find`.

    The keys are `kind` (Disease or Drug), `name`, those of `LINKS` and of `VALUES`; a structure is an InChI or SMILES.
    A phenotype counts as the symptom of the same name. Raises `DescriptionError` for an unknown key, a wrong value or a
    node that the store does not have, and `kg.files.text.FileError` for what is not TOML.
    """
    stated = read_toml(path)
    kind = stated.pop("kind", None)
    if kind not in LINKS:
        raise DescriptionError(f"{path}, kind: got {kind!r}, expected one of {', '.join(map(repr, LINKS))}")
    name = stated.pop("name", None)
    if not isinstance(name, str) or not name.strip():
        raise DescriptionError(f"{path}, name: got {name!r}, expected what the {kind.lower()} is called")
    row: dict[str, Any] = {"id": IDENTIFIER, "name": name}
    ends: dict[str, list[str]] = {}
    notes: list[str] = []
    for key, value in stated.items():
        if key in VALUES[kind]:
            row |= _value(path, key, value)
        elif key in LINKS[kind]:
            relation, end = LINKS[kind][key]
            found = [_node(path, key, text, end, store) for text in _texts(path, key, value)]
            ends.setdefault(relation, []).extend(_symptoms(store, found, notes) if end == "Phenotype" else found)
        else:
            known = ", ".join(("kind", "name", *LINKS[kind], *VALUES[kind]))
            raise DescriptionError(f"{path}, {key}: no key of a {kind.lower()}; expected one of {known}")
    if not ends and len(row) == 2:
        raise DescriptionError(f"{path}: it says nothing but a name; expected one of {', '.join(LINKS[kind])}")
    unique = {relation: sorted(set(found)) for relation, found in ends.items()}
    return Description(kind, Newcomer(IDENTIFIER, name, row, unique), tuple(notes))


def _texts(path: str | Path, key: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise DescriptionError(f"{path}, {key}: got {value!r}, expected a list of texts in quotation marks")
    return value


def _node(path: str | Path, key: str, text: str, kind: str, store: Store) -> str:
    try:
        return find(store, text, kind).id
    except (UnknownNode, AmbiguousName) as failure:
        raise DescriptionError(f"{path}, {key}: {failure}") from None


def _symptoms(store: Store, phenotypes: Sequence[str], notes: list[str]) -> list[str]:
    """Return the symptoms that are called like these phenotypes, and note those without one."""
    found = symptoms_called_like(store, phenotypes)
    notes += [
        f"{phenotype} ({name}): no symptom is called so, and the model looks at symptoms only"
        for phenotype, (name, symptom) in found.items()
        if not symptom
    ]
    return [symptom for _, symptom in found.values() if symptom]


def _value(path: str | Path, key: str, value: object) -> dict[str, Any]:
    """Return a column of the node; a structure is checked, and written as InChI."""
    if key not in ("inchi", "smiles"):
        return {key: _texts(path, key, value)}
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")  # the error below says it
    read = Chem.MolFromInchi if key == "inchi" else Chem.MolFromSmiles
    molecule = read(value) if isinstance(value, str) else None
    if molecule is None or not molecule.GetNumAtoms():
        raise DescriptionError(f"{path}, {key}: got {value!r}, which is no structure that can be read")
    return {"inchi": Chem.MolToInchi(molecule)}
