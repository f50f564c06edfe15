"""The verb of series: what labs and wearables say in time."""

from pathlib import Path
from typing import TYPE_CHECKING

from panakeia.verbs.held import Held, check_output

if TYPE_CHECKING:
    import pandas as pd

    from twin.prognosis.series.course import Columns, Settings
    from twin.prognosis.series.described import Described


class SeriesVerbs(Held):
    """Describe series."""

    def series_features(
        self,
        table: "str | Path | pd.DataFrame | None" = None,
        columns: "Columns | None" = None,
        settings: "Settings | None" = None,
        *,
        plot: str | Path | None = None,
    ) -> "Described":
        """Describe each person's series of a table: level, trend, variability, gaps, windows; of glucose its metrics.

        Without a table they are the labs of the graph's patient that the settings name, on the shifted calendar.
        `columns` names id, time, value and kind where their names do not say; `settings` says how
        (`twin.prognosis.series.course.Settings`). `plot` is the ambulatory glucose profile, in the format of its name.
        """
        from dataclasses import replace

        from kg.output import whole_file
        from twin.prognosis.series.course import SeriesError, Settings
        from twin.prognosis.series.described import describe

        settings = settings or Settings()
        if table is None:
            table = self._labs(settings.patient)
            settings = replace(settings, patient=None)
        if plot is not None:
            check_output(plot, table)
            if settings.unit is None:
                raise SeriesError("a plot is the profile of glucose: say that the values are glucose (--glucose)")
        found = describe(table, columns, settings)
        if plot is not None:
            figure = found.agp()
            with whole_file(plot) as part:
                figure.savefig(part, format=Path(plot).suffix.lstrip(".") or "png", dpi=150)
        return found

    def _labs(self, patient: str | None) -> "pd.DataFrame":
        """Return the labs of the graph's patient, and write into the journal that they were asked for."""
        from twin.prognosis.series.labs import labs

        if patient is None:
            raise ValueError("give a table of readings (FILE.csv), or a patient of the graph (--patient ID)")
        found = labs(self._graph(), patient)
        self._noted("series features", found["id"].iloc[0])
        return found
