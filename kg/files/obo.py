"""Ontologies in the OBO format (1.2 and 1.4): one term after the other, every mistake with its line.

The format: https://owlcollab.github.io/oboformat/doc/obo-syntax.html. Of a file, the terms are read and what they say
of themselves and of each other; typedefs and instances are gone over.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from kg.files.lines import read_lines
from kg.files.text import FileError

SCOPES = ("EXACT", "BROAD", "NARROW", "RELATED")
"""How near a synonym is to the name; one that does not say is RELATED."""

_ESCAPED = {"n": "\n", "t": "\t", "W": " "}
_ESCAPE = re.compile(r"\\(.)")
_STANZA = re.compile(r"\[([^\]\s]+)\]\s*(?:!.*)?")
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"\s*(.*)')
_PLAIN = re.compile(r"(?:\\.|[^\\!{]|!(?=\S)|\{(?!.*\}\s*(?:!.*)?$))*")  # up to a comment, or to qualifiers at the end
_ONCE = ("id", "name", "def", "namespace", "is_obsolete")


@dataclass(frozen=True)
class Synonym:
    """Another name of a term: how near it is (`SCOPES`), and its type as the ontology calls it, or nothing."""

    text: str
    scope: str
    type: str = ""


@dataclass(frozen=True)
class Term:
    """A term: what its stanza says, and the line in which that begins; identifiers are as they are written."""

    id: str
    line: int
    name: str = ""
    namespace: str = ""
    definition: str = ""
    synonyms: tuple[Synonym, ...] = ()
    xrefs: tuple[str, ...] = ()
    alt_ids: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    relationships: tuple[tuple[str, str], ...] = ()
    replaced_by: tuple[str, ...] = ()
    consider: tuple[str, ...] = ()
    obsolete: bool = False


@dataclass(frozen=True)
class Clause:
    """One line of a stanza: what stands before and after its first colon, escapes as they are."""

    tag: str
    value: str
    line: int


def read_terms(path: str | Path) -> Iterator[Term]:
    """Yield each term of an ontology, obsolete ones too, in the order of the file.

    Raises `FileError`, which names file and line, for what is not OBO, `OSError` for a file that cannot be opened.
    """
    for kind, line, clauses in _stanzas(path):
        if kind == "Term":
            yield _term(path, line, clauses)


def check_acyclic(path: str | Path, terms: Iterable[Term]) -> None:
    """Raise `FileError`, which names the terms and their lines, where a term is by its parents a kind of itself."""
    known = {term.id: term for term in terms}
    sorter = TopologicalSorter({term.id: term.parents for term in known.values()})
    try:
        sorter.prepare()
    except CycleError as failure:
        circle = [known[term] for term in reversed(failure.args[1])]
        told = " is_a ".join(f"{term.id} ({term.name}, line {term.line})" for term in circle)
        raise FileError(f"{path}: a circle of terms: {told}; take out the is_a that is wrong") from None


def _stanzas(path: str | Path) -> Iterator[tuple[str, int, list[Clause]]]:
    """Yield each stanza's kind, the number of its first line, and its clauses; the header is a stanza of no kind."""
    kind, begin, clauses = "", 1, list[Clause]()
    for number, line in _joined(path):
        text = line.strip()
        if not text or text.startswith("!"):
            continue
        if text.startswith("["):
            yield kind, begin, clauses
            named = _STANZA.fullmatch(text)
            if named is None:
                raise FileError(f"{path}, line {number}: expected a stanza such as [Term], got {_short(text)}")
            kind, begin, clauses = named[1], number, []
            continue
        tag, colon, value = text.partition(":")
        if not colon or len(tag.split()) != 1:
            raise FileError(f"{path}, line {number}: expected OBO's `tag: value`, got {_short(text)}")
        clauses.append(Clause(tag.strip(), value.strip(), number))
    if not kind and not clauses:
        raise FileError(f"{path} is empty; expected an ontology in the OBO format")
    yield kind, begin, clauses


def _joined(path: str | Path) -> Iterator[tuple[int, str]]:
    """Yield the lines; one that ends with a backslash, itself not escaped, goes on in the next."""
    begin, held = 0, ""
    for number, line in read_lines(path):
        begin = begin or number
        if (len(line) - len(line.rstrip("\\"))) % 2:
            held += line[:-1]
            continue
        yield begin, held + line
        begin, held = 0, ""
    if begin:
        raise FileError(f"{path}, line {begin}: ends with a backslash and goes on nowhere; is the file cut off?")


def _term(path: str | Path, line: int, clauses: Sequence[Clause]) -> Term:
    by_tag: dict[str, list[Clause]] = {}
    for clause in clauses:
        by_tag.setdefault(clause.tag, []).append(clause)
    for tag in _ONCE:
        first, *others = by_tag.get(tag) or [Clause(tag, "", line)]
        if others:
            raise FileError(f"{path}, line {others[0].line}: a second {tag}; the first stands in line {first.line}")
    if "id" not in by_tag:
        raise FileError(f"{path}, line {line}: a term without id")

    def plain(tag: str) -> tuple[str, ...]:
        return tuple(_plain(path, clause) for clause in by_tag.get(tag, ()))

    return Term(
        id=plain("id")[0],
        line=line,
        name="".join(plain("name")),
        namespace="".join(plain("namespace")),
        definition="".join(_quoted(path, clause)[0] for clause in by_tag.get("def", ())),
        synonyms=tuple(_synonym(path, clause) for clause in by_tag.get("synonym", ())),
        xrefs=tuple(value.split(' "')[0].strip() for value in plain("xref")),
        alt_ids=plain("alt_id"),
        parents=plain("is_a"),
        relationships=tuple(_relationship(path, clause) for clause in by_tag.get("relationship", ())),
        replaced_by=plain("replaced_by"),
        consider=plain("consider"),
        obsolete=plain("is_obsolete") == ("true",),
    )


def _plain(path: str | Path, clause: Clause) -> str:
    """Return a value without the comment and the qualifiers that may follow it, its escapes resolved."""
    found = _PLAIN.match(clause.value)
    value = _unescaped(found[0].strip()) if found else ""
    if not value:
        raise FileError(f"{path}, line {clause.line}: nothing follows {clause.tag}:")
    return value


def _quoted(path: str | Path, clause: Clause) -> tuple[str, str]:
    """Return the text in quotation marks that a value begins with, its escapes resolved, and what follows it."""
    found = _QUOTED.fullmatch(clause.value)
    if found is None:
        raise FileError(
            f"{path}, line {clause.line}: expected {clause.tag}: with a text in quotation marks that are closed, "
            f"got {_short(clause.value)}"
        )
    return _unescaped(found[1]), found[2]


def _synonym(path: str | Path, clause: Clause) -> Synonym:
    text, rest = _quoted(path, clause)
    words = rest.partition("[")[0].split()
    scope = words[0] if words else "RELATED"
    if scope not in SCOPES or len(words) > 2:
        raise FileError(
            f"{path}, line {clause.line}: expected after the synonym one of {', '.join(SCOPES)} and at most a type, "
            f"got {_short(rest)}"
        )
    return Synonym(text, scope, _unescaped(words[1]) if len(words) > 1 else "")


def _relationship(path: str | Path, clause: Clause) -> tuple[str, str]:
    words = _plain(path, clause).split()
    if len(words) != 2:
        raise FileError(
            f"{path}, line {clause.line}: expected a relation and a term after relationship:, "
            f"got {_short(clause.value)}"
        )
    return words[0], words[1]


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text) if "\\" in text else text


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
