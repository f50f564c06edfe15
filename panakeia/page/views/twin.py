"""Twin: a patient's course under a regimen, by one model or several: sliders, and trajectories with their bands."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from markupsafe import Markup

from panakeia.answer import records
from panakeia.desk.desk import NotAllowed
from panakeia.desk.problems import told_to_others
from panakeia.desk.requests import Refused
from panakeia.page.asked import Asked
from panakeia.page.chart import Axes, Curve, chart
from panakeia.page.starts import Start, Target, covariate_start, start_of, target_of
from panakeia.page.view import Page, View
from panakeia.page.warm import is_warm
from panakeia.page.words import model_words, quantity_words
from panakeia.verbs.twins import TWIN
from twin.library import MODELS

_MOST_MODELS = 4
_ROWS = 20_000
"""Rows of the courses that one page may show."""
_ROUND = "a round number to begin with, of nobody"
_FIELD = "c."
"""What a covariate's name in the URL begins with."""


def _show(asked: Asked) -> Page:
    """Show the courses of the state; a page that waits while a model's equations are compiled."""
    models = _models(asked)
    cold = [model for model in models if not is_warm(model, partial(_first, asked, model))]
    if cold and not asked.one("as"):  # who fetches a file waits for it
        return Page("wait.html.j2", "Twin", {"models": cold, "again": asked.address()})
    every = _declared(asked)
    told = [every[model] for model in models]
    patient = asked.one("patient")
    fields = _fields(asked, told, patient)
    stood = _stood(asked, models[0])
    regimen, times = _regimen(asked, stood), stood.times
    rows, notes, problems = _courses(asked, told, (regimen, times, patient), fields)
    asked.shown("twin_models", {"name": models[0]})
    observed = str(rows[0]["observable"]) if rows else ""
    target = _target(asked, observed)
    values = {
        "all_models": list(MODELS),
        "models": models,
        "told": told,
        "fields": _sourced(fields, [line for _, lines in notes for line in lines]),
        "problems": problems,
        "by_hand": _by_hand(asked, models[0]),
        "target": target,
        "target_source": _target_source(asked, observed),
        "patient": patient,
        "start": start_of(models[0]),
        "stood": stood,
        "regimen": asked.one("regimen"),
        "notes": [(name, [_in_words(line, fields) for line in lines]) for name, lines in notes],
        "target_of": quantity_words(observed),
        "seed": asked.one("seed") or "0",
    }
    measured = _measured(asked, patient)
    labs = _labs(asked, measured)
    return Page(
        "twin.html.j2",
        f"{'; '.join(model_words(model) for model in models)} · Twin",
        values | {"labs": labs, "measured": {row["id"]: row["name"] for row in measured}},
        rows=rows,
        content={"courses": rows, "models": told, "regimen": regimen, "measured": labs},
        figures=_figures(rows, models, labs, target),
        status=200 if rows else 400,
    )


def _courses(
    asked: Asked, told: Sequence[Mapping[str, Any]], course: tuple[str, str, str], fields: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], list[tuple[str, list[str]]], list[tuple[str, str]]]:
    """Return the rows of all models, their notes, and why a model has none: the form then stands where it is mended."""
    rows: list[dict[str, Any]] = []
    notes, problems = [], []
    for about in told:
        try:
            seen = asked.ask("twin_simulate", _request(asked, about, course, fields))
        except (NotAllowed, Refused):
            raise
        except ValueError as failure:
            cure = re.sub(
                r"add (?:--set|given) .*", "say it under Patient", told_to_others(str(failure)), flags=re.DOTALL
            )
            problems.append((about["name"], cure))
            continue
        rows += [{"model": about["name"], **row} for row in seen.content]
        notes.append((about["name"], seen.text.splitlines()[1:]))
        if len(rows) > _ROWS:
            raise ValueError(f"times: {course[1]} gives {len(rows):,} rows, expected up to {_ROWS:,}: a longer step")
    return rows, notes, problems


def _models(asked: Asked) -> list[str]:
    found = asked.many("model") or [TWIN]
    if unknown := [one for one in found if one not in MODELS]:
        raise ValueError(f"model: got {unknown[0]!r}, expected one of {', '.join(MODELS)}")
    if len(found) > _MOST_MODELS:
        raise ValueError(f"model: got {len(found)} models, expected up to {_MOST_MODELS} beside each other")
    return found


