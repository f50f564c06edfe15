"""Many: millions of patients of a population, a chunk at a time, by several processes; what is done is kept.

A chunk is a Parquet file with one row a patient; it is put in place when it is whole. So a run that was stopped goes on
where it was, and a worker that is killed costs the chunk that it was at, which another does again. What is in memory
grows with the chunk, not with the patients.
"""

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kg.files.checked import Checked, read_toml
from kg.notebook import notebook_html
from kg.output import require_folder, whole_file
from kg.progress import Progress, silent
from twin import library
from twin.chunks import ChunkError, by_ray, claim
from twin.model import Floats, Model, parameter_table
from twin.patient import Cohort
from twin.populations.population import Population
from twin.regimen import Regimen
from twin.simulate import Times, simulate_each

AT_ONCE = 20_000
"""Patients of a chunk."""
LEVEL = 0.90
"""The share of patients between the bounds of the summary."""


@dataclass(frozen=True)
class Asked:
    """What to simulate: so many patients of a population under one regimen, each with parameters of its own.

    With `residual`, courses are as they would be measured. A patient's luck hangs on seed and number alone: neither on
    how many there are, nor on chunks or workers.
    """

    model: str
    population: Population
    patients: int
    regimen: Regimen
    times: Times
    seed: int = 0
    residual: bool = False
    at_once: int = AT_ONCE

    def __post_init__(self) -> None:
        if self.patients < 1 or self.at_once < 1:
            raise ChunkError(f"got {self.patients} patients, {self.at_once} at once; expected 1 or more of both")
        if (most := self.population.most) is not None and self.patients > most:
            raise ChunkError(f"got {self.patients:,} patients, and the population has {most:,}; expected at most these")
        if self.regimen.everyone is None:
            raise ChunkError("the regimen has doses by ID; expected one without a column ID, for everyone")

    @property
    def chunks(self) -> range:
        """Return the numbers of the chunks, from 0."""
        return range(-(-self.patients // self.at_once))

    def cohort(self, chunk: int) -> Cohort:
        """Return the patients of a chunk."""
        first = chunk * self.at_once
        return self.population.sample(min(self.at_once, self.patients - first), self.seed, first + 1)

    @property
    def digest(self) -> str:
        """Return a digest of all that the numbers hang on."""
        doses = self.regimen.everyone
        assert doses is not None
        arrays = [doses.time_h, doses.amount, doses.compartment, doses.rate, doses.interval_h, doses.steady]
        told = {
            "panakeia": version("panakeia"),
            "model": parameter_table(library.load(self.model)),
            "population": self.population.fingerprint,
            "doses": [array.tolist() for array in (*arrays, doses.reset_h)],
            "times_h": self.times.hours.tolist(),
            "asked": [self.model, self.patients, self.seed, self.residual, self.at_once, self.times.unit],
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Many:
    """What many patients came to: `frame` has a row for each observable and time, the courses lie in `folder`.

    observable, unit, time, time_unit, n (who has a value), mean, sd, median, lower, upper: 90 % of the patients are
    between the bounds.
    """

    folder: Path
    patients: int
    failed: int
    frame: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the summary."""
        return self.frame

    def to_json(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        rows = json.loads(self.frame.to_json(orient="records", double_precision=15))
        return {"folder": str(self.folder), "patients": self.patients, "failed": self.failed, "summary": rows}

    def to_text(self) -> str:
        """Return how many patients there are, and where."""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.patients:,} patients{failed}: a Parquet file for each chunk in {self.folder}"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def read_population(path: str | Path, model: Model) -> Population:
    """Read the table `[population]` of a TOML file, with the keys that a model asks for: as in a trial's file.

    Raises `kg.files.checked.DesignError`, which names every mistake with its key.
    """

    class File(Checked):
        population: Population.stating(model.covariates)  # type: ignore[valid-type]

    found: Population = read_toml(path, File).population
    return found


def simulate_many(asked: Asked, folder: str | Path, workers: int = 1, progress: Progress = silent) -> Many:
    """Simulate many patients into a folder: here, or by so many Ray workers; chunks that are there stay as they are.

    Raises `ChunkError` for a folder with another run's chunks, where Ray is not installed, and where workers of one
    chunk are killed again and again; as `twin.simulate.simulate` does for what does not fit together.
    """
    place = Path(folder)
    require_folder(place)
    place.mkdir(parents=True, exist_ok=True)
    claim(place, {"digest": asked.digest, "model": asked.model, "patients": asked.patients, "seed": asked.seed})
    left = [chunk for chunk in asked.chunks if not _file(place, chunk).exists()]
    said, done = f"simulate {asked.patients:,} patients", len(asked.chunks) - len(left)
    progress(said, 0.9 * done / len(asked.chunks))
    here = (write(asked, place, chunk) for chunk in left)
    for _ in here if workers == 1 else by_ray(write, asked, place, left, workers):
        done += 1
        progress(said, 0.9 * done / len(asked.chunks))
    return _summary(asked, place, progress)


def write(asked: Asked, folder: Path, chunk: int) -> int:
    """Simulate a chunk and put its file in place; return its number.

    Columns: patient (its number, from 1), each covariate, and each observable at each time ("concentration 24 h"), in
    single precision; null for who failed.
    """
    model, cohort = library.load(asked.model), asked.cohort(chunk)
    courses = simulate_each(model, cohort, asked.regimen, asked.times, asked.seed, residual=asked.residual)
    columns: dict[str, Any] = {"patient": np.arange(cohort.n, dtype=np.int64) + chunk * asked.at_once + 1}
    columns |= cohort.covariates
    for place, name in enumerate(model.observables):
        for at, column in enumerate(_columns(name, asked.times)):
            columns[column] = pa.array(courses[:, place, at].astype(np.float32), from_pandas=True)
    with whole_file(_file(folder, chunk)) as part:
        pq.write_table(pa.table(columns), part, compression="zstd")
    return chunk


def _summary(asked: Asked, folder: Path, progress: Progress) -> Many:
    """Read the chunks, a column at a time, and tell how the patients are spread."""
    model, failed = library.load(asked.model), 0
    rows: list[dict[str, Any]] = []
    total = len(model.observables) * asked.times.hours.size
    for name, unit in model.observables.items():
        for time, column in zip(asked.times.shown, _columns(name, asked.times), strict=True):
            progress("summarise", 0.9 + 0.1 * len(rows) / total)
            found = _column(asked, folder, column)
            failed = max(failed, asked.patients - found.size)
            when = {"time": time, "time_unit": asked.times.unit}
            rows.append({"observable": name, "unit": unit, **when, **_spread(found)})
    progress("summarise", 1.0)
    return Many(folder, asked.patients, failed, pd.DataFrame(rows))


def _spread(values: Floats) -> dict[str, float]:
    """Return how many values there are, and how they are spread."""
    if not values.size:
        return {"n": 0, **dict.fromkeys(("mean", "sd", "median", "lower", "upper"), np.nan)}
    lower, median, upper = np.quantile(values, ((1.0 - LEVEL) / 2, 0.5, (1.0 + LEVEL) / 2)).tolist()
    mean, sd = float(values.mean()), float(values.std())
    return {"n": values.size, "mean": mean, "sd": sd, "median": median, "lower": lower, "upper": upper}


def _column(asked: Asked, folder: Path, column: str) -> Floats:
    """Return the values of a column of all chunks, without those of patients who failed."""
    parts = [pq.read_table(_file(folder, chunk), columns=[column])[column].drop_null() for chunk in asked.chunks]
    return np.concatenate([part.to_numpy() for part in parts]).astype(np.float64)


def _columns(observable: str, times: Times) -> list[str]:
    return [f"{observable} {hours:g} h" for hours in times.hours]


def _file(folder: Path, chunk: int) -> Path:
    return folder / f"chunk-{chunk:06d}.parquet"
