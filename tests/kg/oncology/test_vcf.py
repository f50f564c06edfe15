"""Annotated VCF: what VEP and SnpEff say of each allele, transcript by transcript; bad files by name."""

from pathlib import Path

import pysam
import pytest

from kg.oncology.reading import read_tumours
from kg.oncology.somatic import Place, TumourError, Tumours

CSQ = "Allele|Consequence|SYMBOL|Gene|EXON|HGVSp|CANONICAL"
ANN = (
    "Allele | Annotation | Annotation_Impact | Gene_Name | Gene_ID | Feature_Type | Feature_ID | Transcript_BioType | "
    "Rank | HGVS.c | HGVS.p"
)
VEP = f'##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. Format: {CSQ}">'
SNPEFF = f"##INFO=<ID=ANN,Number=.,Type=String,Description=\"Functional annotations: '{ANN}' \">"
GRCH37 = "##contig=<ID=chr1,length=249250621>"
NAME = "OTTO-MUELLER-1950"


def written(folder: Path, *records: str, info: str = VEP, build: str = GRCH37, samples: str = NAME) -> Path:
    columns = "#CHROM POS ID REF ALT QUAL FILTER INFO" + (f" FORMAT {samples}" if samples else "")
    head = ["##fileformat=VCFv4.2", build, "##contig=<ID=chr5>", "##contig=<ID=chr7>", info]
    head += ['##FORMAT=<ID=GT,Number=1,Type=String,Description="G">', '##FILTER=<ID=low,Description="low">']
    lines = (
        [line for line in head if line] + ["\t".join(columns.split())] + ["\t".join(line.split()) for line in records]
    )
    path = folder / f"{NAME}.vcf"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


BRAF = "T|missense_variant|BRAF|ENSG00000157764|15/18|ENSP00000288602.6:p.Val600Glu|YES"
V600E = f"chr7 140453136 . A T . PASS CSQ={BRAF} GT 0/1"


def read(path: Path, sample: str | None = None) -> Tumours:
    return read_tumours(path, sample)


def test_an_allele_is_a_variant_with_gene_place_exon_and_change(tmp_path: Path) -> None:
    found = read(written(tmp_path, V600E))
    [variant] = found.variants
    assert (found.samples, found.build) == ((NAME,), "GRCh37")
    assert variant.gene == ("BRAF", "", "ENSG00000157764")
    assert variant.place == Place("GRCh37", "7", 140453136, 140453136, "A", "T")
    assert variant.named() == "BRAF V600E"
    assert (variant.effects[0].consequence, variant.effects[0].exon) == ("missense", 15)


@pytest.mark.parametrize("ending", [".gz", ".bgz"])
def test_bgzipped_files_are_read(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path, V600E)
    pysam.tabix_compress(str(path), str(path) + ending)
    assert len(read(path.with_name(path.name + ending)).variants) == 1


def test_snpeff_is_read_as_vep_is(tmp_path: Path) -> None:
    transcript = "transcript|NM_004333.4|protein_coding|15/18|c.1799T>A|p.Val600Glu"
    ann = f"T|missense_variant|MODERATE|BRAF|ENSG00000157764|{transcript}"
    path = written(tmp_path, f"chr7 140453136 . A T . PASS ANN={ann} GT 0/1", info=SNPEFF)
    assert read(path).variants == read(written(tmp_path, V600E)).variants


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ("chr5 170837546 . G GTCTG", Place("GRCh37", "5", 170837546, 170837547, "", "TCTG")),
        ("chr5 170837546 . GTC G", Place("GRCh37", "5", 170837547, 170837548, "TC", "")),
        ("chr5 170837546 . GT AC", Place("GRCh37", "5", 170837546, 170837547, "GT", "AC")),
    ],
)
def test_a_place_is_that_of_a_maf(tmp_path: Path, record: str, place: Place) -> None:
    [variant] = read(written(tmp_path, f"{record} . PASS CSQ={BRAF} GT 0/1")).variants
    assert variant.place == place


def test_only_alleles_that_the_sample_has_count_and_each_has_its_own_entry(tmp_path: Path) -> None:
    entries = f"{BRAF},C|missense_variant|BRAF|E|15/18|P:p.Val600Gly|YES"
    [variant] = read(written(tmp_path, f"chr7 140453136 . A T,C . PASS CSQ={entries} GT 0/2")).variants
    assert variant.named() == "BRAF V600G"
    assert read(written(tmp_path, f"chr7 140453136 . A T,C . PASS CSQ={entries} GT 0/0")).variants == ()
    entries = "TCTG|frameshift_variant|NPM1|E||P:p.Trp288fs|,A|synonymous_variant|NPM1|E||P:p.Trp288%3D|"
    both = f"chr5 170837546 . G GTCTG,GA . PASS CSQ={entries} GT 1/2"
    first, second = read(written(tmp_path, both)).variants
    assert (first.effects[0].consequence, second.effects[0].consequence) == ("frameshift", "silent")


