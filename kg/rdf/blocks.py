"""Blocks: what is said of many things at once, column by column, and how that is written."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Property:
    """A predicate, and an object for each subject: none where it is null, several where it is a list.

    All terms are as they are written; the predicate is one for all, or each object, each value of a list, has its own.
    """

    predicate: str | pa.Array
    objects: pa.Array

    def statements(self) -> int:
        """Return how many statements this is."""
        values = pc.list_flatten(self.objects) if pa.types.is_list(self.objects.type) else self.objects
        return int(len(values) - values.null_count)


@dataclass(frozen=True)
class Block:
    """Subjects and their properties, the first of which no subject lacks; `graph` as written, null where default."""

    subjects: pa.Array
    properties: tuple[Property, ...]
    graph: pa.Array | None = None

    def statements(self) -> int:
        """Return how many statements this is."""
        return sum(one.statements() for one in self.properties)


def as_quads(block: Block, *, graphs: bool) -> Iterator[pa.Array]:
    """Yield the block as N-Quads, or, not `graphs`, as N-Triples: a line a statement, subject by subject."""
    end: str | pa.Array = " .\n"
    if graphs and block.graph is not None:
        end = pc.binary_join_element_wise(" ", block.graph, " .\n", "")
    subjects = pc.binary_join_element_wise(block.subjects, " ", "")
    yield _joined([_lines(one, subjects, " ", end) for one in block.properties])


def as_turtle(block: Block) -> Iterator[pa.Array]:
    """Yield the block as Turtle: subject by subject, predicates indented below it."""
    first, *others = block.properties
    begin = _lines(first, pc.binary_join_element_wise(block.subjects, "\n    ", ""), " ", "")
    yield _joined([begin, *(_lines(one, " ;\n    ", " ", "") for one in others), " .\n"])


def _lines(one: Property, before: str | pa.Array, between: str, after: str | pa.Array) -> pa.Array:
    """Return, for each subject, its statements with this property as one text, null where it has none."""
    if not pa.types.is_list(one.objects.type):
        return pc.binary_join_element_wise(before, one.predicate, between, one.objects, after, "")
    of = pc.list_parent_indices(one.objects)
    begin, end = (part if isinstance(part, str) else part.take(of) for part in (before, after))
    lines = pc.binary_join_element_wise(begin, one.predicate, between, pc.list_flatten(one.objects), end, "")
    return pc.binary_join(pa.ListArray.from_arrays(offsets(one.objects), lines), "")


def offsets(lists: pa.Array) -> pa.Array:
    """Return where each list begins among the flattened values, from zero, also for a slice or with nulls."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    return pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths).cast(pa.int32())])


def _joined(parts: list[pa.Array | str]) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement="")
