"""The verb of the matrix: all pairs that a model can score, in one file."""

from pathlib import Path

from kg.output import require_file, whole_file
from panakeia.answer import Table
from panakeia.verbs.held import Held, into


class MatrixVerbs(Held):
    """Score everything."""

    def matrix(self, task: str | None = None, *, out: str | Path, new_only: bool = False) -> Table:
        """Score all pairs of a task, such as all drugs for all diseases, into a Parquet file, a row a pair.

        Without a `task` it is that of the session's model. The rows of the answer are the pairs by tenths of the score;
        columns of the file are those of `gnn.matrix.write`. With `new_only`, listed pairs are left out.
        """
        import pandas as pd

        from gnn.matrix import TENTHS, write
        from kg.graph import data_version
        from kg.stores.releases import read_releases

        require_file(out)
        model, store = self._network(*([task] if task else [])), self._graph()
        version = data_version(read_releases(store))
        with self._telling() as progress, whole_file(out) as part:
            found = write(model, store, part, new_only=new_only, version=version, progress=progress)
        subject, target = model.task.columns
        frame = pd.DataFrame(
            {
                "score_from": [place / TENTHS for place in range(TENTHS)],
                "score_to": [(place + 1) / TENTHS for place in range(TENTHS)],
                "pairs": found.counts,
                "known": found.known,
            }
        )
        left = ", without those in the list of the model's source" if new_only else ""
        title = (
            f"{found.pairs:,} pairs of {model.task.name}, {found.subjects:,} by {subject} and {found.objects:,} by "
            f"{target}{left}{into(out)}"
        )
        return Table(title, frame, (f"data version {version}",))
