"""What is said of a mention: sentences of each rule, those of NegEx's and ConText's papers among them."""

from pathlib import Path

import pytest

from kg.files.table import read_tsv
from kg.patients.notes import context
from tests.kg.patients.notes.conftest import Say

HERE = ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No fever, cough or rash.", {"fever": "negated", "cough": "negated", "rash": "negated"}),
        ("He is without cough.", {"cough": "negated"}),
        ("The patient denies chest pain.", {"chest pain": "negated"}),
        ("Denies chest pain but reports cough.", {"chest pain": "negated", "cough": HERE}),
        ("She had no fever, however she did have a cough.", {"fever": "negated", "cough": HERE}),
        ("No evidence of pneumonia.", {"pneumonia": "negated"}),
        ("Negative for rash.", {"rash": "negated"}),
        ("Pneumonia is ruled out.", {"pneumonia": "negated"}),
        ("Pneumonia has been ruled out.", {"pneumonia": "negated"}),
        ("Pneumonia was not seen.", {"pneumonia": "negated"}),
        ("Rash: absent. Cough present.", {"rash": "negated", "cough": HERE}),
        ("He was not coughing and had no rash; fever today.", {"rash": "negated", "fever": HERE}),
        ("Neither fever nor cough.", {"fever": "negated", "cough": "negated"}),
        ("She doesn't have a rash.", {"rash": "negated"}),
        ("She doesn’t have a rash.", {"rash": "negated"}),
        ("No\r\nevidence  of\tpneumonia", {"pneumonia": "negated"}),
        ("His cough resolved.", {"cough": "negated historical"}),
        ("No history of pneumonia.", {"pneumonia": "negated historical"}),
        ("Fever: no, cough: yes, rash (-)", {"fever": "negated", "cough": HERE, "rash": "negated"}),
        ("Mother denies that he has fever.", {"fever": "negated"}),
        ("Unlikely pneumonia.", {"pneumonia": "negated"}),
        ("He denied fever initially, now febrile with cough.", {"fever": "negated", "cough": HERE}),
    ],
)
def test_what_is_denied(say: Say, text: str, expected: dict[str, str]) -> None:
    assert say(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "There is no change in cough.",
        "No increase in cough.",
        "Not only cough.",
        "She is not without cough.",
        "He does not deny cough.",
        "Gram negative cough",
        "It is not certain whether. Cough.",
        "Cough is not well controlled.",
        "Cough with or without relief.",
        "There is no doubt. Cough.",
    ],
)
def test_what_only_looks_like_a_denial(say: Say, text: str) -> None:
    assert say(text)["cough"] == HERE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rule out pneumonia.", {"pneumonia": "uncertain"}),
        ("R/O pneumonia", {"pneumonia": "uncertain"}),
        ("Pneumonia cannot be excluded.", {"pneumonia": "uncertain"}),
        ("Possible pneumonia.", {"pneumonia": "uncertain"}),
        ("Findings suspicious for pneumonia.", {"pneumonia": "uncertain"}),
        ("Return if fever or rash.", {"fever": "uncertain", "rash": "uncertain"}),
        ("He is at risk of pneumonia.", {"pneumonia": "uncertain"}),
        ("?pneumonia; is it a rash?", {"pneumonia": "uncertain", "rash": "uncertain"}),
        ("Aspirin prn fever. Stop warfarin.", {"aspirin": HERE, "fever": "uncertain", "warfarin": "uncertain"}),
        ("Whether this is pneumonia or not is unclear.", {"pneumonia": "uncertain"}),
    ],
)
def test_what_is_not_known(say: Say, text: str, expected: dict[str, str]) -> None:
    assert say(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("History of pneumonia, now with fever.", {"pneumonia": "historical", "fever": HERE}),
        ("He had pneumonia two years ago.", {"pneumonia": "historical"}),
        ("HISTORY OF PRESENT ILLNESS: fever.", {"fever": HERE}),
        ("A 40 year old man with fever for the past week.", {"fever": HERE}),
        ("PAST MEDICAL HISTORY:\n- Pneumonia\n- Diabetes\n\nEXAM:\nRash", {"pneumonia": "historical"}),
        ("PAST MEDICAL HISTORY: Pneumonia. SOCIAL HISTORY: Cough.", {"pneumonia": "historical", "cough": HERE}),
        ("Past medical history: diabetes on warfarin.", {"diabetes": "historical", "warfarin": HERE}),
        ("Aspirin was discontinued.", {"aspirin": "historical"}),
    ],
)
def test_what_is_past(say: Say, text: str, expected: dict[str, str]) -> None:
    assert expected.items() <= say(text).items()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Family history of diabetes.", {"diabetes": "other"}),
        ("Mother has diabetes.", {"diabetes": "other"}),
        ("Diabetes in her mother.", {"diabetes": "other"}),
        ("His sister had pneumonia, the patient has a cough.", {"pneumonia": "other", "cough": HERE}),
        ("His mother has diabetes and he has a cough.", {"diabetes": "other", "cough": HERE}),
        ("No family history of diabetes.", {"diabetes": "negated other"}),
        ("PMH: pneumonia. FH: diabetes. Meds: aspirin", {"diabetes": "other", "aspirin": HERE}),
        ("Mother reports fever.", {"fever": HERE}),
        ("According to his wife he has a cough.", {"cough": HERE}),
        ("FAMILY HISTORY:\nDiabetes.\nPneumonia.\n\nMEDICATIONS:\nAspirin", {"diabetes": "other", "aspirin": HERE}),
        ("FAMILY HISTORY: Diabetes. REVIEW OF SYSTEMS: Cough.", {"diabetes": "other", "cough": HERE}),
        ("Family history is negative for diabetes.", {"diabetes": "negated other"}),
    ],
)
def test_whose_it_is(say: Say, text: str, expected: dict[str, str]) -> None:
    assert expected.items() <= say(text).items()