def test_the_marked_transcript_alone_counts_else_all_do(tmp_path: Path) -> None:
    other = "T|synonymous_variant|BRAF|ENSG00000157764|3/9|P:p.Leu40%3D|"
    [variant] = read(written(tmp_path, f"chr7 140453136 . A T . PASS CSQ={other},{BRAF} GT 0/1")).variants
    assert [effect.consequence for effect in variant.effects] == ["missense"]
    unmarked = f"{other},{BRAF.removesuffix('YES')}"
    [variant] = read(written(tmp_path, f"chr7 140453136 . A T . PASS CSQ={unmarked} GT 0/1")).variants
    assert [effect.consequence for effect in variant.effects] == ["missense", "silent"]


@pytest.mark.parametrize(
    ("term", "exon"), [("splice_donor_variant", 14), ("splice_acceptor_variant", 15), ("missense_variant", None)]
)
def test_a_splice_site_is_that_of_the_exon_beside_its_intron(tmp_path: Path, term: str, exon: int | None) -> None:
    info = VEP.replace("|CANONICAL", "|CANONICAL|INTRON")
    entry = f"T|{term}|MET|ENSG00000105976||P:p.X|YES|14/20"
    [variant] = read(written(tmp_path, f"chr7 116412044 . G T . PASS CSQ={entry} GT 0/1", info=info)).variants
    assert variant.effects[0].exon == exon


def test_what_did_not_pass_or_has_no_bases_is_counted(tmp_path: Path) -> None:
    low = V600E.replace("PASS", "low")
    symbolic = V600E.replace(" T . PASS", " <DEL> . PASS")
    found = read(written(tmp_path, V600E, low, symbolic))
    assert len(found.variants) == 1
    assert sorted(found.left_out.values()) == [1, 1]


def test_the_tumour_is_named_where_there_is_another_sample(tmp_path: Path) -> None:
    path = written(tmp_path, V600E + " 0/0", samples="TUMOR NORMAL")
    assert len(read(path, "TUMOR").variants) == 1
    assert len(read(path, "NORMAL").variants) == 0
    with pytest.raises(TumourError, match="2 samples; say with --sample"):
        read(path)
    with pytest.raises(TumourError, match="no sample of this name; it has 2"):
        read(path, "OTHER")


def test_a_file_without_samples_is_one_tumour(tmp_path: Path) -> None:
    found = read(written(tmp_path, V600E.removesuffix(" GT 0/1"), samples=""))
    assert (found.samples, len(found.variants)) == (("tumour",), 1)


@pytest.mark.parametrize(
    ("build", "name"),
    [
        ("##reference=file:///data/GRCh38.p13.fa", "GRCh38"),
        ("##contig=<ID=1,length=248956422>", "GRCh38"),
        ('##VEP="v105" assembly="GRCh37.p13"', "GRCh37"),
        ("##reference=something", ""),
    ],
)
def test_the_build_is_what_the_header_states(tmp_path: Path, build: str, name: str) -> None:
    found = read(written(tmp_path, V600E, build=build))
    assert found.build == name
    assert (found.variants[0].place is None) == (not name)


@pytest.mark.parametrize(
    ("options", "records", "reason"),
    [
        ({"info": ""}, ["chr7 140453136 . A T . PASS . GT 0/1"], "neither VEP's INFO field CSQ nor SnpEff's ANN"),
        ({"info": VEP.replace("|HGVSp", "")}, [V600E], "no HGVSp among its fields; run vep with --hgvs"),
        ({"info": VEP.replace("|SYMBOL", "")}, [V600E], "no SYMBOL among its fields; run vep with --symbol"),
        ({"info": SNPEFF.replace("HGVS.p", "x")}, [], "no HGVS.p among its fields"),
        ({}, ["chr7 140453136 . A T . PASS . GT 0/1"], "no variant has it; annotate it"),
        ({}, ["chr7 here . A T . PASS . GT 0/1"], "cannot be read"),
        ({"build": f"{GRCH37}\n##reference=hg38"}, [V600E], "several reference genomes: GRCh37, GRCh38"),
    ],
)
def test_a_bad_file_is_named_without_the_patient_s_name(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], options: dict[str, str], records: list[str], reason: str
) -> None:
    path = written(tmp_path, *records, **options)
    with pytest.raises(TumourError) as raised:
        read(path)
    assert reason in str(raised.value)
    assert NAME not in str(raised.value)
    assert NAME not in "".join(capfd.readouterr())


def test_bcf_and_a_broken_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "t.bcf"
    path.write_bytes(b"BCF\2\2rest")
    with pytest.raises(TumourError, match="write it as VCF"):
        read(path)
    path.write_text("##fileformat=VCFv4.2\nnothing more\n", encoding="utf-8")
    with pytest.raises(TumourError, match="cannot be read"):
        read(path)


def test_a_file_that_ends_too_soon_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, *[V600E] * 20_000)
    pysam.tabix_compress(str(path), str(tmp_path / "t.vcf.gz"))
    whole = (tmp_path / "t.vcf.gz").read_bytes()
    (tmp_path / "t.vcf.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TumourError, match="ends before its end"):
        read(tmp_path / "t.vcf.gz")
