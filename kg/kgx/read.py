"""Read: any KGX graph, or one that we wrote, as rows, block by block; what has no words of ours keeps its own."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kg.biolink import VERSION
from kg.curie import standard
from kg.files.releases import RELEASES, releases_in
from kg.files.text import FileError
from kg.graph import SourceRelease, arrow_schema
from kg.kgx.columns import KIND, QUALIFIER, RELATION, edge_attributes, node_attributes, own
from kg.kgx.records import LISTS, Records, joined_texts, parts, records
from kg.kgx.terms import DENIED, ENTITY, HOMES, Said, biolink, kind_of, most_specific, relation_of
from kg.rows import Rows
from kg.schema import NODE_KINDS, AttributeType

_SYNONYMS = ("synonym", "synonyms", "all_names")
_XREFS = ("xref", "xrefs", "equivalent_identifiers", "equivalent_curies", "same_as")
_SOURCES = ("primary_knowledge_source", "aggregator_knowledge_source", "knowledge_source")
_PREDICATES = ("predicate", "edge_label")
_EVIDENCE = ("knowledge_level", "agent_type")
_PROVENANCE = ("source", "source_version", "licence")
"""What other graphs and older releases of KGX call the same thing; the first that is there, or all of a list's."""

_OLD = {
    "qualified_object_aspect": "object_aspect_qualifier",
    "qualified_object_direction": "object_direction_qualifier",
}
"""A qualifier's name in RTX-KG2 -> Biolink's."""

_NODE_COLUMNS = frozenset({"name", "in_taxon", "provided_by", *_SYNONYMS, *_XREFS})
_EDGE_COLUMNS = frozenset({"publications", *_PREDICATES, *_SOURCES, *_EVIDENCE})

_UNTIDY = r"^\s*(\||$)|\|\s*(\||$)|\s(\||$)|(^|\|)\s"
"""A list with spaces or nothing between bars."""

_KINDS = tuple(NODE_KINDS)
_UNKNOWN = _KINDS.index(ENTITY)


def read(nodes: str | Path, edges: str | Path, release: SourceRelease) -> Rows:
    """Read a KGX graph from its two files, TSV or JSON lines, gzipped or not.

    `kg.kgx.terms` says what becomes of categories and predicates; what Biolink lacks is left for the check to reject.
    Knowledge sources and publications are an edge's references; a knowledge level that is not told is `not_provided`.
    Raises `kg.files.text.FileError` or `OSError`, when the rows are asked for, for a file that cannot be read.
    """
    reader = _Reader(Path(nodes), Path(edges), ours=False)
    return Rows(release, reader.nodes(), reader.edges(), share=lambda: reader.share)


def read_back(nodes: str | Path, edges: str | Path) -> list[Rows]:
    """Read a graph that `kg.kgx.write` wrote: the same nodes and edges, each edge with its own release.

    The releases are those of the file `releases.json` beside the nodes. Raises as `read` does.
    """
    releases = read_releases(Path(nodes).with_name(RELEASES))
    reader = _Reader(Path(nodes), Path(edges), ours=True)
    *others, last = releases
    return [
        *(Rows(release, (), ()) for release in others),
        Rows(last, reader.nodes(), reader.edges(), share=lambda: reader.share),
    ]


def read_releases(path: Path) -> list[SourceRelease]:
    """Return the releases behind a graph that we wrote; raises `FileError` where the file does not tell them."""
    try:
        return releases_in(path) or [_nobody(path)]
    except (ValueError, TypeError) as failure:
        if isinstance(failure, FileError):
            raise
        raise FileError(f"{path}: expected the releases that an export writes beside its nodes: {failure}") from None


def _nobody(path: Path) -> SourceRelease:
    raise FileError(f"{path}: no release is named; expected those that an export writes beside its nodes")


