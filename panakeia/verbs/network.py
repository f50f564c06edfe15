"""The verbs that are asked of the network: what it learns, and what it says of drugs and diseases."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from kg.files.table import write_tsv
from kg.files.text import create_text
from kg.output import whole_file
from panakeia.answer import Table
from panakeia.verbs.held import Held, check_output, into

if TYPE_CHECKING:
    import pandas as pd

    from gnn.explain import Explanation


class NetworkVerbs(Held):
    """Train the network and ask it."""

    def train(self, *, task: str = "treats", seed: int | None = None, config: str | Path | None = None) -> Table:
        """Train the graph neural network on the graph, and write the session's model."""
        import pandas as pd

        from gnn import checkpoint
        from gnn.config import load_config

        settings = load_config(config, task=task, seed=seed)
        check_output(checkpoint.model_file(self.model), config, self.store)
        from gnn.train import train  # torch, after what needs no waiting for

        with self._telling() as progress:
            progress("read the graph", 0.0)
            model = train(self._graph().read(), settings, progress)
            checkpoint.save(model, self.model)
        self._loaded = model
        summary = model.summary()
        return Table(
            f"model written to {self.model}",
            pd.DataFrame(summary.items(), columns=["name", "value"]),
            content=summary,
        )

    def evaluate(
        self,
        *,
        task: str = "treats",
        split: str = "pairs",
        folds: int = 5,
        trained: int | None = None,
        seed: int | None = None,
        config: str | Path | None = None,
    ) -> Table:
        """Train anew without what a split holds out, and measure the model and its baselines on it.

        `split` is "pairs", a kind of the task in lower case ("disease": whole diseases), or "area" (whole disease
        areas, whose lists the session's mirror folder has). With `trained` only so many of the `folds` are measured.
        """
        from gnn.areas import read_areas
        from gnn.config import load_config
        from gnn.evaluate import Protocol, evaluate
        from gnn.folds import AREA
        from gnn.methods import baselines, candidates_of, model
        from kg.fetch import Fetch

        settings = load_config(config, task=task, seed=seed)
        with self._telling() as progress:
            progress("read the graph", 0.0)
            graph = self._graph().read()
            seen = candidates_of(graph, settings)
            areas = read_areas(Fetch(self.data), seen.curies.get("Disease", ())) if split == AREA else None
            methods = {"model": model(settings), **baselines(settings)}
            protocol = Protocol(split, folds, trained, settings.seed, areas)
            found = evaluate(graph, seen, settings.about, methods, protocol, progress)
        about = found.about
        promises = tuple(f"{name.replace('_', ' ')}: {value:.3g}" for name, value in found.promises.items())
        return Table(
            f"{about['task']} by {split}: {about['held_out']} held-out pairs of {about['nodes']} nodes, ranked among"
            f" {about['candidates']} candidates",
            found.figures,
            promises,
            content=found.to_json(),
        )

    def rank(self, disease: str, *, top: int = 20, new_only: bool = False) -> Table:
        """Rank the drugs for a disease: score, degree prior, lift over it, and whether the source lists the pair.

        With `new_only`, drugs that the model's source lists for the disease are left out.
        """
        from gnn.rank import rank
        from kg.search import find

        found = find(self._graph(), disease, kind="Disease")
        model = self._network()
        candidates = rank(model, self._graph(), found.id, end="object", top=top, new_only=new_only)
        note = (
            f"known: {model.listed(True)}. A drug that is {model.listed(False)} is a hypothesis: nobody may have "
            "looked at it, or it may have been judged not indicated; judged: what curators voted, where the graph has "
            f"a source of such judgements, which the model has not seen. Data: {model.summary()['data_version']}"
        )
        return Table(f"drugs for {found.name} ({found.id})", candidates, (note,))

    def explain(self, a: str, b: str, *, top: int = 10) -> "Explanation":
        """Explain a pair, either end first: the known answers that carried its score, and paths that this leans on."""
        from gnn.explain import explain

        return explain(self._network(), self._graph(), a, b, top=top)

    def explain_pairs(self, pairs: "str | Path | pd.DataFrame", *, top: int = 10, out: str | Path) -> Table:
        """Explain each of many pairs, as `explain` does: one JSON object a line."""
        import pandas as pd

        from gnn import checkpoint
        from gnn.explain import explain_pairs
        from gnn.rank import read_pairs

        check_output(out, pairs, self.store, checkpoint.model_file(self.model))
        model = self._network()
        asked = read_pairs(pairs, model.task.columns) if isinstance(pairs, str | Path) else pairs
        count = 0
        with whole_file(out) as part, create_text(part, out) as file, self._telling() as progress:
            for count, found in enumerate(explain_pairs(model, self._graph(), asked, top=top), start=1):
                file.write(json.dumps(found.to_json(), ensure_ascii=False, allow_nan=False) + "\n")
                progress("explain", count / len(asked))
        told = pd.DataFrame([(count, str(out))], columns=["pairs", "file"])
        return Table(f"{count} pairs explained{into(out)}", told)

    def score(self, pairs: "str | Path | pd.DataFrame", *, out: str | Path | None = None) -> Table:
        """Score pairs of a drug and a disease: the same rows, with score, prior and known; into a TSV with `out`."""
        from gnn import checkpoint
        from gnn.rank import read_pairs, score

        if out is not None:
            check_output(out, pairs, self.store, checkpoint.model_file(self.model))
        model = self._network()
        asked = read_pairs(pairs, model.task.columns) if isinstance(pairs, str | Path) else pairs
        origin = pairs if isinstance(pairs, str | Path) else "the pairs"
        scored = score(model, self._graph(), asked, origin)
        if out is not None:
            with whole_file(out) as part, create_text(part, out) as file:
                write_tsv(scored, file)
        return Table(f"{len(scored)} pairs scored{into(out)}", scored)
