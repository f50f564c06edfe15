"""Node: anything that the graph names: what is said of it, its neighbours with their evidence, what is predicted."""

from collections.abc import Mapping, Sequence
from typing import Any

from panakeia.page.asked import Asked
from panakeia.page.figures.around import around_figure
from panakeia.page.models import candidates, model_of
from panakeia.page.suggested import suggested
from panakeia.page.view import ON_A_PAGE, Page, View

_NEIGHBOURS, _MOST, _DRAWN, _PREDICTED = 50, 500, 24, 20
_NOT_FACTS = ("edges", "neighbours", "id", "kind", "name", "synonyms", "xrefs", "provided_by")
_IDENTIFIERS = ("inchi", "inchikey", "hgvs", "grch37", "grch38", "span_grch37")
"""Facts that name a node rather than tell of it: they stand with what it is called elsewhere."""
_GLANCE: dict[str, tuple[tuple[str, str], ...]] = {
    "Drug": (("treats", "treats"), ("palliates", "eases"), ("binds", "binds")),
    "Gene": (
        ("binds", "is bound by"),
        ("disease_associates_gene", "goes with"),
        ("variant_in_gene", "has the variants"),
    ),
    "Disease": (
        ("treats", "is treated by"),
        ("palliates", "is eased by"),
        ("disease_associates_gene", "goes with the genes"),
    ),
    "Variant": (
        ("variant_in_gene", "lies in"),
        ("variant_affects_drug", "affects"),
        ("variant_causes_disease", "causes"),
    ),
}
"""For a kind of node, the relations that are looked for first, with their words."""
_NAMED, _ALIKE, _RELATIONS = 8, 5, 16
_PREDICTS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "Drug": (("targets", "gene", "binds", "genes"), ("diseases", "disease", "treats", "diseases")),
    "Gene": (("drugs", "drug", "binds", "drugs"),),
}
"""For a kind of node, what is ranked for it: the candidates, their column, the model's task and its count of them."""
_MEASURED = {"binds": ["binds"], "treats": ["treats", "palliates"]}


def _show(asked: Asked) -> Page:
    """Show a node; `see` says whether with its neighbours or with what a model ranks for it."""
    if not asked.one("node"):
        return Page("node_box.html.j2", "Node", {"drug": suggested(asked, "Drug")})
    shown = asked.node(asked.one("node"), asked.one("kind"))
    ranked = {one[0]: one for one in _PREDICTS.get(shown["kind"], ())}
    see = asked.one("see", "neighbours")
    if see != "neighbours" and see not in ranked:
        raise ValueError(f"see: got {see!r}, expected one of {', '.join(['neighbours', *ranked])}")
    told = {name: value for name, value in shown.items() if name not in _NOT_FACTS and value not in (None, [])}
    values: dict[str, Any] = {
        "node": shown,
        "facts": {name: value for name, value in told.items() if name not in _IDENTIFIERS},
        "identifiers": {name: value for name, value in told.items() if name in _IDENTIFIERS},
        "elsewhere": _elsewhere(shown.get("xrefs") or ()),
        "glance": [],
        "sees": ["neighbours", *ranked],
        "see": see,
    }
    if see == "neighbours":
        return _neighbours(asked, shown, values)
    return _predicted(asked, shown, values, ranked[see])


def _neighbours(asked: Asked, shown: Mapping[str, Any], values: dict[str, Any]) -> Page:
    request: dict[str, Any] = {
        "node": shown["id"],
        "kind": shown["kind"],
        "top": asked.whole("top", _NEIGHBOURS, _MOST),
    }
    for name in ("relation", "of_kind", "source", "licence"):
        if texts := asked.many(name):
            request[name] = texts
    if "patients" not in asked.rights and "of_kind" not in request:
        request["of_kind"] = asked.kinds
    found = asked.ask("neighbours", request).content
    rows = found["neighbours"]
    values |= {
        "rows": rows[:ON_A_PAGE],
        "total": len(rows),
        "left_out": found["left_out"],
        "chosen": asked.one("relation"),
    }
    near = rows
    if not asked.many("relation"):
        near = _of_every_relation(asked, request, found)
    if set(request) <= {"node", "kind", "top", "of_kind"}:
        values["glance"] = _glance(shown, near)
    flat = [
        {key: row[key] for key in ("relation", "direction", "id", "kind", "name")}
        | {"source": one["source"], "release": one["version"], "licence": one["licence"]}
        | {"references": " ".join(one["references"])}
        for row in rows
        for one in row["evidence"]
    ]
    figures = {"neighbourhood": around_figure(shown, _spread(near), _counts(found["edges"]))} if near else {}
    return Page("node.html.j2", f"{shown['name']}", values, flat, found, figures)


