"""Patient: a record in time, genes, what speaks against each drug and for it, who is alike, and the way to the twin."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from panakeia.answer import records
from panakeia.desk.problems import told_to_others
from panakeia.page.asked import Asked
from panakeia.page.models import model_of
from panakeia.page.render import address
from panakeia.page.timeline import timeline
from panakeia.page.view import ON_A_PAGE, Page, View
from panakeia.page.words import model_words
from twin.library import MODELS

_LIGHTS: Mapping[str, tuple[str, str]] = {
    "against": ("stop", "do not give"),
    "risk": ("stop", "known harm here"),
    "change": ("change", "give otherwise"),
    "watch": ("watch", "watch"),
    "untested": ("none", "not tested"),
}
"""How a warning's severity is shown: its light, and its words; the gravest first."""
_GENES = (
    "patient_has_diplotype",
    "patient_has_gene_phenotype",
    "patient_carries_haplotype",
    "patient_carries_variant",
)
_SHOWN, _BESIDE = 50, 4
_TASK = "benefits"
"""Of the model that ranks drugs for patients."""


def _show(asked: Asked) -> Page:
    """List the patients, or show one."""
    patient = asked.one("patient")
    return _one(asked, patient) if patient else _all(asked)


def _all(asked: Asked) -> Page:
    every = asked.ask("patient_list", {}).content
    first = asked.whole("from", 1, max(len(every), 1))
    seen = every[first - 1 : first - 1 + ON_A_PAGE]
    rows = [row | {"address": address("/patient", patient=row["id"])} for row in seen]
    before, after = max(first - ON_A_PAGE, 1), first + ON_A_PAGE
    values = {
        "rows": rows,
        "first": first,
        "total": len(every),
        "before": asked.address(**{"from": before}) if first > 1 else "",
        "after": asked.address(**{"from": after}) if after <= len(every) else "",
    }
    return Page("patients.html.j2", "Patients", values, rows=seen)


def _one(asked: Asked, patient: str) -> Page:
    seen = asked.ask("patient_show", {"patient": patient})
    node = str(seen.content["id"])
    events = [_told(row) for row in records(seen.frame)]
    taken = _taken(events)
    warnings = asked.ask("patient_warnings", {"patient": node, "all_drugs": True}).content
    support = _asked_where_it_can(asked, "patient_support", {"patient": node, "top": 1})
    lights = _lights(warnings, taken)
    values = {
        "node": seen.content,
        "short": node.partition(":")[2][:10],
        "patient": node,
        "events": events,
        "genes": [one for one in events if one["relation"] in _GENES],
        "taken": taken,
        "lights": lights[:_SHOWN],
        "lights_left": max(len(lights) - _SHOWN, 0),
        "severities": {name: (*_LIGHTS[name], words) for name, words in warnings["severities"].items()},
        "unasked": [one["asks"] for one in warnings["asked"] if not one["sources"]],
        "candidates": _candidates(asked, node, lights),
        "learned_of": model_of(asked, _TASK),
        "served": asked.desk.called,
        "support": _supported(support, lights),
        "advice": _asked_where_it_can(asked, "pgx", {"patient": node}),
        "similar": asked.ask("patient_similar", {"patient": node, "top": 5}).content,
        "twins": _twins(node, taken),
    }
    drawn = timeline(events)
    return Page(
        "patient.html.j2",
        f"{values['short']}… · Patient",
        values,
        rows=[{name: value for name, value in one.items() if name not in ("evidence", "because")} for one in lights],
        content={"record": seen.content, "warnings": warnings, "similar": values["similar"]},
        figures={} if drawn is None else {"timeline": drawn},
    )


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event with its day as a date of the shifted calendar, and what was found in words."""
    day, value = row["day"], row["value"]
    words = []
    if row["negated"]:
        words.append("not so")
    if value is not None:
        words.append(f"{value:g} {row['unit'] or ''}".strip())
    if row["diplotypes"]:
        words.append(", ".join(row["diplotypes"]))
    if row["copies"] is not None:
        words.append(f"{row['copies']:g} copies" if row["copies"] != 1 else "1 copy")
    when = "" if day is None else (date(1970, 1, 1) + timedelta(days=float(day))).isoformat()
    return {**row, "when": when, "told": ", ".join(words)}


def _taken(events: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the drugs of the record, each with its first event."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in events:
        if one["relation"] == "patient_takes_drug" and not one["negated"]:
            found.setdefault(one["id"], one)
    return found


def _lights(warnings: Mapping[str, Any], taken: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each drug that is warned of, or in the record, with its gravest light; those of the record first."""
    order = list(_LIGHTS)
    found = []
    for drug, own in warnings["warnings"].items():
        if not own:
            continue
        gravest = min(own, key=lambda one: order.index(one["severity"]))
        light, words = _LIGHTS[gravest["severity"]]
        told = [
            {"sentence": one["sentence"], "evidence": one["evidence"], "severity": one["severity"], "kind": one["kind"]}
            for one in own
        ]
        found.append(
            {
                "drug": drug,
                "name": own[0]["name"],
                "severity": gravest["severity"],
                "light": light,
                "words": words,
                "in_record": drug in taken,
                "told": "; ".join(one["sentence"] for one in own),
                "because": told,
            }
        )
    for drug, event in taken.items():
        if drug not in {one["drug"] for one in found}:
            none = {"severity": "", "light": "none", "words": "no warning found", "told": "", "because": []}
            found.append({"drug": drug, "name": event["name"], "in_record": True, **none})
    return sorted(
        found,
        key=lambda one: (not one["in_record"], order.index(one["severity"]) if one["severity"] else 9, one["name"]),
    )


