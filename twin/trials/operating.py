"""Operating characteristics: what a trial does when it is run many times, on twins whose truth is known.

Under each scenario: how often it finds the arm better (power, or the type I error where no arm is), where its estimates
lie from the true effect, how often its intervals hold it, when it stops, and on how many patients; each beside its
Monte-Carlo error.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from kg.notebook import notebook_html
from kg.output import require_folder, whole_file
from kg.progress import Progress, silent
from twin import library
from twin.chunks import ChunkError, by_processes, by_ray, claim
from twin.estimate import share
from twin.model import parameter_table
from twin.trials.interims import FIXED
from twin.trials.protocol import TrialDesign
from twin.trials.replicates import COLUMNS, TRUTH_FROM, patients, per_chunk, replicate, truth
from twin.trials.scenario import Scenario
from twin.trials.variants import variants

TRUTH_PATIENTS = 10_000
"""By so many patients, each in every arm, the true effect is found."""
LEVEL = 0.95
"""Of the intervals for what chance the number of replicates leaves."""
_TOLD: dict[str, list[tuple[Scenario, TrialDesign]]] = {}
"""The scenarios of designs that are run in this process, by digest."""


@dataclass(frozen=True)
class Asked:
    """Which design is to be run so many times under each of its scenarios."""

    design: TrialDesign
    replicates: int
    truth_patients: int = TRUTH_PATIENTS

    def __post_init__(self) -> None:
        if self.replicates < 2 or self.truth_patients < 2:
            told = f"got {self.replicates} replicates, {self.truth_patients} patients for the truth"
            raise ChunkError(f"{told}; expected 2 or more of both")
        if self.replicates * patients(self.design) >= TRUTH_FROM:
            told = f"{self.replicates:,} replicates of {patients(self.design):,} patients"
            raise ChunkError(f"{told}; expected fewer than {TRUTH_FROM:,} patients in all")

    @property
    def variants(self) -> list[tuple[Scenario, TrialDesign]]:
        """The design under each scenario."""
        digest = str(self.told["digest"])
        if digest not in _TOLD:
            _TOLD[digest] = variants(self.design)
        return _TOLD[digest]

    @property
    def pieces(self) -> list["Piece"]:
        """The pieces of work: for each scenario the truth, then its replicates."""
        found = []
        for place, (_, design) in enumerate(self.variants):
            found.append(Piece(place, 0, 0))
            step = per_chunk(design)
            found += [
                Piece(place, first, min(step, self.replicates - first)) for first in range(0, self.replicates, step)
            ]
        return found

    @cached_property
    def told(self) -> dict[str, Any]:
        """What the folder's chunks are of, with a digest of all that the numbers hang on."""
        content = {
            "panakeia": version("panakeia"),
            "design": self.design.model_dump(mode="json"),
            "patients": self.design.population.fingerprint,
            "model": _fingerprint(self.design),
            "asked": [self.replicates, self.truth_patients, per_chunk(self.design)],
        }
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return {"digest": digest, "trial": self.design.trial.name, "replicates": self.replicates}


@dataclass(frozen=True)
class Piece:
    """Some replicates of a scenario, from the `first`, from 0, on; with a `count` of 0, its truth."""

    scenario: int
    first: int
    count: int


