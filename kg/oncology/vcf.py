"""Annotated VCF: a tumour's variants with what Ensembl VEP (INFO field CSQ) or SnpEff (ANN) says that they do.

VEP: https://www.ensembl.org/info/docs/tools/vep/vep_formats.html#vcf; SnpEff: https://pcingola.github.io/SnpEff/.
Where the annotator marks a transcript of a gene (PICK, MANE_SELECT, CANONICAL, in this order), only that one counts;
else all do, the gravest effect first.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pysam

from kg.files.vcf import REFERENCE, VcfError, check_whole, stated_genomes
from kg.oncology.change import change
from kg.oncology.maf import exon
from kg.oncology.somatic import (
    Consequence,
    Effect,
    GeneName,
    Place,
    SmallVariant,
    TumourError,
    Tumours,
    chromosome,
)

UNNAMED = "tumour"
"""What a tumour is called whose VCF has no column of samples."""

TERMS: dict[str, Consequence] = {
    "stop_gained": "nonsense",
    "frameshift_variant": "frameshift",
    "splice_acceptor_variant": "splice site",
    "splice_donor_variant": "splice site",
    "start_lost": "start lost",
    "initiator_codon_variant": "start lost",
    "stop_lost": "stop lost",
    "missense_variant": "missense",
    "inframe_insertion": "in-frame insertion",
    "conservative_inframe_insertion": "in-frame insertion",
    "disruptive_inframe_insertion": "in-frame insertion",
    "inframe_deletion": "in-frame deletion",
    "conservative_inframe_deletion": "in-frame deletion",
    "disruptive_inframe_deletion": "in-frame deletion",
    "protein_altering_variant": "in-frame change",
    "rare_amino_acid_variant": "missense",
    "synonymous_variant": "silent",
    "stop_retained_variant": "silent",
    "start_retained_variant": "silent",
}
"""Terms of the Sequence Ontology that both annotators use; all others change neither a protein nor a splice site."""

_GRAVEST: Sequence[Consequence] = get_args(Consequence)
_SAYS_GENOME = (*REFERENCE, "##VEP=", "##SnpEffCmd=")
_MARKS = ("PICK", "MANE_SELECT", "CANONICAL")
_BASES = frozenset("ACGTN")


@dataclass(frozen=True)
class _Annotator:
    """How an annotator writes: its INFO field, and where in an entry each thing stands."""

    name: str
    field: str
    at: Mapping[str, int]
    columns: Mapping[str, str]

    def cell(self, entry: Sequence[str], what: str) -> str:
        """Return a thing that an entry states, empty where it has no column for it."""
        place = self.at.get(self.columns.get(what, what))
        return entry[place].strip() if place is not None and place < len(entry) else ""


_VEP = {
    "consequence": "Consequence",
    "symbol": "SYMBOL",
    "gene": "Gene",
    "protein": "HGVSp",
    "exon": "EXON",
    "intron": "INTRON",
}
_SNPEFF = {
    **{
        "consequence": "Annotation",
        "symbol": "Gene_Name",
        "gene": "Gene_ID",
        "protein": "HGVS.p",
        "exon": "Rank",
        "intron": "Rank",
    },
    "Allele": "Allele",
}
_CURES = {"SYMBOL": "--symbol", "HGVSp": "--hgvs"}


def read_vcf(path: str | Path, sample: str | None = None) -> Tumours:
    """Return the variants that a VCF file states of a sample, or of its only one.

    Raises `TumourError` for a file that is no VCF or has no annotation, that has several samples and none is named, or
    not the one that is named; the message quotes no sample.
    """
    verbosity = pysam.set_verbosity(0)  # htslib writes to standard error what is raised here
    try:
        check_whole(Path(path))
        with pysam.VariantFile(str(path)) as file:
            return _read(file, sample)
    except VcfError as failure:
        raise TumourError(f"the VCF {failure.reason}") from None
    except (OSError, ValueError) as failure:
        if isinstance(failure, TumourError):
            raise
        raise TumourError("the VCF cannot be read as one, or only in part; check it with bcftools view") from None
    finally:
        pysam.set_verbosity(verbosity)


def _read(file: Any, sample: str | None) -> Tumours:
    annotator = _annotator(file.header)
    name = _sample(list(file.header.samples), sample)
    build = _build(file.header)
    variants: list[SmallVariant] = []
    left_out: Counter[str] = Counter()
    records = annotated = 0
    for line, record in enumerate(file, start=1):
        records += 1
        entries = [text.split("|") for text in _entries(record, annotator)]
        annotated += bool(entries)
        if set(record.filter.keys()) - {"PASS"}:
            left_out["a variant that did not pass its caller's filters"] += 1
            continue
        for index in _carried(record, name):
            if not set(record.alts[index - 1]) <= _BASES:
                left_out["an allele that is not given in bases"] += 1
                continue
            place = _place(record, index, build)
            of = [entry for entry in entries if _of_allele(annotator, entry, record, index)]
            variants += _variants(annotator, of, name or UNNAMED, place, line)
    if records and not annotated:
        raise TumourError(f"the VCF declares {annotator.name}'s {annotator.field}, but no variant has it; annotate it")
    return Tumours((name or UNNAMED,), tuple(variants), build, dict(left_out))


def _annotator(header: Any) -> _Annotator:
    """Return which annotator a VCF's header declares, with what it must state."""
    if "CSQ" in header.info:
        columns = str(header.info["CSQ"].description).rpartition("Format:")[2].strip(" \"'").split("|")
        found = _Annotator("VEP", "CSQ", {name.strip(): place for place, name in enumerate(columns)}, _VEP)
        for column in ("Consequence", "SYMBOL", "HGVSp"):
            if column not in found.at:
                cure = f"run vep with {_CURES[column]}" if column in _CURES else "write it as VEP does"
                raise TumourError(f"the VCF's CSQ has no {column} among its fields; {cure}")
        return found
    if "ANN" in header.info:
        columns = str(header.info["ANN"].description).partition("'")[2].rstrip(" \"'").split("|")
        found = _Annotator("SnpEff", "ANN", {name.strip(): place for place, name in enumerate(columns)}, _SNPEFF)
        for column in ("Annotation", "Gene_Name", "HGVS.p"):
            if column not in found.at:
                raise TumourError(f"the VCF's ANN has no {column} among its fields; write it as SnpEff does")
        return found
    raise TumourError(
        "the VCF has no annotation: neither VEP's INFO field CSQ nor SnpEff's ANN is in its header; annotate it with "
        "vep --vcf --symbol --hgvs --canonical, or with snpEff -canon"
    )


