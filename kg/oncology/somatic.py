"""Somatic: a small variant of a tumour as a file states it, with what it does to each gene that it stands in."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from kg.oncology.change import Change, one_letter

Consequence = Literal[
    "nonsense",
    "frameshift",
    "splice site",
    "start lost",
    "stop lost",
    "in-frame insertion",
    "in-frame deletion",
    "in-frame change",
    "missense",
    "silent",
    "noncoding",
]
"""What a variant does to a gene, the gravest first; `noncoding` is all that changes no protein and no splice site."""

SILENT: frozenset[Consequence] = frozenset({"silent", "noncoding"})
TRUNCATING: frozenset[Consequence] = frozenset({"nonsense", "frameshift"})
LOSING: frozenset[Consequence] = TRUNCATING | {"splice site", "start lost"}
"""What is taken to leave no working protein: PVS1 of the ACMG (Richards et al., Genetics in Medicine 2015;17:405)."""
IN_FRAME: frozenset[Consequence] = frozenset({"missense", "in-frame insertion", "in-frame deletion", "in-frame change"})

BUILDS = {
    **dict.fromkeys(("37", "grch37", "hg19", "b37", "hs37d5", "grch37-lite"), "GRCh37"),
    **dict.fromkeys(("38", "grch38", "hg38"), "GRCh38"),
    **dict.fromkeys(("36", "36.1", "ncbi36", "hg18"), "NCBI36"),
}
"""How files call a reference genome, in lower case -> its name here."""


class TumourError(ValueError):
    """A tumour's file that cannot be read; the message says what to do and quotes no record, nor a sample's name."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a variant is, as a MAF file has it: an insertion stands between `start` and `stop`, its reference is ''."""

    build: str
    chromosome: str
    start: int
    stop: int
    reference: str
    alternate: str

    @property
    def key(self) -> str:
        """Return the place as the graph's variants have it."""
        return f"{self.chromosome}-{self.start}-{self.reference}-{self.alternate}"


class GeneName(NamedTuple):
    """How a file calls a gene: by symbol, and by its numbers in NCBI Gene and Ensembl where it states them."""

    symbol: str
    entrez: str = ""
    ensembl: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a variant does to one transcript: `change` of its protein and `exon` where they are known."""

    consequence: Consequence
    text: str = ""
    change: Change | None = None
    exon: int | None = None


@dataclass(frozen=True, slots=True)
class SmallVariant:
    """A variant of a tumour in one gene, with its effect on each transcript that counts; `line` is that of the file."""

    sample: str
    gene: GeneName
    effects: tuple[Effect, ...]
    place: Place | None
    line: int

    def named(self) -> str:
        """Return the variant in a few words: `BRAF V600E`, or what it does where no protein change is stated."""
        first = self.effects[0]
        return f"{self.gene.symbol} {one_letter(first.text) or first.consequence}"


@dataclass(frozen=True)
class Tumours:
    """What a file states: its samples, the variants of those asked for, and rows that were left out, by reason."""

    samples: tuple[str, ...]
    variants: tuple[SmallVariant, ...]
    build: str
    left_out: dict[str, int]


def chromosome(text: str) -> str:
    """Return a chromosome as CIViC writes it: `7` of `chr7`, `X` of `23`."""
    bare = text.strip().removeprefix("chr").removeprefix("CHR").removeprefix("Chr")
    return {"23": "X", "24": "Y", "M": "MT"}.get(bare, bare)