class _Reader:
    """Reads the nodes, and then, with what they are, the edges."""

    def __init__(self, nodes: Path, edges: Path, *, ours: bool) -> None:
        self.share = 0.0
        self._nodes, self._edges, self._ours = nodes, edges, ours
        self._ids: list[pa.Array] = []
        self._kinds: list[npt.NDArray[np.int8]] = []

    def nodes(self) -> Iterator[pa.Table]:
        """Yield the nodes, block by block."""
        wanted = _NODE_COLUMNS | {KIND, *map(own, node_attributes())}
        for block, share in records(self._nodes, ("id", "category"), wanted.__contains__):
            self.share = share
            table = _nodes(block, self._nodes, ours=self._ours)
            codes = pc.fill_null(pc.index_in(table["kind"].cast(pa.string()), pa.array(_KINDS)), _UNKNOWN)
            self._ids.append(table["id"].combine_chunks())
            self._kinds.append(codes.to_numpy().astype(np.int8))
            yield table

    def edges(self) -> Iterator[pa.Table]:
        """Yield the edges, block by block."""
        ids = pa.chunked_array(self._ids, pa.string()).combine_chunks()
        kinds = np.concatenate([np.zeros(0, np.int8), *self._kinds, [_UNKNOWN]]).astype(np.int8)

        def kinds_of(names: pa.Array) -> npt.NDArray[np.int8]:
            found: npt.NDArray[np.int8] = kinds[pc.fill_null(pc.index_in(names, ids), len(ids)).to_numpy()]
            return found

        begun = False
        for block, share in records(self._edges, ("subject", "object"), _is_wanted):
            self.share = share
            if not (begun or {*_PREDICATES} & block.names):  # a later block of JSON may be one line that is cut off
                raise FileError(f"{self._edges}, line 1: no column predicate; expected the edges of a KGX graph")
            begun = True
            yield _edges(block, self._edges, kinds_of, ours=self._ours)


def _is_wanted(column: str) -> bool:
    ours = {RELATION, "references", *map(own, (*_PROVENANCE, *edge_attributes(), "references"))}
    return column in _EDGE_COLUMNS or column in ours or bool(QUALIFIER.fullmatch(column))


def _nodes(block: Records, path: Path, *, ours: bool) -> pa.Table:
    ids = _standard(block.text("id").cast(pa.string()))
    said = zip(
        block.text("category").to_pylist(), _prefixes(ids).to_pylist(), block.text("in_taxon").to_pylist(), strict=True
    )
    kinds, categories = zip(*(_kind(*told) for told in said), strict=True) if len(ids) else ((), ())
    columns: dict[str, Any] = {
        "kind": pa.array(kinds, pa.string()),
        "id": ids,
        "name": block.text("name").cast(pa.string()),
        "synonyms": _all_lists(block, _SYNONYMS),
        "xrefs": _all_lists(block, _XREFS, _xref),
        "category": pa.array(categories, pa.string()),
    }
    if KIND in block.names:
        stated = block.text(KIND).cast(pa.string())
        columns["kind"] = pc.coalesce(stated, columns["kind"])
        columns["synonyms"], columns["xrefs"] = block.lists("synonym"), block.lists("xref")
        columns |= _attributes(block, node_attributes(), path)
        foreign = pa.array(categories, pa.string())
        columns["category"] = pc.if_else(pc.is_valid(stated), columns["category"], foreign)
    if ours:
        columns["provided_by"] = block.lists("provided_by")
    return _placed(columns, block, path)


@functools.lru_cache(1 << 16)
def _kind(category: str | None, prefix: str, taxon: str | None) -> tuple[str, str | None]:
    found = most_specific((category or "").split("|")) if category else None
    if found is None:
        return f"{category} (not in Biolink {VERSION})" if category else "no category", None
    return kind_of(found, prefix, taxon or ""), found


