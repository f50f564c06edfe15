"""Match: which two named alleles of a gene a sample's genotypes are, by the rules of PharmCAT's named allele matcher.

Sangkuhl et al., Clinical Pharmacology & Therapeutics 2020;107:203; https://pharmcat.org/methods/NamedAlleleMatcher-101.
A position that is not known is left out: alleles that are told by it alone cannot be called. Every pair of alleles
that explains all genotypes is a diplotype; its score is the number of known positions that its alleles are told by
(an allele that may have either of two bases counts that position only where it has not the reference), and those of
the highest score are called: all of them, where several have it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

from kg.pharmacogenomics.definitions import NamedAllele, in_order
from kg.pharmacogenomics.strands import BOTH, Fits, Strands, complements, joint


@dataclass(frozen=True)
class Matched:
    """What fits: the called diplotypes (of one allele where the person has one copy), in the order of their names.

    `others` are diplotypes that fit as well and were put aside: by a rule of the definitions on unphased data.
    `untold` are alleles that are not called only because positions are missing by which they are told; `open` the
    diplotypes that these make.
    """

    diplotypes: tuple[tuple[str, ...], ...] = ()
    score: int = 0
    others: tuple[tuple[str, ...], ...] = ()
    untold: tuple[str, ...] = ()
    open: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class _Candidate:
    name: str
    allele: NamedAllele
    fits: Fits
    told: frozenset[int]
    """The known sites that the allele is told by."""
    whole: bool
    """Whether all sites that the allele is told by are known."""


def match(strands: Strands) -> Matched:
    """Return the diplotypes that explain a gene's genotypes."""
    candidates = [*_candidates(strands)]
    pairs: dict[tuple[str, ...], int] = {}
    left_open: set[tuple[str, ...]] = set()
    for pair in _pairs(strands, candidates):
        name = tuple(sorted((one.name for one in pair), key=in_order))
        if all(one.told for one in pair):
            pairs[name] = max(pairs.get(name, 0), _score(strands, pair))
        if not all(one.whole for one in pair):
            left_open.add(name)
    if not pairs:
        return Matched()
    called, others = _best(strands, pairs)
    partial = {one.name for one in candidates if not one.whole}
    untold = partial & {name for pair in left_open for name in pair}
    untold -= {name for pair in called for name in pair} | {strands.definition.reference.name}
    return Matched(
        tuple(sorted(called, key=_order)),
        max(pairs[pair] for pair in called),
        tuple(sorted(others, key=_order)),
        tuple(sorted(untold, key=in_order)),
        tuple(sorted((pair for pair in left_open if not untold.isdisjoint(pair)), key=_order)),
    )


def _order(pair: tuple[str, ...]) -> tuple[tuple[object, ...], ...]:
    return tuple(map(in_order, pair))


def _candidates(strands: Strands) -> Iterator[_Candidate]:
    for allele in strands.definition.alleles:
        fits = strands.fits(allele)
        if fits is not None:
            told = frozenset(allele.bases) & strands.genotypes.keys()
            name = strands.definition.cores.get(allele.name, allele.name)
            yield _Candidate(name, allele, fits, told, len(told) == len(allele.bases))


def _pairs(strands: Strands, candidates: list[_Candidate]) -> Iterator[tuple[_Candidate, ...]]:
    if strands.copies == 1:
        yield from ((one,) for one in candidates)
        return
    for first, second in combinations_with_replacement(candidates, 2):
        if complements(first.fits, second.fits):
            yield first, second


def _best(strands: Strands, pairs: dict[tuple[str, ...], int]) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return the diplotypes that are called of those that fit, and those that a rule on unphased data puts aside."""
    definition = strands.definition
    if definition.priorities and not strands.phased and len(pairs) > 1:
        named = {"/".join(pair): pair for pair in pairs}
        for several, pick in definition.priorities:
            if several <= named.keys():
                return [named[pick]], [pair for name, pair in named.items() if name != pick]
        return list(pairs), []
    top = max(pairs.values())
    return [pair for pair, score in pairs.items() if score == top], []


def _score(strands: Strands, pair: tuple[_Candidate, ...]) -> int:
    """Return the score of a diplotype: the highest of all choices that it fits."""
    score = sum(len(one.told) for one in pair)
    either = [(at, site) for at, one in enumerate(pair) for site in one.allele.either & one.told]
    if not either:
        return score
    sites = {site for _, site in either}
    ways = joint(pair[0].fits, pair[-1].fits) if len(pair) > 1 else pair[0].fits
    choices = [
        [way for way in (0, 1) if allowed & (1 << way)] if sites & set(choice) else [0]
        for choice, allowed in zip(strands.choices, ways, strict=True)
    ]
    return score - min(_references(strands, pair, either, chosen) for chosen in product(*choices))


def _references(
    strands: Strands, pair: tuple[_Candidate, ...], either: list[tuple[int, int]], chosen: tuple[int, ...]
) -> int:
    """Return at how many sites where an allele may have either of two bases it has the reference."""
    way_of = {site: way for choice, way in zip(strands.choices, chosen, strict=True) for site in choice}
    count = 0
    for at, site in either:
        ways = {way_of.get(site, 0) ^ at}
        # An allele that fits both copies of a person is looked at on both.
        if pair[0] is not pair[-1] and all(fit == BOTH for fit in pair[at].fits):
            ways |= {way ^ 1 for way in ways}
        count += all(strands.base(site, way) == strands.definition.sites[site].reference for way in ways)
    return count
