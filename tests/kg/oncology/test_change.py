"""Protein changes: the same one in every spelling that files have for it, and another one never taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.oncology.change import ONE_LETTER, Change, Residue, change


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("V600E", "p.Val600Glu"),
        ("V600E", "p.(V600E)"),
        ("V600E", "ENSP00000288602.6:p.Val600Glu"),
        ("V600E", "p.600_600V>E"),
        ("V600E", "V600delinsE"),
        ("R130*", "p.Arg130Ter"),
        ("R130*", "R130X"),
        ("*757L", "p.Ter757LeuextTer?"),
        ("E746_A750del", "p.Glu746_Ala750del"),
        ("W557_K558DELWK", "p.W557_K558del"),
        ("W557_K558del", "p.557_558WK>"),
        ("SR95del", "S95_R96del"),
        ("L747_P753delinsS", "p.Leu747_Pro753delinsSer"),
        ("E746_T751>I", "p.E746_T751delinsI"),
        ("K558NP", "p.K558delinsNP"),
        ("VK600EE", "p.V600_K601delinsEE"),
        ("D770_N771insSVD", "p.S768_D770dup"),
        ("A767_V769dupASV", "p.Val769_Asp770insAlaSerVal"),
        ("V769_770insASV", "p.A767_V769dup"),
        ("Y772_A775DUP", "p.A775_G776insYVMA"),
        ("D770_N771insGLY", "p.D770_N771ins3"),
        ("600_601insFF", "p.600_601YD>YFFD"),
        ("W288FS", "p.W288Cfs*12"),
        ("W288FS", "p.Trp288CysfsTer12"),
        ("W288FS", "p.WQ288fs"),
        ("K159FS*16", "p.Lys159SerfsTer16"),
        ("T148HFSX9", "p.T148Hfs*9"),
        ("G393fs", "p.GGERSPPR393fs"),
    ],
)
def test_two_spellings_name_one_change(one: str, other: str) -> None:
    a, b = change(one), change(other)
    assert a is not None
    assert b is not None
    assert a.same(b)
    assert b.same(a)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("V600E", "V600K"),
        ("V600E", "V601E"),
        ("V600E", "G600E"),
        ("V600E", "V600_K601delinsE"),
        ("R130*", "R130fs"),
        ("R130*", "R130Q"),
        ("E746_A750del", "E746_S752del"),
        ("E746_A750del", "E746_A750delinsIP"),
        ("D770_N771insSVD", "D770_N771insGL"),
        ("D770_N771insSVD", "V769_D770insSVD"),
        ("A767_V769dup", "A767_V769del"),
        ("K159FS*16", "K159fs*3"),
        ("T148HFSX9", "T148Pfs*9"),
        ("W288fs", "-287fs"),
        ("P780INS", "P780_Y781insGSP"),  # CIViC does not say what is inserted: that is a class, not one change
    ],
)
def test_two_changes_are_never_one(one: str, other: str) -> None:
    a, b = change(one), change(other)
    assert a is not None
    assert b is not None
    assert not a.same(b)
    assert not b.same(a)


@pytest.mark.parametrize("text", ["p.I490I", "p.Ile490=", "p.I490%3D", "=", "p.=", "P154="])
def test_a_silent_change_is_said_to_be_silent(text: str) -> None:
    found = change(text)
    assert found is not None
    assert found.kind == "silent"
    assert not found.same(found)


@pytest.mark.parametrize(
    "text", ["", ".", "p.?", "MUTATION", "R882", "EXON 12 MUTATION", "c.393T>C", "M1?", "rs4149056"]
)
def test_what_is_no_change_of_a_protein_is_none(text: str) -> None:
    assert change(text) is None


@given(st.text(alphabet="ACDEFGVXW*?=_>0123456789delinsdupfsp.()-: ΓÅ²", max_size=20))
def test_any_text_is_read_or_is_no_change(text: str) -> None:
    found = change(text)
    assert found is None or found.first.position <= found.last.position or found.kind in ("deletion", "replacement")


RESIDUE = st.sampled_from([letters for letters in ONE_LETTER if letters != "Ter"])


@given(RESIDUE, st.integers(1, 9999), RESIDUE)
def test_a_substitution_is_the_same_in_one_and_three_letters(old: str, position: int, new: str) -> None:
    spelt, short = change(f"p.{old}{position}{new}"), change(f"{ONE_LETTER[old]}{position}{ONE_LETTER[new]}")
    assert spelt == short
    assert spelt is not None
    if old != new:
        where = Residue(ONE_LETTER[old], position)
        assert spelt == Change("substitution", where, where, ONE_LETTER[new])
