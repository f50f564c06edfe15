"""Advice is out of the ordinary where its result is; it speaks against a drug where a reader would say that it does."""

from dataclasses import replace

import pytest

from kg.pharmacogenomics.grade import speaks_against, unusual
from kg.pharmacogenomics.recommend import Advice

ADVICE = Advice(
    drug_id="DRUGBANK:DB00758",
    drug="Clopidogrel",
    source="cpic",
    version="1.30.0",
    recommendation="Avoid clopidogrel if possible.",
    strength="Strong",
    population="NVI",
    implications=None,
    guideline="CPIC's guideline for clopidogrel",
    url="https://cpicpgx.org/guidelines/guideline-for-clopidogrel-and-cyp2c19/",
    references=("PMID:35034351",),
    results={"CYP2C19": "*2/*2, Poor Metabolizer"},
)


@pytest.mark.parametrize(
    ("gene", "said", "strength", "expected"),
    [
        ("CYP2C19", "*2/*2, Poor Metabolizer", "Strong", True),
        ("CYP2C19", "*1/*1, Normal Metabolizer", "Strong", False),
        ("CYP2C19", "*17/*17, Ultrarapid Metabolizer", "Strong", True),
        ("CYP2C19", "*1/*17, Rapid Metabolizer", "Strong", True),
        ("CYP2C19", "*2/*2, Poor Metabolizer", "No Recommendation", False),
        ("CYP3A5", "*1/*1, Normal Metabolizer", "Strong", True),
        ("CYP3A5", "*3/*3, Poor Metabolizer", "Strong", False),
        ("HLA-B", "*57:01 positive", "Strong", True),
        ("HLA-B", "*57:01 negative", "Strong", False),
        ("VKORC1", "-1639 AA", "therapy changes: Yes", True),
        ("MT-RNR1", "Reference, normal risk of aminoglycoside-induced hearing loss", "Strong", False),
    ],
)
def test_what_is_to_reconsider_goes_by_a_result_that_not_everybody_has(
    gene: str, said: str, strength: str, expected: bool
) -> None:
    assert unusual(replace(ADVICE, results={gene: said}, strength=strength)) is expected


def test_a_guideline_that_says_nothing_is_no_advice() -> None:
    said = {"SLCO1B1": "*1/*9, Indeterminate"}
    assert not unusual(replace(ADVICE, results=said, strength=None, recommendation="n/a"))


@pytest.mark.parametrize(
    "said",
    [
        "Avoid clopidogrel if possible. Use prasugrel or ticagrelor at standard dose if no contraindication.",
        "Abacavir is not recommended",
        "Allopurinol is contraindicated",
        "PERCUTANEOUS CORONARY INTERVENTION, STROKE or TIA: avoid clopidogrel. Prasugrel is not metabolised by it.",
        "If patient is carbamazepine-naïve and alternative agents are available, do not use carbamazepine.",
        "If patient is phenytoin-naive, do not use phenytoin/fosphenytoin.",
        "It is not possible to offer adequately substantiated advice for dose reduction.\n- avoid venlafaxine.",
        "Avoid primaquine, except in the following cases where guidelines for malaria should be followed: 0.75 mg/kg",
        "Prescribe an alternative statin depending on the desired potency. If warranted, limit dose to <20mg/day.",
        "Indication DEPRESSION: Choose an alternative. OTHER INDICATIONS: Use 30% of the normal dose.",
    ],
)
def test_advice_of_the_guidelines_that_is_against_the_drug(said: str) -> None:
    assert speaks_against(said)


@pytest.mark.parametrize(
    "said",
    [
        "Avoid moderate and strong CYP2D6 inhibitors. Initiate therapy with recommended standard of care dosing.",
        "No reason to avoid based on G6PD status",
        "There is no need to avoid prescribing of atazanavir based on UGT1A1 genetic test result.",
        "Avoid tegafur or start with a low dose and adjust the initial dose based on toxicity and efficacy.",
        "- Start with 50% of the standard dose or avoid fluorouracil and capecitabine.",
        "Choose an alternative or start with 10% of the standard dose.",
        "Use 1.7 times the standard dose. If a dose increase is not wanted: avoid nortriptyline.",
        "Do not exceed the following daily doses: 30 mg",
        "Consider an alternative P2Y12 inhibitor at standard dose if clinically indicated and no contraindication.",
        "If aromatase inhibitor use is contraindicated, a higher tamoxifen dose (40 mg/day) should be considered.",
        "Initiate therapy with 50% of the lowest starting dose. Choose an alternative therapy where that fails.",
        "NO action is needed for this gene-drug interaction.",
        "",
    ],
)
def test_advice_that_is_not(said: str) -> None:
    assert not speaks_against(said)
