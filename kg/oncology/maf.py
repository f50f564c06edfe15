"""MAF: the Mutation Annotation Format of TCGA and GDC, as vcf2maf, Funcotator, Oncotator and the GDC write it.

https://docs.gdc.cancer.gov/Data/File_Formats/MAF_Format/. A row is a variant of a tumour in one gene and transcript.
Lines that begin with `#` are comments; columns are known by their names in any capitals (`End_position`), the protein's
change by any name that a program has for it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.files.lines import read_lines
from kg.files.text import FileError
from kg.oncology.change import change
from kg.oncology.somatic import (
    BUILDS,
    Consequence,
    Effect,
    GeneName,
    Place,
    SmallVariant,
    TumourError,
    Tumours,
    chromosome,
)

GENE, ENTREZ, BUILD = "Hugo_Symbol", "Entrez_Gene_Id", "NCBI_Build"
CHROMOSOME, START, STOP = "Chromosome", "Start_Position", "End_Position"
CLASS, SAMPLE = "Variant_Classification", "Tumor_Sample_Barcode"
REFERENCE, FIRST, SECOND = "Reference_Allele", "Tumor_Seq_Allele1", "Tumor_Seq_Allele2"
NEEDED = (GENE, BUILD, CHROMOSOME, START, STOP, CLASS, REFERENCE, SECOND, SAMPLE)
PROTEIN = ("HGVSp_Short", "Protein_Change", "HGVSp", "Amino_Acid_Change", "AAChange", "aa_change")
"""The columns that may have the protein's change: the first that is there is read."""

CLASSES: dict[str, Consequence] = {
    "missense_mutation": "missense",
    "nonsense_mutation": "nonsense",
    "nonstop_mutation": "stop lost",
    "stop_codon_ins": "nonsense",
    "stop_codon_del": "stop lost",
    "translation_start_site": "start lost",
    "start_codon_snp": "start lost",
    "start_codon_del": "start lost",
    "start_codon_ins": "start lost",
    "frame_shift_ins": "frameshift",
    "frame_shift_del": "frameshift",
    "in_frame_ins": "in-frame insertion",
    "in_frame_del": "in-frame deletion",
    "splice_site": "splice site",
    "silent": "silent",
    **dict.fromkeys(("splice_region", "intron", "igr", "rna", "lincrna", "targeted_region"), "noncoding"),
    **dict.fromkeys(("5'utr", "3'utr", "5'flank", "3'flank"), "noncoding"),
    **dict.fromkeys(("de_novo_start_inframe", "de_novo_start_outofframe"), "noncoding"),
}

_NO_BASES = ("-", "", ".")
_PASSED = ("", ".", "na", "pass")
_NOT_SOMATIC = ("germline", "loh", "none", "wildtype")


@dataclass(frozen=True)
class _Layout:
    """Where each column stands, by its name in lower case."""

    at: Mapping[str, int]
    protein: str
    columns: int

    def cell(self, cells: Sequence[str], column: str) -> str:
        """Return a row's cell, empty where there is no such column."""
        place = self.at.get(column.lower())
        return "" if place is None else cells[place].strip()


class _Refused(Exception):
    """A row that is not taken; the message is the reason, without its values."""


def read_maf(path: str | Path, sample: str | None = None) -> Tumours:
    """Return the variants that a MAF file states, of one sample or of all.

    Raises `TumourError`, which names the line and quotes no row, for a file that is no MAF: a missing column, a row
    that is longer or shorter than the header, reference genomes that differ or are not known, no row at all; and for a
    sample that it does not have. `OSError` for a file that cannot be opened.
    """
    rows = _rows(path)
    layout = _layout(*next(rows, (1, ())))
    samples: dict[str, None] = {}
    builds: dict[str, int] = {}
    variants: list[SmallVariant] = []
    left_out: Counter[str] = Counter()
    for line, cells in rows:
        if len(cells) != layout.columns:
            raise TumourError(f"the MAF, line {line}: {len(cells)} cells; expected {layout.columns}, as in its header")
        name = layout.cell(cells, SAMPLE)
        samples.setdefault(name)
        build = _build(layout.cell(cells, BUILD), line)
        builds.setdefault(build, line)
        if sample is not None and name != sample:
            continue
        try:
            variants.append(_variant(layout, cells, build, line))
        except _Refused as reason:
            left_out[str(reason)] += 1
    _check(samples, builds, sample)
    asked = tuple(samples) if sample is None else (sample,)
    return Tumours(asked, tuple(variants), next(iter(builds)), dict(left_out))


