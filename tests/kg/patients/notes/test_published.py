"""The published sets: what is denied (NegEx's test set), and HPO's terms in abstracts (GSC+)."""

import csv
import gzip
import json
import re
from pathlib import Path

import pytest

from kg.fetch import Fetch
from kg.files.obo import read_terms
from kg.patients.notes.annotate import annotate
from kg.patients.notes.context import scopes
from kg.patients.notes.lexicon import compiled
from kg.patients.notes.terms import terms_of_ontology
from kg.patients.notes.tokens import words_of

pytestmark = pytest.mark.mirror


def f1(right: int, told: int, true: int) -> float:
    return 2 * right / (told + true)


def test_what_is_denied_in_negex_s_sentences(mirror: Path) -> None:
    with gzip.open(mirror / "notes" / "negex-half.tsv.gz", "rt", encoding="utf-8") as stream:
        rows = list(csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    right = told = true = 0
    for _, condition, sentence, negation, *_ in rows:
        shape = r"\s+".join(map(re.escape, condition.split()))
        found = re.search(shape.upper(), sentence) or re.search(shape, sentence, re.IGNORECASE)
        start, end = found.span() if found else (0, len(sentence))
        words = words_of(sentence)
        inside = [n for n in range(len(words)) if words.starts[n] < end and words.ends[n] > start]
        span = inside[0], inside[-1] + 1
        negated = scopes(words, [span]).of(*span).negated
        told, true = told + negated, true + (negation == "Negated")
        right += negated and negation == "Negated"
    assert len(rows) == 1193 and f1(right, told, true) >= 0.94


def test_phenotypes_in_abstracts(mirror: Path) -> None:
    now: dict[str, str] = {}
    for term in read_terms(mirror / "ontology" / "hp-2025-01-16.obo.gz"):
        now |= dict.fromkeys(term.alt_ids, term.id)
        now |= {term.id: term.replaced_by[0]} if term.obsolete and term.replaced_by else {}
    lexicon = compiled(terms_of_ontology(Fetch(mirror, offline=True)))
    right = told = true = 0
    with gzip.open(mirror / "notes" / "gsc-half.jsonl.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            document = json.loads(line)
            terms = {label.split(" | ")[0].replace("_", ":") for _, label in document["annotations"]}
            true_terms = {now.get(term, term) for term in terms}
            found = {one.term for one in annotate(document["text"], lexicon)}
            right, told, true = right + len(found & true_terms), told + len(found), true + len(true_terms)
    assert f1(right, told, true) >= 0.60