def _declared(asked: Asked) -> dict[str, Mapping[str, Any]]:
    """Return what every model declares, by its name: one question, for which nothing is compiled."""
    return {one["name"]: one for one in asked.ask("twin_models", {}, quiet=True).content}


def _first(asked: Asked, model: str) -> None:
    """Have a model compiled, by a short course of it."""
    about = _declared(asked)[model]
    start = start_of(model)
    request = _request(asked, about, (_csv(start.dose, start.every_h, 1), start.times, ""), _fields(asked, [about], ""))
    asked.ask("twin_simulate", request, quiet=True)


def _fields(asked: Asked, told: Sequence[Mapping[str, Any]], patient: str) -> list[dict[str, Any]]:
    """Return what the models ask of a patient, each once, with its value: of a record, only what was set by hand."""
    found: dict[str, dict[str, Any]] = {}
    for about in (one for model in told for one in model["covariates"]):
        text = asked.one(_FIELD + about["name"])
        value: Any = text or ("" if patient else covariate_start(about))
        if text and "levels" not in about:
            value = _number(about["name"], text)
        found.setdefault(
            about["name"], {**about, "field": _FIELD + about["name"], "value": value, "by_hand": bool(text)}
        )
    return list(found.values())


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name}: got {text!r}, expected a number") from None


def _positive(asked: Asked, name: str, usual: float) -> float:
    text = asked.one(name)
    value = _number(name, text) if text else usual
    if not 0.0 < value < 1e9:
        raise ValueError(f"{name}: got {text}, expected a number above 0")
    return value


def _stood(asked: Asked, model: str) -> Start:
    """Return how the sliders of the regimen stand; those of another model that was shown before say nothing here."""
    start = start_of(model)
    if asked.one("for", model) != model:
        return start
    times = asked.one("times") or start.times
    if len(times) > 40:
        raise ValueError(f"times: got {len(times)} letters, expected start:stop:step in days or hours, as 0:28:1d")
    return Start(
        _positive(asked, "dose", start.dose),
        _positive(asked, "every_h", start.every_h),
        asked.whole("doses", start.doses, 5_000),
        times,
    )


def _regimen(asked: Asked, stood: Start) -> str:
    """Return the doses in NONMEM's columns: as they were written, else of the sliders."""
    if text := asked.one("regimen"):
        return text.replace("\r\n", "\n") + "\n"
    return _csv(stood.dose, stood.every_h, stood.doses)


def _csv(dose: float, every_h: float, doses: int) -> str:
    return f"TIME,AMT,II,ADDL\n0,{dose:g},{every_h:g},{doses - 1}\n" if doses > 1 else f"TIME,AMT\n0,{dose:g}\n"


