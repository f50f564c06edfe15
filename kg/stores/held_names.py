"""Held names: the nodes of a graph by identifier, cross-reference, name and synonym, in memory; patients are not there.

It answers what `kg.search` asks of a store in Cypher, from what every store keeps of its nodes (`kg.stores.kept`).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kg.names import END
from kg.spelling import Spellings, spellings
from kg.stores.protocol import Key

WAYS = ("identifier", "cross-reference", "name", "synonym")
"""What a text may be of a node: all folded, but for cross-references, which are as they are written."""

Places = NDArray[np.int64]
_BETWEEN = END.encode()


@dataclass(frozen=True)
class _Exact:
    """Which node has which text, by the text's hash: several texts may share one. Shapes: [text], hashes rising."""

    hashes: Places
    nodes: Places

    @classmethod
    def of(cls, texts: Iterable[str], nodes: Places) -> "_Exact":
        hashes = np.fromiter(map(hash, texts), np.int64, len(nodes))
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], nodes[order])

    def may_be(self, text: str) -> list[int]:
        """Return the nodes that may have a text: those that have it, and others whose texts share its hash."""
        sought = hash(text)
        begin, end = np.searchsorted(self.hashes, sought), np.searchsorted(self.hashes, sought, "right")
        found: list[int] = self.nodes[begin:end].tolist()
        return found


@dataclass(frozen=True)
class _Whole:
    """One text of each node, all as one: `END` stands before each and after the last. Shapes: starts [node + 1]."""

    text: bytes
    starts: Places

    @classmethod
    def of(cls, texts: Sequence[str]) -> "_Whole":
        parts = [text.encode() for text in texts]
        starts = np.cumsum([0, *(len(part) + 1 for part in parts)])
        return cls(_BETWEEN + _BETWEEN.join(parts) + _BETWEEN, starts)

    def at(self, node: int) -> str:
        """Return a node's text."""
        return self.text[self.starts[node] + 1 : self.starts[node + 1]].decode()

    def holding(self, part: bytes, first: int = 0, last: int | None = None) -> Places:
        """Return the nodes from `first` to before `last` that have a part of a text, in order; `END` may begin it."""
        return np.unique(self._owners(self._found(part, first, last)))

    def ranked(self, part: bytes, ranks: Places, whole: int) -> None:
        """Lower the ranks of the nodes that hold a part: to `whole` where it is a name of theirs, 2 more where one
        begins so, 4 more where it stands in one. Shapes: ranks [node].
        """
        places, letters = self._found(part), np.frombuffer(self.text, np.uint8)
        begins = letters[places - 1] == ord(END)
        ends = letters[places + len(part)] == ord(END)
        np.minimum.at(ranks, self._owners(places), whole + np.where(begins, np.where(ends, 0, 2), 4))

    def _found(self, part: bytes, first: int = 0, last: int | None = None) -> Places:
        end = len(self.text) if last is None else int(self.starts[last])
        sought = re.compile(re.escape(part)).finditer(self.text, int(self.starts[first]), end)
        return np.fromiter((found.start() for found in sought), np.int64)

    def _owners(self, places: Places) -> Places:
        return np.searchsorted(self.starts, places, "right") - 1


