"""Outside calls in PharmCAT's format, and what they make of a gene."""

from pathlib import Path

import pytest

from kg.files.text import FileError
from kg.pharmacogenomics.calls import Caller, GeneResult
from kg.pharmacogenomics.outside import read_outside_calls
from kg.pharmacogenomics.vcf import Sample


def read(tmp_path: Path, text: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    (tmp_path / "calls.tsv").write_text(text, encoding="utf-8")
    return {gene: call.diplotypes for gene, call in read_outside_calls(tmp_path / "calls.tsv").items()}


def test_the_format(tmp_path: Path) -> None:
    text = "# a comment\nCYP2D6\tCYP2D6*3/CYP2D6*1\nCYP2C9\t\t\t2.0\n\nHLA-B\t\t*57:01 positive\nMT-RNR1\t1555A>G\t\t\n"
    assert read(tmp_path, text) == {
        "CYP2D6": (("*3", "*1"),),
        "CYP2C9": (),
        "HLA-B": (),
        "MT-RNR1": (("m.1555A>G",),),
    }


def test_a_gene_s_lines_are_all_possible(tmp_path: Path) -> None:
    assert read(tmp_path, "CYP2D6\t*1/*1\nCYP2D6\t*1/*2\n") == {"CYP2D6": (("*1", "*1"), ("*1", "*2"))}


def test_a_combination_holds_no_second_copy(tmp_path: Path) -> None:
    assert read(tmp_path, "CYP2C19\t*1/[*2 + *3]\n") == {"CYP2C19": (("*1", "[*2 + *3]"),)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CYP2D6 *1/*2\n", "line 1: expected gene, diplotype, phenotype and activity score between tabs, got 1"),
        ("\n# c\nCYP2D6\n", "line 3: expected gene, diplotype"),
        ("CYP2D6\t*1/*2\tNM\t2\tmore\n", "between tabs, got 5"),
        ("cyp 2\t*1/*2\n", "line 1: expected a gene's symbol"),
        ("CYP2D6\t*1/*2\t\tmuch\n", "line 1: expected a number such as 1.25"),
        ("CYP2D6\t*1/*2\t\t-1\n", "line 1: expected a number such as 1.25"),
        ("CYP2D6\t<b>*1</b>\n", "line 1: expected a diplotype such as"),
        ("", "expected lines of gene"),
    ],
)
def test_what_is_no_call_is_named_and_not_quoted(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FileError) as failure:
        read(tmp_path, text)
    assert message in str(failure.value)
    assert "much" not in str(failure.value) and "<b>" not in str(failure.value)


def result(tmp_path: Path, caller: Caller, text: str) -> GeneResult:
    (tmp_path / "calls.tsv").write_text(text, encoding="utf-8")
    calls = read_outside_calls(tmp_path / "calls.tsv")
    return caller.call(Sample("S", {}), "GRCh38", calls)[text.partition("\t")[0]]


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("text", "diplotypes", "phenotype", "score"),
    [
        ("CYP2D6\t*4/*1\n", ["*1/*4"], "Intermediate Metabolizer", 1.0),
        ("CYP2D6\t\tPM\n", [], "Poor Metabolizer", None),
        ("CYP2D6\t\t\t1.25\n", [], "Normal Metabolizer", 1.25),
        ("CYP2D6\t*1/*1\tPM\t≥4.0\n", ["*1/*1"], "Poor Metabolizer", 4.0),
        ("CYP2D6\t*1/*1\tPM\n", ["*1/*1"], "Poor Metabolizer", None),
        ("CYP2C9\t\t\t1.0\n", [], "Intermediate Metabolizer", 1.0),
        ("CYP2C19\t*1/*2\tlikely cyp2c19 poor metaboliser\n", ["*1/*2"], "Likely Poor Metabolizer", None),
        ("MT-RNR1\t1555A>G\n", ["m.1555A>G"], "increased risk of aminoglycoside-induced hearing loss", None),
        ("G6PD\tB (wildtype)/B (wildtype)\n", ["B (reference)/B (reference)"], "Normal", None),
        ("HLA-B\t*57:01/*15:02\n", ["*15:02/*57:01"], "*15:02 positive; *57:01 positive; *58:01 negative", None),
        ("CYP2D6\t*1/*XXX\n", ["*1/*XXX"], None, None),
        ("CYP2D6\t*1/*4\tn/a\tn/a\n", ["*1/*4"], "Intermediate Metabolizer", 1.0),
        (
            "DPYD\tReference/[c.498G>A + c.2846A>T]\n",
            ["Reference/[c.498G>A + c.2846A>T]"],
            "Intermediate Metabolizer",
            1.5,
        ),
        ("DPYD\tReference/[c.498G>A + c.9G>T]\n", ["Reference/[c.498G>A + c.9G>T]"], None, None),
    ],
)
def test_what_is_said_comes_before_what_is_made_of_it(
    tmp_path: Path, caller: Caller, text: str, diplotypes: list[str], phenotype: str | None, score: float | None
) -> None:
    found = result(tmp_path, caller, text)
    assert (list(found.diplotypes), found.phenotype, found.activity_score) == (diplotypes, phenotype, score)
    assert found.method == "outside call"


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("text", "phenotype"),
    [
        ("HLA-B\tB*57:01/B*08:01\n", "*15:02 negative; *57:01 positive; *58:01 negative"),
        ("HLA-B\t*5701/*0801\n", "*15:02 negative; *57:01 positive; *58:01 negative"),
        ("HLA-B\t*57/*08\n", "*15:02 negative; *58:01 negative"),
        ("HLA-B\t*57:01\n", "*57:01 positive"),
        ("HLA-B\t*08:01\n", None),
        ("HLA-B\tnormal/normal\n", None),
        ("HLA-B\t*57:01 positive\n", "*57:01 positive"),
        ("HLA-B\t*07:02/*08:01\nHLA-B\t*07:02/*57:01\n", "*15:02 negative; *57:01 positive; *58:01 negative"),
        ("CYP2D6\t*4\n", None),
        ("CYP2D6\t*1/*2/*4\n", None),
        ("DPYD\t*1/*2A\n", "Intermediate Metabolizer"),
        ("VKORC1\tGA\n", "-1639 AG"),
    ],
)
def test_what_is_not_told_of_both_copies_is_never_negative_or_normal(
    tmp_path: Path, caller: Caller, text: str, phenotype: str | None
) -> None:
    assert result(tmp_path, caller, text).phenotype == phenotype
