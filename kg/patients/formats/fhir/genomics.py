"""Genomics: genotypes and variants of the germline, as HL7's Genomics Reporting guide codes them.

A genotype is a text of known genes and alleles, of which nothing else is kept. A variant is its dbSNP identifier, or
its place and change in a genome, with the number of copies. The alternate allele decides: an identifier may stand for
several, and `alternates.tsv` has that of each variant by which `kg.patients.pharmacogenomics` knows a star allele, on
the plus strand of GRCh38 (after PharmCAT). A star allele is never called from a single variant.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from kg.curie import OWN
from kg.files.table import read_tsv
from kg.patients.formats.fhir.codes import loinc, read_code
from kg.patients.formats.fhir.elements import Json, codings, member, must_be_known, objects, text
from kg.patients.formats.fhir.genotypes import METABOLISM, PHENOTYPES, diplotype, phenotype
from kg.patients.formats.fhir.stated import Resource, Statement
from kg.patients.formats.fhir.statuses import data_absent
from kg.patients.formats.fhir.times import Span
from kg.patients.moment import Moment
from kg.patients.pharmacogenomics import COPIES, Call, GenotypeError, call_genotype, call_variant, listed_genes
from kg.patients.record import Code, GeneCall, LeftOut, Refused

GENOTYPE, HAPLOTYPE, VARIANT = "84413-4", "84414-2", "69548-6"
GENOMIC = frozenset((GENOTYPE, HAPLOTYPE, VARIANT, METABOLISM, *PHENOTYPES))
"""LOINC of a genotype, of one haplotype, of a variant, of what a gene does to drugs."""

_GENE_STUDIED, _SOURCE_CLASS = "48018-6", "48002-0"
_DBSNP, _ALLELIC_STATE, _REFERENCE, _ALTERNATE = "81255-2", "53034-5", "69547-8", "69551-0"
_PLACE = "81290-9"
_HGVS = (_PLACE, "48004-6")
"""LOINC of the components that say more of it."""
_GERMLINE = frozenset(("LA6683-2", "LA18194-3", "LA26807-0"))
"""LOINC's answers germline, likely germline, de novo to where a variant is from; all others are not inherited."""
_ELSEWHERE = frozenset(("LA6684-0", "LA10429-1", "LA18195-0", "LA18196-8"))
"""LOINC's answers somatic and fetal, also likely ones."""
_SOMATIC = re.compile(r"\b(somatic|fetal)\b", re.IGNORECASE)
_TUMOUR = re.compile(r"\b(somatic|tumou?rs?|neoplas\w*|fetal|fetus)\b", re.IGNORECASE)
_PRESENT, _ABSENT = frozenset(("LA9633-4", "52101004")), frozenset(("LA9634-2", "2667000"))

_RS_ID = re.compile(r"(?:rs)?(\d{1,12})", re.ASCII)
_BASES = re.compile(r"[ACGT]+|-", re.ASCII)
_GENOMIC = re.compile(r"NC_\d{6}\.\d{1,2}:[gm]\.[\d_]+([ACGT]+>[ACGT]+|del|dup|(del)?ins[ACGT]+|inv)", re.ASCII)
_SUBSTITUTION = re.compile(r"[cgn]\.[-+*_\d]+(?P<reference>[ACGT]+)>(?P<alternate>[ACGT]+)$")
_NO_SYMBOL = re.compile(r"(HGNC:)?\d+")
_COMPLEMENT = str.maketrans("ACGT", "TGCA")
_OTHER_ALLELE = "is another allele than that by which the identifier is known here"


@dataclass(frozen=True)
class _Alternate:
    """The alleles of a variant on the plus strand of GRCh38: as the star alleles have it, and any others."""

    reference: str
    alternate: str
    others: tuple[str, ...]


def genomic(resource: Resource, span: Span) -> Iterator[Statement]:
    """Yield what a genotype or a variant states; raises `LeftOut` and `Refused` where it states nothing."""
    raw = resource.raw
    if resource.faults:  # what is bad may be what says that this is no variant of the patient's
        raise Refused(*resource.faults[0])
    parts: dict[str, list[Json]] = {}
    for number, part in enumerate(objects(raw.get("component"))):
        must_be_known(part, f"component.{number}.")
        for code in loinc(part.get("code")):
            parts.setdefault(code, []).append(part)
    if _is_of_another_source(raw, parts):
        raise LeftOut("not of the germline")
    if data_absent(raw):
        raise LeftOut("a result that is absent")
    codes = loinc(raw.get("code"))
    if HAPLOTYPE in codes:
        raise LeftOut("one haplotype, not a genotype")
    if GENOTYPE in codes:
        yield _call(resource, _genotype(resource, parts), span)
    elif codes & {METABOLISM, *PHENOTYPES}:
        yield _phenotype(resource, codes, parts, span)
    else:
        yield from _variant(resource, parts, span)


