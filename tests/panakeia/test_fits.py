"""Fits from the command line and in Python: what comes out, and what is said of bad input."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from panakeia import Session
from panakeia.cli import app
from twin.fit import population_sample
from twin.fit.population_sample import sample_population
from twin.fit.settings import FitSettings

MODEL = "theophylline_boeckmann1994"
DOSE_MG, TIMES = 320.0, np.array([0.5, 1.0, 2.0, 5.0, 9.0, 12.0, 24.0])


def patients(count: int) -> pd.DataFrame:
    """Return made-up patients of one compartment by mouth, by the closed form."""
    random, rows = np.random.default_rng(5), []
    for who in range(1, count + 1):
        ka, clearance, volume = np.array([1.6, 2.8, 32.0]) * np.exp([0.6, 0.25, 0.15] * random.standard_normal(3))
        k = clearance / volume
        seen = DOSE_MG / volume * ka / (ka - k) * (np.exp(-k * TIMES) - np.exp(-ka * TIMES))
        rows.append((who, 0.0, DOSE_MG, ".", 1))
        rows += [
            (who, t, ".", c, 0) for t, c in zip(TIMES, seen + 0.5 * random.standard_normal(len(TIMES)), strict=True)
        ]
    return pd.DataFrame(rows, columns=["ID", "TIME", "AMT", "DV", "EVID"])


def test_one_patient(tmp_path: Path) -> None:
    patients(1).to_csv(tmp_path / "patient.csv", index=False)
    arguments = ["twin", "fit", MODEL, str(tmp_path / "patient.csv"), "--times", "0:48:12h", "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert set(told["parameters"]) == {"absorption_per_h", "clearance_l_per_h", "volume_l"}
    clearance = told["parameters"]["clearance_l_per_h"]
    assert clearance["lower"] < clearance["mode"] < clearance["upper"]
    assert [row["time"] for row in told["forecast"]] == [0, 12, 24, 36, 48]
    assert all(row["lower_measured"] <= row["lower"] <= row["value"] for row in told["forecast"])


def test_a_population_is_paused_and_goes_on(tmp_path: Path) -> None:
    table = patients(8)
    with Session() as session:
        whole = session.twin_fit_population(MODEL, table).to_json()
        paused = session.twin_fit_population(
            MODEL, table, settings=FitSettings(most_steps=2), out=tmp_path / "fit"
        ).to_json()
        assert not paused["converged"] and "paused" in paused["warnings"][-1]
        resumed = session.twin_fit_population(MODEL, table, resume=tmp_path / "fit").to_json()
    assert resumed == whole and whole["converged"]
    assert set(whole["theta"]["clearance"]) == {"estimate", "se", "unit", "fixed"}
    assert whole["theta"]["clearance"]["estimate"] == pytest.approx(2.8, rel=0.3)
    names = {path.name for path in (tmp_path / "fit").iterdir()}
    assert {"fit.json", "search.json", "goodness_of_fit.csv", "predictive_check.csv", "etas.svg"} <= names


def test_a_sample_has_a_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population_sample, "_WARMUP", 20)
    monkeypatch.setattr(population_sample, "sample_population", partial(sample_population, draws=40))
    with Session() as session:
        told = session.twin_fit_population(MODEL, patients(3), method="nuts", out=tmp_path / "fit").to_json()
        with pytest.raises(ValueError, match="a sample is not resumed: leave --resume away"):
            session.twin_fit_population(MODEL, patients(3), method="nuts", resume=tmp_path / "fit")
    assert json.loads((tmp_path / "fit" / "fit.json").read_text(encoding="utf-8")) == told
    draws = pd.read_csv(tmp_path / "fit" / "draws.csv")
    assert len(draws) == 40
    for name, values in draws.items():
        assert values.mean() == pytest.approx(told["theta"][name]["estimate"])
        assert values.std(ddof=0) == pytest.approx(told["theta"][name]["se"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ID": "hidden-7", "CMT": 9}, "column CMT: got 9"),
        ({"ID": "hidden-7", "DV": "high"}, "column DV"),
    ],
)
def test_bad_input_names_line_and_column_but_no_patient(change: dict[str, object], said: str, tmp_path: Path) -> None:
    patients(1).assign(**change).to_csv(tmp_path / "bad.csv", index=False)
    done = CliRunner().invoke(app, ["twin", "fit", MODEL, str(tmp_path / "bad.csv")])
    assert done.exit_code != 0
    failure = str(done.exception) + done.output
    assert said in failure and "hidden-7" not in failure.replace(str(tmp_path), "")


def test_more_than_one_patient_is_refused() -> None:
    with pytest.raises(ValueError, match="the table has 2 patients; expected one, or twin fit-population"):
        Session().twin_fit(MODEL, patients(2))
