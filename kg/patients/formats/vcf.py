"""VCF: what a genome says of the genes that matter for drugs; each sample is a person.

A sample's name is its identity in the system `vcf`. Of each gene there is a call, also where there is none, which then
says why; with it the copies of the variants that were looked at, none included. Other variants of a genome are left
where they are: in the file. What a later file says of a sample stands in place of what an earlier one did.
"""

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.files.text import FileError
from kg.files.vcf import VcfError
from kg.patients.private import NOTHING, Private, as_words
from kg.patients.record import GeneCall, Person, Place, Reading, RecordError
from kg.pharmacogenomics.alleles import HLA
from kg.pharmacogenomics.calls import GeneResult, call_vcf, read_caller
from kg.pharmacogenomics.outside import OutsideCall, read_outside_calls

SUFFIXES = (".vcf", ".vcf.gz", ".vcf.bgz")
_FIRST_LINE = b"##fileformat=VCF"
_SHORTEST_NAME = 3
"""Letters below which a sample's name is in too many texts by chance to be looked for."""


@dataclass(frozen=True)
class Vcf:
    """Variant call files, one sample or many, plain or gzipped."""

    name: str = "vcf"
    describes: str = "VCF 4 (plain, gzipped or BGZF)"
    url: str = "https://samtools.github.io/hts-specs/VCFv4.3.pdf"

    def sniff(self, path: Path) -> bool:
        """Say whether a file begins like a VCF; a folder is no VCF, but may hold some."""
        if not path.name.lower().endswith(SUFFIXES) or path.is_dir():
            return False
        try:
            with gzip.open(path) if path.name.lower().endswith(SUFFIXES[1:]) else path.open("rb") as stream:
                return stream.read(len(_FIRST_LINE) + 3).removeprefix(b"\xef\xbb\xbf").startswith(_FIRST_LINE)
        except (OSError, EOFError, zlib.error):
            return False

    def read(self, paths: Sequence[Path], reading: Reading) -> Iterator[Person]:
        """Yield the samples of each file, or the one that is asked for.

        Raises `RecordError` for a file that cannot be read, or outside calls that could be of several samples.
        """
        files = [file for path in paths for file in (_files(path) if path.is_dir() else [path])]
        caller = read_caller(reading.fetch)
        outside = _outside(reading.outside_calls)
        for number, path in enumerate(files, start=1):
            name = f"VCF {number} of {len(files)}"
            try:
                results = call_vcf(path, caller, build=reading.build, sample=reading.sample, outside=outside)
            except VcfError as failure:
                raise RecordError(f"{name} {failure.reason}") from None
            except OSError as failure:
                raise RecordError(f"{name} cannot be opened: {failure.strerror}") from None
            if outside and (len(results) > 1 or len(files) > 1):
                raise RecordError(f"{name} has {len(results)} samples; outside calls are of one: --sample NAME")
            place = Place(name, 0)
            yield from (_person(sample, genes, place) for sample, genes in results.items())
            reading.progress("read", number / len(files))


READER = Vcf()


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.name.lower().endswith(SUFFIXES))


def _outside(path: Path | None) -> dict[str, OutsideCall]:
    if path is None:
        return {}
    try:
        return read_outside_calls(path)
    except FileError as failure:
        raise RecordError(f"the outside calls cannot be read: {str(failure).partition(', ')[2] or failure}") from None
    except OSError as failure:
        raise RecordError(f"the outside calls cannot be opened: {failure.strerror}") from None


def _person(sample: str, genes: Mapping[str, GeneResult], place: Place) -> Person:
    words = as_words(sample)
    telling = len(sample) >= _SHORTEST_NAME and words.strip()
    return Person(
        identity=("vcf", sample),
        place=place,
        calls=tuple(_call(result, place) for result in genes.values()),
        whole=True,
        private=Private(frozenset({words}), frozenset()) if telling else NOTHING,
    )


def _call(result: GeneResult, place: Place) -> GeneCall:
    return GeneCall(
        gene=result.gene,
        diplotypes=result.diplotypes,
        method=result.method or "vcf",
        place=place,
        record=("gene", result.gene),
        # that of an HLA gene is several, of an allele each; that of what was tested may not be that of the person
        phenotype=None if result.gene in HLA or len(set(result.possible)) > 1 else result.phenotype,
        activity_score=None if result.untold else result.activity_score,
        missing_positions=result.missing_positions,
        not_excluded=result.untold,
        note="; ".join(result.notes),
        copies=tuple(sorted(result.copies.items())),
    )
