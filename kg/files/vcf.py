"""VCF: what is to know of such a file before its records: that it is whole, and of which genome it says it is."""

import gzip
import os
import re
import zlib
from collections.abc import Iterable
from pathlib import Path

from kg.files.text import FileError

GZIP = b"\x1f\x8b"
BGZF = b"\x1f\x8b\x08\x04"
MARK = b"\xef\xbb\xbf"
"""How a gzipped file begins, one in blocks, and one with a byte-order mark."""

_FIRST_LINE = b"##fileformat=VCF"
_BLOCK = 1 << 20
_END_OF_BGZF = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_GENOMES = {
    "GRCh38": r"GRCh38|hg38|\bb38\b|GCA_000001405\.(15|2\d)|GCF_000001405\.(2[6-9]|[34]\d)|GCF_000001405\.40",
    "GRCh37": r"GRCh37|hg19|\bb37\b|hs37d5|human_g1k_v37|GCA_000001405\.1\b|GCF_000001405\.(13|25)\b",
    "NCBI36": r"NCBI36|hg18|\bb36\b",
    "T2T-CHM13": r"CHM13|T2T|GCA_009914755",
}
_LENGTHS = {
    "GRCh38": {248956422, 242193529, 190214555, 170805979, 159345973, 145138636, 133797422, 133275309, 114364328},
    "GRCh37": {249250621, 243199373, 191154276, 171115067, 159138663, 146364022, 135534747, 133851895, 115169878},
}
"""Lengths of chromosomes 1, 2, 4, 6, 7, 8, 10, 12 and 13."""

REFERENCE = ("##contig=", "##reference=", "##assembly=")
"""How the lines of a header begin that say which genome the positions are of."""


class VcfError(FileError):
    """A VCF that cannot be read; `reason` is the message without the file's name."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.reason = reason


def check_whole(path: Path) -> bytes:
    """Return how a file begins; raises `VcfError` for one that is no VCF, or a gzipped one that ends too soon."""
    try:
        with path.open("rb") as stream:
            head = stream.read(len(BGZF))
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - len(_END_OF_BGZF)))
            ended = stream.read() == _END_OF_BGZF
        packed = head.startswith(GZIP)
        with gzip.open(path) if packed else path.open("rb") as stream:
            first = stream.read(len(_FIRST_LINE) + len(MARK)).removeprefix(MARK)
            while packed and not ended and stream.read(_BLOCK):
                pass
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise VcfError(path.name, "ends before its end, or is damaged; get it again") from None
    if head.startswith(BGZF) and not ended:
        raise VcfError(path.name, "is BGZF without its last block, so that its end may be missing; get it again")
    if not first.startswith(_FIRST_LINE):
        raise VcfError(path.name, "is no VCF: expected a first line ##fileformat=VCFv4.x and a header")
    return head


def named_genome(stated: str) -> str | None:
    """Return the reference genome of a name, however it is called; None for a name that is none's.

    >>> named_genome("hg19"), named_genome("b38"), named_genome("mine")
    ('GRCh37', 'GRCh38', None)
    """
    found = [name for name, pattern in _GENOMES.items() if re.fullmatch(pattern, stated.strip(), re.IGNORECASE)]
    return found[0] if len(found) == 1 else None


def stated_genomes(header: Iterable[str], beginnings: tuple[str, ...] = REFERENCE) -> set[str]:
    """Return the reference genomes that the lines of a header name, or have the lengths of; only one should be.

    >>> stated_genomes(["##contig=<ID=chr1,length=248956422>", "##reference=file:///data/hs37d5.fa"]) == {
    ...     "GRCh37", "GRCh38"}
    True
    """
    lines = [line for line in header if line.startswith(beginnings)]
    said = {
        genome
        for line in lines
        for genome, pattern in _GENOMES.items()
        if re.search(pattern, re.sub(r"species=\"[^\"]*\"", "", line), re.IGNORECASE)
    }
    lengths = {int(found) for line in lines for found in re.findall(r"^##contig=.*[<,]length=(\d{1,12})\b", line)}
    return said | {genome for genome, known in _LENGTHS.items() if known & lengths}