def _edges(block: Records, path: Path, kinds_of: Callable[[pa.Array], npt.NDArray[np.int8]], *, ours: bool) -> pa.Table:
    """Return what a block says in our words; its ends share one dictionary, so that they can change places."""
    ends = [block.text(column) for column in ("subject", "object")]
    width = len(ends[0].dictionary)
    written = pa.concat_arrays([end.dictionary for end in ends])
    names = _standard(pc.fill_null(written, ""))
    subjects, objects = (
        pc.fill_null(pc.add(end.indices, shift), len(names)).to_numpy()
        for end, shift in zip(ends, (0, width), strict=True)
    )
    names = pa.concat_arrays([names, pa.array([""])])  # a missing end
    kinds = kinds_of(names)
    predicates = block.text(next((name for name in _PREDICATES if name in block.names), _PREDICATES[0]))
    qualifiers = _qualifiers(block)
    levels = pc.fill_null(block.text("knowledge_level").cast(pa.string()), "not_provided")
    relation, turned = _relations(
        predicates, kinds[subjects], kinds[objects], qualifiers, pc.equal(levels, "prediction")
    )
    subjects, objects = np.where(turned, objects, subjects), np.where(turned, subjects, objects)
    columns: dict[str, Any] = {
        "relation": relation,
        "subject": pa.DictionaryArray.from_arrays(pa.array(subjects, pa.int32()), names),
        "object": pa.DictionaryArray.from_arrays(pa.array(objects, pa.int32()), names),
        "knowledge_level": levels,
        "agent_type": pc.fill_null(block.text("agent_type").cast(pa.string()), "not_provided"),
        "references": _references(block),
        "predicate": _translated(predicates, biolink),
        "qualifiers": qualifiers,
        **{name: block.text(slot) for slot, name in HOMES.items()},
    }
    if RELATION in block.names:
        stated = block.text(RELATION).cast(pa.string())
        columns["relation"] = pc.coalesce(stated, relation.cast(pa.string()))
        columns |= _attributes(block, edge_attributes(), path)
        columns["references"] = block.lists(own("references"))
    if ours:
        columns |= {column: block.text(own(column)) for column in _PROVENANCE}
    return _placed(columns, block, path)


def _relations(
    predicates: pa.DictionaryArray,
    subjects: npt.NDArray[np.int8],
    objects: npt.NDArray[np.int8],
    qualifiers: pa.DictionaryArray,
    predicted: pa.Array,
) -> tuple[pa.DictionaryArray, npt.NDArray[np.bool_]]:
    """Return the relation of each edge, and whether its ends change places: each combination is looked up once."""
    words = [*map(biolink, predicates.dictionary.to_pylist()), ""]
    told = [*qualifiers.dictionary.to_pylist(), ""]
    word, qualified = (
        pc.fill_null(codes.indices, len(names) - 1).to_numpy().astype(np.int64)
        for codes, names in ((predicates, words), (qualifiers, told))
    )
    shape = (len(words), len(_KINDS), len(_KINDS), len(told), 2)
    keys = np.ravel_multi_index((word, subjects, objects, qualified, np.asarray(predicted).astype(np.int64)), shape)
    distinct, inverse = np.unique(keys, return_inverse=True)
    found = [
        relation_of(Said(words[w], _KINDS[s], _KINDS[o], told[q]), predicted=bool(p))
        for w, s, o, q, p in zip(*np.unravel_index(distinct, shape), strict=True)
    ]
    names = pa.array([name for name, _ in found], pa.string())
    turns = np.array([turn for _, turn in found], bool)
    return pa.DictionaryArray.from_arrays(pa.array(inverse, pa.int32()), names), turns[inverse]


def _qualifiers(block: Records) -> pa.DictionaryArray:
    """Return the qualifiers of each edge, sorted, as `slot=value|slot=value`; null where it has none."""
    slots = sorted((_OLD.get(name, name), name) for name in block.names if QUALIFIER.fullmatch(name))
    said = [_translated(block.text(name), functools.partial(_qualified, slot)) for slot, name in slots]
    said = [column.cast(pa.string()) for column in said if column.null_count < len(column)]
    if not said:
        return pa.nulls(len(block.lines), pa.string()).dictionary_encode()
    texts = joined_texts(said)
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts).dictionary_encode()


def _qualified(slot: str, value: str) -> str | None:
    """Return a qualifier as text; that an edge is not negated goes without saying."""
    if slot != "negated":
        return f"{slot}={value}"
    return None if value.lower() in ("false", "no", "0") else DENIED


