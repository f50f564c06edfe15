"""Similar: how much of what is known of one patient is also known of another, over the terms of ontologies.

Each term counts by its information, the negative logarithm of the share of patients who have it or a kind of it
(Resnik 1995), and a likeness is the shared information over all (simGIC: Pesquita et al., BMC Bioinformatics
2008;9(S5):S4), with two changes that find more patients of the same disease (docs/validation.md): a term that was
recorded counts more than those that it is a kind of, and what only the other patient has counts less than what only
this one has, since records differ in how much they tell.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

OTHERS_ONLY = 0.3
"""How much counts what only the other patient has, as a share of what it would if only this one had it."""

Floats = NDArray[np.float64]
Matrix = Any
"""A sparse matrix by rows; the types that scipy gives them differ between its releases."""


@dataclass(frozen=True)
class Facet:
    """What patients have of one kind: the terms recorded of each, and with them all that these are kinds of.

    `broader` leads from each of the terms to those that it is directly a kind of; `emphasis` is how much a term counts
    for being recorded, beside what it counts for being known.

    Shapes:
        recorded, known: [patient, term], 1 or nothing
        information: [term], in nats
    """

    terms: tuple[str, ...]
    broader: Mapping[str, frozenset[str]]
    recorded: Matrix
    known: Matrix
    information: Floats
    emphasis: float

    def recorded_of(self, patient: int) -> list[str]:
        """Return the terms that are recorded of a patient."""
        return [self.terms[term] for term in _of(self.recorded, patient)]

    def shared(self, one: int, other: int) -> dict[str, float]:
        """Return what is known of both patients, without what something else of it is a kind of, most informative
        first, with its information."""
        both = np.intersect1d(_of(self.known, one), _of(self.known, other), assume_unique=True)
        known = {self.terms[term]: float(self.information[term]) for term in both}
        narrowest = known.keys() - {broad for term in known for broad in self.broader.get(term, ()) if broad != term}
        return dict(sorted(((term, known[term]) for term in narrowest), key=lambda found: (-found[1], found[0])))


def facet(
    patients: int, recorded: Collection[tuple[int, str]], kinds_of: Iterable[tuple[str, str]] = (), emphasis: float = 0
) -> Facet:
    """Return what is known of so many patients where these terms are recorded of them (by their index).

    `kinds_of` leads from a term to a broader one; terms in a circle of these are kinds of one another.

    >>> of = facet(2, [(0, "cat"), (1, "dog")], [("cat", "pet"), ("dog", "pet")])
    >>> of.terms, of.information.round(2).tolist(), of.shared(0, 1)
    (('cat', 'dog', 'pet'), [0.69, 0.69, 0.29], {'pet': 0.28768207245178085})
    """
    broader: dict[str, set[str]] = {}
    for term, broad in kinds_of:
        broader.setdefault(term, set()).add(broad)
    above = {term: broader_terms(term, broader) for term in {term for _, term in recorded}}
    terms = tuple(sorted(set(above).union(*above.values())))
    place = {term: index for index, term in enumerate(terms)}
    own = _matrix(patients, len(terms), ((patient, place[term]) for patient, term in recorded))
    up = _matrix(len(terms), len(terms), ((place[term], place[name]) for term in above for name in above[term]))
    known = (own @ up).sign()
    having = np.asarray(known.sum(axis=0)).ravel()
    direct = {term: frozenset(broader[term]) for term in terms if term in broader}
    return Facet(terms, direct, own, known, np.log((patients + 2) / (having + 1)), emphasis)


def _of(matrix: Matrix, patient: int) -> NDArray[np.int64]:
    """Return a patient's terms: read from the row itself, since a matrix of one row is slow to make for everybody."""
    begin, end = matrix.indptr[patient : patient + 2]
    terms: NDArray[np.int64] = matrix.indices[begin:end]
    return terms


def broader_terms(term: str, broader: Mapping[str, Collection[str]]) -> set[str]:
    """Return a term and all that it is a kind of.

    >>> sorted(broader_terms("cat", {"cat": ["pet", "feline"], "pet": ["animal"]}))
    ['animal', 'cat', 'feline', 'pet']
    """
    found, left = {term}, [term]
    while left:
        new = set(broader.get(left.pop(), ())) - found
        found |= new
        left += new
    return found


def likeness(of: Facet, rows: Sequence[int]) -> Floats:
    """Return how like each of these patients every patient is in one facet: [row, patient], from 0 to 1.

    shared / (shared + only this one's + OTHERS_ONLY * only the other's), all as information; 0 where nothing is known.

    >>> of = facet(3, [(0, "cat"), (1, "cat"), (1, "dog"), (2, "fish")])
    >>> likeness(of, [0]).round(2).tolist()
    [[1.0, 0.65, 0.0]]
    """
    known, recorded = (
        matrix @ sparse.diags(of.information * share) for matrix, share in ((of.known, 1), (of.recorded, of.emphasis))
    )
    total = np.asarray(known.sum(axis=1) + recorded.sum(axis=1)).ravel()
    chosen = np.asarray(rows, dtype=np.int64)
    shared = (known[chosen] @ of.known.T + recorded[chosen] @ of.recorded.T).toarray()
    told = total[chosen, None] + OTHERS_ONLY * (total[None, :] - shared)
    ratio = np.divide(shared, told, out=np.zeros_like(shared), where=told > 0)
    return np.asarray(np.minimum(ratio, 1.0), dtype=np.float64)  # sums in another order may be a hair above 1


def joined(facets: Mapping[str, Facet], weights: Mapping[str, float], patient: int) -> tuple[Floats, dict[str, Floats]]:
    """Return how like a patient every patient is, over all facets and in each: the mean by weight.

    A facet counts only where something is recorded of the patient in it; without any, nobody is like the patient.
    """
    each = {name: likeness(of, [patient])[0] for name, of in facets.items() if of.recorded[[patient]].nnz}
    weight = sum(weights[name] for name in each)
    parts = [weights[name] / weight * one for name, one in each.items()]
    patients = max((of.recorded.shape[0] for of in facets.values()), default=0)
    return np.sum([np.zeros(patients), *parts], axis=0), each


def _matrix(rows: int, columns: int, cells: Iterable[tuple[int, int]]) -> Matrix:
    """Return a matrix with 1 in these cells, however often each comes."""
    places = np.array(sorted(set(cells)), dtype=np.int64).reshape(-1, 2)
    cell = np.ones(len(places)), (places[:, 0], places[:, 1])
    return sparse.coo_array(cell, shape=(rows, columns)).tocsr()