def _is_of_another_source(raw: Json, parts: Mapping[str, list[Json]]) -> bool:
    """Say whether a variant is of a tumour or a fetus, or of a source that is told and is not the germline."""
    for part in objects(raw.get("component")):
        if loinc(part.get("valueCodeableConcept")) & _ELSEWHERE:
            return True
        if not loinc(part.get("code")) and any(map(_SOMATIC.search, _texts(part))):
            return True
    for concept in (*objects(raw.get("category")), *objects([raw.get("method"), raw.get("specimen")])):
        displays = [text(coding.get("display")) for coding in codings(concept)]
        words = [text(concept.get("text")), text(concept.get("display")), *displays]
        if loinc(concept) & _ELSEWHERE or any(_TUMOUR.search(word) for word in words if word):
            return True
    return any(not loinc(part.get("valueCodeableConcept")) & _GERMLINE for part in parts.get(_SOURCE_CLASS, ()))


def _call(resource: Resource, call: Call, span: Span) -> GeneCall:
    at, _ = span
    return GeneCall(
        gene=call.gene,
        diplotypes=(call.genotype or "",),
        method="record",
        place=resource.place,
        record=resource.record,
        at=at if isinstance(at, Moment) else None,
        copies=tuple(sorted((variant, copies) for variant, copies in call.copies.items() if copies)),
        version=resource.version,
    )


def _phenotype(resource: Resource, codes: frozenset[str], parts: Mapping[str, list[Json]], span: Span) -> GeneCall:
    """Return what is stated of what a gene does to drugs, without a genotype."""
    genes = {gene for gene in _stated(parts, _GENE_STUDIED) if not _NO_SYMBOL.fullmatch(gene)}
    genes = {PHENOTYPES[code] for code in codes & PHENOTYPES.keys()} or genes
    if len(genes) != 1:
        raise Refused("component", "names two genes (48018-6)" if genes else "does not say which gene it is (48018-6)")
    (gene,) = genes
    said = phenotype(loinc(resource.raw.get("valueCodeableConcept")), _texts(resource.raw), gene)
    return replace(_call(resource, Call(gene, None, {}), span), diplotypes=(), phenotype=said)


def _genotype(resource: Resource, parts: Mapping[str, list[Json]]) -> Call:
    texts = _texts(resource.raw)
    if not texts:
        raise LeftOut("no genotype")
    genes = [gene for gene in _stated(parts, _GENE_STUDIED) if not _NO_SYMBOL.fullmatch(gene)]
    listed = sorted(set(genes) & listed_genes())
    if len(listed) > 1:
        raise Refused("component", "names two genes (48018-6)")
    gene = listed[0] if listed else genes[0] if genes else None
    failures: list[GenotypeError] = []
    for said in texts:
        try:
            return call_genotype(said, gene)
        except GenotypeError as failure:
            failures.append(failure)
    for said in texts:
        if found := diplotype(said, genes, resource.alleles):
            return Call(*found, {})
    raise Refused("value[x]", f"is not understood: {failures[0]}") from None


def _variant(resource: Resource, parts: Mapping[str, list[Json]], span: Span) -> Iterator[Statement]:
    found = {f"rs{match[1]}" for said in _stated(parts, _DBSNP) if (match := _RS_ID.fullmatch(said))}
    places = {said for said in _stated(parts, _PLACE) if _GENOMIC.fullmatch(said)}
    if not found | places:
        raise LeftOut("a variant without a dbSNP identifier or a place in a genome")
    if max(len(found), len(places)) > 1:
        raise Refused("component", "names two variants (81255-2, 81290-9)")
    copies = _copies(resource.raw, parts)
    by_place = [code for said in places for code in (Code(OWN, _spelt(said)), Code("HGVS", said))]
    for variant in found:
        try:
            _same_allele(variant, parts, carried=copies > 0)
        except Refused:
            if not places:
                raise
            continue
        call = call_variant(variant, copies)
        if call.genotype:
            yield _call(resource, call, span)
        by_place.insert(0, Code("DBSNP", variant))
    yield resource.event("variant", by_place, span, copies=copies, negated=copies == 0)


