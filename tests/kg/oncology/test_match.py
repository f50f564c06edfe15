"""Matching: in which tier a small variant is what CIViC names, and what no point mutation ever is."""

import pytest

from kg.oncology.alteration import alteration
from kg.oncology.change import change
from kg.oncology.match import Elsewhere, Match, Profile, Span, inside_fusion, match, with_residues
from kg.oncology.somatic import Consequence, Effect, GeneName, Place, SmallVariant

GENES = {
    "BRAF": 673,
    "FLT3": 2322,
    "NPM1": 4869,
    "EGFR": 1956,
    "MET": 4233,
    "TERT": 7015,
    "TP53": 7157,
    "KIT": 3815,
    "ABL1": 25,
}
"""Symbols and NCBI's numbers of the genes of these tests."""


def profile(symbol: str, name: str, place: str | None = None, span: Span | None = None) -> Profile:
    gene = f"NCBIGene:{GENES[symbol]}"
    named = Profile("CIVIC.VID:1", gene, name, f"{symbol} {name}", alteration(gene, symbol, name), place, span)
    return with_residues(named, ())


def variant(
    symbol: str, consequence: Consequence, text: str = "", place: Place | None = None, exon: int | None = None
) -> SmallVariant:
    effect = Effect(consequence, text, change(text), exon)
    return SmallVariant("T", GeneName(symbol), (effect,), place, 2)


def tier(found: Match | Elsewhere | None) -> str | None:
    return found.tier if isinstance(found, Match) else None


@pytest.mark.parametrize(
    ("symbol", "name", "consequence", "text", "expected"),
    [
        ("BRAF", "V600E", "missense", "p.V600E", "exact"),
        ("BRAF", "V600E", "missense", "p.V600K", None),
        ("BRAF", "V600", "missense", "p.V600K", "codon or exon"),
        ("BRAF", "V600", "missense", "p.V601K", None),
        ("BRAF", "V600", "silent", "p.V600=", None),
        ("BRAF", "V600", "nonsense", "p.V600*", None),
        ("BRAF", "V600", "frameshift", "p.V600fs", None),
        ("BRAF", "V600", "in-frame deletion", "p.V600del", None),
        ("BRAF", "MUTATION", "missense", "p.G469A", "gene"),
        ("BRAF", "MUTATION", "splice site", "", "gene"),
        ("BRAF", "MUTATION", "silent", "p.G469=", None),
        ("BRAF", "MUTATION", "noncoding", "", None),
        ("BRAF", "Non-V600", "missense", "p.G469A", "gene"),
        ("BRAF", "Non-V600", "missense", "p.V600E", None),
        ("TP53", "TRUNCATING MUTATION", "nonsense", "p.R213*", "gene"),
        ("TP53", "TRUNCATING MUTATION", "missense", "p.R248Q", None),
        ("TP53", "DELETERIOUS MUTATION", "splice site", "", "gene"),
        ("TP53", "DELETERIOUS MUTATION", "missense", "p.R248Q", None),
        ("TP53", "FRAMESHIFT MUTATION", "nonsense", "p.R213*", None),
        ("NPM1", "W288FS", "frameshift", "p.W288Cfs*12", "exact"),
        ("NPM1", "W288FS", "frameshift", "p.L287fs", None),
        ("FLT3", "D835H/Y", "missense", "p.D835Y", "exact"),
        ("FLT3", "D835H/Y", "missense", "p.D835E", None),
        ("FLT3", "TKD MUTATION", "missense", "p.D835E", "codon or exon"),
        ("FLT3", "TKD MUTATION", "missense", "p.F594L", None),
        ("FLT3", "TKD MUTATION", "nonsense", "p.D835*", None),
        ("FLT3", "ITD", "in-frame insertion", "p.D600_L601insFREYEYD", "codon or exon"),
        ("FLT3", "ITD", "in-frame insertion", "p.D835_I836insG", None),
        ("FLT3", "ITD", "frameshift", "p.D600fs", None),
        ("FLT3", "ITD", "missense", "p.D600G", None),
        ("EGFR", "P780INS", "in-frame insertion", "p.P780_Y781insGSP", "codon or exon"),
        *(
            ("BRAF", name, "missense", "p.V600E", None)
            for name in (
                "AMPLIFICATION",
                "EXPRESSION",
                "WILD TYPE",
                "AGK-BRAF",
                "REARRANGEMENT",
                "PROMOTER METHYLATION",
            )
        ),
        ("BRAF", "V600E and AMPLIFICATION", "missense", "p.V600E", None),
        ("BRAF", "ALK FUSION V600E", "missense", "p.V600E", None),
        ("EGFR", "EXON 4 DELETION", "in-frame deletion", "p.E746_A750del", None),
    ],
)
def test_a_protein_change_is_matched_in_its_tier(
    symbol: str, name: str, consequence: Consequence, text: str, expected: str | None
) -> None:
    assert tier(match(variant(symbol, consequence, text), profile(symbol, name))) == expected


