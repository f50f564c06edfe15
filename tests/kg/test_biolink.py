"""Biolink: `kg/vocabulary/biolink.tsv` is the published model's, and every term of our schema is one of it.

    python -m tests.kg.test_biolink > kg/vocabulary/biolink.tsv

writes the table anew after an update of the `biolink-model` package.
"""

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
import yaml

from kg.biolink import VERSION, categories, predicates
from kg.schema import NODE_KINDS, RELATIONS

Terms = Mapping[str, Mapping[str, Any]]


@cache
def model() -> Mapping[str, Any]:
    path = files("biolink_model").joinpath("schema/biolink_model.yaml")
    return yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def category(name: str) -> str:
    return "biolink:" + "".join(word[:1].upper() + word[1:] for word in name.split())


def predicate(name: str) -> str:
    return "biolink:" + name.replace(" ", "_")


def roots(name: str, terms: Terms) -> Iterator[str]:
    while name:
        yield name
        name = terms[name].get("is_a", "")


def table() -> Iterator[str]:
    """Yield the lines of `biolink.tsv`: what may be a node's category, mixins too, and what may be a predicate."""
    classes, slots = model()["classes"], model()["slots"]
    yield "term\tis\tparent\tinverse\n"
    for name, told in sorted(classes.items()):
        line = list(roots(name, classes))
        if "named thing" in line or (told.get("mixin") and not {"association", "relationship quantifier"} & {*line}):
            parent = told.get("is_a")
            known = parent if parent and parent != "entity" else None
            yield f"{category(name)}\tcategory\t{category(known) if known else ''}\t\n"
    names = [name for name in sorted(slots) if "related to" in roots(name, slots)]
    inverse = {name: slots[name]["inverse"] for name in names if "inverse" in slots[name]}
    inverse = {other: name for name, other in inverse.items()} | inverse
    inverse |= {name: name for name in names if slots[name].get("symmetric")}
    for name in names:
        parent = predicate(slots[name]["is_a"]) if "is_a" in slots[name] else ""
        yield f"{predicate(name)}\tpredicate\t{parent}\t{predicate(inverse[name]) if name in inverse else ''}\n"


def test_the_table_is_the_published_model_s() -> None:
    if model()["version"] != VERSION:
        pytest.skip(f"biolink-model {model()['version']} is installed, and the table is of {VERSION}")
    assert files("kg.vocabulary").joinpath("biolink.tsv").read_text(encoding="utf-8") == "".join(table())


@pytest.mark.parametrize("kind", NODE_KINDS)
def test_every_kind_is_a_category_of_biolink(kind: str) -> None:
    assert NODE_KINDS[kind].biolink in {category(name) for name in model()["classes"]} & categories().keys()


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_relation_is_a_predicate_of_biolink(relation: str) -> None:
    slots = model()["slots"]
    known = {predicate(name) for name in slots if "related to" in roots(name, slots)}
    assert RELATIONS[relation].biolink in known & predicates().keys()


def test_ancestors_and_inverses_are_those_of_the_documentation() -> None:
    assert categories()["biolink:SmallMolecule"] == (
        "biolink:MolecularEntity",
        "biolink:ChemicalEntity",
        "biolink:NamedThing",
    )
    assert predicates()["biolink:treats"] == "biolink:treated_by"
    assert predicates()["biolink:treated_by"] == "biolink:treats"
    assert predicates()["biolink:interacts_with"] == "biolink:interacts_with"
    assert "biolink:chemical_role_of" not in predicates() and "biolink:Association" not in categories()


if __name__ == "__main__":
    sys.stdout.writelines(table())