def _attributes(block: Records, types: Mapping[str, AttributeType], path: Path) -> dict[str, pa.Array]:
    """Return the columns of our own that are in a block, as what they are."""
    found = {}
    for field in arrow_schema(types):
        name = own(field.name)
        if name not in block.names:
            found[field.name] = pa.nulls(len(block.lines), field.type)
            continue
        values: pa.Array = block.lists(name) if pa.types.is_list(field.type) else block.text(name)
        plain = values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values
        try:
            found[field.name] = plain.cast(field.type)
        except pa.ArrowInvalid:
            raise _no_number(path, name, plain, field.type, block.lines) from None
    return found


def _no_number(path: Path, name: str, values: pa.Array, type: pa.DataType, lines: pa.Array) -> FileError:
    """Return the error for the first of these values that is no number."""
    for row in range(len(values)):
        try:
            values.slice(row, 1).cast(type)
        except pa.ArrowInvalid:
            return FileError(f"{path}, line {lines[row]}: expected a number as {name}, got {values[row].as_py()!r}")
    raise AssertionError(f"all of {name} are numbers")


def _all_lists(block: Records, names: Sequence[str], change: Callable[[str], str] = str) -> pa.ListArray:
    """Return what all of these columns list for each row, each once; null where none has anything."""
    texts = _all_texts(block, names)
    distinct = (dict.fromkeys(map(change, parts(text))) for text in texts.dictionary.to_pylist())
    return pa.array([list(items) or None for items in distinct], LISTS).take(texts.indices)


def _references(block: Records) -> pa.ListArray:
    """Return the knowledge sources of each edge, which are few and repeated, and its publications, which are not."""
    sources = _translated(_all_texts(block, _SOURCES), lambda text: "|".join(dict.fromkeys(parts(text))) or None)
    papers = block.text("publications").cast(pa.string())
    if pc.any(pc.match_substring_regex(papers, _UNTIDY)).as_py():
        papers = pc.binary_join(_all_lists(block, ["publications"]), "|")
    texts = joined_texts([sources.cast(pa.string()), papers])
    return pc.split_pattern(pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts), "|")


def _all_texts(block: Records, names: Sequence[str]) -> pa.DictionaryArray:
    columns = [block.text(name) for name in names if name in block.names]
    columns = [column.cast(pa.string()) for column in columns if column.null_count < len(column)]
    return joined_texts(columns or [pa.nulls(len(block.lines), pa.string())]).dictionary_encode()


@functools.lru_cache(1 << 16)
def _xref(curie: str) -> str:
    return standard(curie)


def _standard(names: pa.Array) -> pa.Array:
    """Return CURIEs with their prefixes spelt as `kg.curie.standard` has them, distinct prefix by distinct prefix."""
    names = pc.utf8_trim_whitespace(names)
    prefixes = _prefixes(names).dictionary_encode()
    spelt = [standard(f"{prefix}:")[:-1] if prefix else prefix for prefix in prefixes.dictionary.to_pylist()]
    if spelt == prefixes.dictionary.to_pylist():
        return names
    begun = pc.not_equal(prefixes.cast(pa.string()), "")
    rest = pc.replace_substring_regex(names, "^[^:]*:", "")
    changed = pc.binary_join_element_wise(pa.array(spelt, pa.string()).take(prefixes.indices), rest, ":")
    return pc.if_else(pc.fill_null(begun, False), changed, names)


def _prefixes(names: pa.Array) -> pa.Array:
    """Return what stands before the first colon of each name, nothing where there is none."""
    names = pc.fill_null(names, "")
    begins = pc.struct_field(pc.extract_regex(names, "^(?P<prefix>[^:]*):"), "prefix")
    return pc.fill_null(begins, "")


def _translated(column: pa.DictionaryArray, translate: Callable[[str], str | None]) -> pa.DictionaryArray:
    """Return a column with each of its distinct values translated."""
    values = pa.array(map(translate, column.dictionary.to_pylist()), pa.string())
    return (
        values.take(column.indices).dictionary_encode()
        if values.null_count
        else pa.DictionaryArray.from_arrays(column.indices, values)
    )


def _placed(columns: dict[str, Any], block: Records, path: Path) -> pa.Table:
    """Return a table of these columns with file and line."""
    file = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), len(block.lines)), [path.name])
    return pa.table(columns | {"file": file, "line": block.lines})
