"""Opening: a VCF as htslib reads it, whatever it is packed in; what is no VCF, or not a whole one, is told."""

import gzip
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import pysam

from kg.files.text import FileError
from kg.files.vcf import BGZF, GZIP, MARK, VcfError, check_whole

_BLOCK = 1 << 20


@contextmanager
def opened(path: Path) -> Iterator[pysam.VariantFile]:
    """Open a VCF: plain, gzipped or BGZF, with a byte-order mark or without; raises `VcfError`, `OSError`."""
    head = check_whole(path)
    pysam.set_verbosity(0)  # htslib writes to standard error what is raised here
    try:
        if head.startswith(GZIP) != head.startswith(BGZF) or head.startswith(MARK):
            with _unpacked(path, head) as stream, pysam.VariantFile(stream) as file:
                yield file
        else:
            with pysam.VariantFile(str(path)) as file:
                yield file
    except (ValueError, OSError) as failure:
        if isinstance(failure, FileError) or getattr(failure, "errno", None) is not None:
            raise
        raise VcfError(path.name, _told(failure)) from None


@contextmanager
def _unpacked(path: Path, head: bytes) -> Iterator[BinaryIO]:
    """Yield the text of a file as a stream that has no place of its own; htslib cannot go back in plain gzip."""
    reading, writing = os.pipe()

    def feed() -> None:
        # Whoever reads may have seen enough.
        with (
            suppress(BrokenPipeError),
            open(writing, "wb") as out,
            gzip.open(path) if head.startswith(GZIP) else path.open("rb") as stream,
        ):
            first = stream.read(_BLOCK).removeprefix(MARK)
            while first:
                out.write(first)
                first = stream.read(_BLOCK)

    feeder = threading.Thread(target=feed)
    with open(reading, "rb") as stream:
        feeder.start()
        yield stream
    feeder.join()


def _told(failure: Exception) -> str:
    """Return what htslib says, without the file's name that it quotes."""
    text = " ".join(str(failure).split())
    if "header" in text or "invalid file" in text:
        return "has no valid header: expected ##contig and ##FORMAT lines, and one line #CHROM with each sample once"
    return "has a record that cannot be read: expected tabs between CHROM, POS, ID, REF, ALT, ... and each genotype"
