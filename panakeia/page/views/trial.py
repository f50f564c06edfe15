"""Trial: a plan by formula: size, interim looks and power as the sliders stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from markupsafe import Markup

from panakeia.page.asked import Asked
from panakeia.page.assumed import KINDS as WORDS
from panakeia.page.assumed import assumed_words
from panakeia.page.chart import Axes, Curve, chart
from panakeia.page.view import Page, View
from twin.trials.design.spending import KINDS, PARAMETERS, SPENDING

_POINTS = 25
"""Sizes at which the power curve is drawn."""
_MOST = 1_000_000.0


@dataclass(frozen=True)
class Slider:
    """A number that the form asks for: its bounds and what it is; what it is in where nothing is said of it."""

    name: str
    words: str
    least: float
    most: float
    step: float
    usual: float


_ENDPOINTS: Mapping[str, tuple[Slider, ...]] = {
    "mean": (
        Slider("effect", "difference of the arms' means", 0.05, 2.0, 0.05, 0.5),
        Slider("sd", "standard deviation within an arm, in the same unit", 0.1, 5.0, 0.1, 1.0),
    ),
    "rate": (
        Slider("treatment", "share with the event on treatment", 0.01, 0.99, 0.01, 0.3),
        Slider("control", "share with the event on control", 0.01, 0.99, 0.01, 0.45),
    ),
    "survival": (
        Slider("hazard_ratio", "hazard on treatment over that on control", 0.3, 0.95, 0.01, 0.7),
        Slider("events", "share of patients who have the event", 0.05, 1.0, 0.05, 0.6),
    ),
}
_ERRORS = (
    Slider("power", "power: chance to see the effect if it is so", 0.5, 0.99, 0.01, 0.9),
    Slider("alpha", "type I error, one-sided", 0.005, 0.1, 0.005, 0.025),
    Slider("ratio", "patients on treatment for each one on control", 0.5, 3.0, 0.25, 1.0),
)
_WORDS = {"mean": "a mean", "rate": "a rate", "survival": "time to an event"}


def _show(asked: Asked) -> Page:
    """Show the plan of the state: its size, its bounds, and its power at other sizes."""
    endpoint = asked.one("endpoint", "mean") or "mean"
    if endpoint not in _ENDPOINTS:
        raise ValueError(f"endpoint: got {endpoint!r}, expected one of {', '.join(_ENDPOINTS)}")
    sliders = (*_ENDPOINTS[endpoint], *_ERRORS)
    request: dict[str, Any] = {"endpoint": endpoint} | {one.name: _number(asked, one) for one in sliders}
    request |= _looks(asked)
    sized = asked.ask("trial_design_size", request).content
    needed = _needed(sized)
    size = _size(asked, needed)
    powered = {name: value for name, value in request.items() if name != "power"} | {"size": size}
    if "futility" in request:
        powered["beta"] = round(1.0 - request["power"], 12)
    planned = asked.ask("trial_design_power", powered).content
    curve = _power_curve(asked, powered, sized, planned)
    figures = {"power": _power_figure(asked, curve, sized, planned)}
    if sized["boundaries"] is not None:
        asked.shown("trial_design_boundaries", _boundaries_request(request))
        figures["boundaries"] = _boundaries_figure(sized)
    values = {
        "endpoints": [(name, _WORDS[name], name == endpoint) for name in _ENDPOINTS],
        "sliders": [(one, request[one.name]) for one in sliders],
        "kinds": [(name, *WORDS.get(name, (name, ""))) for name in KINDS],
        "futilities": [(name, *WORDS.get(name, (name, ""))) for name in SPENDING],
        "meaning": PARAMETERS.get(request.get("kind", ""), ("parameter of the bounds",))[0],
        "futility_meaning": PARAMETERS.get(request.get("futility", ""), ("parameter of futility",))[0],
        "assumed": assumed_words(sized["assumptions"]),
        "about": _about(asked),
        "request": request,
        "kind": request.get("kind", ""),
        "futility": request.get("futility", ""),
        "looks": request.get("looks", 3),
        "sized": sized,
        "needed": needed,
        "seen": [_whole(sized, share) for share in (sized["boundaries"] or {"information": ()})["information"]],
        "fixed": _whole(sized, sized["fixed_size"] / sized["size"]),
        "planned": planned,
        "curve": curve,
    }
    return Page(
        "trial.html.j2",
        f"{planned['power']:.0%} power with {planned['size']:,.0f} {sized['counts']} · Trial",
        values,
        rows=curve,
        content={"size": sized, "power": planned, "curve": curve},
        figures=figures,
    )


def _about(asked: Asked) -> dict[str, dict[str, Any]] | None:
    """Return the drug and the disease that the plan is for, where the state names both."""
    named = {name: asked.one(name) for name in ("drug", "disease")}
    if not all(named.values()):
        return None
    return {name: asked.node(text, name.title(), quiet=True) for name, text in named.items()}


def _number(asked: Asked, about: Slider) -> float:
    text = asked.one(about.name)
    try:
        return float(text) if text else about.usual
    except ValueError:
        raise ValueError(f"{about.name}: got {text!r}, expected a number ({about.words})") from None


def _looks(asked: Asked) -> dict[str, Any]:
    """Return how the trial is looked at before its end; nothing where it is not."""
    kind = asked.one("kind")
    if not kind:
        return {}
    found: dict[str, Any] = {"kind": kind, "looks": asked.whole("looks", 3, 50)}
    if kind in ("wang-tsiatis", "hsd", "kim-demets"):
        found["parameter"] = _number(asked, Slider("parameter", "of the bounds", -40, 40, 0.1, _BEGINS[kind]))
    if futility := asked.one("futility"):
        found["futility"] = futility
        if futility in ("hsd", "kim-demets"):
            found["futility_parameter"] = _number(
                asked, Slider("futility_parameter", "of the futility bounds", -40, 40, 0.1, _BEGINS[futility])
            )
    return found


_BEGINS = {"wang-tsiatis": 0.25, "hsd": -4.0, "kim-demets": 2.0}


def _range(sized: Mapping[str, Any]) -> tuple[float, float]:
    """Return which sizes are looked at: from a fifth of the size that was asked for to its double."""
    least, most = max(sized["size"] / 5.0, 8.0), max(sized["size"] * 2.0, 24.0)
    return float(int(least)), float(int(most))


def _needed(sized: Mapping[str, Any]) -> float:
    """Return how many the power needs, whole: of patients what the arms, each of whole patients, have together."""
    arms = sized["patients_per_arm"] if sized["counts"] == "patients" else None
    return float(sum(arms.values()) if arms else -int(-sized["size"] // 1))


def _whole(sized: Mapping[str, Any], share: float) -> float:
    """Return a share of a plan's size in whole patients, each arm's for itself as in the plan; or in whole events."""
    arms = sized["patients_per_arm"] if sized["counts"] == "patients" else None
    parts = [number / sum(arms.values()) for number in arms.values()] if arms else [1.0]
    return float(sum(ceil(round(share * sized["size"] * part, 6)) for part in parts))


def _size(asked: Asked, needed: float) -> float:
    """Return the size that is looked at: that of the state, else what the power needs."""
    text = asked.one("size")
    try:
        size = float(text) if text else needed
    except ValueError:
        raise ValueError(f"size: got {text!r}, expected a number of patients") from None
    if not 2.0 <= size <= _MOST:
        raise ValueError(f"size: got {text}, expected from 2 to {_MOST:,.0f}")
    return size


def _power_curve(
    asked: Asked, request: Mapping[str, Any], sized: Mapping[str, Any], planned: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the power at sizes around the one that is needed, with that which is expected of looks."""
    least, most = _range(sized)
    most = max(most, planned["size"] * 1.1)
    sizes = sorted({float(round(least + (most - least) * part / (_POINTS - 1))) for part in range(_POINTS)})
    found = []
    for size in sizes:
        one = asked.ask("trial_design_power", {**request, "size": size}, quiet=True).content
        found.append({"size": size, "power": one["power"], "expected_size": one["expected_size_h1"]})
    return found


