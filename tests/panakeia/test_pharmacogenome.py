"""What `panakeia pgx` answers: JSON by sample and gene, a table, and a page that a pharmacist can read."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kg.pharmacogenomics.calls import GeneResult
from panakeia.ask import Session
from panakeia.pharmacogenome import Pharmacogenome
from tests.kg.pharmacogenomics.test_grade import ADVICE

USUAL = replace(
    ADVICE,
    drug_id="DRUGBANK:DB00203",
    drug="Sildenafil <b>",
    recommendation="Use it as the label says.",
    results={"CYP2C9": "*1/*1, Normal Metabolizer"},
    in_doubt=("CYP2C9: *3",),
)
FOUND = Pharmacogenome(
    {
        "<i>Ottoline</i>": {
            "CYP2C19": GeneResult(
                "CYP2C19", "vcf", ("*2/*2",), (("*2", "*2"),), "Poor Metabolizer", functions=("No function",) * 2
            ),
            "CYP2C9": GeneResult(
                "CYP2C9",
                "vcf",
                ("*1/*1",),
                (("*1", "*1"),),
                "Normal Metabolizer",
                2.0,
                missing_positions=("chr10:94981296 rs1057910",),
                notes=("1 of 5 positions are not known",),
                untold=("*3",),
                possible=("Normal Metabolizer", "Intermediate Metabolizer"),
            ),
            "CYP2D6": GeneResult("CYP2D6", notes=("not from a VCF: copies do not show",)),
        }
    },
    {"<i>Ottoline</i>": (ADVICE, USUAL)},
    versions={"cpic": "1.30.0"},
)


class Text(HTMLParser):
    """The text of a page, and whatever it would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.loads = "", []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [tag] if tag in ("script", "link", "img", "iframe", "i") else []
        self.loads += [name for name, _ in attrs if name in ("src", "srcset")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_json_has_each_sample_s_genes_with_what_brief_says() -> None:
    told = json.loads(json.dumps(FOUND.to_json()))
    assert list(told) == ["<i>Ottoline</i>"]
    genes = told["<i>Ottoline</i>"]
    assert list(genes) == ["CYP2C19", "CYP2C9", "CYP2D6"]
    for gene in genes.values():
        assert {"diplotypes", "phenotype", "activity_score", "missing_positions", "note"} <= gene.keys()
    assert genes["CYP2C19"]["diplotypes"] == ["*2/*2"]
    assert [one["drug"] for one in genes["CYP2C19"]["recommendations"]] == ["Clopidogrel"]
    assert genes["CYP2C19"]["activity_score"] is None
    assert "taken" not in genes["CYP2C19"]["recommendations"][0]
    assert (genes["CYP2D6"]["diplotypes"], genes["CYP2D6"]["phenotype"]) == ([], None)
    assert genes["CYP2D6"]["note"].startswith("not from a VCF")


def test_the_table_says_what_is_not_called() -> None:
    frame = FOUND.to_frame()
    assert frame["diplotypes"].tolist() == ["*2/*2", "*1/*1", "not called"]
    assert frame["missing"].tolist() == [0, 1, 0]
    assert "2 of 3 genes called; advice on 2 drugs" in FOUND.to_text()
    assert replace(FOUND, drugs=("clopidogrel",)).to_frame()["drug"].tolist() == ["Clopidogrel", "Sildenafil <b>"]


def test_the_drugs_that_are_taken_come_first() -> None:
    of_store = replace(FOUND, taken={"<i>Ottoline</i>": {"DRUGBANK:DB00203": "Sildenafil <b>"}})
    frame = of_store.to_frame()
    assert list(zip(frame["drug"], frame["taken"], strict=True)) == [("Sildenafil <b>", True), ("Clopidogrel", False)]
    genes = of_store.to_json()["<i>Ottoline</i>"]
    assert [genes[gene]["recommendations"][0]["taken"] for gene in ("CYP2C19", "CYP2C9")] == [False, True]
    assert "taken" in Text(of_store.to_html()).text


def test_the_page_is_whole_and_says_what_was_not_tested(tmp_path: Path) -> None:
    FOUND.write(tmp_path / "out" / "pgx.html")
    page = Text((tmp_path / "out" / "pgx.html").read_text(encoding="utf-8"))
    assert page.loads == []
    for said in (
        *("<i>Ottoline</i>", "Sildenafil <b>", "*2/*2", "Poor Metabolizer", "Avoid clopidogrel if possible."),
        *("Strong", "CPIC 1.30.0", "Not called.", "copies do not show", "chr10:94981296 rs1057910"),
        *(
            "not exclude",
            "could be otherwise, not tested for: CYP2C9: *3",
            "What was not tested is unknown, not normal",
        ),
    ):
        assert said in page.text, said
    assert 'href="https://cpicpgx.org/guidelines/guideline-for-clopidogrel-and-cyp2c19/"' in FOUND.to_html()


def test_the_page_says_between_which_phenotypes_it_cannot_tell() -> None:
    maybe = GeneResult(
        "UGT1A1",
        "vcf",
        diplotypes=("*1/*80", "*1/*80+*28"),
        looked_up=(("*1", "*80"), ("*1", "*80+*28")),
        possible=("Indeterminate", "Intermediate Metabolizer"),
    )
    page = Text(replace(FOUND, results={"A": {"UGT1A1": maybe}}, advice={"A": ()}, taken={}).to_html())
    assert "one of: Indeterminate; Intermediate Metabolizer" in page.text


@pytest.mark.mirror
def test_a_drug_by_another_name_and_one_without_a_guideline(mirror: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls.tsv"
    calls.write_text("TPMT\t*3A/*3A\n", encoding="utf-8")
    vcf = mirror / "pgx/pharmcat/vcf/pharmcat.example.vcf"
    asked = Session(data=mirror).pgx(vcf, outside_calls=calls, drugs=["thioguanine"])
    assert {one.drug for found in asked.advice.values() for one in found} == {"Tioguanine"}
    with pytest.raises(ValueError, match="no guideline is on 'warfarine'"):
        Session(data=mirror).pgx(vcf, drugs=["warfarin", "warfarine"])


def test_a_vcf_or_a_patient_is_needed_and_not_both(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to read: give a VCF, a patient of the store"):
        Session(tmp_path / "no.lbdb").pgx()
    with pytest.raises(ValueError, match="give a VCF or a patient, not both"):
        Session(tmp_path / "no.lbdb").pgx(tmp_path / "a.vcf", patient="P-1")


@pytest.mark.mirror
def test_outside_calls_are_of_one_sample(mirror: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls.tsv"
    calls.write_text("CYP2D6\t*1/*4\n", encoding="utf-8")
    session = Session(data=mirror)
    several = mirror / "pgx" / "pharmcat" / "vcf" / "multisample.vcf"
    with pytest.raises(ValueError, match="samples; outside calls are of one: name it"):
        session.pgx(several, outside_calls=calls)
    one = session.pgx(several, outside_calls=calls, sample="Sample_1", drugs="codeine")
    told = one.to_json()["Sample_1"]["CYP2D6"]
    assert (told["diplotypes"], told["phenotype"], told["activity_score"]) == (["*1/*4"], "Intermediate Metabolizer", 1)
    assert {advice["drug"] for advice in told["recommendations"]} == {"Codeine"}
    assert one.to_frame()["drug"].unique().tolist() == ["Codeine"]
