"""The verbs of twins: patients simulated one by one."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kg.files.table import write_csv
from kg.files.text import create_text
from kg.output import whole_file
from panakeia.answer import Table
from panakeia.verbs.held import Held, check_output, into

if TYPE_CHECKING:
    from twin.patient import Cohort
    from twin.regimen import Regimen

TWIN = "warfarin_hamberg2007"


class TwinVerbs(Held):
    """Simulate patients."""

    def twin_simulate(
        self,
        regimen: "str | Path | Regimen",
        *,
        cohort: "str | Path | Cohort | None" = None,
        patient: str | None = None,
        times: str = "0:84:1d",
        model: str = TWIN,
        seed: int | None = 0,
        residual: bool = False,
        uncertainty: bool = False,
        given: Mapping[str, str | float] | None = None,
        out: str | Path | None = None,
    ) -> Table:
        """Simulate each patient's trajectory under a regimen, with an interval; into a CSV with `out`.

        The patients are a cohort (a CSV file, or made in Python), or one patient of the graph by pseudonym; `given` has
        covariates of that one by hand, and a genotype that is not known is marginalised. Without a seed, each is
        simulated as the typical patient, all variability switched off. With `residual` the interval is that of what is
        measured, with `uncertainty` the published parameters' standard errors widen it.
        """
        from twin import library
        from twin.chart import from_graph
        from twin.mixture import Mixture, as_text
        from twin.patient import Cohort, read_cohort
        from twin.regimen import read_regimen
        from twin.simulate import Variation, parse_times, simulate
        from twin.words import solver_words

        if (cohort is None) == (patient is None):
            raise ValueError("give either a cohort (--cohort COHORT.csv) or a patient of the graph (--patient ID)")
        if given and patient is None:
            raise ValueError(
                "--set states covariates of one patient (--patient ID); a cohort's file has its own columns"
            )
        if out is not None:
            check_output(out, regimen, cohort, model, self.store)
        twin = library.load(model)
        doses = read_regimen(regimen) if isinstance(regimen, str | Path) else regimen
        moments = parse_times(times)
        people: Cohort | Mixture
        if cohort is None:
            people = from_graph(self._graph(), str(patient), twin, as_text(given))
            self._noted("twin simulate", people.id)
        else:
            people = read_cohort(cohort, twin) if isinstance(cohort, str | Path) else cohort
        variation = None if seed is None else Variation(seed=seed, residual=residual, doubt=uncertainty)
        with self._telling() as progress:
            found = simulate(twin, people, doses, moments, variation, progress)
        if out is not None:
            with whole_file(out) as part, create_text(part, out) as file:
                write_csv(found.to_frame(), file)
        failed = (f"patient {who} could not be simulated: {why}" for who, why in found.failures.items())
        title = f"{model}: trajectories, patients: {len(found.ids)}{into(out)}"
        told = people.notes(found.unknown_share) if isinstance(people, Mixture) else ()
        return Table(title, found.to_frame(), (found.basis, *told, solver_words(found.solver), *failed))

    def twin_models(self, name: str | None = None) -> Table:
        """List the twins' models: what each asks of a patient, observes, assumes and leaves out.

        With a name, the parameters of that model, with unit and source, or why they were assumed, and how it is solved.
        """
        import pandas as pd

        from twin import library
        from twin.catalogue import assumed, declared, described

        if name is not None:
            with self._telling() as progress:
                progress("look at the model's equations", 0.0)
                model_told = described(library.load(name))
                progress("look at the model's equations", 1.0)
            facts = [f"{fact}: {model_told[fact]}" for fact in ("citation", "solver", "dose_unit")]
            asked = ", ".join(covariate["name"] for covariate in model_told["covariates"]) or "nothing"
            facts += [f"asks: {asked}", *(f"left out: {one}" for one in model_told["left_out"])]
            return Table(f"{name}: parameters", pd.DataFrame(model_told["parameters"]), tuple(facts), model_told)
        told = [declared(library.load(model)) for model in library.MODELS]
        rows = [
            {
                "model": one["name"],
                "covariates": ", ".join(covariate["name"] for covariate in one["covariates"]),
                "observables": ", ".join(one["observables"]),
                "parameters": len(one["parameters"]),
                "assumed": len(assumed(one)),
                "citation": one["citation"],
            }
            for one in told
        ]
        return Table(
            f"models: {len(rows)}",
            pd.DataFrame(rows),
            ("`panakeia twin models NAME` tells all of one, and how it is solved",),
            told,
        )