def test_a_drug_that_is_not_borne(say: Say) -> None:
    assert say("ALLERGIES: Penicillin\nMEDICATIONS: Aspirin") == {"penicillin": "allergy", "aspirin": HERE}
    assert say("He is allergic to penicillin and takes aspirin.") == {"penicillin": "allergy", "aspirin": HERE}


def test_a_scope_ends_with_the_sentence_or_the_line(say: Say) -> None:
    assert say("No fever. Cough.") == {"fever": "negated", "cough": HERE}
    assert say("No fever\nCough\nRash") == {"fever": "negated", "cough": HERE, "rash": HERE}
    assert say("1. No fever\n2. Cough") == {"fever": "negated", "cough": HERE}


def test_a_line_that_was_broken_to_fit_is_no_end(say: Say) -> None:
    text = "The patient was seen today and she says that she has no fever and no\ncough; she works and lives at home."
    assert say(text) == {"fever": "negated", "cough": "negated"}


def test_the_words_of_a_mention_deny_nothing(say: Say) -> None:
    assert say("Absence of speech and fever.") == {"absence of speech": HERE, "fever": HERE}


def test_the_table_of_phrases_is_sound() -> None:
    path = Path(context.__file__).with_name("context.tsv")
    rows = list(read_tsv(path, needed=("phrase", "says", "direction", "words", "source")).by_line().values())
    told = [(row["phrase"], row["says"], row["direction"]) for row in rows]
    assert len(told) == len(set(told)) and all(phrase == phrase.lower() for phrase, _, _ in told)
    assert {row["source"] for row in rows} == {"Chapman 2001", "Harkema 2009", "own"}
    scoped = {row["direction"] for row in rows if row["says"] in context.SAYS}
    assert scoped == {"forward", "backward", "section"}
    ended = {row["direction"] for row in rows if row["says"] == "end"}
    assert ended <= {context.ALL, *context.SAYS}
