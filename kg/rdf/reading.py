"""Reading: columns out of statements: what each of some things has under a predicate, and which statements are used."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kg.curie import standard
from kg.files.number import number
from kg.files.text import FileError
from kg.graph import arrow_schema
from kg.rdf.names import RDF, iri_curie
from kg.rdf.statements import Numbers, Statements, is_iri, is_json, text_of
from kg.schema import AttributeType

_NIL = f"<{RDF}nil>"
_FLOATS = {"NaN": float("nan"), "INF": float("inf"), "+INF": float("inf"), "-INF": float("-inf")}
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_EXPECTED: dict[AttributeType, str] = {
    "double": "a number",
    "int64": "a whole number of at most 64 bits",
    "boolean": "true or false",
}


@dataclass(frozen=True)
class Reading:
    """Statements, which of them have been used, and the CURIE of each term that was asked for.

    `ids` are identifiers that the file itself gives for an IRI, which need not be that of the CURIE.
    """

    said: Statements
    used: npt.NDArray[np.bool_]
    ids: dict[int, str] = field(default_factory=dict)

    def places(self, predicate: str) -> Numbers:
        """Return the places of a predicate's statements."""
        return self.said.by_predicate.get(predicate, np.zeros(0, np.int64))

    def take(self, predicate: str, wanted: Callable[[str], bool]) -> None:
        """Count statements of a predicate as used whose subject, as an IRI, is wanted."""
        for place in self.places(predicate).tolist():
            self.used[place] |= wanted(text_of(self.said.terms[self.said.subjects[place]]))

    def texts_of(self, subject: int, predicate: str) -> list[str]:
        """Return what one thing has under a predicate, and count it as used."""
        places = self.places(predicate)
        places = places[self.said.subjects[places] == subject]
        self.used[places] = True
        return [text_of(self.said.terms[one]) for one in self.said.objects[places].tolist()]

    def name(self, term: int) -> str:
        """Return the CURIE that a term stands for, else its text."""
        if term not in self.ids:
            text = self.said.terms[term]
            self.ids[term] = (iri_curie(text[1:-1]) if is_iri(text) else None) or standard(text_of(text))
        return self.ids[term]

    def names(self, terms: Numbers) -> pa.Array:
        """Return the CURIE, or text, of each term; of no term (-1), null."""
        found, inverse = np.unique(terms, return_inverse=True)
        values = pa.array([None if term < 0 else self.name(term) for term in found.tolist()], pa.string())
        return values.take(pa.array(inverse))

    def first(self, predicate: str, rows_of: Numbers, rows: int) -> tuple[Numbers, Numbers]:
        """Return the first object of each row under a predicate, -1 where there is none, and its place.

        `rows_of` is the row of each term, -1 where it has none. Further objects are left unused.
        """
        places = self.places(predicate)
        row = rows_of[self.said.subjects[places]]
        places, row = places[row >= 0], row[row >= 0]
        found, begin = np.unique(row, return_index=True)
        at, objects = np.full(rows, -1, np.int64), np.full(rows, -1, np.int64)
        at[found] = places[begin]
        objects[found] = self.said.objects[places[begin]]
        self.used[places[objects[row] == self.said.objects[places]]] = True
        return objects, at

    def values(self, predicate: str, type: AttributeType, rows_of: Numbers, rows: int) -> pa.Array | None:
        """Return a column: the first value of each row, or all of them for a list; None where no row has any.

        Raises `FileError`, with the line, for text where a number belongs.
        """
        if type.endswith("[]"):
            return self.lists([predicate], type, rows_of, rows)
        objects, at = self.first(predicate, rows_of, rows)
        if not (objects >= 0).any():
            return None
        found, begin, inverse = np.unique(objects, return_index=True, return_inverse=True)
        values = [
            None if term < 0 else self._value(term, type, int(at[place]))
            for term, place in zip(found.tolist(), begin.tolist(), strict=True)
        ]
        return pa.array(values, _arrow(type)).take(pa.array(inverse))

    def lists(
        self, predicates: Collection[str], type: AttributeType, rows_of: Numbers, rows: int, *, named: bool = False
    ) -> pa.Array | None:
        """Return a column of lists: all that each row has under these predicates, in the file's order.

        `named` ones are CURIEs where they are IRIs. None where no row has any.
        """
        places = np.sort(np.concatenate([self.places(predicate) for predicate in predicates]))
        row = rows_of[self.said.subjects[places]]
        places, row = places[row >= 0], row[row >= 0]
        if not places.size:
            return None
        self.used[places] = True
        once = np.unique(row * len(self.said.terms) + self.said.objects[places], return_index=True)[1]
        once = np.sort(once)  # a statement in two graphs is one
        once = once[np.argsort(row[once], kind="stable")]
        places, row = places[once], row[once]
        objects = self.said.objects[places]
        found, begin, inverse = np.unique(objects, return_index=True, return_inverse=True)
        terms = [self.said.terms[term] for term in found.tolist()]
        nil = np.array([term == _NIL for term in terms], bool)[inverse]
        json_text = np.array([is_json(term) for term in terms], bool)[inverse]
        items = self._items(found, places[begin], type, named)
        present = np.bincount(row, minlength=rows) > 0
        plain = ~nil & ~json_text
        lengths = np.bincount(row[plain], minlength=rows)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        flat = items.take(pa.array(inverse[plain]))
        lists = pa.ListArray.from_arrays(pa.array(offsets), flat, mask=pa.array(~present))
        if not json_text.any():
            return lists
        values = lists.to_pylist()
        for place, at in zip(row[json_text].tolist(), places[json_text].tolist(), strict=True):
            values[place] = self._json(at)
        return pa.array(values, lists.type)

    def _items(self, found: Numbers, places: Numbers, type: AttributeType, named: bool) -> pa.Array:
        """Return the value of each of these terms, null for what is no single value."""
        values: list[object] = []
        for term, place in zip(found.tolist(), places.tolist(), strict=True):
            text = self.said.terms[term]
            if text == _NIL or is_json(text):
                values.append(None)
            elif named:
                values.append(self.name(term) if is_iri(text) else text_of(text))
            else:
                values.append(self._value(term, "int64" if type == "int64[]" else "string", place))
        return pa.array(values, pa.int64() if type == "int64[]" else pa.string())

    def _value(self, term: int, type: AttributeType, place: int) -> object:
        text = text_of(self.said.terms[term])
        if type == "double":
            value = _FLOATS.get(text, number(text))
        elif type == "int64":
            value = _whole(text)
        elif type == "boolean":
            value = _TRUTHS.get(text)
        else:
            return text
        if value is None:
            expected = _EXPECTED[type]
            raise FileError(f"{self._where(place)}: {text!r} where {expected} is expected: mend the literal")
        return value

    def _json(self, place: int) -> Sequence[object]:
        text = text_of(self.said.terms[self.said.objects[place]])
        try:
            found = json.loads(text)
        except ValueError as failure:
            raise FileError(f"{self._where(place)}: no JSON ({failure}): {text[:200]!r}; expected a list") from None
        if not isinstance(found, list) or not all(isinstance(one, str | int | None) for one in found):
            raise FileError(f"{self._where(place)}: {text[:200]!r} where a list of texts is expected: mend the literal")
        return found

    def _where(self, place: int) -> str:
        word = " " if self.said.origin != self.said.path.name else ", line "
        return f"{self.said.path.parent / self.said.origin}{word}{self.said.lines[place]}"


def _whole(text: str) -> int | None:
    value = number(text)
    if value is None or "." in text or "e" in text.lower():
        return None
    exact = int(text)
    return exact if -(2**63) <= exact < 2**63 else None


def _arrow(type: AttributeType) -> pa.DataType:
    return arrow_schema({"value": type}).field(0).type