def place(chromosome: str, start: int, stop: int, reference: str, alternate: str, build: str = "GRCh37") -> Place:
    return Place(build, chromosome, start, stop, reference, alternate)


V600E = place("7", 140453136, 140453136, "A", "T")
EXON_12 = Span("5", 170837531, 170837569)
EXON_19 = Span("7", 55242415, 55242513)
EXON_14 = Span("7", 116411903, 116412043)
ITD = Span("13", 28608219, 28608351)
PROMOTER = Span("5", 1295161, 1295373)
SKIPPING = "EXON 14 SKIPPING MUTATION"


def test_the_same_bases_are_the_variant_whatever_the_transcript_calls_it() -> None:
    known = profile("BRAF", "V600E", "7-140453136-A-T", Span("7", 140453136, 140453136))
    found = match(variant("BRAF", "missense", "p.V640E", V600E), known)
    assert found == Match("exact", "bases in the genome")
    assert match(
        variant("BRAF", "missense", "p.V600E", place("7", 140453136, 140453136, "A", "T", "GRCh38")), known
    ) == (Match("exact", "protein change"))


def test_a_name_at_another_place_is_another_transcript_s() -> None:
    known = profile("BRAF", "V600E", "7-140453136-A-T", Span("7", 140453136, 140453136))
    far = variant("BRAF", "missense", "p.V600E", place("7", 140453256, 140453256, "A", "T"))
    assert isinstance(match(far, known), Elsewhere)
    assert isinstance(match(far, profile("BRAF", "V600", None, Span("7", 140453136, 140453137))), Elsewhere)


def test_the_bases_of_an_example_make_no_class_exact() -> None:
    """CIViC gives the class TKD MUTATION the bases of D835Y, which is only one of it."""
    bases = place("13", 28592642, 28592642, "C", "A")
    known = profile("FLT3", "TKD MUTATION", "13-28592642-C-A", Span("13", 28592642, 28592642))
    assert tier(match(variant("FLT3", "missense", "p.D835Y", bases), known)) == "codon or exon"


@pytest.mark.parametrize(
    ("known", "consequence", "text", "at", "expected"),
    [
        (
            ("NPM1", "EXON 12 MUTATION", EXON_12),
            "frameshift",
            "p.L287fs",
            ("5", 170837543, 170837544, "", "TATG"),
            True,
        ),
        (("NPM1", "EXON 12 MUTATION", EXON_12), "frameshift", "p.I269fs", ("5", 170834736, 170834737, "", "G"), False),
        (("NPM1", "EXON 12 MUTATION", EXON_12), "silent", "p.L287=", ("5", 170837543, 170837543, "C", "T"), False),
        (
            ("EGFR", "EXON 19 DELETION", EXON_19),
            "in-frame deletion",
            "p.E746_A750del",
            ("7", 55242465, 55242479, "GGAATTAAGAGAAGC", ""),
            True,
        ),
        (
            ("EGFR", "EXON 19 DELETION", EXON_19),
            "in-frame deletion",
            "p.L747_P753delinsS",
            ("7", 55242470, 55242487, "TAAGAGAAGCAACATCTC", ""),
            True,
        ),
        (("EGFR", "EXON 19 DELETION", EXON_19), "missense", "p.E746K", ("7", 55242466, 55242466, "G", "A"), False),
        (("EGFR", "EXON 19 DELETION", EXON_19), "frameshift", "p.E746fs", ("7", 55242466, 55242466, "G", ""), False),
        (("MET", SKIPPING, EXON_14), "splice site", "", ("7", 116412044, 116412044, "G", "A"), True),
        (("MET", SKIPPING, EXON_14), "splice site", "", ("7", 116411708, 116411708, "G", "A"), False),
        (("MET", SKIPPING, EXON_14), "missense", "p.T1010I", ("7", 116411990, 116411990, "C", "T"), False),
        (("FLT3", "ITD", ITD), "in-frame insertion", "", ("13", 28608250, 28608251, "", "TTGAGA"), True),
        (("FLT3", "ITD", ITD), "splice site", "", ("13", 28608217, 28608218, "", "CCAAAC"), True),
        (("FLT3", "ITD", ITD), "splice site", "", ("13", 28608217, 28608218, "", "CCAAA"), False),
        (("FLT3", "ITD", ITD), "splice site", "", ("13", 28608218, 28608218, "C", "T"), False),
        (("TERT", "PROMOTER MUTATION", PROMOTER), "noncoding", "", ("5", 1295228, 1295228, "G", "A"), True),
        (("TERT", "PROMOTER MUTATION", PROMOTER), "noncoding", "", ("5", 1296228, 1296228, "G", "A"), False),
    ],
)
def test_an_exon_or_region_is_told_by_its_place(
    known: tuple[str, str, Span],
    consequence: Consequence,
    text: str,
    at: tuple[str, int, int, str, str],
    *,
    expected: bool,
) -> None:
    symbol, name, span = known
    found = match(variant(symbol, consequence, text, place(*at)), profile(symbol, name, None, span))
    assert tier(found) == ("codon or exon" if expected else None)


