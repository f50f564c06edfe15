"""Disease: drugs ranked for a disease: score, probability, prior, lift, what is known; filters; a comparison."""

from collections.abc import Mapping, Sequence
from typing import Any

from panakeia.desk.desk import NotAllowed
from panakeia.desk.requests import Refused
from panakeia.page.asked import Asked
from panakeia.page.figures.ranking import ranking_figure
from panakeia.page.models import candidates, model_of
from panakeia.page.render import address
from panakeia.page.suggested import suggested
from panakeia.page.view import ON_A_PAGE, Page, View

_ALL = 10_000
"""More than any graph has drugs."""
_DRUGS = 5_000
_COMPARED = 6
_TOPS, _MOST = (20, 50, 100), 200
_UNWANTED = ("contraindicated_in", "not_indicated_for")
_FACTS = ("type", "groups", "atc_codes", "categories", "half_life_h", "half_life_text", "molecular_weight_g_per_mol")


def _show(asked: Asked) -> Page:
    """Show the ranking for a disease; without one, a box to name it."""
    if not asked.one("node"):
        return Page("disease_box.html.j2", "Disease", {"disease": suggested(asked, "Disease")})
    disease = asked.node(asked.one("node"), "Disease", quiet=True)
    licence = asked.one("licence")
    known = what_is_known(asked, disease["id"], licence)
    harmed = causing(asked, disease, licence)
    rows, told = _ranked(asked, disease["id"], known, harmed)
    seen = [_row(row, known, harmed) for row in rows]
    pinned = asked.many("pin")[:_COMPARED]
    ranked = {row["drug"]: row for row in seen}
    beyond = {drug: _beyond(asked, drug, disease["id"]) for drug in pinned if drug not in ranked}
    ranked |= {drug: _row(row, known, harmed) for drug, row in beyond.items() if row is not None}
    compared = [_compared(asked, drug, ranked) for drug in pinned]
    values: dict[str, Any] = {
        "disease": disease,
        "rows": seen[:ON_A_PAGE],
        "total": len(seen),
        "told": told,
        "pinned": pinned,
        "compared": compared,
        "facts": _FACTS,
        "tops": _TOPS,
        "licence": licence,
        "licences": licences(asked),
        "among": candidates(asked),
        "model": model_of(asked),
        "runs_jobs": asked.runs_jobs,
        "all_pairs": address("/ask/rank", nodes=[disease["id"]], top=_ALL),
    }
    drawn = {"ranking": ranking_figure(disease["name"], disease["id"], seen[:30])} if seen else {}
    flat = [row | {"known_as": "; ".join(row["known_as"])} for row in seen]
    return Page("disease.html.j2", f"Drugs for {disease['name']}", values, rows=flat, figures=drawn)


def licences(asked: Asked) -> list[str]:
    """Return the licences of the graph's sources."""
    return sorted({one["licence"] for one in asked.ask("info", {}, quiet=True).content["sources"] if one["licence"]})


def what_is_known(asked: Asked, disease: str, licence: str = "") -> dict[str, list[str]]:
    """Return the relations of each drug to a disease, in words with their sources, by the drug's identifier.

    With a `licence`, only what is stated under it.
    """
    request = _drugs_of(disease, "Disease", licence)
    found: dict[str, list[str]] = {}
    for row in asked.ask("neighbours", request, quiet=True).content["neighbours"]:
        sources = ", ".join(dict.fromkeys(one["source"] for one in row["evidence"]))
        found.setdefault(row["id"], []).append(f"{row['relation'].replace('_', ' ')} ({sources})")
    return found


def _drugs_of(node: str, kind: str, licence: str) -> dict[str, Any]:
    request: dict[str, Any] = {"node": node, "kind": kind, "of_kind": ["Drug"], "top": _DRUGS}
    return request | ({"licence": [licence]} if licence else {})


