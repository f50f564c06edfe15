"""A small dictionary, and a way to say what a text mentions."""

from collections.abc import Callable, Mapping

import pytest

from kg.patients.notes.annotate import annotate
from kg.patients.notes.lexicon import Lexicon, Term, compiled

TERMS = (
    Term("Phenotype", "HP:0001945", ("Fever",)),
    Term("Phenotype", "HP:0012735", ("Cough",)),
    Term("Phenotype", "HP:0000988", ("Skin rash", "Rash")),
    Term("Phenotype", "HP:0100749", ("Chest pain",)),
    Term("Phenotype", "HP:0002027", ("Abdominal pain",)),
    Term("Phenotype", "HP:0012531", ("Pain",)),
    Term("Phenotype", "HP:0001344", ("Absent speech", "Absence of speech")),
    Term("Phenotype", "HP:0001256", ("Intellectual disability, mild",)),
    Term("Phenotype", "HP:0001249", ("Intellectual disability",)),
    Term("Phenotype", "HP:0000077", ("Abnormality of the kidney", "Renal anomaly")),
    Term("Phenotype", "HP:0000204", ("Cleft upper lip", "Cleft lip")),
    Term("Phenotype", "HP:0000175", ("Cleft palate",)),
    Term("Phenotype", "HP:0002664", ("Neoplasm", "Tumor")),
    Term("Disease", "DOID:9352", ("type 2 diabetes mellitus", "type II diabetes")),
    Term("Disease", "DOID:9351", ("diabetes mellitus", "diabetes")),
    Term("Disease", "DOID:552", ("pneumonia",)),
    Term("Disease", "DOID:9952", ("acute lymphoblastic leukemia", "ALL")),
    Term("Disease", "DOID:3083", ("chronic obstructive pulmonary disease", "COPD")),
    Term("Disease", "DOID:14330", ("Parkinson's disease", "Parkinson")),
    Term("Drug", "DRUGBANK:DB00945", ("Acetylsalicylic acid", "Aspirin")),
    Term("Drug", "DRUGBANK:DB00682", ("Warfarin",)),
    Term("Drug", "DRUGBANK:DB01053", ("Penicillin",)),
)
Said = Mapping[str, str]
Say = Callable[[str], Said]


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return compiled(TERMS)


@pytest.fixture(scope="session")
def say(lexicon: Lexicon) -> Say:
    """Return a function that gives each mention that is in no longer one, in small letters, with what is said of it."""

    def said(text: str) -> Said:
        return {
            text[one.start : one.end].lower(): " ".join(
                word
                for word, holds in (
                    ("negated", one.negated),
                    ("uncertain", one.uncertain),
                    ("historical", one.historical),
                    ("other", one.experiencer == "other"),
                    ("allergy", one.allergy),
                )
                if holds
            )
            for one in annotate(text, lexicon)
            if not one.within
        }

    return said
