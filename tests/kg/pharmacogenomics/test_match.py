"""The matcher against the worked examples of PharmCAT's manual, and a plain enumeration of all permutations."""

from collections.abc import Mapping
from itertools import combinations_with_replacement, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.pharmacogenomics.definitions import Definition, NamedAllele, Site
from kg.pharmacogenomics.match import match
from kg.pharmacogenomics.records import Genotype
from kg.pharmacogenomics.strands import strands

REFERENCE = "CCTGA"


def definition(**alleles: str) -> Definition:
    """Return a gene of five sites; a dot says nothing of a site, an R is A or G."""
    letters = {"R": frozenset("AG"), "Y": frozenset("CT")}
    rows = {"*1": REFERENCE} | {f"*{name[1:]}": bases for name, bases in alleles.items()}
    sites = tuple(Site("G", "chr1", at, base, ("X",), f"rs{at}", base) for at, base in enumerate(REFERENCE, start=1))
    named = []
    for name, bases in rows.items():
        told = {at: letters.get(base, frozenset(base)) for at, base in enumerate(bases) if base != "."}
        named.append(NamedAllele(name, told, frozenset(at for at, one in told.items() if len(one) > 1)))
    return Definition("G", "chr1", "NC_1", "1", sites, tuple(named))


def found(gene: Definition, genotypes: Mapping[int, str]) -> tuple[list[str], int]:
    """Return the called diplotypes and their score; a genotype is `C/T` or, phased, `C|T`."""
    read = {
        at - 1: Genotype(tuple(text.replace("|", "/").split("/")), "" if "|" in text else None)
        for at, text in genotypes.items()
    }
    matched = match(strands(gene, read, 2))
    return ["/".join(pair) for pair in matched.diplotypes], matched.score


MANUAL = definition(a2="T..A.", a3="...A.", a4=".T...", a5="T....")
SAMPLE = {1: "C/T", 2: "C/C", 3: "T/T", 4: "A/G", 5: "A/A"}


def without(site: int) -> dict[int, str]:
    return {at: text for at, text in SAMPLE.items() if at != site}


@pytest.mark.parametrize(
    ("genotypes", "called", "score"),
    [
        (SAMPLE, ["*1/*2"], 7),
        (without(5), ["*1/*2"], 6),
        (without(1), ["*1/*2", "*1/*3"], 5),
        (SAMPLE | {1: "C|T", 4: "A|G"}, ["*3/*5"], 2),
        (SAMPLE | {1: "C|T", 4: "G|A"}, ["*1/*2"], 7),
        (SAMPLE | {2: "C/T"}, ["*2/*4"], 3),
        (SAMPLE | {3: "C/C"}, [], 0),
    ],
)
def test_the_examples_of_the_manual(genotypes: dict[int, str], called: list[str], score: int) -> None:
    assert found(MANUAL, genotypes) == (called, score)


def test_two_phase_sets_are_not_in_phase_with_each_other() -> None:
    one = {0: Genotype(("C", "T"), "7"), 3: Genotype(("A", "G"), "7")}
    rest = {1: Genotype(("C", "C")), 2: Genotype(("T", "T")), 4: Genotype(("A", "A"))}
    assert match(strands(MANUAL, one | rest, 2)).diplotypes == (("*3", "*5"),)
    two = one | {3: Genotype(("A", "G"), "8")}
    assert match(strands(MANUAL, two | rest, 2)).diplotypes == (("*1", "*2"),)


def test_one_copy_is_one_allele() -> None:
    read = {at: Genotype((base,)) for at, base in enumerate("CCTAA")}
    matched = match(strands(MANUAL, read, 1))
    assert (matched.diplotypes, matched.score) == ((("*3",),), 1)


def test_a_base_that_may_be_either_counts_only_where_it_is_not_the_reference() -> None:
    gene = definition(a2="..T.R", a3="T....")
    assert found(gene, SAMPLE | {1: "C/C", 4: "G/G", 5: "A/A"}) == (["*1/*1"], 10)
    assert found(gene, SAMPLE | {1: "C/C", 4: "G/G", 5: "A/G"}) == (["*1/*2"], 7)
    assert found(gene, SAMPLE | {1: "C/C", 4: "G/G", 5: "G/G"}) == (["*2/*2"], 4)


def test_alleles_that_only_missing_positions_tell_are_not_excluded() -> None:
    matched = match(strands(MANUAL, {at: Genotype((base, base)) for at, base in enumerate("CCTG")}, 2))
    assert matched.untold == ()
    matched = match(strands(MANUAL, {0: Genotype(("C", "C")), 1: Genotype(("C", "C"))}, 2))
    assert matched.diplotypes == (("*1", "*1"),)
    assert matched.untold == ("*3",)
    assert matched.open == (("*1", "*3"), ("*3", "*3"))


def enumerated(gene: Definition, genotypes: Mapping[int, str]) -> tuple[set[str], int]:
    """Return the called diplotypes as the manual tells it: every permutation, every pair that can be."""
    known = sorted(genotypes)
    pairs = [tuple(genotypes[at].split("/")) for at in known]
    strands_ = set(product(*pairs))
    score = {one.name: sum(at - 1 in one.bases for at in known) for one in gene.alleles}

    def fits(one: NamedAllele, strand: tuple[str, ...]) -> bool:
        return all(base in one.bases.get(at - 1, {REFERENCE[at - 1]}) for at, base in zip(known, strand, strict=True))

    def opposite(strand: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(b if base == a else a for base, (a, b) in zip(strand, pairs, strict=True))

    matched = {
        one.name: {strand for strand in strands_ if fits(one, strand)} for one in gene.alleles if score[one.name]
    }
    possible = {
        (first, second): score[first] + score[second]
        for first, second in combinations_with_replacement(matched, 2)
        if any(opposite(strand) in matched[second] for strand in matched[first])
    }
    top = max(possible.values(), default=0)
    return {"/".join(pair) for pair, value in possible.items() if value == top}, top


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(*(st.sampled_from(["X", base, "."]) for base in REFERENCE)), min_size=1, max_size=5),
    genotypes=st.lists(st.sampled_from(["0/0", "0/1", "1/0", "1/1", ""]), min_size=5, max_size=5),
)
def test_it_finds_what_all_permutations_would(rows: list[tuple[str, ...]], genotypes: list[str]) -> None:
    told = [row for row in rows if set(row) != {"."}]
    gene = definition(**{f"a{number}": "".join(row) for number, row in enumerate(told, start=2)})
    read = {
        at: text.replace("0", REFERENCE[at - 1]).replace("1", "X") for at, text in enumerate(genotypes, start=1) if text
    }
    called, score = found(gene, read)
    assert (set(called), score) == enumerated(gene, read)
