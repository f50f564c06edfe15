"""SPARQL: a query of the graph's triples; every prefix of the vocabulary and of the CURIEs is known beforehand.

Identifiers come back as CURIEs, our own and Biolink's words with their prefix, numbers as numbers.
"""

import difflib
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pyoxigraph

from kg.files.text import read_text
from kg.kgx.columns import edge_attributes, node_attributes
from kg.rdf.describe import EDGE_PREDICATES
from kg.rdf.edges import REFERENCES
from kg.rdf.names import NAMESPACES, XSD, iri_curie, turtle_prefixes

FILES = (".rq", ".sparql")
"""How the name of a query's file ends."""

_QUOTED = re.compile(
    r"<[^<>\"{}|^`\\\s]*>"
    r"|\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''"
    r"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
    r"|#[^\n]*",
    re.DOTALL,
)
_UPDATE = re.compile(
    r"\s*(?:(?:PREFIX\s+\S+|BASE)\s*)*(INSERT|DELETE|LOAD|CLEAR|DROP|CREATE|ADD|MOVE|COPY|WITH)\b", re.IGNORECASE
)
_OPAQUE = re.compile(
    rf"{_QUOTED.pattern.rpartition('|')[0]}"
    r"|[?$]\w+|:(?:(?:[\w:%]|\\.)(?:[\w.:%-]|\\.)*)?"  # variables, and names after their prefix, hold any word
    r"|#[^\n\r]*",
    re.DOTALL,
)
_ELSEWHERE = re.compile("SERVICE", re.IGNORECASE)
_ALL = re.compile(r"SELECT\s+(?:DISTINCT\s+|REDUCED\s+)?\*", re.IGNORECASE)
_FAULT = re.compile(r"error at (\d+):(\d+): expected (.*)", re.DOTALL)
_EXPECTED = re.compile(r'"(?:[^"\\]|\\.)+"|\b[A-Z]{2,}\b')
_CHARACTERS = re.compile(r"\[(?:'[^']*'|[^'\]])*\]")
_NAME = re.compile(r"([A-Za-z][\w.-]*)?:")
_NUMBERS = {"integer": int, "int": int, "long": int, "double": float, "float": float, "decimal": float}

Answers: TypeAlias = pyoxigraph.QueryBoolean | pyoxigraph.QueryTriples | pyoxigraph.QuerySolutions

SHOWN = 12
"""How many of the words that could stand in a faulty place an error lists."""


class QueryError(ValueError):
    """A query that cannot be asked; the message says where its fault is, what was expected, and what to do."""


def read_query(text: str | Path) -> str:
    """Return a query, given itself or as a file (`FILES`).

    Raises `FileError` or `OSError` for one that is no text, `QueryError` for one that is not there.
    """
    if not isinstance(text, Path) and not (text.endswith(FILES) and "\n" not in text and "{" not in text):
        return text
    try:
        return read_text(text)
    except FileNotFoundError:
        raise QueryError(f"there is no file {text}: expected a query, or the name of a file of one") from None


def asks_for_evidence(query: str) -> bool:
    """Whether a query names what only an edge's own node has: its ends, its relation, its evidence, its attributes.

    >>> asks_for_evidence("SELECT * { ?drug biolink:treats ?disease }")
    False
    >>> asks_for_evidence("SELECT * { ?edge biolink:subject ?drug ; biolink:publications ?paper }")
    True
    """
    bare = re.sub(r"'[^'\n]*'|\"[^\"\n]*\"|#[ \t][^\n]*", "", query)
    return bool(_evidence_words().search(bare))


def check_query(query: str) -> None:
    """Raise `QueryError` for a query with a fault, one that would change the graph, one that asks another server."""
    _answers(pyoxigraph.Store(), query)


def ask(index: pyoxigraph.Store, query: str) -> pd.DataFrame:
    """Return the answers to a SPARQL 1.1 query: a column a variable, `answer` for ASK, a triple a row for CONSTRUCT.

    Raises what `check_query` raises.
    """
    return frame_of(_answers(index, query), query)


def frame_of(found: Answers | list[pyoxigraph.Triple], query: str) -> pd.DataFrame:
    """Return what Oxigraph answers to a query as a frame, as `ask` has it."""
    if isinstance(found, pyoxigraph.QueryBoolean):
        return pd.DataFrame({"answer": [bool(found)]})
    if isinstance(found, pyoxigraph.QueryTriples | list):
        triples = [[value_of(term) for term in (one.subject, one.predicate, one.object)] for one in found]
        return pd.DataFrame(triples, columns=["subject", "predicate", "object"], dtype=object)
    names = [variable.value for variable in found.variables]
    frame = pd.DataFrame([[value_of(term) for term in row] for row in found], columns=names, dtype=object)
    return frame[_as_written(names, query)] if _ALL.search(_QUOTED.sub(" ", query)) else frame


