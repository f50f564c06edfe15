"""The verb of fits: a population's parameters from what was measured of many patients."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.output import whole_folder
from panakeia.answer import Table
from panakeia.verbs.held import Held, into

if TYPE_CHECKING:
    import pandas as pd

    from kg.progress import Progress
    from twin.fit.data import DataSet
    from twin.fit.minimise import Search
    from twin.fit.population import PopulationFit
    from twin.fit.settings import FitSettings
    from twin.model import Model

SEARCH, RESULT = "search.json", "fit.json"


class FitVerbs(Held):
    """Fit a model to a population."""

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
        fit and of a visual predictive check, and figures are written into a folder, of a sample what it says and its
        draws; `resume` goes on from such a folder, exactly where a search was paused.
        """
        from twin import library
        from twin.fit.changing import InTime, varying
        from twin.fit.data import data_set
        from twin.fit.population import load_search
        from twin.fit.settings import FitSettings
        from twin.records import read_records

        if method == "nuts" and resume is not None:
            raise ValueError("a sample is not resumed: leave --resume away, or choose the method focei or laplace")
        how = settings or FitSettings()
        twin = varying(library.load(model), how.between_occasions)
        told = data_set(twin, read_records(data), how.called, how.given, in_time=InTime(how.carried, how.occasion))
        search = None if resume is None else load_search(Path(resume) / SEARCH, twin, method)
        with self._telling() as progress:
            if method == "nuts":
                content, notes = _sampled(twin, told, how, out, progress)
            else:
                fit = _fitted(twin, told, how, method, search, progress)
                content, notes = fit.to_json(), fit.warnings
                if out is not None:
                    _write(fit, out)
        title = f"{model}: a population by {method}, patients: {content['patients']}{into(out)}"
        objective = () if content["ofv"] is None else (f"OFV {content['ofv']:.4f}",)
        return Table(title, _population_rows(content), (*objective, *notes), content)


def _sampled(
    twin: "Model", data: "DataSet", how: "FitSettings", out: str | Path | None, progress: "Progress"
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what a sample says, as JSON values, and its warnings; write it and its draws into a folder, if given."""
    from twin.fit.population_sample import sample_population

    progress(f"sample {twin.name}", 0.0)
    sample = sample_population(twin, data, how)
    content = sample.to_json()
    if out is not None:
        with whole_folder(out) as folder:
            (folder / RESULT).write_text(json.dumps(content, indent=2), encoding="utf-8")
            sample.draws().to_csv(folder / "draws.csv", index=False)
    return content, sample.warnings


def _fitted(
    twin: "Model",
    data: "DataSet",
    how: "FitSettings",
    method: str,
    search: "Search | None",
    progress: "Progress",
) -> "PopulationFit":
    from twin.fit.population import fit_population

    return fit_population(twin, data, how, method=method, resume=search, progress=progress)


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
        {"parameter": f"between occasions: {name}", "estimate": value, "se": None, "unit": "% CV"}
        for name, value in content.get("occasions_cv_percent", {}).items()
    ]
    rows += [
        {"parameter": f"residual: {name}, {part}", "estimate": value, "se": None, "unit": ""}
        for name, parts in content["sigma"].items()
        for part, value in parts.items()
    ]
    return pd.DataFrame(rows)


def _write(fit: "PopulationFit", out: str | Path) -> None:
    """Write a fit into a folder: its result, where its search is, tables and figures."""
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
