"""A VCF as it comes: how a variant may be written, what is a genotype and what is none, and which file is refused."""

import gzip
from pathlib import Path

import pysam
import pytest

from kg.files.vcf import VcfError
from kg.pharmacogenomics.calls import Caller, GeneResult, call_vcf
from tests.kg.pharmacogenomics.conftest import header

pytestmark = pytest.mark.mirror

OTHERS = (
    "chr2\t233759924\trs887829\tC\tT\t.\tPASS\t.\tGT\t0/0\n"
    "chr2\t233760498\trs4148323\tG\tA\t.\tPASS\t.\tGT\t0/0\n"
    "chr2\t233760973\trs35350960\tC\tA\t.\tPASS\t.\tGT\t0/0\n"
)
REPEAT = "chr2\t233760233\t.\tCAT\tCATAT\t.\tPASS\t.\tGT\t0/1\n"
VCF = header() + OTHERS + REPEAT


def called(tmp_path: Path, caller: Caller, text: str, gene: str = "UGT1A1", **asked: str) -> GeneResult:
    path = tmp_path / "made.vcf"
    path.write_text(text, newline="", encoding="utf-8")
    (sample,) = call_vcf(path, caller, **asked).values()
    return sample[gene]


@pytest.mark.parametrize(
    ("record", "diplotype"),
    [
        ("233760233 CAT CATAT", "*1/*28"),
        ("233760233 C CAT", "*1/*28"),
        ("233760234 A ATA", "*1/*28"),
        ("233760234 AT ATAT", "*1/*28"),
        ("233760248 A ATA", "*1/*28"),
        ("233760233 CATATATATATATATA CATATATATATATATATA", "*1/*28"),
        ("233760233 cat catat", "*1/*28"),
        ("233760233 CAT CATATAT", "*1/*37"),
        ("233760233 CAT C", "*1/*36"),
        ("233760246 ATA A", "*1/*36"),
        ("233760233 CATA CA", "*1/*36"),
    ],
)
def test_an_indel_is_known_in_any_spelling(tmp_path: Path, caller: Caller, record: str, diplotype: str) -> None:
    position, reference, alternate = record.split()
    line = f"chr2\t{position}\t.\t{reference}\t{alternate}\t.\tPASS\t.\tGT\t0/1\n"
    found = called(tmp_path, caller, header() + OTHERS + line)
    assert (found.diplotypes, found.missing_positions) == ((diplotype,), ())


@pytest.mark.parametrize(
    ("records", "diplotypes"),
    [
        ([("C,CATAT", "1/2")], ("*28/*36",)),
        ([("CATAT,C,CATATAT", "0/3")], ("*1/*37",)),
        ([("C", "0/1"), ("CATAT", "1/0")], ("*28/*36",)),
        ([("C", "./1"), ("CATAT", "1/.")], ("*28/*36",)),
        ([("CATAT", "0/1"), ("CATAT", "0/1")], ("*1/*28",)),
        ([("C", "1/1"), ("CATAT", "0/1")], ()),
        ([("CATAT", "0/1"), ("CATAT", "1/1")], ()),
        ([("CATAT", "0/0"), ("CATAT", "0/1")], ()),
        ([("CATAT", "0|0"), ("CATAT", "0|1")], ()),
        ([("C", "0/0"), ("CATAT", "0/1")], ("*1/*28",)),
        ([("CATAT,*", "1/2")], ()),
        ([("CATATATATAT", "0/1")], ()),
        ([("CATAT,<DEL>", "1/2")], ()),
        ([("CATAT,<*>", "0/1")], ("*1/*28",)),
        ([(".", "0/0")], ("*1/*1",)),
        ([("<NON_REF>", "0/0")], ("*1/*1",)),
    ],
)
def test_alternates_in_one_record_or_in_several(
    tmp_path: Path, caller: Caller, records: list[tuple[str, str]], diplotypes: tuple[str, ...]
) -> None:
    lines = "".join(f"chr2\t233760233\t.\tCAT\t{alternate}\t.\tPASS\t.\tGT\t{told}\n" for alternate, told in records)
    found = called(tmp_path, caller, header() + OTHERS + lines)
    assert (found.diplotypes, found.missing_positions) == (diplotypes, ())


@pytest.mark.parametrize(
    ("form", "told", "why"),
    [
        ("GT", "./.", "is not called"),
        ("DP", "30", "is not called"),
        ("GT:DP", "0/1:0", "without any reads"),
        ("GT:AD", "0/1:0,31", "reads of one allele only"),
        ("GT:AD", "0/0:0,0", "without any reads"),
        ("GT:FT", "0/1:LowGQ", "the sample's own filter"),
    ],
)
def test_a_genotype_that_is_none_is_missing(tmp_path: Path, caller: Caller, form: str, told: str, why: str) -> None:
    defined = (
        '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">\n'
        '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Depth of each allele">\n'
        '##FORMAT=<ID=FT,Number=1,Type=String,Description="Filter">\n'
    )
    text = VCF.replace("GT\t0/1", f"{form}\t{told}")
    for one in (text, text.replace("##contig=<ID=chr1,", f"{defined}##contig=<ID=chr1,", 1)):
        found = called(tmp_path, caller, one)
        assert found.missing_positions == ("chr2:233760233 rs3064744",)
        assert any(why in note for note in found.notes), found.notes


