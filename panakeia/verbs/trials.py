"""The verbs of trials: run on twins."""

from pathlib import Path
from typing import TYPE_CHECKING

from panakeia.verbs.held import Held, check_output

if TYPE_CHECKING:
    from twin.trials.protocol import TrialDesign
    from twin.trials.result import TrialResult


class TrialVerbs(Held):
    """Run trials."""

    def trial_run(self, design: "str | Path | TrialDesign", *, out: str | Path | None = None) -> "TrialResult":
        """Simulate a trial, from its TOML file or as designed in Python.

        With `out`, its result, its subjects and a report are written into a folder.
        """
        from panakeia.trials.files import TRIAL_FILES, write_trial
        from twin.trials.run import load, run

        if out is not None:
            for name in TRIAL_FILES:
                check_output(Path(out) / name, design)
        checked = load(design) if isinstance(design, str | Path) else design
        with self._telling() as progress:
            result = run(checked, progress)
        if out is not None:
            write_trial(result, out)
        return result