def _sample(names: Sequence[str], wanted: str | None) -> str | None:
    if wanted is not None:
        if wanted not in names:
            raise TumourError(f"the VCF has no sample of this name; it has {len(names)}, in the line #CHROM")
        return wanted
    if len(names) > 1:
        raise TumourError(f"the VCF has {len(names)} samples; say with --sample which is the tumour")
    return names[0] if names else None


def _build(header: Any) -> str:
    """Return the reference genome that a header states: by a length, or in words; empty where it states none."""
    stated = stated_genomes(str(header).splitlines(), _SAYS_GENOME)
    if len(stated) > 1:
        raise TumourError(f"the VCF's header states several reference genomes: {', '.join(sorted(stated))}")
    return next(iter(stated), "")


def _entries(record: Any, annotator: _Annotator) -> Sequence[str]:
    found = record.info.get(annotator.field) or ()
    return (found,) if isinstance(found, str) else found


def _carried(record: Any, sample: str | None) -> list[int]:
    """Return which alternate alleles, from 1, a sample has; all where the file does not say."""
    every = list(range(1, len(record.alts or ()) + 1))
    if sample is None or "GT" not in record.format:
        return every
    alleles = record.samples[sample].get("GT") or ()
    return [index for index in every if index in alleles]


def _place(record: Any, index: int, build: str) -> Place | None:
    """Return where an allele is, in a MAF file's words: without the bases that both alleles share."""
    reference, alternate, start = record.ref.upper(), record.alts[index - 1].upper(), record.pos
    while reference and alternate and reference[0] == alternate[0]:
        reference, alternate, start = reference[1:], alternate[1:], start + 1
    while reference and alternate and reference[-1] == alternate[-1]:
        reference, alternate = reference[:-1], alternate[:-1]
    if not build or reference == alternate:
        return None
    where = chromosome(record.chrom)
    if not reference:
        return Place(build, where, start - 1, start, "", alternate)
    return Place(build, where, start, start + len(reference) - 1, reference, alternate)


def _of_allele(annotator: _Annotator, entry: Sequence[str], record: Any, index: int) -> bool:
    """Return whether an entry is of an allele; VEP writes an indel's without the base before it."""
    if len(record.alts) == 1:
        return True
    number = annotator.cell(entry, "ALLELE_NUM")
    if number:
        return number == str(index)
    alternate, stated = record.alts[index - 1], annotator.cell(entry, "Allele")
    shared = len({allele[0] for allele in (record.ref, *record.alts)}) == 1
    return stated == alternate or (annotator.field == "CSQ" and shared and stated == (alternate[1:] or "-"))


def _variants(
    annotator: _Annotator, entries: Sequence[Sequence[str]], sample: str, place: Place | None, line: int
) -> Iterator[SmallVariant]:
    """Yield an allele's variant in each gene that it stands in."""
    genes: dict[tuple[str, str], list[Sequence[str]]] = {}
    for entry in entries:
        if symbol := annotator.cell(entry, "symbol"):
            genes.setdefault((symbol, annotator.cell(entry, "gene")), []).append(entry)
    for (symbol, number), of in genes.items():
        effects = sorted(
            (_effect(annotator, entry) for entry in _marked(annotator, of)),
            key=lambda effect: (_GRAVEST.index(effect.consequence), effect.change is None),
        )
        entrez = number if number.isdecimal() and number.isascii() else ""
        yield SmallVariant(sample, GeneName(symbol, entrez, "" if entrez else number), tuple(effects), place, line)


def _marked(annotator: _Annotator, entries: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    for mark in _MARKS:
        marked = [entry for entry in entries if annotator.cell(entry, mark) not in ("", "NO", "0")]
        if marked:
            return marked
    return entries


def _effect(annotator: _Annotator, entry: Sequence[str]) -> Effect:
    terms = annotator.cell(entry, "consequence").split("&")
    consequence = min((TERMS.get(term, "noncoding") for term in terms), key=_GRAVEST.index)
    text = annotator.cell(entry, "protein").rpartition(":")[2]
    if consequence != "splice site":
        return Effect(consequence, text, change(text), exon(annotator.cell(entry, "exon")))
    intron = exon(annotator.cell(entry, "intron"))  # which counts from the exon before it
    before = "splice_donor_variant" in terms
    return Effect(consequence, text, change(text), intron if intron is None or before else intron + 1)