def _asked_where_it_can(asked: Asked, verb: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer, or why this graph or model has none: the rest of the record is shown all the same."""
    try:
        seen = asked.ask(verb, request)
    except (ValueError, OSError) as failure:
        return {"problem": told_to_others(str(failure)), "rows": [], "columns": [], "content": None}
    rows = records(seen.frame.head(_SHOWN))
    return {"problem": "", "rows": rows, "columns": list(seen.frame.columns), "content": seen.content}


def _candidates(asked: Asked, node: str, lights: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the drugs that the model ranks first for the patient, each with its light."""
    found = _asked_where_it_can(asked, "rank", {"nodes": [node], "candidates": "drugs", "top": 10})
    return found | {"rows": [row | {"light": _light_of(row.get("drug"), lights)} for row in found["rows"]]}


def _supported(found: dict[str, Any], lights: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    rows = [row | {"light": _light_of(row["drug"], lights)} for row in found["rows"]]
    return found | {"rows": rows[:15]}


def _light_of(drug: Any, lights: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((one for one in lights if one["drug"] == drug), None)


def _twins(node: str, taken: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the models of the drugs in the record, each with the twin's address."""
    found: list[dict[str, Any]] = []
    for event in taken.values():
        for model in MODELS:
            if model.partition("_")[0] == str(event["name"]).casefold():
                began = {} if event["day"] is None else {"from": f"{float(event['day']):.0f}"}
                found.append({"words": model_words(model), "model": model, "began": began})
    told = [
        {"words": one["words"], "address": address("/twin", patient=node, model=one["model"], **one["began"])}
        for one in found
    ]
    drugs = {one["model"].partition("_")[0] for one in found}
    for drug in sorted(drugs):
        own = [one for one in found if one["model"].partition("_")[0] == drug][:_BESIDE]
        if len(own) > 1:
            models = [one["model"] for one in own]
            where = address("/twin", patient=node, model=models, **own[0]["began"])
            told.append({"words": f"{len(own)} models of {drug} side by side", "address": where})
    return told


VIEW = View("patient", "/patient", "Patients", _show, right="patients")
