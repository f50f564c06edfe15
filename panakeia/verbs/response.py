"""The verb of response: who gains from which arm of a trial."""

from pathlib import Path
from typing import TYPE_CHECKING

from panakeia.verbs.held import Held, check_output

if TYPE_CHECKING:
    import pandas as pd

    from twin.prognosis.response.question import Asked
    from twin.prognosis.response.response import Response, Settings


class ResponseVerbs(Held):
    """Find out who responds."""

    def response(
        self,
        table: "str | Path | pd.DataFrame",
        asked: "Asked",
        *,
        settings: "Settings | None" = None,
        out: str | Path | None = None,
        share: float = 1.0,
        plot: str | Path | None = None,
    ) -> "Response":
        """Learn who gains from a treatment in a randomised trial, and whether gains differ by more than chance.

        `asked` names outcome, arms and features (`twin.prognosis.response.question.Asked`). `out` is a CSV file for
        the trial's patients with GAIN and STRATUM, foretold by models that had not seen them: all, or the `share`
        foretold to gain most, as a population of `kind = "table"` for a trial. `plot` is a figure, in the format of its
        name.
        """
        from kg.files.frame import read_frame
        from kg.files.table import write_csv
        from kg.files.text import create_text
        from kg.output import whole_file
        from twin.prognosis.response.enrich import check_share, top
        from twin.prognosis.response.question import Trial
        from twin.prognosis.response.response import respond

        check_share(share)
        for output in (out, plot):
            if output is not None:
                check_output(output, table)
        rows = read_frame(table, texts=[asked.arms.column]) if isinstance(table, str | Path) else table
        Trial.of(rows, asked)
        with self._telling() as progress:
            found = respond(rows, asked, settings, progress)
        if out is not None:
            with whole_file(out) as path, create_text(path, out) as file:
                write_csv(top(found.patients, share), file)
        if plot is not None:
            from twin.prognosis.response.plots import response_figure

            with whole_file(plot) as path:
                response_figure(found).savefig(path, format=Path(plot).suffix.lstrip(".") or "png", dpi=150)
        return found