def test_in_another_build_an_exon_is_told_by_its_number_and_a_promoter_not_at_all() -> None:
    other = place("5", 171410539, 171410540, "", "TCTG", "GRCh38")
    known = profile("NPM1", "EXON 12 MUTATION", None, EXON_12)
    found = match(variant("NPM1", "frameshift", "p.L287fs", other, exon=12), known)
    assert found == Match("codon or exon", "number of the exon")
    assert match(variant("NPM1", "frameshift", "p.L287fs", other, exon=11), known) is None
    assert match(variant("NPM1", "frameshift", "p.L287fs", other), known) is None
    promoter = profile("TERT", "PROMOTER MUTATION", None, Span("5", 1295161, 1295373))
    assert match(variant("TERT", "noncoding", "", place("5", 1295228, 1295228, "G", "A", "GRCh38")), promoter) is None


def test_in_another_build_an_exon_is_told_by_what_civic_has_in_it() -> None:
    """Between two residues that CIViC places in an exon stands nothing but that exon."""
    exon = profile("EGFR", "EXON 19 DELETION", None, EXON_19)
    first = profile("EGFR", "E746_A750del", None, Span("7", 55242465, 55242479))
    last = profile("EGFR", "D761Y", None, Span("7", 55242511, 55242511))
    beyond = profile("EGFR", "L858R", None, Span("7", 55259515, 55259515))
    known = with_residues(exon, [first, last, beyond])
    assert known.residues == (746, 761)
    there = place("7", 55174776, 55174794, "A", "", "GRCh38")
    found = match(variant("EGFR", "in-frame deletion", "p.L747_A755del", there), known)
    assert found == Match("codon or exon", "residues in the exon")
    assert match(variant("EGFR", "in-frame deletion", "p.L858del", there), known) is None
    assert with_residues(profile("TERT", "PROMOTER MUTATION", None, PROMOTER), [beyond]).residues is None


@pytest.mark.parametrize(
    ("text", "exon", "by"),
    [
        ("p.X1010_splice", None, "residues in the exon"),
        ("p.X963_splice", None, "residues in the exon"),
        ("p.X1028_splice", None, None),
        ("", 14, "number of the exon"),
        ("", 13, None),
        ("", None, None),
    ],
)
def test_in_another_build_a_splice_site_is_told_by_its_residue_or_exon(
    text: str, exon: int | None, by: str | None
) -> None:
    there = place("7", 116771991, 116771991, "G", "A", "GRCh38")
    found = match(variant("MET", "splice site", text, there, exon), profile("MET", SKIPPING, None, EXON_14))
    assert found == (Match("codon or exon", by) if by else None)


def test_a_change_inside_a_fusion_is_seen_for_what_it_is_and_not_matched() -> None:
    named, found = profile("ABL1", "BCR-ABL T315I"), variant("ABL1", "missense", "p.T315I")
    assert match(found, named) is None
    assert inside_fusion(found, named)
    assert not inside_fusion(variant("ABL1", "missense", "p.T315A"), named)
    assert inside_fusion(variant("ABL1", "missense", "p.I1171S"), profile("ABL1", "ALK FUSION I1171"))
    assert not inside_fusion(found, profile("ABL1", "BCR-ABL"))
    assert not inside_fusion(variant("BRAF", "missense", "p.V600E"), profile("BRAF", "V600E"))


def test_of_several_transcripts_the_nearest_match_counts() -> None:
    effects = (Effect("missense", "p.V640E", change("p.V640E")), Effect("missense", "p.V600E", change("p.V600E")))
    both = SmallVariant("T", GeneName("BRAF"), effects, None, 2)
    assert tier(match(both, profile("BRAF", "V600E"))) == "exact"
