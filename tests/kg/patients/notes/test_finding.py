"""Where terms stand: places, forms of words, lists, short forms, and what must not be found."""

import pytest

from kg.patients.notes.abbreviations import definitions
from kg.patients.notes.annotate import annotate
from kg.patients.notes.lexicon import Lexicon, Term, compiled
from kg.patients.notes.mention import Fact, facts
from kg.patients.notes.words import form


def found(text: str, lexicon: Lexicon) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.term) for one in annotate(text, lexicon)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tumours", "tumor"),
        ("anaemias", "anemia"),
        ("Haemorrhages", "hemorrhage"),
        ("metastases", "metastasis"),
        ("biopsies", "biopsy"),
        ("stigmata", "stigma"),
        ("Sjögren", "Sjogren"),
        ("oesophageal", "esophageal"),
        ("diarrhoea", "diarrhea"),
        ("masses", "mass"),
        ("coloured", "colored"),
        ("generalised", "generalized"),
    ],
)
def test_words_that_are_equal(one: str, other: str) -> None:
    assert form(one).strict == form(other).strict


@pytest.mark.parametrize(("one", "other"), [("mass", "mas"), ("diabetes", "diabetic"), ("ileum", "ilium")])
def test_words_that_are_not(one: str, other: str) -> None:
    assert form(one).broad != form(other).broad


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("Tumours", "HP:0002664"),
        ("pain in the chest", "HP:0100749"),
        ("renal malformations", "HP:0000077"),
        ("anomalies of the kidneys", "HP:0000077"),
        ("type-2 diabetes mellitus", "DOID:9352"),
        ("diabetes mellitus type II", "DOID:9352"),
        ("mild intellectual disability", "HP:0001256"),
        ("Parkinson’s disease", "DOID:14330"),
        ("chronic obstructive\r\npulmonary disease", "DOID:3083"),
    ],
)
def test_names_in_other_forms(lexicon: Lexicon, text: str, term: str) -> None:
    assert (text, term) in found(text, lexicon)


def test_places_are_code_points_of_the_text_as_it_is(lexicon: Lexicon) -> None:
    text = "😀 Zoë:\r\n\r\nfever\tand rash"
    assert [(one.start, one.end) for one in annotate(text, lexicon)] == [(10, 15), (20, 24)]
    assert annotate("", lexicon) == annotate("\r\n \n", lexicon) == ()


def test_a_longer_mention_holds_a_shorter_one(lexicon: Lexicon) -> None:
    longer, shorter = annotate("chest pain", lexicon)
    assert (longer.term, longer.within) == ("HP:0100749", False)
    assert (shorter.term, shorter.within) == ("HP:0012531", True)


def test_lists_that_share_a_word(lexicon: Lexicon) -> None:
    assert found("cleft lip and palate", lexicon) == [
        ("cleft lip and palate", "HP:0000175"),
        ("cleft lip", "HP:0000204"),
    ]
    assert ("cleft lip/palate", "HP:0000175") in found("cleft lip/palate", lexicon)
    assert ("chest, back or abdominal pain", "HP:0100749") in found("chest, back or abdominal pain", lexicon)
    mentions = annotate("No chest or abdominal pain", lexicon)
    assert {fact.term for fact in facts(mentions)} == {"HP:0100749", "HP:0002027"}


def test_what_several_nodes_are_called_tells_none() -> None:
    terms = [Term("Disease", "DOID:1", ("one", "red spot")), Term("Disease", "DOID:2", ("two", "red spot"))]
    assert found("red spot", compiled(terms)) == []
    named = [*terms, Term("Disease", "DOID:3", ("red spot",))]
    assert found("red spots", compiled(named)) == [("red spots", "DOID:3")]


def test_an_acronym_counts_as_it_is_written_only(lexicon: Lexicon) -> None:
    assert found("We all had ALL in all", lexicon) == [("ALL", "DOID:9952")]


def test_general_words_and_names_of_people(lexicon: Lexicon) -> None:
    assert found("Mr. Parkinson and Dr Parkinson", lexicon) == []
    text = "Parkinson came; Parkinson's disease"
    named = [(text[one.start : one.end], one.term) for one in annotate(text, lexicon, names=("parkinson",))]
    assert named == [("Parkinson's disease", "DOID:14330")]


def test_a_short_form_means_what_the_text_says(lexicon: Lexicon) -> None:
    text = "Chronic obstructive pulmonary disease (CLD). CLD is severe."
    assert found(text, lexicon).count(("CLD", "DOID:3083")) == 2
    assert ("ALL", "DOID:9952") not in found("anterior longitudinal ligament (ALL). The ALL is torn.", lexicon)


def test_short_forms_as_schwartz_and_hearst_find_them() -> None:
    text = "heat shock protein (HSP), nevoid basal cell carcinomas (BCCs), a test (see below), white cells (WBC)"
    assert [(short, text[begin:end]) for short, begin, end in definitions(text)] == [
        ("HSP", "heat shock protein"),
        ("BCCs", "basal cell carcinomas"),
    ]


def test_facts_are_the_patient_s(lexicon: Lexicon) -> None:
    text = (
        "Mother has diabetes. Possible pneumonia. No fever. History of tumor. Cough. Denies cough at night. "
        "Previously on aspirin. Warfarin daily. Allergic to penicillin."
    )
    assert set(facts(annotate(text, lexicon))) == {
        Fact("Phenotype", "HP:0001945", True, False, False),
        Fact("Phenotype", "HP:0002664", False, True, False),
        Fact("Phenotype", "HP:0012735", False, False, False),
        Fact("Drug", "DRUGBANK:DB00682", False, False, False),
        Fact("Drug", "DRUGBANK:DB01053", False, False, True),
    }
