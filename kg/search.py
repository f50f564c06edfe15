"""Search: which node a text means, and which nodes have it in their name; in the Cypher both stores speak.

Texts are compared as `kg.names.folded` writes them, with what every store keeps of its nodes in that form.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pandas as pd

from kg.curie import prefixes, standard
from kg.filter import Filter
from kg.names import END, folded
from kg.schema import NODE_KINDS, PERSON
from kg.stores.alike import spelt_nearly
from kg.stores.held import names_of
from kg.stores.hidden import hides_patients
from kg.stores.naming import Match, called, check_version, like, matching
from kg.stores.protocol import Key, Store
from kg.stores.releases import read_releases

NEAREST = 5
PAIRS = (("Drug", "Disease"), ("Drug", "Gene"), ("Gene", "Disease"))
"""The kinds of the two ends that are asked about together, the first before the others."""
_SHOWN = 200
"""How much of a text that names nothing is told again, in characters."""
MATCHES = ("exact name", "exact synonym", "prefix of name", "prefix of synonym", "part of name", "part of synonym")


class UnknownNode(ValueError):
    """A text that names no node."""


class UnknownKind(ValueError):
    """A text that is no kind of node."""


class AmbiguousName(ValueError):
    """A `text` that names several nodes; `choices` are those."""

    def __init__(self, text: str, choices: tuple["Node", ...]) -> None:
        listed = "; ".join(f"{node.id} ({node.kind} {node.name})" for node in choices)
        cure, identifiers = "Give one of these identifiers", {node.id for node in choices}
        if len({node.kind for node in choices}) == len(identifiers) == len(choices):
            cure = f"{cure}, or the kind, such as --kind {choices[0].kind} (`kind` in Python)"
        elif len(identifiers) < len(choices):
            lead = "Add the kind" if len(identifiers) == 1 else f"{cure} and, where two nodes share it, the kind"
            cure = f"{lead}, such as --kind {choices[0].kind} (`kind` in Python)"
        super().__init__(f"{text!r} names {len(choices)} nodes: {listed}. {cure}")
        self.text, self.choices = text, choices


@dataclass(frozen=True)
class Node:
    """A node by its identifier (a CURIE), its kind and its name."""

    id: str
    kind: str
    name: str


@dataclass(frozen=True)
class Found:
    """The best of the nodes that were searched for, and how many there are in all.

    `nodes` has the columns id, kind, name, match (how the text matches; empty where there was none).
    """

    nodes: pd.DataFrame
    total: int

    @property
    def left_out(self) -> int:
        """How many more there are than are listed."""
        return self.total - len(self.nodes)

    def to_frame(self) -> pd.DataFrame:
        """Return the nodes that are listed."""
        return self.nodes

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        return {"nodes": self.nodes.to_dict(orient="records"), "total": self.total}


def find(store: Store, text: str, kind: str | None = None) -> Node:
    """Return the one node that a CURIE, its own or another database's, a name or a synonym means, in any capitals.

    A node whose name it is wins over nodes whose synonym it is. With `kind`, only nodes of that kind are meant. Raises
    `UnknownNode`, with the nearest names, `AmbiguousName`, with the choices, or `UnknownKind`.
    """
    kinds = [kind_named(kind)] if kind else list(NODE_KINDS)
    found = _only(text, _meant(store, text, kinds))
    if found is None:
        raise UnknownNode(_unknown(store, text, kinds))
    return found


def meanings(store: Store, texts: Collection[str], kind: str) -> dict[str, tuple[Node, ...]]:
    """Return the nodes of a kind that each of many texts means, as for `find`; none for a text that means nothing.

    It reads the names of the whole kind once, where `find` would ask a few questions for each text.
    """
    if names_of(store) is not None and kind != PERSON:
        return {text: _meaning(store, text, kind) for text in texts}
    kept = ", ".join(f"n.{name} AS {name}" for name in ("id", "name", "folded_id", "folded_name", "folded_synonyms"))
    ways: tuple[dict[str, list[Node]], ...] = tuple(defaultdict(list) for _ in range(4))
    for row in store.query(f"MATCH (n:{kind}) RETURN {kept} ORDER BY id", {}):
        names = [row["id"]], [row["folded_id"]], [row["folded_name"]], row["folded_synonyms"].split(END)
        for way, keys in zip(ways, names, strict=True):
            for key in keys:
                way[key].append(Node(row["id"], kind, row["name"]))
    as_written, *as_folded = ways
    found = {}
    for text in texts:
        key = folded(text)
        meant = as_written.get(text.strip()) or next((way[key] for way in as_folded if key in way), [])
        found[text] = tuple(dict.fromkeys(meant)) if key else ()
    return found


def _meaning(store: Store, text: str, kind: str) -> tuple[Node, ...]:
    """Return the nodes of a kind that a text means, by names that are held."""
    key = folded(text)
    for way in ("identifier", "name", "synonym") if key else ():
        if found := _called(store, way, key, [kind]):
            return tuple(node for node in found if node.id == text.strip()) or found
    return ()


def find_ends(store: Store, a: str, b: str, kinds: Collection[str] = ()) -> tuple[Node, Node]:
    """Return the two nodes that two texts mean, each as for `find`; what one means among `kinds` goes before the rest.

    So a kind need not say which end it is of. Where none is given and a text means several nodes, those are taken that
    make a pair which is asked for (`PAIRS`): of a drug and what is a disease and a side effect, the disease. Raises
    what `find` raises, and `ValueError` for a kind of neither end.
    """
    wanted = [kind_named(kind) for kind in kinds]
    start, goal = (None, None) if wanted else _asked_together(store, a, b)
    start = start or _only(a, _meant(store, a, wanted)) or find(store, a)
    goal = goal or _only(b, _meant(store, b, wanted)) or find(store, b)
    if strange := set(wanted) - {start.kind, goal.kind}:
        raise ValueError(
            f"{a!r} is a {start.kind} and {b!r} a {goal.kind}: neither is a {' or a '.join(sorted(strange))}; "
            "give kinds of these two nodes, or none"
        )
    return start, goal


def _asked_together(store: Store, a: str, b: str) -> tuple[Node, Node] | tuple[None, None]:
    """Return the nodes of the first pair of kinds that two texts can mean, where one of them means several."""
    meant = [_meant(store, text, list(NODE_KINDS)) for text in (a, b)]
    if max(map(len, meant)) > 1:
        for kinds in [pair for one in PAIRS for pair in (one, one[::-1])]:
            start, goal = (
                [node for node in nodes if node.kind == kind] for nodes, kind in zip(meant, kinds, strict=True)
            )
            if len(start) == len(goal) == 1:
                return start[0], goal[0]
    return None, None


def search(store: Store, text: str = "", limit: int = 20, kind: str | None = None) -> Found:
    """Return the nodes that have the text in their name or a synonym, the best `limit` matches first.

    A CURIE finds the nodes whose identifier or cross-reference it is, before all others. Exact matches come before
    those that begin with the text, and these before the rest; of equal ones, names before synonyms, then the shorter
    names. Where nothing is called exactly so, names that are spelt nearly so follow (`kg.spelling`). With `kind`, only
    nodes of that kind are meant; then the text may be empty, and all are, by name. A patient who withdrew consent is
    only found by the whole identifier; where patients are hidden (`kg.stores.hidden`), one is only found by asking for
    the kind. Raises `ValueError` for an empty text without a kind or a limit below 1, and `UnknownKind`.
    """
    check_count("limit", limit)
    shown = [one for one in NODE_KINDS if one != PERSON or not hides_patients(store)]
    kinds = [kind_named(kind)] if kind else shown
    wanted = folded(text)
    if not wanted and not kind:
        raise ValueError("the text to search for is empty: give a part of a name or a synonym, or a kind to list")
    matched, total = matching(store, wanted, kinds, limit)
    if not matched and not wanted:
        check_version(store, kinds)
    exact = bool(matched) and matched[0].rank < MATCHES.index("prefix of name")
    found = dict(_with_curie(store, text, kinds)) if wanted else {}
    called = {Node(*one.named): wanted and _match(one, wanted) for one in matched}
    total += len(found.keys() - called.keys())
    if wanted and not exact and not found and total < limit:
        alike, among = _similar(store, wanted, kinds, {(node.kind, node.id) for node in called}, limit - total)
        called |= alike
        total += among
    for node, match in called.items():
        found.setdefault(node, match)
    listed = [(node.id, node.kind, node.name, match) for node, match in list(found.items())[:limit]]
    return Found(pd.DataFrame(listed, columns=["id", "kind", "name", "match"]), total)


def _with_curie(store: Store, text: str, kinds: Collection[str]) -> Iterator[tuple[Node, str]]:
    """Yield the nodes whose identifier or cross-reference a text is, and which of these."""
    for node in with_identifier(store, text, kinds):
        yield node, "identifier"
    for node in with_cross_reference(store, text, kinds):
        yield node, f"cross-reference {standard(text)!r}"


def _similar(
    store: Store, wanted: str, kinds: Collection[str], known: Collection[Key], limit: int
) -> tuple[dict[Node, str], int]:
    """Return the first nodes of these kinds, not known already, whose names are spelt nearly so, and how many are."""
    found, total = spelt_nearly(store, wanted, kinds, known, limit)
    return {Node(*named): told for named, told in found.items()}, total


def with_cross_reference(store: Store, text: str, kinds: Collection[str]) -> tuple[Node, ...]:
    """Return the nodes that have this CURIE among their cross-references; the prefix may be spelt in any known way."""
    prefix, _, identifier = (curie := standard(text)).partition(":")
    if prefix not in prefixes() or not identifier:
        return ()
    capital = f"{prefix}:{identifier.upper()}"
    found = [node for one in dict.fromkeys((curie, capital)) for node in _called(store, "cross-reference", one, kinds)]
    return tuple(dict.fromkeys(found))


def with_identifier(store: Store, text: str, kinds: Collection[str]) -> tuple[Node, ...]:
    """Return the nodes with this identifier, as it is written if there are some, else in other capitalisation.

    The prefix may be spelt in any known way, such as MIM for OMIM.
    """
    text = standard(text)
    prefix = folded(text.partition(":")[0])
    fitting = [kind for kind in kinds if prefix in map(folded, NODE_KINDS[kind].prefixes)]
    if not fitting:
        return ()
    exact = store.nodes([(kind, text.strip()) for kind in fitting])
    return tuple(Node(node, kind, found.name) for (kind, node), found in exact.items()) or _called(
        store, "identifier", folded(text), fitting
    )


def kind_named(text: str) -> str:
    """Return the kind of node of this name, in any capitalisation; raises `UnknownKind`, with the nearest ones.

    >>> kind_named("sideeffect")
    'SideEffect'
    >>> kind_named("drugs")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    kg.search.UnknownKind: 'drugs' is no kind of node, did you mean Drug? The kinds are Gene, Drug, Disease, ...
    """
    kinds = {folded(kind): kind for kind in NODE_KINDS}
    wanted = folded(text)
    if wanted not in kinds:
        near = [kinds[kind] for kind in get_close_matches(wanted, kinds)]
        hint = f", did you mean {' or '.join(near)}?" if near else "."
        raise UnknownKind(f"{text!r} is no kind of node{hint} The kinds are {', '.join(NODE_KINDS)}")
    return kinds[wanted]


def check_count(name: str, count: int) -> None:
    """Raise `ValueError` where an argument, how many answers are wanted, is below 1."""
    if count < 1:
        raise ValueError(f"{name} is {count}: expected 1 or more")


def check_sources(store: Store, where: Filter) -> None:
    """Raise `ValueError` where a filter names a source that the store's graph has nothing of."""
    named = {*where.sources, *where.without_sources}
    if named and (strange := named - (held := {release.name for release in read_releases(store)})):
        raise ValueError(
            f"the graph has nothing of a source {' or '.join(map(repr, sorted(strange)))}; "
            f"its sources are {', '.join(sorted(held)) or 'not named'}"
        )


