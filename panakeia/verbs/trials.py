"""The verbs of trials: run on twins, and exported."""

from pathlib import Path
from typing import TYPE_CHECKING

from kg.output import OutputError, require_folder, target
from panakeia.answer import Table
from panakeia.verbs.held import Held, check_output

if TYPE_CHECKING:
    from datetime import date

    from twin.trials.export.folder import Format
    from twin.trials.protocol import TrialDesign
    from twin.trials.result import TrialResult


class TrialVerbs(Held):
    """Run and export trials."""

    def trial_run(self, design: "str | Path | TrialDesign", *, out: str | Path | None = None) -> "TrialResult":
        """Simulate a trial, from its TOML file or as designed in Python.

        With `out`, its result, its subjects, a report and its courses are written into a folder.
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

    def trial_export(
        self,
        folder: str | Path,
        form: "Format" = "xpt",
        *,
        out: str | Path | None = None,
        study: str | None = None,
        start: "date | None" = None,
    ) -> Table:
        """Write a trial that was run as SDTM and ADaM with define.xml; its potential outcomes lie apart.

        `out` is the folder's `xpt` or `dataset-json` if not given, and never the folder itself; `study` the STUDYID,
        made of the trial's name if not given; dates count from a made-up `start`.
        """
        import pandas as pd

        from twin.trials.export.folder import export
        from twin.trials.export.study import START, Study
        from twin.trials.stored import read

        place = Path(folder) / form if out is None else Path(out)
        if target(place) == target(folder):
            told = "is the trial's own folder, and an export would lie among its files"
            raise OutputError(f"{place} {told}: expected another one, such as {Path(folder) / form}")
        require_folder(place)
        found = Study.of(read(folder), study, start or START)
        self._begins()
        written = export(found, form, place)
        rows = [
            {
                "folder": one.folder,
                "file": one.file,
                "records": len(one.dataset.rows),
                "variables": len(one.dataset.variables),
                "label": one.dataset.label,
            }
            for one in written
        ]
        told = f"study {found.study_id} from {found.start}, a made-up day; subjects and values are simulated"
        return Table(f"{found.stored.design.trial.name}: exported into {place}", pd.DataFrame(rows), (told,))
