"""Calls by PharmCAT's definitions: the expected ones are those of PharmCAT's manual and of its published tests."""

from collections.abc import Mapping

import pytest

from kg.pharmacogenomics.calls import Caller
from kg.pharmacogenomics.outside import OutsideCall
from tests.kg.pharmacogenomics.conftest import Call

pytestmark = pytest.mark.mirror

HAPB3 = "c.1129-5923C>G, c.1236G>A (HapB3)"


@pytest.mark.parametrize(
    ("genotypes", "called", "looked_up", "score"),
    [
        ({}, "Reference/Reference", "Reference/Reference", 2.0),
        ({"rs67376798": "0/1"}, "Reference/c.2846A>T", "Reference/c.2846A>T", 1.5),
        ({"rs67376798": "1/1"}, "c.2846A>T/c.2846A>T", "c.2846A>T/c.2846A>T", 1.0),
        # phased: the variants of each copy, and the lowest of each
        ({"rs3918290": "0|1", "rs1801159": "1|0"}, "c.1627A>G (*5)/c.1905+1G>A (*2A)", None, 1.0),
        (
            {"rs67376798": "1|0", "rs72547601": "1|0", "rs60139309": "0|1", "rs139834141": "0|1"},
            "[c.498G>A + c.2582A>G]/[c.2846A>T + c.2933A>G]",
            "c.498G>A/c.2933A>G",
            1.0,
        ),
        # not phased: the two lowest, presumed to be on different copies
        ({"rs3918290": "0/1", "rs1801159": "0/1"}, "c.1627A>G (*5)/c.1905+1G>A (*2A)", None, 1.0),
        (
            {"rs67376798": "0/1", "rs72547601": "0/1", "rs60139309": "0/1", "rs139834141": "0/1"},
            "c.2846A>T/c.2933A>G",
            "c.2846A>T/c.2933A>G",
            0.5,
        ),
        (
            {"rs72547601": "1/1", "rs67376798": "0/1", "rs60139309": "0/1"},
            "c.2933A>G/c.2933A>G",
            "c.2933A>G/c.2933A>G",
            0.0,
        ),
        # of two with one score, the one that DPWG knows
        (
            {"rs183385770": "0/1", "rs186169810": "0/1", "rs67376798": "0/1", "rs144395748": "0/1"},
            "c.1024G>A/c.2846A>T",
            "c.1024G>A/c.2846A>T",
            0.5,
        ),
        # one heterozygous site among equal ones is as good as phased
        ({"rs72549310": "1/1", "rs150385342": "0/1"}, "c.61C>T/[c.61C>T + c.313G>A]", "c.61C>T/c.61C>T", 0.0),
    ],
)
def test_dpyd(call: Call, genotypes: Mapping[str, str], called: str, looked_up: str | None, score: float) -> None:
    found = call("DPYD", genotypes)
    assert found.diplotypes == (called,)
    assert ["/".join(pair) for pair in found.looked_up] == [looked_up or called]
    assert found.activity_score == score
    assert (
        found.phenotype == {2.0: "Normal", 1.5: "Intermediate", 1.0: "Intermediate"}.get(score, "Poor") + " Metabolizer"
    )


@pytest.mark.parametrize(
    ("intron", "exon", "called"),
    [
        ("0/1", "0/1", f"Reference/{HAPB3}"),
        ("1/1", "1/1", f"{HAPB3}/{HAPB3}"),
        ("0/1", "0/0", "Reference/c.1129-5923C>G"),
        ("1/1", "0/1", f"c.1129-5923C>G/{HAPB3}"),
        ("0/0", "0/1", "Reference/Reference"),
        ("0/0", "1/1", "Reference/Reference"),
        ("0/1", None, "Reference/c.1129-5923C>G"),
        (None, "0/1", f"Reference/{HAPB3}"),
        (None, "0/0", "Reference/Reference"),
        ("0|1", "0|1", f"Reference/{HAPB3}"),
        ("0|1", "1|0", "Reference/c.1129-5923C>G"),
    ],
)
def test_the_intron_decides_on_hapb3(call: Call, intron: str | None, exon: str | None, called: str) -> None:
    found = call("DPYD", {"rs75017182": intron, "rs56038477": exon})
    assert found.diplotypes == (called,)
    told = " ".join(found.notes)
    assert ("is told by rs56038477 alone" in told) == (intron is None and exon == "0/1")
    assert ("which decides, has the reference" in told) == (intron == "0/0" or exon == "1|0")


@pytest.mark.parametrize(
    ("genotypes", "called"),
    [
        ({"rs118192178": "G,T 0/2"}, "Reference/c.7522C>T"),
        ({"rs34694816": "0/1", "rs137933390": "0/1"}, "c.4024A>G/c.4178A>G"),
        ({"rs193922746": "0/1", "rs142474192": "1/1"}, "c.418G>A/[c.97A>G + c.418G>A]"),
        (
            {"rs193922746": "1|1", "rs193922749": "1|0", "rs142474192": "1|0"},
            "c.97A>G/[c.97A>G + c.152C>A + c.418G>A]",
        ),
    ],
)
def test_ryr1_is_called_by_its_variants(call: Call, genotypes: Mapping[str, str], called: str) -> None:
    assert call("RYR1", genotypes).diplotypes == (called,)