def _power_figure(
    asked: Asked, curve: list[dict[str, Any]], sized: Mapping[str, Any], planned: Mapping[str, Any]
) -> Markup:
    counts = sized["counts"]
    links = [asked.address(size=f"{row['size']:g}") for row in curve]
    sizes, powers = [row["size"] for row in curve], [row["power"] for row in curve]
    told = (
        f"Power against size: {planned['power']:.1%} with {planned['size']:,.0f} {counts}; "
        f"{sized['power']:.0%} needs {sized['size']:,.0f}. Without an effect a trial rejects in {sized['alpha']:.2%}."
    )
    axes = Axes(
        f"{counts} of both arms together",
        "power",
        (0.0, 1.0),
        ((sized["power"], f"asked for: {sized['power']:.0%}"), (sized["alpha"], "if there is no effect")),
        ((planned["size"], f"{planned['size']:,.0f}: {planned['power']:.1%}"),),
    )
    return chart("power", "Power against size", told, [Curve("power", sizes, powers, links=links)], axes)


def _boundaries_figure(sized: Mapping[str, Any]) -> Markup:
    bounds = sized["boundaries"]
    size = [share * sized["size"] for share in bounds["information"]]
    curves = [Curve("reject: an effect is shown", size, bounds["upper"], dots=True)]
    lower = bounds["lower"]
    if lower is not None:
        kept = [(at, value) for at, value in zip(size, lower, strict=True) if value is not None]
        curves.append(Curve("stop for futility", [at for at, _ in kept], [value for _, value in kept], dots=True))
    told = "; ".join(
        f"look {number}, {at:,.0f} {sized['counts']}: reject where z is at least {upper:.3f}"
        for number, (at, upper) in enumerate(zip(size, bounds["upper"], strict=True), start=1)
    )
    axes = Axes(
        f"{sized['counts']} seen",
        "z",
        (0.0,),
        ((1.959964, "1.96: one look"),) if sized["alpha"] == 0.025 else (),
    )
    return chart("boundaries", "Bounds of the interim looks", told, curves, axes)


def _boundaries_request(request: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("kind", "looks", "parameter", "futility", "futility_parameter", "alpha")
    return {name: request[name] for name in kept if name in request} | {"beta": round(1.0 - request["power"], 12)}


VIEW = View("trial", "/trial", "Trial", _show, right="trials")
