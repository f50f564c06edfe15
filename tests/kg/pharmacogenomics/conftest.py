"""What the tests of calling share: all definitions, read once, and VCFs made of them."""

import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kg.fetch import Fetch
from kg.pharmacogenomics.calls import Caller, GeneResult, call_vcf, read_caller

Genotypes = Mapping[str, str]
"""A genotype (`0/1`), or a whole record's alternates and genotype (`G 0/1`), by the dbSNP number of its site."""
Call = Callable[..., GeneResult]

NAMED = "pgx/pharmcat/test-vcf-by-diplotype.tar.gz"


@pytest.fixture(scope="session")
def caller(mirror: Path) -> Caller:
    """The caller with PharmCAT's definitions."""
    return read_caller(Fetch(mirror, offline=True))


@pytest.fixture(scope="session")
def named_vcfs(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PharmCAT's VCFs, most of which are named after a diplotype."""
    folder = tmp_path_factory.mktemp("named")
    with tarfile.open(mirror / NAMED) as archive:
        archive.extractall(folder, filter="data")
    return folder / "test_vcf_by_diplotype"


@pytest.fixture
def call(caller: Caller, tmp_path: Path) -> Call:
    """Call one gene of a sample that is the reference everywhere but where the genotypes say otherwise.

    `./.` in place of a genotype is a record without a call, None no record at all.
    """

    def called(gene: str, genotypes: Mapping[str, str | None], **asked: str) -> GeneResult:
        path = tmp_path / "made.vcf"
        path.write_text(vcf_of(caller, gene, genotypes), encoding="utf-8")
        (sample,) = call_vcf(path, caller, **asked).values()
        return sample[gene]

    return called


def vcf_of(caller: Caller, gene: str, genotypes: Mapping[str, str | None]) -> str:
    """Return the text of a VCF of a gene's sites."""
    definition = caller.definitions[gene]
    known = {site.rs or str(site.position) for site in definition.sites}
    assert genotypes.keys() <= known, genotypes.keys() - known
    lines = []
    for site in definition.sites:
        genotype = genotypes.get(site.rs or str(site.position), "0/0")
        if genotype is None:
            continue
        alternates, _, told = genotype.rpartition(" ")
        cells = (site.chromosome, site.position, site.rs or ".", site.reference)
        lines.append(
            "\t".join(map(str, (*cells, alternates or ",".join(site.alternates), ".", "PASS", ".", "GT", told)))
        )
    return header() + "\n".join(lines) + "\n"


def header(*samples: str, build: str = "GRCh38") -> str:
    """Return the header of a VCF."""
    contigs = "".join(f"##contig=<ID=chr{name},assembly={build}>\n" for name in (*range(1, 23), "X"))
    columns = "\t".join(("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *(samples or ("S",))))
    formats = '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    return f"##fileformat=VCFv4.2\n{formats}{contigs}{columns}\n"