def test_a_malignant_variant_of_ryr1_decides_and_one_of_unknown_function_leaves_it_open(call: Call) -> None:
    assert call("RYR1", {"rs118192178": "G,T 0/2"}).phenotype == "Malignant Hyperthermia Susceptibility"
    assert call("RYR1", {"rs121918596": "0/1"}).phenotype == "Malignant Hyperthermia Susceptibility"
    assert (
        call("RYR1", {"rs118192178": "G,T 0/2", "rs34694816": "0/1"}).phenotype
        == "Malignant Hyperthermia Susceptibility"
    )
    unknown = call("RYR1", {"rs34694816": "0/1"})
    assert unknown.phenotype is None
    assert "no function of c.4024A>G is known" in unknown.notes


@pytest.mark.parametrize(
    ("genotypes", "called"),
    [
        ({"rs12769205": "0/1", "rs4244285": "0/1", "rs3758581": "1/1"}, ["*1/*2"]),
        ({"rs12769205": "1/1", "rs4244285": "1/1", "rs3758581": "1/1"}, ["*2/*2"]),
        ({"rs12248560": "0/1", "rs3758581": "1/1"}, ["*1/*17"]),
        ({"rs12248560": "0/1", "rs28399504": "1/1", "rs3758581": "1/1"}, ["*4/*4"]),
        ({"rs12248560": "0/1", "rs28399504": "0/1", "rs3758581": "1/1"}, ["*1/*4"]),
        ({"rs12248560": "1|0", "rs28399504": "0|1", "rs3758581": "1|1"}, ["*4/*17"]),
        ({"rs12248560": "1/1", "rs28399504": None, "rs3758581": "1/1"}, ["*4/*4", "*4/*17", "*17/*17"]),
        ({"rs3758581": "./."}, ["*1/*1", "*1/*38", "*38/*38"]),
        ({"rs12248560": "0/2", "rs3758581": "1/1"}, []),
    ],
)
def test_cyp2c19(call: Call, genotypes: Mapping[str, str | None], called: list[str]) -> None:
    spelt = {key: f"T,A {value}" if value == "0/2" else value for key, value in genotypes.items()}
    assert list(call("CYP2C19", spelt).diplotypes) == called


def test_phase_sets_are_respected(caller: Caller, call: Call) -> None:
    unphased = call("CYP2B6", {"rs3745274": "0/1", "rs2279343": "0/1"})
    assert unphased.diplotypes == ("*1/*6",)
    phased = call("CYP2B6", {"rs3745274": "0|1", "rs2279343": "1|0"})
    assert phased.diplotypes == ("*4/*9",)


def test_every_diplotype_that_fits_equally_well_is_listed_and_what_they_share_is_told(call: Call) -> None:
    found = call("SLCO1B1", {"rs2306283": "0/1", "rs11045819": "0/1", "rs4149056": "0/1"})
    assert found.diplotypes == ("*4/*15", "*5/*14")
    assert found.phenotype is None
    assert "2 diplotypes fit equally well" in found.notes
    alike = call("CYP2C19", {"rs12769205": "0/1", "rs4244285": "0/1", "rs3758581": None})
    assert alike.diplotypes == ("*1/*2", "*2/*38")
    assert alike.phenotype == "Intermediate Metabolizer"


def test_a_suballele_is_its_core_allele(call: Call) -> None:
    found = call("SLCO1B1", {"rs71581941": "0/1"})
    assert found.diplotypes == ("*1/*45",)
    assert found.phenotype == "Decreased Function"


def test_slco1b1_goes_by_its_key_site_where_it_cannot_be_called(call: Call) -> None:
    variants = {"rs2306283": "0|1", "rs4149056": "1|0", "rs11045819": "1|0", "rs71581941": "1|0"}
    found = call("SLCO1B1", variants)
    assert found.diplotypes == ()
    assert found.looked_up == (("*1", "*5"),)
    assert found.phenotype == "Decreased Function"
    reference = call("SLCO1B1", variants | {"rs4149056": "0|0"})
    assert reference.diplotypes == () and reference.phenotype is None, "what is not called is not normal"


@pytest.mark.parametrize(
    ("genotypes", "called", "phenotype"),
    [
        ({}, "B (reference)/B (reference)", "Normal"),
        ({"rs1050828": "0/1", "rs1050829": "0/1"}, "A- 202A_376G/B (reference)", "Variable"),
        ({"rs1050828": "1/1", "rs1050829": "1/1"}, "A- 202A_376G/A- 202A_376G", "Deficient"),
    ],
)
def test_g6pd_of_two_copies(call: Call, genotypes: Mapping[str, str], called: str, phenotype: str) -> None:
    found = call("G6PD", genotypes)
    assert (found.diplotypes, found.phenotype) == ((called,), phenotype)


