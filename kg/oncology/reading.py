"""Reading: a tumour's file in whichever of the formats it is, told by how it begins."""

import gzip
import zlib
from pathlib import Path

from kg.oncology.maf import read_maf
from kg.oncology.somatic import TumourError, Tumours

_VCF, _BCF, _GZIP = b"##fileformat=VCF", b"BCF", b"\x1f\x8b"
_HEAD = 1 << 16


def read_tumours(path: str | Path, sample: str | None = None) -> Tumours:
    """Return the variants of a MAF or an annotated VCF file, of one sample or of all that it has.

    Raises `TumourError` for a file that is neither, or has no such sample; `OSError` for one that cannot be opened.
    """
    head = _head(Path(path)).removeprefix(b"\xef\xbb\xbf")
    if head.startswith(_BCF):
        raise TumourError("the file is BCF; write it as VCF, with bcftools view")
    if not head.strip():
        raise TumourError("the file is empty; expected MAF, or VCF annotated by VEP or SnpEff")
    if head.startswith(_VCF):
        from kg.oncology.vcf import read_vcf

        return read_vcf(path, sample)
    return read_maf(path, sample)


def _head(path: Path) -> bytes:
    """Return how a file begins, unpacked where it is gzipped."""
    with path.open("rb") as stream:
        zipped = stream.read(len(_GZIP)) == _GZIP
        stream.seek(0)
        try:
            with gzip.open(stream) as unpacked:
                return unpacked.read(_HEAD) if zipped else stream.read(_HEAD)
        except (gzip.BadGzipFile, EOFError, zlib.error):
            raise TumourError("the file is not gzipped text, or only a part of it; get it anew") from None
