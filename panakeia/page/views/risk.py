"""Risk: what the kept risks foretell of a patient, why, and how they do in groups of other patients."""

from collections.abc import Mapping
from typing import Any

from panakeia.desk.problems import told_to_others
from panakeia.page.asked import Asked
from panakeia.page.figures.contributions import contributions_figure
from panakeia.page.queue import own
from panakeia.page.render import address
from panakeia.page.view import Page, View

_MOST = 6
"""Risks that one page foretells by."""
_MEASURES = {
    "auroc": "AUROC",
    "mean_chance": "mean chance",
    "observed_rate": "came true",
    "calibration_slope": "calibration slope",
    "brier": "Brier",
    "mean_error": "mean error",
    "mean_absolute_error": "mean absolute error",
}
"""The figures by group that are shown, and their words; the exports have all."""


def _show(asked: Asked) -> Page:
    """Show each risk that is kept; what it cannot foretell says why."""
    patient = asked.one("patient")
    node = str(asked.ask("patient_show", {"patient": patient}, quiet=True).content["id"])
    kept = kept_risks(asked)
    told = [_foretold(asked, node, one) for one in kept[:_MOST]]
    values = {
        "patient": node,
        "short": node.partition(":")[2][:10],
        "told": told,
        "left": kept[_MOST:],
        "measures": _MEASURES,
    }
    figures = {
        f"risk {place}: {one['outcome']}": contributions_figure(f"risk-{place}", one["explained"])
        for place, one in enumerate(told, start=1)
        if one["explained"]
    }
    return Page(
        "risk.html.j2",
        f"Risks of {values['short']}… · Patient",
        values,
        rows=[_row(one) for one in told],
        content={"patient": node, "risks": told},
        figures=figures,
    )


def kept_risks(asked: Asked) -> list[dict[str, Any]]:
    """Return the risks beside the desk's models, and those that own jobs trained, each with the name it is kept by."""
    found = [{**one, "name": one["folder"]} for one in asked.ask("risk_list", {}, quiet=True).content]
    if not asked.runs_jobs:
        return found
    for job in own(asked):
        if job.asked.verb == "risk_train" and job.stands().state == "done":
            trained = asked.ask("risk_list", {"folder": f"{job.id}/out"}, quiet=True).content
            found += [{**one, "name": one["folder"]} for one in trained]
    return found


def _foretold(asked: Asked, patient: str, risk: Mapping[str, Any]) -> dict[str, Any]:
    """Return a risk with its forecast for a patient, and why; or why there is none."""
    told = {**risk, "explained": None, "problem": "", "groups": _groups(risk["fairness"])}
    request = {"model": risk["name"], "patients": patient}
    asked.shown("risk_predict", request)
    try:
        told["explained"] = asked.ask("risk_explain", request).content
    except (ValueError, OSError) as failure:
        told["problem"] = told_to_others(str(failure))
    return told | {"address": address("/ask/risk_predict", **request, go=1)}


def _groups(fairness: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures by group as rows, one a group, and the disparities that are not easily chance, in words."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for one in fairness.get("figures", ()):
        row = rows.setdefault(
            (one["attribute"], one["group"]),
            {"attribute": one["attribute"], "group": one["group"], "n": one["n"], "events": one["events"]},
        )
        row[one["metric"]] = one
    apart = [one for one in fairness.get("disparities", ()) if (one["difference"]["p_value"] or 0.0) <= 0.05]
    return {
        "rows": list(rows.values()),
        "measures": [name for name in _MEASURES if any(name in row for row in rows.values())],
        "apart": [f"By {one['attribute']}, {one['words']}." for one in apart],
        "judged": len(fairness.get("disparities", ())),
        "notes": fairness.get("notes", ()),
    }


def _row(told: Mapping[str, Any]) -> dict[str, Any]:
    explained: Mapping[str, Any] = told["explained"] or {}
    return {
        "risk": told["name"],
        "outcome": told["outcome"],
        **{name: explained.get(name) for name in ("prognosis", "lower", "upper", "flags")},
        "base_rate": told["base_rate"],
        "learner": told["learner"],
        "data": told["data"],
        "problem": told["problem"],
    }


VIEW = View("patient", "/patient/risk", "", _show, right="patients")