def _called(store: Store, way: str, text: str, kinds: Collection[str]) -> tuple[Node, ...]:
    return tuple(Node(*one) for one in called(store, way, text, kinds))


def _meant(store: Store, text: str, kinds: Collection[str]) -> tuple[Node, ...]:
    """Return the nodes of these kinds that have the text as identifier or cross-reference, else as name or synonym."""
    wanted = folded(text)
    if not wanted or not kinds:
        return ()
    return (
        with_identifier(store, text, kinds)
        or with_cross_reference(store, text, kinds)
        or _called(store, "name", wanted, kinds)
        or _called(store, "synonym", wanted, kinds)
    )


def _only(text: str, found: tuple[Node, ...]) -> Node | None:
    """Return the one node that was found, if any; raises `AmbiguousName` for several."""
    if len(found) > 1:
        order = list(NODE_KINDS)
        raise AmbiguousName(text, tuple(sorted(found, key=lambda node: (order.index(node.kind), node.id))))
    return found[0] if found else None


def _match(found: Match, wanted: str) -> str:
    """Say how a node matches; of its synonyms that do, the best is told, and of these the first."""
    match = MATCHES[found.rank]
    if not match.endswith("synonym"):
        return match
    return f"{match} {min(found.synonyms, key=lambda synonym: _distance(folded(synonym), wanted))!r}"


