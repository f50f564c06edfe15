"""SSSOM: tables of mappings between identifiers (https://mapping-commons.github.io/sssom), read as equivalents.

Only exact matches make two identifiers one; broad, narrow and close ones are counted and left out. A prefix that
Bioregistry spells otherwise is understood through the table's own `curie_map`.
"""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from kg.curie import CurieError, from_uri, parse
from kg.files.header import check_header
from kg.files.text import LINE_END, FileError, read_text
from kg.graph import SourceRelease
from kg.rows import Rows, pair_rows

FILES = ("mappings",)
NEEDED = ("subject_id", "predicate_id", "object_id")
_VOCABULARIES = {"skos": "http://www.w3.org/2004/02/skos/core#", "owl": "http://www.w3.org/2002/07/owl#"}
_EXACT = ("skos:exactMatch", "owl:equivalentClass", "owl:equivalentTo", "owl:sameAs")
EXACT = frozenset(
    spelt.casefold()
    for name in _EXACT
    for spelt in (name, _VOCABULARIES[name.partition(":")[0]] + name.partition(":")[2])
)
"""The predicates that make two identifiers one, as CURIEs and IRIs; their capitals do not matter."""

MODIFIER = "predicate_modifier"
"""The column that may say `Not`: that the two do not match so."""


_MAPPED = re.compile(r"#\s+([^\s:]+):\s+(\S+)")


def read(files: Mapping[str, Path], release: SourceRelease) -> Rows:
    """Read a table of mappings (`files["mappings"]`, TSV) into equivalents.

    Raises `FileError` for what is no text, has no header with the `NEEDED` columns, or a row of another length.
    """
    path = files["mappings"]
    lines = LINE_END.split(read_text(path))
    first = next((place for place, line in enumerate(lines) if not line.startswith("#")), len(lines))
    own = {match[1]: match[2] for match in map(_MAPPED.match, lines[:first]) if match}
    header = lines[first].split("\t") if first < len(lines) else []
    check_header(path, header, NEEDED, "\t")
    places = [header.index(name) for name in NEEDED]
    modifier = header.index(MODIFIER) if MODIFIER in header else None
    left_out: Counter[str] = Counter()
    rows = []
    for number, line in enumerate(lines[first + 1 :], start=first + 2):
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != len(header):
            raise FileError(f"{path}, line {number}: {len(cells)} cells; expected {len(header)}, one a column")
        subject, predicate, target = (cells[place].strip() for place in places)
        if modifier is not None and (said := cells[modifier].strip()):
            left_out[f"{said} {predicate} is no exact match"] += 1
            continue
        if predicate.casefold() not in EXACT:
            left_out[f"{predicate or 'no predicate'} is no exact match"] += 1
            continue
        try:
            ends = {"subject": _curie(subject, own), "object": _curie(target, own)}
            rows.append({**ends, "file": path.name, "line": number})
        except CurieError:
            left_out["an identifier is of no known prefix, or not as its prefix has them"] += 1
    return Rows(release, (), (), equivalents=(pair_rows(rows),), left_out=left_out)


def _curie(text: str, own: Mapping[str, str]) -> str:
    """Return an identifier in standard spelling; raises `CurieError`."""
    prefix, _, identifier = text.partition(":")
    named = from_uri(own[prefix] + identifier) if prefix in own else None
    return str(parse(named or from_uri(text) or text))
