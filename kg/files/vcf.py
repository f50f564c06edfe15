"""VCF: what is to know of such a file before its records: that it is whole, and of which genome it says it is."""

import gzip
import re
import zlib
from collections.abc import Iterable
from pathlib import Path

from kg.files.text import FileError

_FIRST_LINE = b"##fileformat=VCF"
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


def check_whole(path: Path) -> None:
    """Raise `VcfError` for a file that is no VCF from its first line on, or a gzipped one that ends too soon."""
    try:
        with path.open("rb") as stream:
            zipped = stream.read(2) == b"\x1f\x8b"
            if zipped:
                stream.seek(0, 2)
                stream.seek(max(0, stream.tell() - len(_END_OF_BGZF)))
                ended = stream.read() == _END_OF_BGZF
        with gzip.open(path) if zipped else path.open("rb") as stream:
            first = stream.read(len(_FIRST_LINE) + 3).removeprefix(b"\xef\xbb\xbf")
            while zipped and not ended and stream.read(1 << 20):
                pass
    except (EOFError, zlib.error, gzip.BadGzipFile) as failure:
        raise VcfError(path.name, f"ends before its end, or is damaged ({one_line(failure)}); get it again") from None
    if not first.startswith(_FIRST_LINE):
        raise VcfError(path.name, "is no VCF: expected a first line ##fileformat=VCFv4.x and a header")


def one_line(failure: BaseException) -> str:
    """Return what an error says as one line, not too long."""
    return " ".join(str(failure).split())[:200]


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
