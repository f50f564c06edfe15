"""Biolink: the categories and predicates of the Biolink Model, and how they hang together.

`kg/vocabulary/biolink.tsv` is made from the model's YAML by `tests/kg/test_biolink.py`, which also holds our schema
against it.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

VERSION = "4.4.6"
"""The release of the model (https://github.com/biolink/biolink-model) that the terms are those of."""


@cache
def categories() -> Mapping[str, tuple[str, ...]]:
    """Return every category, mixins too, with those that it is a special case of, the nearest first.

    >>> categories()["biolink:Protein"]
    ('biolink:Polypeptide', 'biolink:BiologicalEntity', 'biolink:NamedThing')
    """
    parents = {term: parent for term, parent, _ in _terms("category")}
    return {term: _ancestors(term, parents) for term in parents}


@cache
def predicates() -> Mapping[str, str]:
    """Return every predicate with its inverse: itself where it is symmetric, nothing where the model names none.

    >>> predicates()["biolink:gene_associated_with_condition"], predicates()["biolink:correlated_with"]
    ('biolink:condition_associated_with_gene', 'biolink:correlated_with')
    """
    return {term: inverse for term, _, inverse in _terms("predicate")}


def _terms(what: str) -> Iterator[tuple[str, str, str]]:
    """Yield term, parent and inverse of each category or predicate."""
    for line in files("kg.vocabulary").joinpath("biolink.tsv").read_text(encoding="utf-8").splitlines():
        term, is_a, parent, inverse = line.split("\t")
        if is_a == what:
            yield term, parent, inverse


def _ancestors(term: str, parents: Mapping[str, str]) -> tuple[str, ...]:
    line = []
    while term := parents[term]:
        line.append(term)
    return tuple(line)
