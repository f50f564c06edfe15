"""Claim: our rules tell what a note denies as well as the published ones, and find more of the phenotypes of a text.

    python benchmarks/notes.py --data DIR [--resamples 2000] [--out FILE.json]

prints one JSON object. Half of each public set stands in the mirror; rules and word groups were chosen on one half of
that (`tuned`), by a hash of the sentence or of the document's identifier, and are measured on the other (`apart`) too.

- `negation` (sentences of NegEx's test set, each with a condition that is denied or not): precision, recall and F1,
  beside negspacy with its clinical phrases, the phrases of Chapman et al. (2001) alone, and a plain rule (no, not,
  denies or without at most six words before). `historical` and `other person` are of the same sentences.
- `phenotypes` (abstracts of GSC+ with HPO terms): the sets of terms of each document, pooled over documents, beside
  spaCy's matcher with the same names, and with those of all terms of the ontology (Mild, Frequent), as a dictionary has
  them that knows nothing of HPO; identifiers that HPO has merged count as what they are now. The intervals are of 2,000
  resamples of the documents.
- `speed`: seconds that 1,000 notes of 2,000 characters take on one core, with the time to load and compile apart.
"""

import argparse
import csv
import gzip
import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from negspacy.negation import Negex
from negspacy.termsets import termset
from spacy.matcher import PhraseMatcher

from kg.fetch import Fetch
from kg.files.obo import read_terms
from kg.output import whole_file
from kg.patients.notes.annotate import annotate
from kg.patients.notes.context import Context, Rules, rules, scopes
from kg.patients.notes.lexicon import Lexicon, Term, compiled
from kg.patients.notes.terms import terms_of_ontology
from kg.patients.notes.tokens import words_of
from kg.sources.hpo import ONTOLOGY

SENTENCES, ABSTRACTS = "notes/negex-half.tsv.gz", "notes/gsc-half.jsonl.gz"
SPEED_NOTES, SPEED_CHARACTERS = 1000, 2000
PLAIN = re.compile(r"\b(no|not|denies|without)\b(\W+\w+){0,5}\W*$", re.IGNORECASE)

PARTS = ("all", "tuned", "apart")
SAME, ALL = "plain dictionary", "plain dictionary of all terms"

Row = Mapping[str, Any]


def half(text: str) -> str:
    """Return in which half a sentence or document is: `tuned` or `apart`."""
    return "apart" if hashlib.sha256(text.encode()).digest()[0] % 2 else "tuned"