def _spelt(place: str) -> str:
    """Return a place and change in a genome in the characters of our identifiers."""
    return place.replace(":", "-").replace(">", "-")


def _copies(raw: Json, parts: Mapping[str, list[Json]]) -> int:
    """Return how many copies of a variant there are; one that is there in a number that is not told is refused."""
    read = {read_code(coding) for coding in codings(raw.get("valueCodeableConcept"))}
    answers = {code.code for code in read if isinstance(code, Code)}
    present, absent = bool(answers & _PRESENT), bool(answers & _ABSENT)
    if present == absent and (present or any(name.startswith(("value", "_value")) for name in raw)):
        raise Refused("value[x]", "does not say present or absent as LOINC does")
    if absent:
        return 0
    states = [loinc(part.get("valueCodeableConcept")) for part in parts.get(_ALLELIC_STATE, ())]
    copies = {COPIES.get(code) for state in states for code in state}
    if len(copies) != 1 or None in copies:
        raise Refused("component", "does not say how many copies: expected one allelic state (53034-5)")
    return copies.pop() or 0


def _same_allele(variant: str, parts: Mapping[str, list[Json]], *, carried: bool) -> None:
    """Raise `Refused` unless the alternate allele is that by which the identifier is known."""
    reference, alternate = _alleles(parts)
    if reference is not None and reference == alternate:
        raise Refused("component", "has the same reference and alternate allele")
    known = _alternates().get(variant)
    if known is None:
        return
    if alternate is None:
        if known.others and carried:
            raise Refused("component", "does not say which of the alternate alleles it is (69551-0)")
        return
    if not _is_it(known, reference, alternate):
        raise Refused("component", _OTHER_ALLELE)


def _alleles(parts: Mapping[str, list[Json]]) -> tuple[str | None, str | None]:
    """Return the reference and the alternate allele, from their components or from a substitution in HGVS."""
    reference, alternate = _allele(parts, _REFERENCE), _allele(parts, _ALTERNATE)
    if alternate is None:
        for said in (said for code in _HGVS for said in _stated(parts, code)):
            found = _SUBSTITUTION.search(said)
            if found:
                return found["reference"], found["alternate"]
    return reference, alternate


def _allele(parts: Mapping[str, list[Json]], code: str) -> str | None:
    stated = {said.upper() for said in _stated(parts, code)}
    if len(stated) > 1 or not all(_BASES.fullmatch(said) for said in stated):
        raise Refused("component", f"does not say one allele ({code})")
    return stated.pop() if stated else None


def _is_it(known: _Alternate, reference: str | None, alternate: str) -> bool:
    """Say whether alleles, on either strand, are those known; without a reference, on no more than one."""
    other = _other_strand(alternate)
    if reference is None:
        return alternate == known.alternate or (
            other == known.alternate and alternate not in (known.reference, *known.others)
        )
    own = _trimmed(known.reference, known.alternate)
    return own in (_trimmed(reference, alternate), _trimmed(_other_strand(reference), other))


def _other_strand(allele: str) -> str:
    return allele.translate(_COMPLEMENT)[::-1]


def _trimmed(reference: str, alternate: str) -> tuple[str, str]:
    """Return alleles less the bases that both begin and end with.

    >>> _trimmed("CAT", "CATAT"), _trimmed("-", "AT"), _trimmed("C", "T")
    (('', 'AT'), ('', 'AT'), ('C', 'T'))
    """
    pair = [reference.replace("-", ""), alternate.replace("-", "")]
    while all(pair) and pair[0][0] == pair[1][0]:
        pair = [allele[1:] for allele in pair]
    while all(pair) and pair[0][-1] == pair[1][-1]:
        pair = [allele[:-1] for allele in pair]
    return pair[0], pair[1]


def _stated(parts: Mapping[str, list[Json]], code: str) -> list[str]:
    return [said for part in parts.get(code, ()) for said in _texts(part)]


def _texts(part: Any) -> list[str]:
    """Return what a value may be written as: its text, then the names and codes of its codings."""
    concept = member(part, "valueCodeableConcept")
    said = [member(part, "valueString"), member(concept, "text")]
    for coding in codings(concept):
        said += [coding.get("display"), coding.get("code")]
    return [found for found in map(text, said) if found]


@cache
def _alternates() -> dict[str, _Alternate]:
    rows = read_tsv(Path(str(files("kg.patients.formats.fhir"))) / "alternates.tsv", needed=()).by_line().values()
    return {
        row["variant"]: _Alternate(row["reference"], row["alternate"], tuple(filter(None, row["others"].split(";"))))
        for row in rows
    }