def test_a_failed_filter_counts_and_a_remark_does_not(tmp_path: Path, caller: Caller) -> None:
    failed = called(tmp_path, caller, VCF.replace("PASS\t.\tGT\t0/1", "LowQual\t.\tGT\t0/1"))
    assert failed.missing_positions == ("chr2:233760233 rs3064744",)
    assert failed.untold == ("*28", "*36", "*37")
    assert "chr2:233760233 rs3064744 did not pass the filter LowQual" in failed.notes
    for remark in (".", "RefCall", "PCATxREF"):
        assert called(tmp_path, caller, VCF.replace("PASS\t.\tGT\t0/1", f"{remark}\t.\tGT\t0/1")).diplotypes == (
            "*1/*28",
        )


def test_a_block_of_the_reference_is_the_reference_where_it_has_reads(tmp_path: Path, caller: Caller) -> None:
    head = header().replace("##contig", '##INFO=<ID=END,Number=1,Type=Integer,Description="End">\n##contig', 1)
    block = "chr2\t233759900\t.\tA\t<NON_REF>\t.\t.\tEND={end}\tGT:DP\t0/0:{depth}\n"
    variant = "chr2\t233760498\trs4148323\tG\tA,<NON_REF>\t.\t.\t.\tGT:DP\t0/1:30\n"
    found = called(tmp_path, caller, head + block.format(end=233761000, depth=25) + variant)
    assert (found.diplotypes, found.missing_positions) == (("*1/*6",), ())
    partly = called(tmp_path, caller, head + block.format(end=233760234, depth=25) + variant)
    assert len(partly.missing_positions) == 2, "the block ends inside the repeat"
    unread = called(tmp_path, caller, head + block.format(end=233761000, depth=0) + variant)
    assert len(unread.missing_positions) == 3


@pytest.mark.parametrize("name", ["2", "chr2", "NC_000002.12"])
def test_a_chromosome_by_any_name(tmp_path: Path, caller: Caller, name: str) -> None:
    text = VCF.replace("chr2\t", f"{name}\t").replace("<ID=chr2,", f"<ID={name},")
    assert called(tmp_path, caller, text).diplotypes == ("*1/*28",)


@pytest.mark.parametrize("change", ["shuffled", "carriage returns", "byte-order mark"])
def test_a_file_in_another_order_or_dress_says_the_same(tmp_path: Path, caller: Caller, change: str) -> None:
    text = {
        "shuffled": header() + REPEAT + "".join(reversed(OTHERS.splitlines(keepends=True))),
        "carriage returns": VCF.replace("\n", "\r\n"),
        "byte-order mark": f"\ufeff{VCF}",
    }[change]
    assert called(tmp_path, caller, text).diplotypes == ("*1/*28",)


@pytest.mark.parametrize("name", ["made.vcf.gz", "made.vcf.bgz", "made.vcf"])
@pytest.mark.parametrize("packed", ["gzip", "bgzf"])
def test_a_packed_file_whatever_its_name(tmp_path: Path, caller: Caller, name: str, packed: str) -> None:
    (tmp_path / name).write_bytes(zipped(tmp_path, packed))
    (found,) = call_vcf(tmp_path / name, caller).values()
    assert found["UGT1A1"].diplotypes == ("*1/*28",)


def zipped(tmp_path: Path, packed: str) -> bytes:
    if packed == "gzip":
        return gzip.compress(VCF.encode())
    (tmp_path / "plain.vcf").write_text(VCF, encoding="utf-8")
    pysam.tabix_compress(str(tmp_path / "plain.vcf"), str(tmp_path / "packed.gz"), force=True)
    return (tmp_path / "packed.gz").read_bytes()


