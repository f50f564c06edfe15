"""The verb of fairness: how a prediction does in each group of patients."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from panakeia.verbs.held import Held, check_output

if TYPE_CHECKING:
    import pandas as pd

    from twin.prognosis.fairness.audited import Audited
    from twin.prognosis.fairness.cases import Asked
    from twin.prognosis.fairness.compare import Settings
    from twin.prognosis.fairness.mitigations.mitigation import Mitigation


class FairnessVerbs(Held):
    """Compare groups of patients."""

    def fairness(
        self,
        table: "str | Path | pd.DataFrame",
        asked: "Asked",
        *,
        settings: "Settings | None" = None,
        mitigations: "Sequence[Mitigation]" = (),
        fewest_told: int | None = None,
        plot: str | Path | None = None,
    ) -> "Audited":
        """Compare how well predictions do by group, with intervals, disparities in words, and what parity costs.

        `asked` names the columns of truth, prediction and groups (`twin.prognosis.fairness.cases.Asked`). Counts of
        fewer persons than `fewest_told` are withheld: of 5, where the table's rows are patients of a graph. `plot` is
        a figure of the first group's metrics, in the format of its name.
        """
        from kg.files.frame import read_frame
        from kg.output import whole_file
        from twin.prognosis.fairness.audited import Audited
        from twin.prognosis.fairness.cases import cases_of
        from twin.prognosis.fairness.compare import compare
        from twin.prognosis.fairness.metrics.choose import metrics_of
        from twin.prognosis.fairness.price import price
        from twin.prognosis.fairness.withhold import FEWEST, of_a_graph, withhold

        if plot is not None:
            check_output(plot, table)
        rows = read_frame(table) if isinstance(table, str | Path) else table
        metrics_of(cases_of(rows, asked)[0].kind, settings.metrics if settings else ())
        if fewest_told is None and of_a_graph(rows, asked):
            fewest_told = FEWEST
        if fewest_told is not None and mitigations:
            raise ValueError("what a mitigation changes is told person by person: leave it out, or the limit (--k)")
        with self._telling() as progress:
            found = compare(rows, asked, settings, progress)
            prices = tuple(price(rows, asked, way, settings, None, progress) for way in mitigations)
        told = found if fewest_told is None else withhold(found, fewest_told)
        if plot is not None:
            from twin.prognosis.fairness.plots import groups_figure

            with whole_file(plot) as path:
                groups_figure(told).savefig(path, format=Path(plot).suffix.lstrip(".") or "png", dpi=150)
        return Audited(told, prices)