def causing(asked: Asked, disease: Mapping[str, Any], licence: str = "") -> set[str]:
    """Return the drugs with a side effect that is this disease by a shared identifier."""
    found: set[str] = set()
    for other in disease.get("xrefs", ()):
        if other.startswith("UMLS:"):
            request = _drugs_of(other, "SideEffect", licence)
            try:
                rows = asked.ask("neighbours", request, quiet=True).content["neighbours"]
            except ValueError:  # no side effect has this identifier
                continue
            found |= {row["id"] for row in rows}
    return found


def _ranked(
    asked: Asked, disease: str, known: Mapping[str, Sequence[str]], harmed: set[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows that pass the filters, and the filters in words."""
    top = asked.whole("top", _TOPS[0], _MOST)
    request: dict[str, Any] = {"nodes": [disease], "top": top}
    told: list[str] = []
    if asked.one("new"):
        request["new"] = True
        told.append("without pairs that are in the list of the model's source")
    request |= _half_life(asked, told)
    if asked.one("licence"):
        told.append(
            f"what is known, and who is of a class, counts as far as it is stated under {asked.one('licence')}; the "
            "scores were learned from all sources"
        )
    members = _members(asked, told)
    unwanted = (
        {drug for drug, words in known.items() if any(one.startswith(_spoken()) for one in words)}
        if asked.one("safe")
        else set()
    )
    if asked.one("safe"):
        unwanted |= harmed
        told.append(
            "without drugs that a source calls contraindicated or not indicated, or that cause it as side effect"
        )
    if members is None and not unwanted:
        return list(asked.ask("rank", request).content), told
    asked.shown("rank", request)
    everything = asked.ask("rank", request | {"top": _ALL}, quiet=True).content
    kept = [row for row in everything if row["drug"] not in unwanted and (members is None or row["drug"] in members)]
    return kept[:top], told


def _half_life(asked: Asked, told: list[str]) -> dict[str, Any]:
    """Return the conditions on the half-life, where they are asked for."""
    found = []
    for name, sign, words in (("half_from", ">=", "at least"), ("half_to", "<=", "at most")):
        if text := asked.one(name):
            try:
                hours = float(text)
            except ValueError:
                hours = -1.0
            if not 0.0 <= hours < 1e6:
                raise ValueError(f"half-life: got {text!r}, expected hours, as in 24")
            found.append(f"half_life_h{sign}{hours:g}")
            told.append(f"with a half-life of {words} {hours:g} hours, as far as it is known")
    return {"where": found} if found else {}


def _members(asked: Asked, told: list[str]) -> set[str] | None:
    """Return the drugs of the class that is asked for; None where none is."""
    named = asked.one("class")
    if not named:
        return None
    request = _drugs_of(named, "PharmacologicClass", asked.one("licence"))
    found = asked.ask("neighbours", request).content
    told.append(f"of the class {found['node']['name']}")
    return {row["id"] for row in found["neighbours"]}


def _spoken() -> tuple[str, ...]:
    return tuple(one.replace("_", " ") for one in _UNWANTED)


def _row(row: Mapping[str, Any], known: Mapping[str, Sequence[str]], harmed: set[str]) -> dict[str, Any]:
    told = list(known.get(row["drug"], ()))
    if row["drug"] in harmed:
        told.append("causes it as a side effect")
    return {**row, "known_as": told, "warned": any(one.startswith((*_spoken(), "causes")) for one in told)}


def _beyond(asked: Asked, drug: str, disease: str) -> dict[str, Any] | None:
    """Return the row of a pinned drug that is not among those shown; None where the model has no score of it."""
    try:
        told: dict[str, Any] = asked.ask("explain", {"a": drug, "b": disease, "top": 1}, quiet=True).content
    except (NotAllowed, Refused):
        raise
    except (ValueError, OSError):
        return None
    return told


def _compared(asked: Asked, drug: str, ranked: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what there is to compare of a drug: its row, its attributes, and its edges by relation."""
    shown = asked.node(drug, "Drug", quiet=True)
    counts = {edge["relation"]: edge["count"] for edge in shown["edges"]}
    return {"drug": shown, "row": ranked.get(drug), "counts": counts}


VIEW = View("disease", "/disease", "Disease", _show)