@pytest.mark.parametrize(("packed", "cut"), [("gzip", 12), ("gzip", 100), ("bgzf", 28), ("bgzf", 60)])
def test_a_file_that_ends_too_soon_is_refused(tmp_path: Path, caller: Caller, packed: str, cut: int) -> None:
    (tmp_path / "cut.vcf.gz").write_bytes(zipped(tmp_path, packed)[:-cut])
    with pytest.raises(VcfError, match=r"^cut.vcf.gz: (ends before its end|is BGZF without its last block)"):
        call_vcf(tmp_path / "cut.vcf.gz", caller)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no VCF: expected a first line"),
        ("chr1\t1\n", "is no VCF: expected a first line"),
        (VCF.partition("\n")[2], "is no VCF: expected a first line"),
        (VCF.replace("#CHROM", "CHROM"), "has no valid header"),
        (VCF.replace("FORMAT\tS\n", "FORMAT\tS\tS\n"), "has no valid header"),
        (VCF.replace("\tFORMAT\tS\n", "\n").replace("\tGT\t0/0", "").replace("\tGT\t0/1", ""), "has no sample"),
        (VCF.replace("assembly=GRCh38", "x=1"), "does not say which reference genome it is of"),
        (VCF.replace("\tGT\t0/1\n", "\n"), "has a record at chr2:233760233 without a genotype of each sample"),
        (VCF.replace("chr1,assembly=GRCh38", "chr1,assembly=hg19"), "says it is of GRCh37 and of GRCh38"),
        (VCF.replace("assembly=GRCh38", "assembly=hg18"), "is of NCBI36; the definitions are of GRCh38"),
        (VCF.replace("assembly=GRCh38", "length=249250621"), "3 dbSNP numbers of defining positions at other places"),
        (header() + OTHERS.replace("\tC\tT", "\tA\tT"), "has 1 of 3 reference bases at the defining positions"),
        (VCF.replace("0/1", "x/y"), "has a record that cannot be read"),
        (VCF + "chr2\t233760500\n", "has a record that cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_fault(
    tmp_path: Path, caller: Caller, text: str, reason: str
) -> None:
    with pytest.raises(VcfError) as failure:
        called(tmp_path, caller, text)
    assert failure.value.reason.startswith(reason) or reason in failure.value.reason
    assert str(failure.value) == f"made.vcf: {failure.value.reason}"
    assert str(tmp_path) not in str(failure.value)


def test_a_build_may_be_stated_where_the_header_does_not(tmp_path: Path, caller: Caller) -> None:
    silent = VCF.replace("assembly=GRCh38", "x=1")
    assert called(tmp_path, caller, silent, build="hg38").diplotypes == ("*1/*28",)
    with pytest.raises(VcfError, match="is stated to be of 'mine'; expected GRCh38 or GRCh37"):
        called(tmp_path, caller, silent, build="mine")
    with pytest.raises(VcfError, match="is of GRCh38 by its header, not of GRCh37 as stated"):
        called(tmp_path, caller, VCF, build="GRCh37")


def test_one_of_several_samples(tmp_path: Path, caller: Caller) -> None:
    text = (
        VCF.replace("FORMAT\tS\n", "FORMAT\tA\tB\n").replace("\t0/0\n", "\t0/0\t0/0\n").replace("0/1\n", "0/1\t0/0\n")
    )
    (tmp_path / "made.vcf").write_text(text, encoding="utf-8")
    both = call_vcf(tmp_path / "made.vcf", caller)
    assert {name: genes["UGT1A1"].diplotypes for name, genes in both.items()} == {"A": ("*1/*28",), "B": ("*1/*1",)}
    assert called(tmp_path, caller, text, sample="B").diplotypes == ("*1/*1",)
    with pytest.raises(VcfError, match="has no sample of the name that was asked for, among 2"):
        called(tmp_path, caller, text, sample="C")


def test_grch37_is_called_by_the_positions_that_are_known_in_it(tmp_path: Path, caller: Caller) -> None:
    lines = (
        "10\t96521657\trs12248560\tC\tT\t.\tPASS\t.\tGT\t0/0\n"
        "10\t96541616\trs4244285\tG\tA\t.\tPASS\t.\tGT\t0/1\n"
        "10\t96535124\trs12769205\tA\tG\t.\tPASS\t.\tGT\t0/1\n"
        "10\t96602623\trs3758581\tG\tA\t.\tPASS\t.\tGT\t0/0\n"
    )
    found = called(tmp_path, caller, header(build="hg19").replace("ID=chr10,", "ID=10,") + lines, gene="CYP2C19")
    assert found.diplotypes == ("*1/*2",), "GRCh37 has G at rs3758581, which is *1, where GRCh38 has A, which is *38"
    whole = called(tmp_path, caller, header(build="hg19").replace("ID=chr10,", "ID=10,") + lines, gene="CYP2C9")
    assert not whole.called and "of them have no certain place in GRCh37" in " ".join(whole.notes)


@pytest.mark.parametrize(
    ("position", "end", "told", "passed", "diplotypes"),
    [
        (233759000, 233770000, "0/1", "PASS", ()),
        (233759000, 233770000, "1/1", "PASS", ()),
        (233759000, 233770000, "0/0", "PASS", ("*1/*28",)),
        (233759000, 233770000, "./.", "PASS", ("*1/*28",)),
        (233759000, 233770000, "0/1", "LowQual", ("*1/*28",)),
        (233759000, 233759900, "0/1", "PASS", ("*1/*28",)),
    ],
)
def test_a_deletion_without_bases_leaves_what_it_takes_away_untold(
    tmp_path: Path, caller: Caller, position: int, end: int, told: str, passed: str, diplotypes: tuple[str, ...]
) -> None:
    record = f"chr2\t{position}\t.\tN\t<DEL>\t.\t{passed}\tEND={end}\tGT\t{told}\n"
    text = VCF.replace("#CHROM", '##INFO=<ID=END,Number=1,Type=Integer,Description="End">\n#CHROM') + record
    assert called(tmp_path, caller, text).diplotypes == diplotypes