def _rows(path: str | Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the header and the rows with their lines; an error names no file, as a patient's may be in its name."""
    try:
        for line, text in read_lines(path):
            if text.strip() and not text.startswith("#"):
                yield line, tuple(text.split("\t"))
    except FileError as failure:
        raise TumourError(str(failure).replace(str(path), "the MAF")) from None


def _layout(line: int, header: Sequence[str]) -> _Layout:
    names = [name.strip().lower() for name in header]
    if not any(names):
        raise TumourError(
            f"the MAF has no header; expected the columns {', '.join(NEEDED)} and one of {' | '.join(PROTEIN)}"
        )
    missing = [column for column in NEEDED if column.lower() not in names]
    protein = next((column for column in PROTEIN if column.lower() in names), None)
    if missing or protein is None:
        wanted = [*missing, *([] if protein else [f"one of {' | '.join(PROTEIN)}"])]
        raise TumourError(
            f"the MAF, line {line}: missing among its {len(names)} columns: {', '.join(wanted)}; expected a header "
            f"with {', '.join(NEEDED)} and the protein's change, separated by tabs"
        )
    twice = sorted({name for name in names if names.count(name) > 1} & {column.lower() for column in NEEDED + PROTEIN})
    if twice:
        raise TumourError(f"the MAF, line {line}: the column {twice[0]} stands there twice; keep one")
    return _Layout({name: place for place, name in enumerate(names)}, protein, len(names))


def _build(text: str, line: int) -> str:
    build = BUILDS.get(text.lower())
    if build is None:
        raise TumourError(
            f"the MAF, line {line}: {BUILD} is not the name of a known reference genome; expected GRCh37 or GRCh38 "
            "(also 37, 38, hg19, hg38)"
        )
    return build


def _check(samples: Mapping[str, None], builds: Mapping[str, int], sample: str | None) -> None:
    if not builds:
        raise TumourError("the MAF has no rows below its header; expected one for each variant")
    if len(builds) > 1:
        told = ", ".join(f"{build} from line {line}" for build, line in builds.items())
        raise TumourError(f"the MAF mixes reference genomes: {told}; give one file for each")
    if "" in samples:
        raise TumourError(f"the MAF has rows without a {SAMPLE}; expected the sample of each variant")
    if sample is not None and sample not in samples:
        raise TumourError(f"the MAF has no sample of this name; it has {len(samples)}, in its column {SAMPLE}")


def _variant(layout: _Layout, cells: Sequence[str], build: str, line: int) -> SmallVariant:
    def cell(column: str) -> str:
        return layout.cell(cells, column)

    if cell("FILTER").lower() not in _PASSED:
        raise _Refused("a variant that did not pass its caller's filters")
    if cell("Mutation_Status").lower() in _NOT_SOMATIC:
        raise _Refused("a variant that is stated not to be somatic")
    consequence = CLASSES.get(cell(CLASS).lower())
    if consequence is None:
        raise _Refused(f"a row with an unknown {CLASS}")
    if not cell(GENE):
        raise _Refused(f"a row without a {GENE}")
    text = cell(layout.protein)
    effect = Effect(consequence, text if text != "." else "", change(text), exon(cell("Exon_Number") or cell("EXON")))
    entrez = cell(ENTREZ)
    gene = GeneName(cell(GENE), entrez if entrez.isdecimal() and entrez.strip("0") else "", cell("Gene"))
    return SmallVariant(cell(SAMPLE), gene, (effect,), _place(cell, build), line)


def _place(cell: Callable[[str], str], build: str) -> Place:
    reference = cell(REFERENCE).upper()
    first, second = cell(FIRST).upper(), cell(SECOND).upper()
    alternate = second if second != reference or not first else first
    bases = ["" if text in _NO_BASES else text for text in (reference, alternate)]
    if bases[0] == bases[1] or any(set(text) - set("ACGTN") for text in bases):
        raise _Refused(f"a row whose {REFERENCE} and {SECOND} are not two different runs of bases")
    numbers = [cell(START), cell(STOP)]
    if not all(number.isdecimal() and number.isascii() and len(number) < 12 for number in numbers):
        raise _Refused(f"a row whose {START} or {STOP} is not a whole number")
    return Place(build, chromosome(cell(CHROMOSOME)), int(numbers[0]), int(numbers[1]), *bases)


def exon(text: str) -> int | None:
    """Return the number of an exon, written `12/12`.

    >>> exon("12/12"), exon("3-4/12"), exon("")
    (12, None, None)
    """
    number = text.partition("/")[0]
    return int(number) if number.isdecimal() and number.isascii() and len(number) < 5 else None
