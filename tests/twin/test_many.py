"""Many patients: the same whatever the chunks and workers; what is done is kept, and a killed worker costs nothing."""

import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pyarrow.parquet as pq
import pytest

from kg.files.checked import DesignError
from twin import library
from twin.chunks import ChunkError
from twin.many import Asked, read_population, simulate_many
from twin.regimen import Regimen, every
from twin.simulate import parse_times, simulate_each

MODEL = "warfarin_hamberg2007"
ROOT = Path(__file__).parents[2]
POPULATION = ROOT / "panakeia" / "examples" / "population.toml"


@pytest.fixture(scope="module")
def asked() -> Asked:
    population = read_population(POPULATION, library.load(MODEL))
    return Asked(MODEL, population, 130, every(5.0, 24, 14), parse_times("0:14:7d"), seed=3, at_once=50)


def test_the_summary_is_that_of_all_patients_at_once(asked: Asked, tmp_path: Path) -> None:
    found = simulate_many(asked, tmp_path / "run")
    model, cohort = library.load(MODEL), asked.population.sample(130, 3)
    courses = simulate_each(model, cohort, asked.regimen, asked.times, 3)
    frame = found.frame.set_index(["observable", "time"])
    for place, name in enumerate(model.observables):
        for at, day in enumerate((0.0, 7.0, 14.0)):
            values = courses[:, place, at]
            row = frame.loc[(name, day)]
            told = (row["n"], row["mean"], row["sd"], row["lower"], row["median"], row["upper"])
            expected = (130, values.mean(), values.std(), *np.quantile(values, (0.05, 0.5, 0.95)))
            assert told == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert (found.failed, found.to_json()["patients"]) == (0, 130)


def test_chunks_change_no_patient(asked: Asked, tmp_path: Path) -> None:
    simulate_many(asked, tmp_path / "small")
    simulate_many(replace(asked, at_once=1000), tmp_path / "large")
    parts = [pq.read_table(tmp_path / "small" / f"chunk-{chunk:06d}.parquet").to_pandas() for chunk in range(3)]
    whole = pq.read_table(tmp_path / "large" / "chunk-000000.parquet").to_pandas()
    assert [len(part) for part in parts] == [50, 50, 30]
    assert whole["patient"].tolist() == list(range(1, 131))
    assert pd.concat(parts, ignore_index=True).equals(whole)


def test_a_run_goes_on_where_it_was(asked: Asked, tmp_path: Path) -> None:
    first = simulate_many(asked, tmp_path)
    (tmp_path / "chunk-000001.parquet").unlink()
    kept = (tmp_path / "chunk-000000.parquet").stat().st_mtime_ns
    again = simulate_many(asked, tmp_path)
    assert again.frame.equals(first.frame)
    assert (tmp_path / "chunk-000000.parquet").stat().st_mtime_ns == kept


def test_measured_courses_scatter(asked: Asked, tmp_path: Path) -> None:
    measured = simulate_many(replace(asked, residual=True), tmp_path / "measured").frame
    true = simulate_many(asked, tmp_path / "true").frame
    inr = (true["observable"] == "INR") & (true["time"] > 0)
    assert (measured.loc[inr, "mean"] != true.loc[inr, "mean"]).all()


@pytest.mark.parametrize("change", [{"seed": 4}, {"patients": 131}, {"times": parse_times("0:14:14d")}])
def test_another_run_s_folder_is_refused(asked: Asked, tmp_path: Path, change: dict[str, object]) -> None:
    simulate_many(asked, tmp_path)
    with pytest.raises(ChunkError, match="chunks of another run"):
        simulate_many(replace(asked, **change), tmp_path)  # type: ignore[arg-type]


def test_a_folder_of_other_files_is_refused(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ChunkError, match="not empty"):
        simulate_many(asked, tmp_path)


def test_a_regimen_by_patient_is_refused(asked: Asked) -> None:
    doses = asked.regimen.everyone
    assert doses is not None
    with pytest.raises(ChunkError, match="without a column ID"):
        replace(asked, regimen=Regimen(None, {"S000001": doses}))


def test_a_population_without_a_covariate_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "population.toml"
    file.write_text('[population]\nsource = "made up"\nVKORC1 = { G = 1.0 }\n', encoding="utf-8")
    with pytest.raises(DesignError, match=r"population\.CYP2C9"):
        read_population(file, library.load(MODEL))


TWO_WORKERS = """
import sys
from twin import library
from twin.many import Asked, read_population, simulate_many
from twin.regimen import every
from twin.simulate import parse_times
population = read_population(sys.argv[1], library.load("warfarin_hamberg2007"))
times = parse_times("0:14:7d")
asked = Asked("warfarin_hamberg2007", population, 130, every(5.0, 24, 14), times, seed=3, at_once=50)
print(simulate_many(asked, sys.argv[2], workers=2).frame.to_json(double_precision=15))
"""
"""In a process of its own: Ray leaves files open behind it."""


def test_a_killed_worker_loses_no_result(asked: Asked, tmp_path: Path) -> None:
    alone = simulate_many(asked, tmp_path / "alone").frame.to_json(double_precision=15)
    command, killed = [sys.executable, "-c", TWO_WORKERS, str(POPULATION), str(tmp_path / "two")], False
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        while running.poll() is None and not killed:
            for process in psutil.Process(running.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    if not killed and "ray::write" in " ".join(process.cmdline()):
                        process.kill()
                        killed = True
            time.sleep(0.01)
        said, _ = running.communicate()
    assert killed
    assert running.returncode == 0
    assert said.splitlines()[-1] == alone  # Ray has its own say before
