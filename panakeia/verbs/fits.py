"""The verbs of fits: one patient's parameters, and a population's, from what was measured."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.output import whole_folder
from panakeia.answer import Table
from panakeia.verbs.held import Held, into

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from kg.progress import Progress
    from twin.fit.data import DataSet
    from twin.fit.patient import Posterior
    from twin.fit.population import PopulationFit
    from twin.fit.settings import FitSettings
    from twin.model import Model

_MOMENTS = 49
"""Of a forecast whose times are not asked for: from the start to twice the time of the last measurement."""
SEARCH, RESULT = "search.json", "fit.json"


class FitVerbs(Held):
    """Fit a model to measurements."""

    def twin_fit(
        self,
        model: str,
        patient: "str | Path | pd.DataFrame",
        *,
        method: str = "map",
        times: str | None = None,
        level: float = 0.9,
        settings: "FitSettings | None" = None,
    ) -> Table:
        """Fit one patient's parameters and foretell the patient's course, each with an interval.

        The patient is a table in NONMEM's columns with DV. Of the settings (`twin.fit.settings.FitSettings`), `given`
        has covariates that it lacks. Without `times`, the forecast goes to twice the time of the last measurement.
        """
        from twin import library
        from twin.fit.data import ROWS_AT_ONCE, data_set
        from twin.fit.forecast import forecast, predictive_check
        from twin.fit.patient import fit_patient
        from twin.fit.settings import FitSettings
        from twin.records import read_records

        if not 0 < level < 1:
            raise ValueError(f"the level is {level:g}; expected a share between 0 and 1")
        how = settings or FitSettings()
        records = read_records(patient)
        if len(records.by_id) != 1:
            raise ValueError(f"the table has {len(records.by_id)} patients; expected one, or twin fit-population")
        twin = library.load(model)
        data = data_set(twin, records, how.called, how.given, rows=ROWS_AT_ONCE)
        moments = _moments(data.time_h, times)
        with self._telling() as progress:
            progress(f"fit {model}", 0.0)
            posterior = fit_patient(twin, data, method=method, seed=how.seed)
            foretold = forecast(posterior, moments, level=level, seed=how.seed)
            check = predictive_check(posterior, how.seed)
        told = posterior.to_json(level)
        told |= {"forecast": _records(foretold.to_frame()), "predictive_p_value": check.p_value}
        rows = _parameter_rows(posterior, level)
        title = f"{model}: one patient's parameters by {method}, measurements: {data.observations}"
        check_note = f"predictive p-value {check.p_value:.2f}: near 0 or 1, the model does not fit this patient"
        return Table(title, rows, (*posterior.warnings, check_note), told)

    def twin_fit_population(
        self,
        model: str,
        data: "str | Path | pd.DataFrame",
        *,
        method: str = "focei",
        settings: "FitSettings | None" = None,
        resume: str | Path | None = None,
        out: str | Path | None = None,
    ) -> Table:
        """Fit a population's parameters, the variability between patients and the residual error.

        The data are a table in NONMEM's columns with ID and DV; the settings (`twin.fit.settings.FitSettings`) say
        where the search begins and what stays as it is. With `out`, the fit, where its search is, tables of goodness of
        fit and of a visual predictive check, and figures are written into a folder; `resume` goes on from such a
        folder, exactly where it was paused.
        """
        from twin import library
        from twin.fit.data import data_set
        from twin.fit.settings import FitSettings
        from twin.records import read_records

        if method == "nuts" and (resume is not None or out is not None):
            raise ValueError(
                "a sample is not resumed, and has no folder; leave --resume and --out away, or choose focei"
            )
        twin, how = library.load(model), settings or FitSettings()
        told = data_set(twin, read_records(data), how.called, how.given)
        with self._telling() as progress:
            if method == "nuts":
                content, notes = _sampled(twin, told, how, progress)
            else:
                fit = _fitted(twin, told, how, method, resume, progress)
                content, notes = fit.to_json(), fit.warnings
                if out is not None:
                    _write(fit, out)
        title = f"{model}: a population by {method}, patients: {content['patients']}{into(out)}"
        objective = () if content["ofv"] is None else (f"OFV {content['ofv']:.4f}",)
        return Table(title, _population_rows(content), (*objective, *notes), content)


def _sampled(
    twin: "Model", data: "DataSet", how: "FitSettings", progress: "Progress"
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what a sample says, as JSON values, and its warnings."""
    from twin.fit.population_sample import sample_population

    progress(f"sample {twin.name}", 0.0)
    sample = sample_population(twin, data, how)
    return sample.to_json(), sample.warnings


def _fitted(
    twin: "Model",
    data: "DataSet",
    how: "FitSettings",
    method: str,
    resume: str | Path | None,
    progress: "Progress",
) -> "PopulationFit":
    from twin.fit.population import fit_population, load_search

    search = None if resume is None else load_search(Path(resume) / SEARCH, twin, method)
    return fit_population(twin, data, how, method=method, resume=search, progress=progress)


def _moments(measured_h: "np.ndarray", times: str | None) -> "np.ndarray":
    """Return the times of a forecast, in hours."""
    import numpy as np

    from twin.simulate import parse_times

    if times is not None:
        return parse_times(times).hours
    last = float(measured_h[np.isfinite(measured_h)].max())
    return np.linspace(0.0, 2 * last if last > 0 else 24.0, _MOMENTS)


def _parameter_rows(posterior: "Posterior", level: float) -> "pd.DataFrame":
    import pandas as pd

    found = posterior.to_json(level)["parameters"]
    return pd.DataFrame([{"parameter": name, **values} for name, values in found.items()])


def _population_rows(content: dict[str, Any]) -> "pd.DataFrame":
    """Return a row for each parameter, variability and residual error."""
    import pandas as pd

    rows = [
        {"parameter": name, "estimate": one["estimate"], "se": one["se"], "unit": one["unit"]}
        for name, one in content["theta"].items()
    ]
    rows += [
        {"parameter": f"between patients: {name}", "estimate": value, "se": None, "unit": "% CV"}
        for name, value in content["omega_cv_percent"].items()
    ]
    rows += [
        {"parameter": f"residual: {name}, {part}", "estimate": value, "se": None, "unit": ""}
        for name, parts in content["sigma"].items()
        for part, value in parts.items()
    ]
    return pd.DataFrame(rows)


def _records(frame: "pd.DataFrame") -> list[dict[str, object]]:
    from panakeia.answer import records

    return records(frame)


def _write(fit: "PopulationFit", out: str | Path) -> None:
    """Write a fit into a folder: its result, where its search is, tables and figures."""
    import json

    from twin.fit.diagnose import goodness_of_fit, predictive_check
    from twin.fit.plots import etas_figure, goodness_of_fit_figure, predictive_check_figure
    from twin.fit.population import save

    with whole_folder(out) as folder:
        save(fit, folder / SEARCH)
        (folder / RESULT).write_text(json.dumps(fit.to_json(), indent=2), encoding="utf-8")
        goodness_of_fit(fit).to_csv(folder / "goodness_of_fit.csv", index=False)
        predictive_check(fit).to_csv(folder / "predictive_check.csv", index=False)
        goodness_of_fit_figure(fit).savefig(folder / "goodness_of_fit.svg")
        predictive_check_figure(fit).savefig(folder / "predictive_check.svg")
        etas_figure(fit).savefig(folder / "etas.svg")
