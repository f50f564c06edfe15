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
        table: "str | Path | pd.DataFrame",
        columns: "Columns | None" = None,
        settings: "Settings | None" = None,
        *,
        plot: str | Path | None = None,
    ) -> "Described":
        """Describe each person's series of a table: level, trend, variability, gaps, windows; of glucose its metrics.

        `columns` names id, time, value and kind where their names do not say; `settings` says how
        (`twin.prognosis.series.course.Settings`). `plot` is the ambulatory glucose profile, in the format of its name.
        """
        from kg.output import whole_file
        from twin.prognosis.series.course import SeriesError
        from twin.prognosis.series.described import describe

        if plot is not None:
            check_output(plot, table)
            if settings is None or settings.unit is None:
                raise SeriesError("a plot is the profile of glucose: say that the values are glucose (--glucose)")
        found = describe(table, columns, settings)
        if plot is not None:
            figure = found.agp()
            with whole_file(plot) as part:
                figure.savefig(part, format=Path(plot).suffix.lstrip(".") or "png", dpi=150)
        return found
