"""Candidate: why a drug is ranked for a disease: what the score leans on, paths with their evidence, their patterns."""

from collections.abc import Mapping, Sequence
from typing import Any

from gnn.words import REGIMES, meanings, worded
from panakeia.page.asked import Asked
from panakeia.page.figures.parts import parts_figure
from panakeia.page.figures.routes import routes_figure
from panakeia.page.models import model_of
from panakeia.page.suggested import suggested_pair
from panakeia.page.view import Page, View
from panakeia.page.views.disease import causing, licences, what_is_known

_PATTERNS, _MOST, _DRAWN = 100, 50, 8
_ON_A_PAGE = 15
"""Paths with all of their evidence that stay below 100 KB."""
_ENDS = ("drug", "disease")
_SIDE_EFFECTS = "causes_side_effect"


def _show(asked: Asked) -> Page:
    """Show a pair; without both ends, a box to name them."""
    if not (asked.one("drug") and asked.one("disease")):
        given = {name: asked.one(name) or other for name, other in zip(_ENDS, suggested_pair(asked), strict=True)}
        return Page("candidate_box.html.j2", "Candidate", given)
    drug, disease = (asked.node(asked.one(name), name.title(), quiet=True) for name in ("drug", "disease"))
    told, why = _explained(asked, drug["id"], disease["id"])
    every = _paths(asked, drug["id"], disease["id"], told)
    hidden = set(asked.many("hide"))
    found = [path for path in every if path["metapath"] not in hidden]
    found = found[: asked.whole("top", 10, _MOST)]
    values: dict[str, Any] = {
        "drug": drug,
        "disease": disease,
        "told": told,
        "why": why,
        "paths": found[:_ON_A_PAGE],
        "total": len(found),
        "patterns": _patterns(every),
        "because": _answers(told["because"]) if told else [],
        "hidden": hidden,
        "through": asked.many("through"),
        "relations": sorted({step["relation"] for path in every for step in path["steps"] if "relation" in step}),
        "without": asked.many("without"),
        "sources": sorted({one for path in every for step in path["steps"] for one in step.get("sources", ())}),
        "licences": licences(asked),
        "model": model_of(asked),
        "known": what_is_known(asked, disease["id"]).get(drug["id"], []),
        "harms": drug["id"] in causing(asked, disease),
        "among_paths": len(every),
        "order": _order(found),
        "meanings": meanings(_ENDS),
        "read_as": worded(REGIMES[told["regime"]], _ENDS) if told else None,
    }
    figures = {"paths": routes_figure(found[:_DRAWN])} if found else {}
    if told:
        figures["parts of the score"] = parts_figure(told["contributions"], told["bias"], meanings(_ENDS))
    title = f"{drug['name']} for {disease['name']}"
    return Page("candidate.html.j2", title, values, _rows(found), {"explanation": told, "paths": found}, figures)


def _explained(asked: Asked, drug: str, disease: str) -> tuple[dict[str, Any] | None, str]:
    """Return the explanation of the score, or why there is none: no model, or one that has not learned of an end."""
    try:
        return asked.ask("explain", {"a": drug, "b": disease, "top": 20}).content, ""
    except (ValueError, OSError) as failure:
        return None, str(failure)


def _paths(asked: Asked, drug: str, disease: str, told: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the paths that pass the filters; without filters, those that the score leans on come first."""
    request = _request(asked, drug, disease)
    found = [{**path, "share": None} for path in asked.ask("paths", request).content]
    if told is None or set(request) > {"a", "b", "top"}:
        return found
    leaned = [_as_walked(path) for path in told["paths"]]
    seen = {path["path"] for path in leaned}
    return leaned + [path for path in found if path["path"] not in seen]


def _order(paths: Sequence[Mapping[str, Any]]) -> str:
    """Say by what the paths are ordered: first as the model's account has them (`gnn.evidence`), if it leans on any."""
    leaned = sum(1 for path in paths if path["share"] is not None)
    weight = "by weight, the heaviest first"
    if not leaned:
        return weight
    first = (
        "by how much of the score runs along them and by weight, a path counting less for each before it through the "
        "same node, so that different reasons come first"
    )
    whose = "" if leaned == len(paths) else f"the first {leaned} "
    return f"{whose}{first}{'' if not whose else f'; those that the score does not lean on {weight}'}"


def _as_walked(path: Mapping[str, Any]) -> dict[str, Any]:
    """Return a path of an explanation in the form of `paths`: each step with its relation and evidence."""
    steps = [dict(step) for step in path["steps"]]
    for step, relation, forward, sources, evidence in zip(
        steps, path["relations"], path["forward"], path["sources"], path["evidence"], strict=False
    ):
        step |= {"relation": relation, "forward": forward, "sources": sources, "evidence": evidence}
    told = {name: path[name] for name in ("rank", "score", "path", "metapath", "share")}
    return {**told, "steps": steps}


def _request(asked: Asked, drug: str, disease: str) -> dict[str, Any]:
    request: dict[str, Any] = {"a": drug, "b": disease, "top": _PATTERNS}
    without = asked.many("without") + ([_SIDE_EFFECTS] if asked.one("no_side_effects") else [])
    for name, values in (
        ("through", asked.many("through")),
        ("without", list(dict.fromkeys(without))),
        ("source", asked.many("source")),
        ("licence", asked.many("licence")),
    ):
        if values:
            request[name] = values
    if asked.one("max_length"):
        request["max_length"] = asked.whole("max_length", 4, 4)
    return request


def _patterns(paths: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the patterns of the paths, the weightiest first: how many there are, and what they weigh together."""
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        kept = {"metapath": path["metapath"], "count": 0, "weight": 0.0, "share": 0.0}
        one = found.setdefault(path["metapath"], kept)
        one["count"] += 1
        one["weight"] += path["score"]
        one["share"] += path["share"] or 0.0
    whole = sum(one["weight"] for one in found.values()) or 1.0
    told = [{**one, "part": one["weight"] / whole} for one in found.values()]
    return sorted(told, key=lambda one: (-one["share"], -one["weight"]))


def _answers(because: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the known answers that carried the score, each once, with all of its share."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for one in because:
        answer = one["answer"]
        key = (answer["subject"], answer["relation"], answer["object"])
        kept = found.setdefault(key, {"answer": answer, "share": 0.0, "by": []})
        kept["share"] += one["share"]
        kept["by"].append(one["by"])
    return sorted(found.values(), key=lambda one: -one["share"])


def _rows(paths: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the edges of the paths, one a row, with their evidence."""
    return [
        {
            "path": path["rank"],
            "step": place,
            "from": step["name"],
            "relation": step["relation"],
            "forward": step["forward"],
            "to": path["steps"][place]["name"],
            "source": one["source"],
            "release": one["version"],
            "licence": one["licence"],
            "references": " ".join(one["references"]),
        }
        for path in paths
        for place, step in enumerate(path["steps"][:-1], start=1)
        for one in step["evidence"]
    ]


VIEW = View("candidate", "/candidate", "Candidate", _show)