def test_g6pd_of_one_copy(caller: Caller, call: Call) -> None:
    sites = [site.rs or str(site.position) for site in caller.definitions["G6PD"].sites]
    male = dict.fromkeys(sites, "0")
    assert (call("G6PD", male).diplotypes, call("G6PD", male).phenotype) == (("B (reference)",), "Normal")
    deficient = male | {"rs1050828": "1", "rs1050829": "1"}
    found = call("G6PD", deficient)
    assert (found.diplotypes, found.phenotype) == (("A- 202A_376G",), "Deficient")
    mixed = call("G6PD", deficient | {sites[0]: "0/0"})
    assert mixed.diplotypes == ("A- 202A_376G",)
    assert any("taken as one copy" in note for note in mixed.notes)
    neither = call("G6PD", deficient | {sites[0]: "0/1"})
    assert not neither.called
    assert "some genotypes are of one copy, some of two that differ" in neither.notes[0]


def test_nat2_needs_its_positions_and_picks_of_several_the_one_that_is_listed(call: Call) -> None:
    missing = call("NAT2", {"rs1801279": None})
    assert not missing.called and "it needs chr8:18400194 rs1801279" in missing.notes[0]
    found = call("NAT2", {"rs1799930": "0/1", "rs1208": "0/1"})
    assert len(found.diplotypes) == 1
    assert any(note.startswith("without phase also possible") for note in found.notes)
    assert found.diplotypes == ("*1/*6",)
    assert call("NAT2", {"rs1799930": "0|1", "rs1208": "0|1"}).diplotypes == ("*1/*6",)
    assert call("NAT2", {"rs1799930": "0|1", "rs1208": "1|0"}).diplotypes == ("*4/*34",)


@pytest.mark.parametrize(("gene", "rs", "called"), [("NUDT15", "rs116855232", True), ("VKORC1", "rs9923231", False)])
def test_a_change_that_no_definition_has(call: Call, gene: str, rs: str, called: bool) -> None:
    found = call(gene, {rs: "G 0/1"})
    assert found.called == called
    assert any("changes that the definitions do not have" in note for note in found.notes)


@pytest.mark.parametrize(
    ("genotype", "called", "missing"),
    [
        ("./.", ("*1/*1",), 1),
        (None, ("*1/*1",), 1),
        ("0/.", ("*1/*1",), 1),
        ("0", ("*1/*1",), 1),
        (".", ("*1/*1",), 1),
        ("1/.", (), 0),
        ("1", (), 0),
        ("0/0/1", ("*1/*1",), 1),
    ],
)
def test_what_is_not_told_is_missing_and_never_the_reference(
    call: Call, genotype: str | None, called: tuple[str, ...], missing: int
) -> None:
    found = call("CYP3A5", {"rs776746": genotype})
    assert found.diplotypes == called
    assert found.missing_positions == (("chr7:99672916 rs776746",) if missing else ())
    if missing:
        assert found.untold == ("*3",)
        assert set(found.possible) == {"Normal Metabolizer", "Intermediate Metabolizer", "Poor Metabolizer"}
        assert any("AMP tier 1" in note for note in found.notes)


def test_a_gene_of_which_nothing_is_known_is_nothing(call: Call) -> None:
    found = call("VKORC1", {"rs9923231": "./."})
    assert not found.called
    assert (found.diplotypes, found.phenotype, found.activity_score) == ((), None, None)
    assert found.notes[0] == "not called: none of its 1 positions has a genotype"


def test_an_outside_call_comes_before_the_vcf(call: Call) -> None:
    outside = {"CYP2C19": OutsideCall("CYP2C19", (("*17", "*2"),), None, None)}
    found = call("CYP2C19", {"rs3758581": "1/1"}, outside=outside)
    assert (found.diplotypes, found.phenotype, found.method) == (
        ("*2/*17",),
        "Intermediate Metabolizer",
        "outside call",
    )


@pytest.mark.parametrize(
    ("diplotype", "phenotype", "score"),
    [
        (("*1", "*4"), "Intermediate Metabolizer", 1.0),
        (("*1", "*1x2"), "Ultrarapid Metabolizer", 3.0),
        (("*1x≥3", "*4"), "Ultrarapid Metabolizer", 3.0),
        (("*36+*10", "*4"), "Intermediate Metabolizer", 0.25),
        (("*4", "*5"), "Poor Metabolizer", 0.0),
        (("*1", "*22"), "Indeterminate", None),
        (("*1", "*999"), None, None),
        (("*4", "*1xN"), None, None),
    ],
)
def test_cyp2d6_goes_by_its_score(
    caller: Caller, diplotype: tuple[str, str], phenotype: str | None, score: float | None
) -> None:
    judged = caller.rules["CYP2D6"].judge(diplotype)
    assert (judged.phenotype, judged.activity_score) == (phenotype, score)
    assert bool(judged.why) == (score is None)


def test_a_variant_that_was_not_looked_for_may_be_on_both_copies(call: Call) -> None:
    found = call("DPYD", {"rs3918290": None})
    assert found.possible == ("Normal Metabolizer", "Intermediate Metabolizer", "Poor Metabolizer")