@dataclass(frozen=True)
class Names:
    """All names of a graph's nodes, in the order in which a search tells equal matches: the shorter first, by name.

    `apart` are the kinds whose nodes the graph has and that are not here: of patients, where it has some.

    Shapes: kind [node] (place in `kinds`), sizes [node] (letters of the name), synonyms [node].
    """

    kinds: tuple[str, ...]
    apart: tuple[str, ...]
    kind: NDArray[np.int8]
    ids: tuple[str, ...]
    names: tuple[str, ...]
    sizes: Places
    synonyms: pa.Array
    xrefs: pa.Array
    texts: Mapping[str, _Whole]
    exact: Mapping[str, _Exact]

    @classmethod
    def of(cls, tables: Mapping[str, pa.Table], apart: tuple[str, ...]) -> "Names":
        """Take in the nodes of each kind: id, name, synonyms, xrefs and `kg.stores.kept.FOLDED_COLUMNS`."""
        kinds = tuple(tables)
        whole = pa.concat_tables(
            [
                table.append_column("kind", pa.array([place] * len(table), pa.int8()))
                for place, table in enumerate(tables.values())
            ]
        )
        whole = whole.append_column("size", pc.utf8_length(whole["folded_name"]))
        whole = whole.sort_by([("size", "ascending"), ("folded_name", "ascending"), ("id", "ascending")])
        whole = whole.combine_chunks()
        texts = {
            "identifier": whole["folded_id"].to_pylist(),
            "name": whole["folded_name"].to_pylist(),
            "synonym": [text.strip(END) for text in whole["folded_synonyms"].to_pylist()],
        }
        every, lists, synonyms = np.arange(len(whole)), _filled(whole["xrefs"]), _filled(whole["synonyms"])
        named = [(node, one) for node, text in enumerate(texts["synonym"]) if text for one in text.split(END)]
        exact = {way: _Exact.of(texts[way], every) for way in ("identifier", "name")}
        exact["synonym"] = _Exact.of((one for _, one in named), np.array([node for node, _ in named], np.int64))
        exact["cross-reference"] = _Exact.of(
            pc.list_flatten(lists).to_pylist(), pc.list_parent_indices(lists).to_numpy().astype(np.int64)
        )
        return cls(
            kinds,
            apart,
            whole["kind"].to_numpy().astype(np.int8),
            tuple(whole["id"].to_pylist()),
            tuple(whole["name"].to_pylist()),
            whole["size"].to_numpy().astype(np.int64),
            synonyms,
            lists,
            {way: _Whole.of(one) for way, one in texts.items()},
            exact,
        )

    def key(self, node: int) -> Key:
        """Return the kind and the identifier of a node."""
        return self.kinds[self.kind[node]], self.ids[node]

    def called(self, way: str, text: str, kinds: Collection[str]) -> list[int]:
        """Return the nodes of some kinds of which a text is the identifier, a name ... (`WAYS`), by identifier."""
        found = {node for node in self.exact[way].may_be(text) if self._has(way, node, text)}
        return sorted((node for node in found if self.kinds[self.kind[node]] in kinds), key=self.ids.__getitem__)

    def _has(self, way: str, node: int, text: str) -> bool:
        if way == "cross-reference":
            return text in self.xrefs[node].as_py()
        whole = self.texts[way].at(node)
        return text in whole.split(END) if way == "synonym" else text == whole

    def matching(self, text: str, kinds: Collection[str]) -> tuple[Places, Places]:
        """Return the nodes of some kinds that hold a folded text, best first, and the rank of each (`kg.search`).

        Shapes: [node], [node].
        """
        ranks = np.full(len(self.ids), 6, np.int64)
        self.texts["name"].ranked(text.encode(), ranks, whole=0)
        self.texts["synonym"].ranked(text.encode(), ranks, whole=1)
        found = np.flatnonzero((ranks < 6) & self._of(kinds))
        order = np.argsort(ranks[found], kind="stable")
        return found[order], ranks[found][order]

    def like(self, text: str, kinds: Collection[str]) -> Places:
        """Return the nodes of some kinds whose names hold a folded text, begin as it does, or are nearly as long."""
        whole = self.texts["name"]
        low, high = np.searchsorted(self.sizes, [len(text) - 3, len(text) + 4])
        parts = (
            whole.holding(text.encode()),
            whole.holding(_BETWEEN + text[:3].encode()),
            whole.holding(_BETWEEN + text[:1].encode(), int(low), int(high)),
        )
        found = np.unique(np.concatenate(parts))
        return found[self._of(kinds)[found]]

    def _of(self, kinds: Collection[str]) -> NDArray[np.bool_]:
        return np.array([kind in kinds for kind in self.kinds], bool)[self.kind]

    @cached_property
    def spelt(self) -> Spellings:
        """The names and synonyms by their words."""
        names, synonyms = self.texts["name"], self.texts["synonym"]
        return spellings([[names.at(node), *synonyms.at(node).split(END)] for node in range(len(self.ids))])


def _filled(lists: pa.ChunkedArray) -> pa.Array:
    """Return lists, empty where there is none."""
    return pc.fill_null(lists.combine_chunks(), pa.scalar([], lists.type))