def _of_every_relation(asked: Asked, request: Mapping[str, Any], found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the neighbours that were found, and the first by relations of which there was no room for any."""
    rows = list(found["neighbours"])
    told = {(row["relation"], row["direction"]) for row in rows}
    missing = [relation for relation, direction in _counts(found["edges"]) if (relation, direction) not in told]
    for relation in list(dict.fromkeys(missing))[:_RELATIONS]:
        more = asked.ask("neighbours", {**request, "relation": [relation], "top": _NAMED}, quiet=True).content
        rows += more["neighbours"]
    return rows


def _counts(edges: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """Return how many neighbours there are by each relation and direction."""
    return {(one["relation"], one["direction"]): one["count"] for one in edges}


def _glance(shown: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what is looked for first: of each relation its words, some that it leads to, and how many there are."""
    counts: dict[str, int] = {}
    for edge in shown["edges"]:
        counts[edge["relation"]] = counts.get(edge["relation"], 0) + edge["count"]
    found = []
    for relation, words in _GLANCE.get(shown["kind"], ()):
        named = {row["id"]: row for row in rows if row["relation"] == relation}
        first = [*named.values()][:_NAMED]
        more = counts.get(relation, 0) - len(first)
        found.append({"relation": relation, "words": words, "rows": first, "more": max(more, 0)})
    return found


def _elsewhere(references: Sequence[str]) -> list[tuple[str, list[str], int]]:
    """Return what a node is called in other databases, those with the fewest names first: some, and how many more."""
    found: dict[str, list[str]] = {}
    for one in references:
        found.setdefault(one.partition(":")[0], []).append(one)
    held = sorted(found.items(), key=lambda one: len(one[1]))
    return [(database, names[:_ALIKE], len(names) - len(names[:_ALIKE])) for database, names in held]


def _spread(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return some neighbours of every relation, the first of each first, as many as a figure can show."""
    turns: dict[tuple[str, str], int] = {}
    ordered: list[tuple[int, int, dict[str, Any]]] = []
    for row in rows:
        way = (row["relation"], row["direction"])
        turns[way] = turns.get(way, 0) + 1
        ordered.append((turns[way], len(ordered), row))
    kept = [row for _, _, row in sorted(ordered, key=lambda one: one[:2])[:_DRAWN]]
    return sorted(kept, key=lambda row: (row["relation"], row["direction"]))


def _predicted(
    asked: Asked, shown: Mapping[str, Any], values: dict[str, Any], about: tuple[str, str, str, str]
) -> Page:
    """Show what a model ranks for the node, beside what sources state."""
    what, column, task, count = about
    request = {"nodes": [shown["id"]], "candidates": what, "top": asked.whole("top", _PREDICTED, _MOST)}
    if asked.one("new"):
        request["new"] = True
    problem, rows = "", []
    try:
        rows = asked.ask("rank", request).content
    except (ValueError, OSError) as failure:
        problem = str(failure)
    near = {"node": shown["id"], "kind": shown["kind"], "relation": _MEASURED[task], "top": 2000}
    measured: dict[str, list[str]] = {}
    for row in asked.ask("neighbours", near).content["neighbours"]:
        sources = ", ".join(dict.fromkeys(one["source"] for one in row["evidence"]))
        measured.setdefault(row["id"], []).append(f"{row['relation'].replace('_', ' ')} ({sources})")
    seen = [{**row, "node": row[column], "stated": "; ".join(measured.get(row[column], ()))} for row in rows]
    values |= {
        "rows": seen[:ON_A_PAGE],
        "total": len(seen),
        "problem": problem,
        "measured": len(measured),
        "both": sum(1 for row in seen if row["stated"]),
        "among": candidates(asked, task, count),
        "model": model_of(asked, task),
        "is_treats": task == "treats",
    }
    return Page("node.html.j2", f"{what.capitalize()} of {shown['name']}", values, seen)


VIEW = View("node", "/node", "Gene, drug", _show)
