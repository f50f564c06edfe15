"""Statements: the triples of a file as numbers into a list of its terms, each with its line; no node without a name."""

import re
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyoxigraph

from kg.files.blocks import line_blocks
from kg.files.text import FileError, read_utf8
from kg.rdf.names import RDF

Numbers = npt.NDArray[np.int64]
Told = Callable[[float], None]
"""Called with the share of a file that has been read."""

BY_LINE = {".nq", ".nt"}
WHOLE = {".ttl": pyoxigraph.RdfFormat.TURTLE, ".trig": pyoxigraph.RdfFormat.TRIG}

_IRI = r'<[^\x00-\x20<>"{}|^`\\]*>'
_LITERAL = r'"(?:[^"\\]|\\[tbnrf"\'\\]|\\u(?:[0-9A-CEFa-cef][0-9A-Fa-f]{3}|[dD][0-7][0-9A-Fa-f]{2}))*"'
_OBJECT = rf"{_IRI}|{_LITERAL}(?:\^\^{_IRI}|@[A-Za-z]+(?:-[A-Za-z0-9]+)*)?|<<\( {_IRI} {_IRI} {_IRI} \)>>"
_LINE = re.compile(rf"[ \t]*({_IRI})[ \t]*({_IRI})[ \t]*({_OBJECT})[ \t]*(?:{_IRI}[ \t]*)?\.[ \t]*")
_TRIPLE = re.compile(rf"<<\( ({_IRI}) ({_IRI}) ({_IRI}) \)>>")
_TEXT = re.compile(r'"(.*)"(?:\^\^<([^>]*)>|@[A-Za-z0-9-]+)?', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_PLAIN = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_WHERE = re.compile(r" at line (\d+)")

SHOWN = 200
"""Characters of a faulty line that an error shows."""


@dataclass(frozen=True)
class Statements:
    """A file's statements, in its order: `terms` as N-Triples writes them, the others numbers into it, one a statement.

    `lines` are the lines' numbers from 1, of Turtle, which has several statements a line, the statements'.
    """

    path: Path
    terms: list[str]
    subjects: Numbers
    predicates: Numbers
    objects: Numbers
    lines: Numbers

    @property
    def origin(self) -> str:
        """The file, and, where `lines` are none, what is counted in it."""
        return self.path.name if _suffix(self.path) in BY_LINE else f"{self.path.name}, statement"

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each term."""
        return {term: number for number, term in enumerate(self.terms)}

    @cached_property
    def by_predicate(self) -> dict[str, Numbers]:
        """The places of each predicate's statements, in order; a predicate is its IRI without brackets."""
        if not len(self.predicates):
            return {}
        order = np.argsort(self.predicates, kind="stable")
        found, begins = np.unique(self.predicates[order], return_index=True)
        parts = np.split(order, begins[1:])
        return {self.terms[number][1:-1]: part for number, part in zip(found.tolist(), parts, strict=True)}


def read_statements(path: str | Path, told: Told) -> Statements:
    """Read N-Quads or N-Triples (`.nq`, `.nt`, line by line) or Turtle or TriG (`.ttl`, `.trig`), gzipped or not.

    Graphs' names are not kept. Raises `FileError`, with file and line, for what is not such text, for a blank node, and
    for a name that tells no syntax; `OSError` for a file that cannot be opened.
    """
    path = Path(path)
    suffix = _suffix(path)
    if suffix not in BY_LINE | WHOLE.keys():
        raise FileError(f"{path} is no RDF by its name; expected it to end in .nq, .nt, .ttl or .trig, or that and .gz")
    known: dict[str, int] = {}
    columns = tuple(array("i") for _ in range(3))
    lines = array("q")
    for number, terms in _lines(path, told) if suffix in BY_LINE else _whole(path, WHOLE[suffix]):
        for column, term in zip(columns, terms, strict=True):
            column.append(known.setdefault(term, len(known)))
        lines.append(number)
    subjects, predicates, objects = (np.frombuffer(column, np.int32).astype(np.int64) for column in columns)
    told(1.0)
    return Statements(path, list(known), subjects, predicates, objects, np.frombuffer(lines, np.int64))


def _suffix(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def text_of(term: str) -> str:
    r"""Return what a term says: an IRI without its brackets, a literal's text.

    >>> text_of("<urn:a>"), text_of('"a\\u0041\\n"@en'), text_of('"1"^^<http://www.w3.org/2001/XMLSchema#integer>')
    ('urn:a', 'aA\n', '1')
    """
    if term.startswith('"'):
        found = _TEXT.fullmatch(term)
        text = found[1] if found else term
        return _ESCAPE.sub(_unescaped, text) if "\\" in text else text
    return term[1:-1]


def is_json(term: str) -> bool:
    """Whether a term is a JSON text."""
    return term.endswith(f"^^<{RDF}JSON>")


def is_iri(term: str) -> bool:
    """Whether a term is an IRI."""
    return term.startswith("<") and not term.startswith("<<")


def parts_of(term: str) -> tuple[str, str, str] | None:
    """Return the terms of a triple that is a term itself (RDF 1.2), or None where it is none."""
    found = _TRIPLE.fullmatch(term)
    return (found[1], found[2], found[3]) if found else None


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _PLAIN.get(found[3], found[3])


def _lines(path: Path, told: Told) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Yield each line's number and terms; a line that is not in the usual form is parsed with care."""
    match = _LINE.fullmatch
    for lines, share in line_blocks(path):
        for number, line in lines:
            found = match(line)
            if found:
                yield number, found.groups()  # type: ignore[misc]  # three groups
            elif not line.lstrip().startswith("#"):
                yield from ((number, terms) for terms in _careful(path, number, line))
        told(share)


def _careful(path: Path, number: int, line: str) -> Iterator[tuple[str, str, str]]:
    try:
        for quad in pyoxigraph.parse(line, pyoxigraph.RdfFormat.N_QUADS):
            yield _terms(quad, f"{path}, line {number}")
    except SyntaxError as failure:
        raise FileError(_fault(f"{path}, line {number}", failure, line)) from None


def _whole(path: Path, syntax: pyoxigraph.RdfFormat) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Yield the number and the terms of each statement of Turtle."""
    data = read_utf8(path)
    number = 0
    try:
        for number, quad in enumerate(pyoxigraph.parse(data, syntax), start=1):
            yield number, _terms(quad, f"{path}, statement {number}")
    except SyntaxError as failure:
        found = _WHERE.search(str(failure))
        place = f"{path}, line {found[1]}" if found else f"{path}, after statement {number}"
        line = b"".join(data.split(b"\n")[int(found[1]) - 1 :][:1]).decode() if found else ""
        raise FileError(_fault(place, failure, line)) from None


def _terms(quad: pyoxigraph.Quad, place: str) -> tuple[str, str, str]:
    """Return a statement's terms as N-Triples has them; raises `FileError` for a blank node."""
    told = (quad.subject, quad.predicate, quad.object, quad.graph_name)
    inner = [(term.subject, term.predicate, term.object) for term in told if isinstance(term, pyoxigraph.Triple)]
    for name, term in zip(
        ("subject", "predicate", "object", "graph", *("term of a triple",) * 3), (*told, *sum(inner, ())), strict=False
    ):
        if isinstance(term, pyoxigraph.BlankNode):
            raise FileError(
                f"{place}: a blank node ({term}) as {name}; expected an IRI, because a node without a name cannot be "
                "found again: give each blank node an IRI (skolemisation), then read the file"
            )
    subject, predicate, said = (
        f"<<( {term} )>>" if isinstance(term, pyoxigraph.Triple) else str(term) for term in told[:3]
    )
    return subject, predicate, said


def _fault(place: str, failure: SyntaxError, line: str) -> str:
    told = re.sub(r"^Parser error.*?: | \(line \d+\)$", "", str(failure))
    shown = line if len(line) <= SHOWN else line[:SHOWN] + "..."
    return f"{place}: no RDF ({told}): {shown!r}; expected subject, predicate, object and a full stop: mend the line"
