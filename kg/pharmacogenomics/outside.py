"""Outside: diplotypes that another program or laboratory found, as PharmCAT takes them.

A line a gene, tab-separated: gene, diplotype (or one allele), phenotype, activity score; the last three may be empty,
but not all. Lines that begin with `#` are comments. Several lines of one gene are all its possible diplotypes.
https://pharmcat.org/using/Outside-Call-Format
"""

import re
from dataclasses import dataclass
from pathlib import Path

from kg.files.number import number
from kg.files.text import FileError, read_text
from kg.pharmacogenomics.alleles import HLA, defined_name, hla_name

_PHENOTYPES = {
    "PM": "Poor Metabolizer",
    "IM": "Intermediate Metabolizer",
    "NM": "Normal Metabolizer",
    "EM": "Normal Metabolizer",
    "RM": "Rapid Metabolizer",
    "UM": "Ultrarapid Metabolizer",
}
_METABOLIZER = re.compile(
    r"\b(poor|intermediate|normal|extensive|rapid|ultrarapid)\s+metaboli[sz]ers?\b", re.IGNORECASE
)
_NOT_SURE = re.compile(r"\b(likely|possible)\b", re.IGNORECASE)
_NOTHING = ("n/a", "na", ".", "-", "no result")
_STATUS = re.compile(r"\*\d{2,3}:\d{2,3} (?:positive|negative)")
_GENE = re.compile(r"[A-Z0-9][A-Za-z0-9-]{1,15}")
_NAME = re.compile(r"[\w*.:>+()\[\] ,'≥=/-]{1,200}")


@dataclass(frozen=True)
class OutsideCall:
    """What was found of a gene elsewhere: the alleles of each possible diplotype, and what was said of them."""

    gene: str
    diplotypes: tuple[tuple[str, ...], ...]
    phenotype: str | None
    activity_score: float | None


def read_outside_calls(path: str | Path) -> dict[str, OutsideCall]:
    """Read the calls of a file, by gene; raises `FileError` with the line of what is not such a call.

    A message quotes no diplotype: the file is a patient's.
    """
    found: dict[str, OutsideCall] = {}
    name = Path(path).name
    for line, text in enumerate(read_text(path).splitlines(), start=1):
        if text.strip() and not text.startswith("#"):
            call = _call(text, f"{name}, line {line}")
            found[call.gene] = _joined(found[call.gene], call) if call.gene in found else call
    if not found:
        raise FileError(f"{name}: expected lines of gene, diplotype, phenotype and activity score, got none")
    return found


def _call(text: str, where: str) -> OutsideCall:
    cells = [cell.strip() for cell in text.rstrip("\t").split("\t")]
    if not 2 <= len(cells) <= 4:
        raise FileError(
            f"{where}: expected gene, diplotype, phenotype and activity score between tabs, got {len(cells)}"
        )
    gene, diplotype, phenotype, score = ("" if cell.casefold() in _NOTHING else cell for cell in (*cells, "", "")[:4])
    if not _GENE.fullmatch(gene):
        raise FileError(f"{where}: expected a gene's symbol such as CYP2D6 in the first column")
    if not (diplotype or phenotype or score):
        raise FileError(f"{where}: expected a diplotype, a phenotype or an activity score of {gene}")
    value = number(score.removeprefix("≥"))
    if score and (value is None or value < 0):
        raise FileError(f"{where}: expected a number such as 1.25 as the activity score of {gene}")
    if diplotype and not _NAME.fullmatch(diplotype):
        raise FileError(f"{where}: expected a diplotype such as *1/*2 of {gene}")
    if gene in HLA and _STATUS.fullmatch(diplotype) and not phenotype:
        diplotype, phenotype = "", diplotype
    pairs = (alleles(gene, diplotype),) if diplotype else ()
    return OutsideCall(gene, pairs, phenotype_words(gene, phenotype) if phenotype else None, value)


def alleles(gene: str, diplotype: str) -> tuple[str, ...]:
    """Return the alleles of a diplotype as it is written; a gene's symbol before an allele is dropped.

    What a laboratory calls otherwise than the definitions has the definitions' name.

    >>> alleles("CYP2D6", "CYP2D6*1/*4x2"), alleles("MT-RNR1", "1555A>G"), alleles("DPYD", "*1/*2A")
    (('*1', '*4x2'), ('m.1555A>G',), ('Reference', 'c.1905+1G>A (*2A)'))
    """
    if gene == "VKORC1" and re.fullmatch("[GA]{2}", diplotype):
        diplotype = "/".join(diplotype)
    parts = [part.strip().removeprefix(gene).strip() for part in re.split(r"/(?![^\[]*\])", diplotype)]
    if gene == "MT-RNR1":
        parts = [f"m.{part}" if re.fullmatch(r"\d+[ACGT].*", part) else part for part in parts]
    if gene in HLA:
        parts = [hla_name(gene, part) for part in parts]
    return tuple(defined_name(gene, part.replace("(wildtype)", "(reference)")) for part in parts)


def phenotype_words(gene: str, text: str) -> str:
    """Return a phenotype in CPIC's words where it means one of them.

    >>> phenotype_words("CYP2D6", "CYP2D6 ultrarapid metabolisers (UM)"), phenotype_words("CYP2C19", "PM")
    ('Ultrarapid Metabolizer', 'Poor Metabolizer')
    """
    bare = text.removeprefix(gene).strip()
    if bare.upper() in _PHENOTYPES:
        return _PHENOTYPES[bare.upper()]
    read, sure = _METABOLIZER.search(bare), _NOT_SURE.search(bare)
    if read is None:
        return bare
    how = read[1].capitalize().replace("Extensive", "Normal")
    return f"{sure[1].capitalize() if sure else ''} {how} Metabolizer".strip()


def _joined(first: OutsideCall, second: OutsideCall) -> OutsideCall:
    """Return two lines of one gene as one call: either may be."""
    return OutsideCall(
        first.gene,
        tuple(dict.fromkeys((*first.diplotypes, *second.diplotypes))),
        first.phenotype if first.phenotype == second.phenotype else None,
        first.activity_score if first.activity_score == second.activity_score else None,
    )
