"""Reading: a tumour's file in whichever of the formats it is, told by how it begins."""

from pathlib import Path

from kg.files.lines import read_lines
from kg.files.text import FileError
from kg.oncology.maf import read_maf
from kg.oncology.somatic import TumourError, Tumours

_BCF = b"BCF"


def read_tumours(path: str | Path, sample: str | None = None) -> Tumours:
    """Return the variants of a MAF or an annotated VCF file, of one sample or of all that it has.

    Raises `TumourError` for a file that is neither, or has no such sample; `OSError` for one that cannot be opened.
    """
    if _first_line(path).startswith("##fileformat=VCF"):
        from kg.oncology.vcf import read_vcf

        return read_vcf(path, sample)
    return read_maf(path, sample)


def _first_line(path: str | Path) -> str:
    with Path(path).open("rb") as stream:
        if stream.read(len(_BCF)) == _BCF:
            raise TumourError("the file is BCF; write it as VCF, with bcftools view")
    try:
        first = next((text for _, text in read_lines(path) if text.strip()), None)
    except FileError as failure:
        raise TumourError(str(failure).replace(str(path), "the file")) from None
    if first is None:
        raise TumourError("the file is empty; expected MAF, or VCF annotated by VEP or SnpEff")
    return first
