"""Saved: a risk on disk: `model.skops`, which runs no code when it is read, `manifest.json`, card, tables and figures.

Reading trusts the types of scikit-learn that are named here and no others. The manifest's format, the version of
scikit-learn and the hash of the model must be the expected ones; each is refused by name.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kg.files.documents import read_document
from kg.files.text import FileError
from kg.output import whole_folder
from twin.prognosis.conformal import Chances, Margin
from twin.prognosis.learned import Forecast
from twin.prognosis.question import Features, LearnMissing, Question
from twin.prognosis.risk.card import card
from twin.prognosis.risk.figures import figures
from twin.prognosis.risk.hazards import HazardForecast
from twin.prognosis.risk.places import MANIFEST
from twin.prognosis.risk.provenance import OtherVersion, Provenance
from twin.prognosis.risk.scope import Ranges
from twin.prognosis.risk.split import SplitSettings
from twin.prognosis.risk.train import Report, Risk
from twin.prognosis.risk.visits import VisitForecast
from twin.prognosis.tabular import MISSING, TableForecast

FORMAT = "panakeia risk 1"
MODEL, CARD, OUT_OF_FOLD = "model.skops", "card.md", "out_of_fold.csv"
TRUSTED = (
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)
"""What a model may hold beside what skops itself knows to be harmless."""
_VISITS = "visits"
_HAZARDS = ("encoder", "coefficients", "moments", "hazard")
_FRAMES = ("figures", "folds", "calibration", "decision", "importance", "dependence")


def save(risk: Risk, folder: str | Path) -> None:
    """Write a risk into a folder, put in place when it is whole; raises `OutputError` or `OSError`."""
    skops, version = _skops()
    with whole_folder(folder) as place:
        skops.dump(_arrays(risk), place / MODEL)
        manifest = {
            "format": FORMAT,
            "model": hashlib.sha256((place / MODEL).read_bytes()).hexdigest(),
            "scikit-learn": version,
            "kind": _kind(risk.forecast),
            "bounds": None if risk.bounds is None else type(risk.bounds).__name__,
            "level": getattr(risk.bounds, "level", None),
            "learner": risk.learner,
            "setting": risk.setting,
            "question": asdict(risk.question),
            "split": asdict(risk.split),
            "features": {name: getattr(risk.ranges, name) for name in ("least", "most", "missing")}
            | asdict(risk.ranges.features),
            "provenance": asdict(risk.provenance),
            "purpose": risk.purpose,
            "definition": risk.definition,
            "counts": dict(risk.report.counts),
            "warnings": list(risk.report.warnings),
            "fairness": risk.report.fairness,
            **{name: values_of(getattr(risk.report, name)) for name in _FRAMES},
        }
        text = json.dumps(_plain(manifest), indent=1, allow_nan=False)
        (place / MANIFEST).write_text(text, encoding="utf-8")
        (place / CARD).write_text(card(risk, version), encoding="utf-8")
        risk.report.out_of_fold.to_csv(place / OUT_OF_FOLD, index=False)
        risk.report.figures.to_csv(place / "figures.csv", index=False)
        for name, figure in figures(risk).items():
            figure.savefig(place / f"{name}.svg")


def load(folder: str | Path) -> Risk:
    """Return the risk in a folder; raises `OtherVersion`, `FileError`, `LearnMissing` or `OSError`."""
    folder, (skops, version) = Path(folder), _skops()
    if not (folder / MANIFEST).is_file():
        raise FileError(
            f"{folder} is no trained risk ({MANIFEST} is missing): name one that `panakeia risk list` shows, or train "
            "one with `panakeia risk train`"
        )
    manifest = read_document(folder / MANIFEST).content
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        got = manifest.get("format") if isinstance(manifest, dict) else None
        raise OtherVersion(f"{folder / MANIFEST} has the format {got!r}, expected {FORMAT!r}: train the model anew")
    try:
        return _read(folder, manifest, skops, version)
    except (KeyError, TypeError, AttributeError) as failure:
        raise OtherVersion(
            f"{folder / MANIFEST} is not as it was saved ({failure}): it was edited, or saved by another version; "
            "train the model anew"
        ) from None


def _read(folder: Path, manifest: dict[str, Any], skops: Any, version: str) -> Risk:
    if _minor(manifest["scikit-learn"]) != _minor(version):
        raise OtherVersion(
            f"{folder} was saved with scikit-learn {manifest['scikit-learn']}, and this is {version}: install that, or "
            "train the model anew"
        )
    if hashlib.sha256((folder / MODEL).read_bytes()).hexdigest() != manifest["model"]:
        raise OtherVersion(f"{folder / MODEL} is not the model that {MANIFEST} is of: both must be of one training")
    if strange := sorted(set(skops.get_untrusted_types(file=folder / MODEL)) - set(TRUSTED)):
        raise FileError(f"{folder / MODEL} holds {', '.join(strange)}, which no risk does: it is not read")
    arrays = skops.load(folder / MODEL, trusted=list(TRUSTED))
    rows = folder / OUT_OF_FOLD  # who passes a model on may leave the patients' forecasts out
    return _risk(manifest, arrays, pd.read_csv(rows, dtype={"FOLD": str}) if rows.exists() else pd.DataFrame())


def values_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame's rows as JSON values; a missing value is null."""
    return list(json.loads(frame.to_json(orient="records", double_precision=15)))