def _as_written(names: list[str], query: str) -> list[str]:
    """Return the variables of `SELECT *` in the order that they are written in: Oxigraph has none."""
    places = {found[1]: found.start() for found in reversed(list(re.finditer(r"[?$](\w+)", query)))}
    return sorted(names, key=lambda name: places.get(name, len(query)))


def _answers(index: pyoxigraph.Store, query: str) -> Answers:
    if _UPDATE.match(_QUOTED.sub(" ", query)):
        raise QueryError("the query would change the graph; expected SELECT, ASK, CONSTRUCT or DESCRIBE")
    if _ELSEWHERE.search(_OPAQUE.sub(" ", query)):
        raise QueryError("the query asks another server (SERVICE); expected one that this graph alone answers")
    try:
        return index.query(query, prefixes=turtle_prefixes())
    except SyntaxError as failure:
        raise QueryError(_fault(query, str(failure))) from None


def value_of(term: Any) -> Any:
    """Return a term as a value: the CURIE of an IRI, or the IRI itself; a number, a truth value, a text.

    >>> value_of(pyoxigraph.NamedNode("http://purl.obolibrary.org/obo/DOID_9743"))
    'DOID:9743'
    >>> value_of(pyoxigraph.Literal("1.5", datatype=pyoxigraph.NamedNode(XSD + "double")))
    1.5
    """
    if term is None:
        return None
    if isinstance(term, pyoxigraph.NamedNode):
        return _shortened(term.value)
    if isinstance(term, pyoxigraph.Triple):
        return " ".join(str(value_of(part)) for part in (term.subject, term.predicate, term.object))
    if isinstance(term, pyoxigraph.BlankNode):
        return str(term)
    kind = term.datatype.value.removeprefix(XSD)
    if kind == "boolean":
        return term.value in ("true", "1")
    return _NUMBERS[kind](term.value) if kind in _NUMBERS else term.value


@lru_cache(1 << 16)
def _shortened(text: str) -> str:
    for prefix, begin in NAMESPACES.items():
        if text.startswith(begin):
            return f"{prefix}:{text[len(begin) :]}"
    return iri_curie(text) or text


@cache
def _evidence_words() -> re.Pattern[str]:
    """Return what finds the terms of edges' own nodes, with whatever prefix, or as IRIs."""
    edges = {iri.rpartition("/")[2] for iri in REFERENCES} | {
        name.partition(":")[2] for name in EDGE_PREDICATES.values()
    }
    edges |= {"Association", "subject", "predicate", "object", "relation", "wasDerivedFrom", "negated"}
    edges |= set(edge_attributes()) - set(node_attributes())
    words = "|".join(sorted(edges))
    return re.compile(rf"(?:[\w.-]*:|/vocab/)(?:{words}|\w+_qualifier|qualified_predicate)\b(?![\w-])|kgedge:|:edge:")


def _fault(query: str, told: str) -> str:
    """Return what is wrong with a query, where, and what to do."""
    found = _FAULT.search(told)
    if not found:
        return f"no SPARQL query: {told}"
    line, column = int(found[1]), int(found[2])
    text = query.split("\n")[line - 1] if line <= query.count("\n") + 1 else ""
    place = f"line {line}, column {column}"
    if "Prefix not found" in found[3]:
        return f"{place}: {_unknown_prefix(text, column)}"
    got = repr(text[column - 1 : column + 19]) if column <= len(text) else "the end of the line"
    expected = list(dict.fromkeys(_EXPECTED.findall(_CHARACTERS.sub("", found[3]))))
    more = [f"and {len(expected) - SHOWN} more"] if len(expected) > SHOWN else []
    wanted = ", ".join([*expected[:SHOWN], *more]) or "SELECT, ASK, CONSTRUCT, DESCRIBE"
    return f"{place}: no SPARQL query: got {got}, expected one of {wanted}"


def _unknown_prefix(text: str, column: int) -> str:
    """Return which prefix is not known; the fault stands behind the name that has it."""
    used = [found[1] or "" for found in _NAME.finditer(text[:column])]
    near = [name for name in used if name not in turtle_prefixes()]
    name = near[-1] if near else ""
    alike = [known for known in turtle_prefixes() if known.lower() == name.lower()]
    alike += difflib.get_close_matches(name, turtle_prefixes(), n=3)
    hint = f" (is {' or '.join(dict.fromkeys(alike))} meant?)" if alike else ""
    return f"the prefix {name}: is not known{hint}; expected one of Biolink's or Bioregistry's: declare it with PREFIX"