@dataclass(frozen=True)
class OperatingCharacteristics:
    """What a design does under each scenario: `table` has a row for each scenario, endpoint and arm but the control.

    Columns: scenario, endpoint, treated, null, replicates, failed (without an estimate), `truth` and its standard error
    `truth_se`, `rejected` (of all replicates, those that find the arm better: power; where `null`, the type I error)
    with `rejected_lower` and `rejected_upper`, `mean_estimate`, `bias` with `bias_se`, `sd` of the estimates, `mean_se`
    that they state, `coverage` of their intervals with `coverage_lower` and `coverage_upper`, `patients` analysed and
    `enrolled` when a trial stops, means over replicates. Intervals hold the chance of a finite number of replicates.

    `stopping` has a row for each scenario and look of the primary endpoint's first comparison: the share of replicates
    that stop there for efficacy and for futility.
    """

    design: TrialDesign
    replicates: int
    truth_patients: int
    scenarios: tuple[Scenario, ...]
    table: pd.DataFrame
    stopping: pd.DataFrame
    versions: dict[str, str]

    @property
    def primary(self) -> pd.DataFrame:
        """The rows of the primary endpoint."""
        return self.table[self.table["endpoint"] == self.design.endpoints[0].name]

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table

    def to_json(self) -> dict[str, Any]:
        """Return all as JSON values."""
        rows = json.loads(self.table.to_json(orient="records", double_precision=15))
        stops = json.loads(self.stopping.to_json(orient="records", double_precision=15))
        return {
            "trial": self.design.trial.name,
            "model": self.design.trial.model,
            "seed": self.design.trial.seed,
            "replicates": self.replicates,
            "truth_patients": self.truth_patients,
            "level": LEVEL,
            "scenarios": [
                {
                    "scenario": scenario.name,
                    "set": scenario.set,
                    "null": scenario.null,
                    "comparisons": [_named(row) for row in rows if row["scenario"] == scenario.name],
                    "stopping": [row for row in stops if row["scenario"] == scenario.name],
                }
                for scenario in self.scenarios
            ],
            "versions": self.versions,
            "design": self.design.model_dump(mode="json"),
        }

    def to_text(self) -> str:
        """Return the primary endpoint's power under each scenario, as a few lines."""
        name = self.design.endpoints[0].name
        told = f"{name}, {self.replicates} replicates, {LEVEL:.0%} Monte-Carlo intervals, the truth by"
        lines = [f"{self.design.trial.name}: {told} {self.truth_patients:,} twins"]
        for row in self.primary.to_dict("records"):
            what = "type I error" if row["null"] else "power"
            rate = f"{row['rejected']:.3f} ({row['rejected_lower']:.3f} to {row['rejected_upper']:.3f})"
            lines.append(
                f"  {row['scenario']}, {row['treated']}: {what} {rate}; true effect {row['truth']:.4g} (SE"
                f" {row['truth_se']:.1g}), bias"
                f" {row['bias']:+.2g} (SE {row['bias_se']:.1g}), coverage {row['coverage']:.3f}; patients"
                f" {row['patients']:.1f}"
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def simulate(
    asked: Asked, folder: str | Path, workers: int = 1, *, ray: bool = False, progress: Progress = silent
) -> OperatingCharacteristics:
    """Run a design many times under each scenario, by so many processes, or by Ray's workers.

    What is done lies in `folder`: a run that was stopped goes on there. Raises `ChunkError` for a folder of another
    run, `DesignError` for a scenario that does not fit the design.
    """
    place = Path(folder)
    pieces = asked.pieces
    require_folder(place)
    place.mkdir(parents=True, exist_ok=True)
    claim(place, asked.told)
    left = [chunk for chunk in range(len(pieces)) if not _file(place, chunk).exists()]
    said = f"run {asked.replicates} trials under {len(asked.variants)} scenarios"
    done = len(pieces) - len(left)
    progress(said, done / len(pieces))
    for _ in _doing(asked, place, left, workers, ray=ray):
        done += 1
        progress(said, done / len(pieces))
    return _characteristics(asked, [pd.read_parquet(_file(place, chunk)) for chunk in range(len(pieces))])


def write(asked: Asked, folder: Path, chunk: int) -> int:
    """Do a piece of work and put its file in place; return its number."""
    piece = asked.pieces[chunk]
    _, design = asked.variants[piece.scenario]
    if piece.count:
        rows = replicate(design, piece.first, piece.count)
    else:
        found = truth(design, asked.truth_patients)
        rows = pd.DataFrame(
            [
                {"replicate": -1, "endpoint": name, "treated": arm, "estimate": one.value, "standard_error": error}
                for (name, arm), one in found.items()
                for error in [one.standard_error]
            ],
            columns=list(COLUMNS),
        )
    with whole_file(_file(folder, chunk)) as part:
        rows.assign(scenario=piece.scenario, look=rows["look"].astype(float)).to_parquet(part)
    return chunk


def _doing(asked: Asked, folder: Path, left: list[int], workers: int, *, ray: bool) -> Iterator[int]:
    if ray:
        return by_ray(write, asked, folder, left, workers)
    if workers > 1:
        return by_processes(write, asked, folder, left, workers)
    return (write(asked, folder, chunk) for chunk in left)


def _characteristics(asked: Asked, parts: list[pd.DataFrame]) -> OperatingCharacteristics:
    rows = pd.concat(parts, ignore_index=True)
    scenarios = [scenario for scenario, _ in asked.variants]
    table, stopping = [], []
    for key, group in rows.groupby(["scenario", "endpoint", "treated"], sort=False):
        place, endpoint, treated = cast(tuple[int, str, str], key)
        scenario, design = asked.variants[place]
        known = group[group["replicate"] < 0]
        runs = group[group["replicate"] >= 0]
        told = {"scenario": scenario.name, "endpoint": endpoint, "treated": treated, "null": scenario.null}
        table.append(told | _summary(runs, float(known["estimate"].iloc[0]), float(known["standard_error"].iloc[0])))
        if endpoint == design.endpoints[0].name and treated == design.arms[1].name:
            stopping += [{"scenario": scenario.name, **row} for row in _stops(design, runs)]
    versions = {name: version(name) for name in ("panakeia", "jax", "numpy", "scipy")}
    return OperatingCharacteristics(
        asked.design,
        asked.replicates,
        asked.truth_patients,
        tuple(scenarios),
        pd.DataFrame(table),
        pd.DataFrame(stopping),
        versions,
    )


def _summary(runs: pd.DataFrame, true: float, true_error: float) -> dict[str, Any]:
    """Return how the replicates of one comparison did."""
    estimated = runs[np.isfinite(runs["estimate"].astype(float)) & np.isfinite(runs["standard_error"].astype(float))]
    count, values = len(estimated), estimated["estimate"].to_numpy(float)
    rejected = int(runs["rejected"].astype(bool).sum())
    covered = int(((estimated["lower"] <= true) & (true <= estimated["upper"])).sum())
    sd = float(values.std(ddof=1)) if count > 1 else math.nan
    found, holding = share(rejected, len(runs), LEVEL), share(covered, count, LEVEL)
    return {
        "replicates": len(runs),
        "failed": len(runs) - count,
        "truth": true,
        "truth_se": true_error,
        "rejected": found.value,
        "rejected_lower": found.lower,
        "rejected_upper": found.upper,
        "mean_estimate": float(values.mean()) if count else math.nan,
        "bias": float(values.mean() - true) if count else math.nan,
        "bias_se": math.hypot(sd / math.sqrt(count), true_error) if count > 1 else math.nan,
        "sd": sd,
        "mean_se": float(estimated["standard_error"].astype(float).mean()) if count else math.nan,
        "coverage": holding.value,
        "coverage_lower": holding.lower,
        "coverage_upper": holding.upper,
        "patients": float(runs["patients"].astype(float).mean()),
        "enrolled": float(runs["enrolled"].astype(float).mean()),
    }


def _stops(design: TrialDesign, runs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how often replicates stop at each look, and why."""
    information = (design.interims or FIXED).information
    if design.reestimation is not None:  # the second look is at the size that was chosen
        information = (design.reestimation.at, 1.0)
    rows = []
    for place, seen in enumerate(information, start=1):
        here = runs[runs["look"] == place]
        efficacy = int(here["rejected"].astype(bool).sum())
        last = place == len(information)
        futility = 0 if last else len(here) - efficacy
        rows.append(
            {
                "look": place,
                "information": seen,
                "patients": float(here["patients"].astype(float).mean()),
                "efficacy": efficacy / len(runs),
                "futility": futility / len(runs),
                "not_rejected": (len(here) - efficacy - futility) / len(runs),
            }
        )
    return rows


def _named(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row for JSON: what was rejected is the power, or the type I error where no arm is better."""
    what = "type_i_error" if row["null"] else "power"
    renamed = {name: f"{what}{name.removeprefix('rejected')}" for name in row if name.startswith("rejected")}
    return {renamed.get(name, name): value for name, value in row.items() if name not in ("scenario", "null")}


def _fingerprint(design: TrialDesign) -> list[Any]:
    """Return what tells a model from another: its parameters, and the file of one's own."""
    name = design.trial.model
    own = [hashlib.sha256(Path(name).read_bytes()).hexdigest()] if name not in library.MODELS else []
    return [*parameter_table(design.model), *own]


def _file(folder: Path, chunk: int) -> Path:
    return folder / f"chunk-{chunk:06d}.parquet"
