"""The verb of operating characteristics: a trial run many times, under its scenarios."""

from pathlib import Path
from typing import TYPE_CHECKING

from kg.output import refuse_inputs, require_folder
from panakeia.verbs.held import Held

if TYPE_CHECKING:
    from twin.trials.operating import OperatingCharacteristics
    from twin.trials.protocol import TrialDesign


class OperatingVerbs(Held):
    """Run trials many times over."""

    def trial_simulate(
        self,
        design: "str | Path | TrialDesign",
        *,
        out: str | Path,
        replicates: int = 1000,
        workers: int = 1,
        ray: bool = False,
    ) -> "OperatingCharacteristics":
        """Run a trial many times under each of its scenarios, and without an effect: power, type I error, bias,
        coverage, expected size, stopping.

        The design is a TOML file, or made in Python. A run that was stopped goes on in its folder; several `workers`
        are processes of this machine, or Ray's.
        """
        from panakeia.trials.operating import write_characteristics
        from twin.trials.operating import Asked, simulate
        from twin.trials.run import load

        refuse_inputs(out, [design] if isinstance(design, str | Path) else [])
        require_folder(out)
        checked = load(design) if isinstance(design, str | Path) else design
        with self._telling() as progress:
            found = simulate(Asked(checked, replicates), Path(out) / "chunks", workers, ray=ray, progress=progress)
        write_characteristics(found, out)
        return found
