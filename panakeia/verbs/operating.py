"""The verb of operating characteristics: a trial run many times, under its scenarios."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.output import refuse_inputs, require_folder
from panakeia.answer import Table
from panakeia.verbs.held import Held

if TYPE_CHECKING:
    from twin.trials.operating import OperatingCharacteristics
    from twin.trials.protocol import TrialDesign


class OperatingVerbs(Held):
    """Run trials many times over, and tell what a design may be made of."""

    def trial_choices(self) -> Table:
        """List what a trial's file may choose from: policies, titrations, endpoints, analyses, hazards and more."""
        import pandas as pd

        from twin.trials.choices import choices

        told = choices()
        rows = [{**row, "keys": ", ".join(_key(key) for key in row["keys"])} for row in told]
        return Table(f"choices: {len(rows)}", pd.DataFrame(rows), ("a key with = may be left out",), told)

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


def _key(key: dict[str, Any]) -> str:
    """Return a key as a user reads it, with its usual value where it may be left out."""
    return key["name"] if key["needed"] else f"{key['name']} = {'none' if key['usual'] is None else key['usual']}"