def sentences(data: Path) -> list[Row]:
    """Return each sentence with the place of its condition, and what is said of it."""
    with gzip.open(data / SENTENCES, "rt", encoding="utf-8") as stream:
        rows = list(csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    found = []
    for _, condition, sentence, negation, temporality, experiencer in rows:
        shape = r"\s+".join(map(re.escape, condition.split()))
        place = re.search(shape.upper(), sentence) or re.search(shape, sentence, re.IGNORECASE)
        start, end = place.span() if place else (0, len(sentence))  # three go on beyond their sentence
        told = negation == "Negated", temporality == "Historical", experiencer != "Patient"
        found.append({"text": sentence, "start": start, "end": end, "told": told, "half": half(sentence)})
    return found


def said(row: Row, by: Rules) -> Context:
    """Return what rules say of a condition."""
    words = words_of(row["text"])
    inside = [n for n in range(len(words)) if words.starts[n] < row["end"] and words.ends[n] > row["start"]]
    if not inside:
        return Context()
    first, end = inside[0], inside[-1] + 1
    return scopes(words, [(first, end)], by).of(first, end)


def original() -> Callable[[Row], bool]:
    """Return the rules with the phrases of the paper of 2001 alone."""
    by = rules(frozenset({"Chapman 2001"}))
    return lambda row: said(row, by).negated


def negspacy() -> Callable[[Row], bool]:
    """Return negspacy's answer, with its clinical phrases."""
    language = spacy.blank("en")
    language.add_pipe("sentencizer")
    negex = Negex(language, "negex", termset("en_clinical").get_patterns())

    def negated(row: Row) -> bool:
        doc = language(row["text"])
        span = doc.char_span(row["start"], row["end"], label="CONDITION", alignment_mode="expand")
        doc.ents = [span]
        return any(one._.negex for one in negex(doc).ents)

    return negated


def plain(row: Row) -> bool:
    """Say whether a word of denial stands shortly before a condition."""
    return PLAIN.search(row["text"][: row["start"]]) is not None


def scored(told: Sequence[bool], true: Sequence[bool]) -> dict[str, float]:
    """Return precision, recall and F1."""
    both = sum(a and b for a, b in zip(told, true, strict=True))
    precision, recall = both / max(1, sum(told)), both / max(1, sum(true))
    return {
        "precision": precision,
        "recall": recall,
        "F1": 2 * both / max(1, sum(told) + sum(true)),
        "cases": sum(true),
    }


def by_half(rows: Sequence[Row], told: Sequence[bool], which: int) -> dict[str, Any]:
    """Return the figures of all sentences, and of each half."""
    found = {}
    for name in ("all", "tuned", "apart"):
        kept = [n for n, row in enumerate(rows) if name in ("all", row["half"])]
        found[name] = scored([told[n] for n in kept], [rows[n]["told"][which] for n in kept])
    return found


def of_sentences(data: Path) -> dict[str, Any]:
    """Return the figures of negation, time and person."""
    rows = sentences(data)
    contexts = [said(row, rules()) for row in rows]
    answers: dict[str, list[bool]] = {"ours": [one.negated for one in contexts]}
    for name, answer in (("negspacy", negspacy()), ("Chapman 2001", original()), ("plain rule", plain)):
        answers[name] = [answer(row) for row in rows]
    return {
        "sentences": len(rows),
        "negation": {name: by_half(rows, told, 0) for name, told in answers.items()},
        "historical": by_half(rows, [one.historical or one.listed for one in contexts], 1),
        "other person": by_half(rows, [one.other for one in contexts], 2),
    }


def gold(data: Path) -> list[Row]:
    """Return each abstract with its terms, merged ones as what they are now."""
    now: dict[str, str] = {}
    for term in read_terms(data / ONTOLOGY.path):
        now |= dict.fromkeys(term.alt_ids, term.id)
        now |= {term.id: term.replaced_by[0]} if term.obsolete and term.replaced_by else {}
    documents = []
    with gzip.open(data / ABSTRACTS, "rt", encoding="utf-8") as stream:
        for line in stream:
            document = json.loads(line)
            terms = {label.split(" | ")[0].replace("_", ":") for _, label in document["annotations"]}
            documents.append(
                {
                    "text": document["text"],
                    "terms": {now.get(term, term) for term in terms},
                    "half": half(document["id"]),
                }
            )
    return documents


def matcher(terms: Sequence[Term]) -> Callable[[str], set[str]]:
    """Return spaCy's matcher of these names in small letters, without more."""
    language = spacy.blank("en")
    found = PhraseMatcher(language.vocab, attr="LOWER")
    meant: dict[str, set[str]] = {}
    for term in terms:
        for name in term.names:
            meant.setdefault(name.lower(), set()).add(term.curie)
    for name in meant:
        found.add(name, [language.make_doc(name)])

    def match(text: str) -> set[str]:
        doc = language.make_doc(text)
        return {curie for key, _, _ in found(doc) for curie in meant[language.vocab.strings[key]]}

    return match


def every_term(data: Path) -> list[Term]:
    """Return all terms of the ontology that are not obsolete, by their names and exact synonyms."""
    return [
        Term("Phenotype", term.id, (term.name, *(one.text for one in term.synonyms if one.scope == "EXACT")))
        for term in read_terms(data / ONTOLOGY.path)
        if not term.obsolete
    ]


def counts(told: Sequence[set[str]], documents: Sequence[Row]) -> np.ndarray:
    """Return of each document how many terms are right, told and true. Shapes: [document, 3]."""
    pairs = zip(told, documents, strict=True)
    return np.array([(len(found & row["terms"]), len(found), len(row["terms"])) for found, row in pairs])


def pooled(numbers: np.ndarray) -> dict[str, Any]:
    """Return precision, recall and F1 of documents together, of each resample of them. Shape: [..., document, 3]."""
    right, told, true = numbers.sum(axis=-2).T
    return {"precision": right / told, "recall": right / true, "F1": 2 * right / (told + true)}


def of_abstracts(data: Path, terms: Sequence[Term], lexicon: Lexicon, resamples: int) -> dict[str, Any]:
    """Return the figures of the phenotypes of documents."""
    documents = gold(data)
    answers = {"ours": [{one.term for one in annotate(row["text"], lexicon)} for row in documents]}
    for name, known in ((SAME, terms), (ALL, every_term(data))):
        match = matcher(known)
        answers[name] = [match(row["text"]) for row in documents]
    drawn = np.random.default_rng(16).integers(len(documents), size=(resamples, len(documents)))
    numbers = {name: counts(told, documents) for name, told in answers.items()}
    found: dict[str, Any] = {"documents": len(documents)}
    for name, of in numbers.items():
        parts = {part: [n for n, row in enumerate(documents) if part in ("all", row["half"])] for part in PARTS}
        found[name] = {part: {key: float(x) for key, x in pooled(of[kept]).items()} for part, kept in parts.items()}
        found[name]["all"]["interval"] = interval(pooled(of[drawn])["F1"])
    for name in (SAME, ALL):
        gain = pooled(numbers["ours"][drawn])["F1"] - pooled(numbers[name][drawn])["F1"]
        whole = found["ours"]["all"]["F1"] - found[name]["all"]["F1"]
        found[f"gain over the {name}"] = {"F1": whole, "interval": interval(gain)}
    return found


def interval(drawn: Any) -> list[float]:
    """Return the middle 95 %."""
    return [float(x) for x in np.quantile(drawn, [0.025, 0.975])]


def speed(data: Path, lexicon: Lexicon) -> dict[str, float]:
    """Return how long many notes take, made of abstracts and sentences."""
    texts = [row["text"] for row in gold(data)] + [row["text"] for row in sentences(data)]
    joined = "\n".join(texts)
    starts = np.linspace(0, len(joined) - SPEED_CHARACTERS, SPEED_NOTES).astype(int)
    notes = [joined[start : start + SPEED_CHARACTERS] for start in starts]
    began, worked = time.perf_counter(), time.process_time()
    mentions = sum(len(annotate(note, lexicon)) for note in notes)
    return {
        "notes": len(notes),
        "characters each": SPEED_CHARACTERS,
        "seconds": time.perf_counter() - began,
        "seconds of the processor": time.process_time() - worked,
        "mentions": mentions,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    began = time.perf_counter()
    words_of("The patient denies fever.")
    loaded = time.perf_counter()
    terms = list(terms_of_ontology(Fetch(asked.data, offline=True)))
    read = time.perf_counter()
    lexicon = compiled(terms)
    ready = time.perf_counter()
    told = {
        "data": {"sentences": SENTENCES, "abstracts": ABSTRACTS, "ontology": ONTOLOGY.name},
        **of_sentences(asked.data),
        "phenotypes": of_abstracts(asked.data, terms, lexicon, asked.resamples),
        "speed": speed(asked.data, lexicon)
        | {"start of spaCy": loaded - began, "names read": read - loaded, "names compiled": ready - read},
    }
    text = json.dumps(told, indent=2)
    print(text)
    if asked.out:
        with whole_file(asked.out) as part:
            part.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
