"""The verb of many patients: millions of a population, simulated by several workers."""

from pathlib import Path
from typing import TYPE_CHECKING

from kg.output import refuse_inputs
from panakeia.verbs.held import Held
from panakeia.verbs.twins import TWIN

if TYPE_CHECKING:
    from twin.many import Many
    from twin.populations.population import Population
    from twin.regimen import Regimen


class ManyVerbs(Held):
    """Simulate whole populations."""

    def twin_simulate_population(
        self,
        population: "str | Path | Population",
        regimen: "str | Path | Regimen",
        *,
        patients: int,
        out: str | Path,
        times: str = "0:84:7d",
        model: str = TWIN,
        workers: int = 1,
        residual: bool = False,
        seed: int = 0,
    ) -> "Many":
        """Simulate so many patients of a population, each with parameters of its own, into a folder of Parquet files.

        The population is a TOML file, or made in Python. A run that was stopped goes on in its folder. With several
        `workers`, Ray starts them, or those of a Ray that runs already are taken.
        """
        from twin import library
        from twin.many import Asked, read_population, simulate_many
        from twin.regimen import read_regimen
        from twin.simulate import parse_times

        refuse_inputs(out, [given for given in (population, regimen) if isinstance(given, str | Path)])
        known = library.load(model)
        who = read_population(population, known) if isinstance(population, str | Path) else population
        what = read_regimen(regimen) if isinstance(regimen, str | Path) else regimen
        asked = Asked(model, who, patients, what, parse_times(times), seed, residual)
        with self._telling() as progress:
            return simulate_many(asked, out, workers, progress)