def _distance(name: str, wanted: str) -> tuple[bool, bool, bool]:
    return name != wanted, not name.startswith(wanted), wanted not in name


def _unknown(store: Store, text: str, kinds: Collection[str]) -> str:
    """Say that nothing has this name, and what else has it, or a similar one."""
    check_version(store, kinds)
    only = next(iter(kinds)) if len(kinds) == 1 else None
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    what = f"no {only.lower() if only else 'node'} has the identifier, name or synonym {shown!r}"
    near = "; ".join(f"{node.name} ({node.kind} {node.id})" for node in _nearest(store, folded(text), kinds))
    if meant := _meant(store, text, [kind for kind in NODE_KINDS if kind not in kinds]):
        told = "; ".join(f"{node.name} is a {node.kind} ({node.id})" for node in meant[:NEAREST])
        return f"{what}: {told}; expected a {only}{f', such as {near}' if near else ''}"
    return f"{what}: " + (f"did you mean {near}?" if near else "look for a part of the name with `panakeia search`")


def _nearest(store: Store, wanted: str, kinds: Collection[str]) -> list[Node]:
    """Return the nodes whose names are spelt most like a text, or begin so; of equal ones the shorter name first."""
    spelt: dict[str, list[Node]] = defaultdict(list)
    found = (Node(*one) for one in like(store, wanted, kinds)) if wanted else ()
    for node in sorted(found, key=lambda node: (len(node.name), node.name, node.id)):
        name = folded(node.name)
        for form in {name, name[: len(wanted)]}:
            spelt[form].append(node)
    near = [node for form in get_close_matches(wanted, spelt, n=NEAREST) for node in spelt[form]]
    return list(dict.fromkeys(near))[:NEAREST]