def _request(
    asked: Asked, about: Mapping[str, Any], course: tuple[str, str, str], fields: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    regimen, times, patient = course
    names = [one["name"] for one in about["covariates"]]
    given = [(one["name"], one["value"]) for one in fields if one["name"] in names and one["value"] != ""]
    texts = [(name, f"{value:g}" if isinstance(value, float) else str(value)) for name, value in given]
    request: dict[str, Any] = {"regimen": regimen, "times": times, "model": about["name"]}
    if asked.one("seed") not in ("", "0"):
        request["seed"] = asked.whole("seed", 1, 2**31)
    if patient:
        return request | {"patient": patient} | ({"given": [f"{name}={text}" for name, text in texts]} if texts else {})
    if bad := [text for _, text in texts if re.search(r'[,"\r\n]', text)]:
        raise ValueError(f"got {bad[0]!r} for a covariate, expected a number or a level without a comma")
    head, row = ",".join(["id", *(name for name, _ in texts)]), ",".join(["twin", *(text for _, text in texts)])
    return request | {"cohort": f"{head}\n{row}\n"}


def _sourced(fields: Sequence[dict[str, Any]], notes: Sequence[str]) -> list[dict[str, Any]]:
    """Return the fields, each with where its value is from: the record, whoever set it, or a start to look at."""
    found = []
    for one in fields:
        bounds = f"{one['lower']:g} to {one['upper']:g} {one['unit']}" if "levels" not in one else ""
        told = next((line for line in notes if re.match(rf"{re.escape(one['name'])}[ :]", line)), "")
        usual = "the first level to begin with, of nobody" if "levels" in one else _ROUND
        source = _in_words(told, fields) or ("set by hand" if one["by_hand"] else usual)
        recorded = re.match(rf"{re.escape(one['name'])} (-?[\d.]+): ", told)
        found.append(
            {
                **one,
                "recorded": float(recorded[1]) if recorded else None,
                "source": f"{source}{'; ' if bounds else ''}{bounds}",
            }
        )
    return found


def _in_words(line: str, fields: Sequence[Mapping[str, Any]]) -> str:
    """Return a note of the simulation with the covariate that it begins with in words."""
    for one in fields:
        if re.match(rf"{re.escape(one['name'])}[ :]", line):
            return quantity_words(one["name"]) + line.removeprefix(one["name"])
    return line


def _by_hand(asked: Asked, model: str) -> set[str]:
    """Return which numbers of the regimen the state sets."""
    if asked.one("for", model) != model:
        return set()
    start = start_of(model)
    usual = {"dose": start.dose, "every_h": start.every_h, "doses": start.doses}
    return {name for name, value in usual.items() if asked.one(name) not in ("", f"{value:g}")}


def _usual(asked: Asked, observable: str) -> Target | None:
    """Return the usual target, where the state says nothing of one, not even that there is none."""
    said = "low" in asked.state or "high" in asked.state
    return None if said else target_of(observable)


def _target_source(asked: Asked, observable: str) -> str:
    if usual := _usual(asked, observable):
        return usual.source
    return "set by hand" if asked.one("low") and asked.one("high") else "none: give both bounds to see it shaded"


def _target(asked: Asked, observable: str) -> tuple[float, float] | None:
    if usual := _usual(asked, observable):
        return usual.low, usual.high
    low, high = asked.one("low"), asked.one("high")
    if not (low and high):
        return None
    found = (_number("low", low), _number("high", high))
    if found[0] >= found[1]:
        raise ValueError(f"low, high: got {low} and {high}, expected the lower bound of the target first")
    return found


def _measured(asked: Asked, patient: str) -> list[dict[str, Any]]:
    """Return the measurements of a patient's record that have a day and a value."""
    if not patient:
        return []
    frame = asked.ask("patient_show", {"patient": patient}, quiet=True).frame
    return records(frame[(frame["kind"] == "Measurement") & frame["value"].notna() & frame["day"].notna()])


def _labs(asked: Asked, measured: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the measurements of the chosen code, in days after the first dose, which is the day `from`."""
    own = [row for row in measured if row["id"] == asked.one("lab")]
    if not own:
        return []
    first = asked.whole("from", 1, 1_000_000) if asked.one("from") else min(row["day"] for row in own)
    found = [{"day": row["day"] - first, "value": row["value"], "name": row["name"]} for row in own]
    return [one for one in found if one["day"] >= 0]


def _figures(
    rows: Sequence[Mapping[str, Any]],
    models: Sequence[str],
    labs: Sequence[Mapping[str, Any]],
    target: tuple[float, float] | None,
) -> dict[str, Markup]:
    """Return a figure of each observable, with a curve and its band of each model that has it."""
    found = {}
    seen = dict.fromkeys((str(row["observable"]), str(row["unit"])) for row in rows)
    for number, (observable, unit) in enumerate(seen):
        own = [row for row in rows if (row["observable"], row["unit"]) == (observable, unit)]
        curves = [_curve(model, [row for row in own if row["model"] == model]) for model in models]
        curves = [curve for curve in curves if curve.x]
        words = quantity_words(observable) + (f" ({unit})" if unit != "1" else "")
        last = "; ".join(
            f"{one.name}: {one.y[-1]:.3g} ({one.lower[-1]:.3g} to {one.upper[-1]:.3g}) at the end"
            for one in curves
            if one.lower and one.upper
        )
        time = str(own[0]["time_unit"])
        if number == 0 and labs:
            hours = 24.0 if time == "h" else 1.0
            curves.append(
                Curve(
                    "measured",
                    [one["day"] * hours for one in labs],
                    [one["value"] for one in labs],
                    line=False,
                    dots=True,
                )
            )
        axes = Axes(
            "days after the first dose" if time == "d" else "hours after the first dose",
            words,
            target=target if number == 0 else None,
            band="90 % of patients",
        )
        found[observable] = chart(
            f"o-{number}", words, f"Median and 90 % of patients like this one. {last}", curves, axes
        )
    return found


def _curve(model: str, own: Sequence[Mapping[str, Any]]) -> Curve:
    time, value, lower, upper = ([float(row[name]) for row in own] for name in ("time", "value", "lower", "upper"))
    return Curve(model_words(model), time, value, lower, upper)


VIEW = View("twin", "/twin", "Twin", _show, right="trials")