def _risk(manifest: Mapping[str, Any], arrays: Mapping[str, Any], out_of_fold: pd.DataFrame) -> Risk:
    asked = manifest["question"]
    question = Question(**{**asked, "features": tuple(asked["features"]), "later": tuple(asked["later"])})
    told = manifest["features"]
    levels = tuple(None if one is None else tuple(one) for one in told["levels"])
    features = Features(tuple(told["names"]), levels)
    ends = [tuple(np.nan if value is None else value for value in told[name]) for name in ("least", "most", "missing")]
    frames = {name: pd.DataFrame(manifest[name]) for name in _FRAMES}
    report = Report(
        **frames,
        out_of_fold=out_of_fold,
        counts=manifest["counts"],
        warnings=tuple(manifest["warnings"]),
        fairness=manifest.get("fairness", {}),  # those saved before have none
    )
    return Risk(
        question,
        SplitSettings(**manifest["split"]),
        manifest["learner"],
        manifest["setting"],
        _forecast(manifest["kind"], features, arrays, question),
        _bounds(manifest, arrays),
        arrays["centre"],
        Ranges(features, *ends),
        Provenance(**manifest["provenance"]),
        manifest["purpose"],
        manifest["definition"],
        report,
    )


def _kind(forecast: Forecast) -> str:
    """Return by which name a forecast is read again."""
    if isinstance(forecast, VisitForecast):
        return _VISITS
    return "hazards" if isinstance(forecast, HazardForecast) else "estimator"


def _forecast(kind: str, features: Features, arrays: Mapping[str, Any], question: Question) -> Forecast:
    if kind == "hazards":
        return HazardForecast(features, **{name: arrays[name] for name in _HAZARDS}, question=question)
    if kind == _VISITS:
        return VisitForecast.of(features, arrays[_VISITS], question)
    return TableForecast(features, arrays["estimator"], question)


def _arrays(risk: Risk) -> dict[str, Any]:
    """Return what is no text: estimators and arrays."""
    found: dict[str, Any] = {"centre": risk.centre}
    if isinstance(risk.forecast, HazardForecast):
        found |= {name: getattr(risk.forecast, name) for name in _HAZARDS}
    elif isinstance(risk.forecast, VisitForecast):
        found[_VISITS] = risk.forecast.arrays()
    elif isinstance(risk.forecast, TableForecast):
        found["estimator"] = risk.forecast.estimator
    if risk.bounds is not None:
        found |= {one.name: getattr(risk.bounds, one.name) for one in fields(risk.bounds) if one.name != "level"}
    return found


def _bounds(manifest: Mapping[str, Any], arrays: Mapping[str, Any]) -> Chances | Margin | None:
    if manifest["bounds"] == "Chances":
        return Chances(*(arrays[one.name] for one in fields(Chances)))
    if manifest["bounds"] == "Margin":
        return Margin(**{name: arrays[name] for name in ("visits", "below", "above")}, level=manifest["level"])
    return None


def _plain(value: Any) -> Any:
    """Return JSON values: no number that is none."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _skops() -> tuple[Any, str]:
    try:
        import skops.io
        from sklearn import __version__
    except ImportError:
        raise LearnMissing(MISSING) from None
    return skops.io, __version__
