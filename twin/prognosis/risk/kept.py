"""Kept: the risks that lie in a folder, each as its manifest tells, without reading a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.files.documents import read_document
from kg.files.text import FileError
from twin.prognosis.risk.learner import BASE_RATE
from twin.prognosis.risk.places import MANIFEST, places
from twin.prognosis.risk.saved import CARD, FORMAT, MODEL

_RANKING = {"binary": "AUROC", "survival": "concordance", "continuous": "RMSE"}


@dataclass(frozen=True)
class Kept:
    """A risk in a folder: its manifest, and its card."""

    folder: Path
    manifest: Mapping[str, Any]
    card: str

    @property
    def summary(self) -> dict[str, Any]:
        """Return what is foretold of whom, by what, and what that is worth in patients left out.

        `base_rate` is the share of patients who had the event, which whoever knows nothing else would foretell; None
        where a number or a time is foretold.
        """
        told, counts = self.manifest, self.manifest["counts"]
        with_outcome = counts["rows"] - counts["rows without an outcome, left out"]
        measure = _RANKING[told["question"]["kind"]]
        own: Mapping[str, Any] = next(
            (one for one in told["figures"] if (one["learner"], one["measure"]) == (told["learner"], measure)), {}
        )
        return {
            "outcome": told["question"]["outcome"],
            "kind": told["question"]["kind"],
            "learner": told["learner"],
            "of_a_cohort": bool(told["definition"]),
            "data": told["provenance"]["data"],
            "patients": counts["patients"],
            "events": counts["events"],
            "base_rate": counts["events"] / with_outcome if told["question"]["kind"] == "binary" else None,
            "measure": measure,
            "value": own.get("value"),
            "lower": own.get("lower"),
            "upper": own.get("upper"),
        }

    def to_json(self) -> dict[str, Any]:
        """Return the summary with what its card tables: figures, calibration, figures by group, warnings."""
        told = self.manifest
        return {
            **self.summary,
            "horizon": told["question"].get("horizon"),
            "purpose": told["purpose"],
            "warnings": told["warnings"],
            "figures": [one for one in told["figures"] if one["learner"] in (told["learner"], BASE_RATE)],
            "calibration": told["calibration"],
            "fairness": told.get("fairness", {}),
            "card": self.card,
        }


def found(root: str | Path) -> list[Kept]:
    """Return the risks in a folder and in the folders under it, down to three levels, by name.

    What another version saved is none of them: `load` says of such a folder what is wrong with it.
    """
    risks = []
    for place in places(root):
        try:
            manifest = read_document(place / MANIFEST).content
        except (FileError, OSError):
            continue
        if (place / MODEL).is_file() and isinstance(manifest, dict) and manifest.get("format") == FORMAT:
            card = place / CARD
            risks.append(Kept(place, manifest, card.read_text(encoding="utf-8") if card.is_file() else ""))
    return risks
