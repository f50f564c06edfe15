"""The verbs that are asked of the network: what it learns, and what it says of pairs and nodes."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kg.files.table import write_csv, write_tsv
from kg.files.text import create_text, read_text
from kg.output import require_folder, whole_file
from panakeia.answer import Table, records
from panakeia.verbs.held import Held, check_output, into

if TYPE_CHECKING:
    import pandas as pd

    from gnn.ask import AnyModel
    from gnn.config import TrainConfig
    from gnn.evaluate import Evaluation, Protocol
    from gnn.explain import Explanation
    from gnn.task import End
    from kg.query.conditions import Condition
    from kg.search import Node

_AT_ONCE = 100
"""How many pairs are explained in one answer; the rest belongs into a file, or into another question."""
_EVERY = 1_000_000
"""More candidates than any model has."""


class NetworkVerbs(Held):
    """Train the network and ask it."""

    def train(
        self,
        *,
        task: str | None = None,
        seed: int | None = None,
        config: str | Path | None = None,
        without: str | Path | None = None,
        out: str | Path | None = None,
    ) -> Table:
        """Train the graph neural network on the graph, and write the model of a task, with its card.

        Pairs in the TSV `without` are left out in every form. The folder is `out`, or, where none is named, the
        session's model for `treats` and one beside it for another task. A run that was stopped goes on where it was.
        """
        import pandas as pd

        from gnn import checkpoint, resume
        from gnn.config import load_config
        from gnn.folders import folder_for
        from gnn.pairs import held_out_pairs

        settings = load_config(config, task=task, seed=seed)
        folder = Path(out) if out is not None else folder_for(self.model, settings.task)
        require_folder(folder)
        check_output(checkpoint.model_file(folder), config, without, self.store)
        held_out = held_out_pairs(self._graph(), settings.about, without) if without is not None else None
        from gnn.ask import left_over, save, train, write_card  # torch, after what needs no waiting for

        try:
            with self._telling() as progress:
                progress("read the graph", 0.0)
                graph = self._graph().read()
                self.close()  # its pages in memory: the graph is all that a training needs
                model = train(graph, settings, progress, held_out, folder)
                save(model, folder)
        except KeyboardInterrupt:
            raise resume.Stopped(left_over(settings, folder)) from None
        resume.clear(folder)
        write_card(model, folder)
        self._loaded[folder] = model
        summary = model.summary()
        return Table(
            f"model written to {folder}",
            pd.DataFrame(summary.items(), columns=["name", "value"]),
            content=summary,
        )

    def evaluate(
        self,
        *,
        task: str | None = None,
        split: str = "pairs",
        folds: int = 5,
        trained: int | None = None,
        seed: int | None = None,
        config: str | Path | None = None,
        model: str | Path | None = None,
        by_node: str | Path | None = None,
    ) -> Table:
        """Train anew without what a split holds out, and measure the model and its baselines on it.

        `split` is "pairs", a kind of the task in lower case ("disease": whole diseases), or "area" (whole disease
        areas, whose lists the session's mirror folder has). Of patients see `gnn.patients.evaluate`. With `trained`
        only so many of the `folds` are measured.
        With `model`, the folder of a trained one, its settings are measured, and the figures are written into that
        folder and into the model's card. After Ctrl-C the figures are those of the folds that are whole, and are
        written nowhere. `by_node` is a CSV file for the model's figures of each node, with groups of nodes by how much
        is known of them; not of patients.
        """
        from gnn.ask import write_card
        from gnn.config import load_config
        from gnn.evaluate import Protocol, check_split
        from gnn.folders import keep_evaluation
        from kg.schema import PERSON

        measured = None if model is None else self._to_measure(Path(model), task, seed, config)
        settings = load_config(config, task=task, seed=seed) if measured is None else measured.config
        check_split(settings.about, split)
        if by_node is not None:
            if settings.about.subject == PERSON:
                raise ValueError("figures by node are not written of patients: leave the file out")
            check_output(by_node, self.store)
        self._begins()  # before what trains is loaded
        found, version = self._evaluated(settings, Protocol(split, folds, trained, settings.seed))
        if by_node is not None:
            with whole_file(by_node) as part, create_text(part, by_node) as file:
                write_csv(found.nodes, file)
        content, about = {**found.to_json(), "data_version": version}, found.about
        notes = [f"{name.replace('_', ' ')}: {value:.3g}" for name, value in found.promises.items()]
        if about["stopped"]:
            notes.append(f"stopped: these are the figures of {', '.join(about['folds'])} alone, and written nowhere")
        elif measured is not None and model is not None:
            keep_evaluation(model, content)
            notes.append(f"the figures are written into {model}, and stand in {write_card(measured, model)}")
        return Table(
            f"{about['task']} by {about['split']}: {about['held_out']} held-out pairs of {about['nodes']} nodes, ranked"
            f" among {about['candidates']} candidates",
            found.figures,
            tuple(notes),
            content=content,
        )

    def _to_measure(self, folder: Path, *settings: object) -> "AnyModel":
        """Return a model whose settings are measured; raises `ValueError` where other settings are given too."""
        from gnn.ask import load
        from gnn.rank import assert_trained_on

        if any(setting is not None for setting in settings):
            raise ValueError("got a model, and settings: expected a model, whose own are taken, or a task, seed, file")
        model = load(folder)
        assert_trained_on(model, self._graph())
        return model

    def _evaluated(self, settings: "TrainConfig", protocol: "Protocol") -> "tuple[Evaluation, str]":
        """Evaluate on the session's graph; beside what came of it, the version of the data."""
        from gnn import methods
        from gnn.areas import read_areas
        from gnn.evaluate import evaluate
        from gnn.folds import AREA
        from gnn.patients.evaluate import evaluate as evaluate_patients
        from gnn.task import BENEFITS
        from gnn.view import learned_from
        from kg.fetch import Fetch
        from kg.graph import data_version

        task = settings.about
        with self._telling() as progress:
            progress("read the graph", 0.0)
            graph = self._graph().read()
            learned = learned_from(graph.stated_by({*settings.label_sources, *settings.sources}))
            if task == BENEFITS:
                return evaluate_patients(graph, settings, protocol, progress), data_version(learned)
            seen = methods.candidates_of(graph, settings)
            if protocol.split == AREA:
                protocol = replace(protocol, areas=read_areas(Fetch(self.data), seen.curies.get("Disease", ())))
            rivals = {"model": methods.model(settings), **methods.baselines(settings)}
            found = evaluate(graph, seen, task, rivals, protocol, progress, methods.reseeded(settings))
        return found, data_version(learned)

    def rank(
        self,
        *nodes: str,
        candidates: str | None = None,
        file: str | Path | None = None,
        described: str | Path | None = None,
        top: int = 20,
        new_only: bool = False,
        where: Sequence[str] = (),
    ) -> Table:
        """Rank the candidates for a node: score, degree prior, lift over it, and whether the source lists the pair.

        `candidates` are drugs, diseases, targets or patients; where it is not said, those that the session's model
        ranks for the node: drugs for a disease; drugs for a patient. Several nodes, and those in a `file`, a line
        each, are ranked at once. A node that is in no graph is `described` in a TOML file. With `new_only`, listed
        pairs are left out. Of candidates that meet all conditions `where`, as "half_life_h<=24", the first are given,
        each with its rank among all; who lacks an attribute meets no condition on it.
        """
        from gnn.ask import rank_many
        from gnn.patients.model import PatientModel
        from gnn.rank import rank_all

        if described is not None:
            if nodes or file is not None:
                raise ValueError("got a description and nodes: expected either nodes of the graph, or a description")
            if where:
                raise ValueError("got a description and conditions: expected conditions on candidates for nodes alone")
            return self._rank_described(described, candidates, top, new_only)
        texts = [*nodes, *(_lines(file) if file is not None else ())]
        if not texts:
            raise ValueError("got no node to rank for: expected one or more, by name or identifier, or a file of them")
        model, found, end = self._asked(texts, candidates)
        how = rank_many if isinstance(model, PatientModel) else rank_all
        conditions = self._conditions(model, end, where)
        every = _EVERY if conditions and top > 0 else top
        frame = how(model, self._graph(), found, end, top=every, new_only=new_only)  # type: ignore[arg-type]
        notes: list[str] = []
        if conditions:
            frame, notes = self._chosen(frame, model.task.kinds[1 if end == "subject" else 0], conditions, top)
        if isinstance(model, PatientModel):
            self._noted("rank", frame["patient"].tolist() if end == "object" else [node.id for node in found])
        if len(found) == 1:
            frame = frame.iloc[:, 2:]
        whom = f"{found[0].name} ({found[0].id})" if len(found) == 1 else f"{len(found)} nodes, {found[0].name} first"
        return _ranking(model, end, whom, frame, notes)

    def _conditions(self, model: "AnyModel", end: "End", where: Sequence[str]) -> "list[Condition]":
        from kg.query.conditions import read_condition

        kind = model.task.kinds[1 if end == "subject" else 0]
        return [read_condition(text, kind) for text in where]

    def _chosen(
        self, frame: "pd.DataFrame", kind: str, conditions: "Sequence[Condition]", top: int
    ) -> "tuple[pd.DataFrame, list[str]]":
        """Return the first candidates that meet all conditions, of each asked node, and how many there are."""
        from kg.query.conditions import meeting, without

        asked, column = frame.columns[0], frame.columns[list(frame.columns).index("rank") + 1]
        among = set(frame[column])
        met = meeting(self._graph(), kind, conditions)
        kept = frame[frame[column].isin(met)].groupby(asked, sort=False).head(top).reset_index(drop=True)
        lacking = [
            f"{name} is not known of {without(self._graph(), kind, name, among):,}"
            for name in dict.fromkeys(one.attribute for one in conditions)
        ]
        told = f"where {' and '.join(map(str, conditions))}: {len(among & met):,} of {len(among):,} candidates"
        return kept, ["; ".join([told, *lacking])]

    def _asked(self, texts: Sequence[str], candidates: str | None) -> "tuple[AnyModel, list[Node], End]":
        """Return which model ranks for these nodes, the nodes, and the end that they are at."""
        from gnn.rank import asked_for, asked_of
        from gnn.task import BENEFITS, asking_for
        from kg.schema import PERSON
        from kg.search import with_identifier

        if candidates is None:
            patient = with_identifier(self._graph(), texts[0], [PERSON])
            model = self._any_network(BENEFITS.name) if patient else self._any_network()
            node, end = asked_for(model.task, self._graph(), texts[0], "subject" if patient else None)
            return model, [node, *(asked_for(model.task, self._graph(), text, end)[0] for text in texts[1:])], end
        node, task, end = asked_of(self._graph(), texts[0], asking_for(candidates))
        others = [asked_of(self._graph(), text, [(task, end)])[0] for text in texts[1:]]
        return self._any_network(task.name), [node, *others], end

    def _rank_described(self, path: str | Path, candidates: str | None, top: int, new_only: bool) -> Table:
        import numpy as np

        from gnn.described import read_description
        from gnn.rank import assert_trained_on, ranked
        from gnn.score import joined
        from gnn.task import CANDIDATES, asking_for

        told = read_description(path, self._graph())
        ways = [way for name in ([candidates] if candidates else CANDIDATES) for way in asking_for(name)]
        fitting = [(task, end) for task, end in ways if task.kinds[0 if end == "subject" else 1] == told.kind]
        if not fitting:
            raise ValueError(f"{path} describes a {told.kind.lower()}: no {candidates} are ranked for one")
        task, end = fitting[0]
        model = self._network(task.name)
        assert_trained_on(model, self._graph())
        grown = joined(model, [told.node], []) if end == "subject" else joined(model, [], [told.node])
        place = grown.around.shape[0 if end == "subject" else 1] - 1
        frame = ranked(grown, np.array([place]), end, top=top, new_only=new_only).iloc[:, 2:]
        return _ranking(model, end, f"{told.node.name}, as {path} describes it", frame, told.notes)

    def explain(
        self,
        a: str = "",
        b: str = "",
        *,
        top: int = 10,
        pairs: "str | Path | pd.DataFrame | None" = None,
        out: str | Path | None = None,
    ) -> "Explanation | Table":
        """Explain a pair, either end first: the known answers that carried its score, and paths that this leans on.

        With `pairs`, each of many pairs: one JSON object a line of the file `out`, or without it as the answer's JSON.
        Rows with a name of nothing are left out, counted, and told with the names that are near.
        """
        if pairs is not None and not (a or b):
            return self._explain_all(pairs, top, out)
        if pairs is not None or out is not None or not (a and b):
            written = "" if out is None else "; --out is for a table"
            raise ValueError(f"expected the two ends of a pair, or instead of them a table of pairs: --pairs{written}")
        from gnn.explain import explain

        return explain(self._network(), self._graph(), a, b, top=top)

    def _explain_all(self, pairs: "str | Path | pd.DataFrame", top: int, out: str | Path | None) -> Table:
        import pandas as pd

        from gnn import checkpoint
        from gnn.explain import explain_pairs
        from gnn.pairs import Rejected, check_columns, found_ends, left_out, read_pairs

        if out is not None:
            check_output(out, pairs, self.store, checkpoint.model_file(self.model))
        model = self._network()
        asked = read_pairs(pairs, model.task.columns) if isinstance(pairs, str | Path) else pairs
        if out is None and len(asked) > _AT_ONCE:
            most = f"expected {_AT_ONCE} or fewer at once"
            raise ValueError(f"got {len(asked)} pairs, {most}: ask in parts, or write them into a file by --out")
        origin = pairs if isinstance(pairs, str | Path) else "the pairs"
        check_columns(origin, [str(name) for name in asked.columns], model.task)
        rejected: list[Rejected] = []
        found, ids = found_ends(self._graph(), model.task, asked, origin, rejected=rejected)
        left = left_out(rejected, len(asked) - len(found), len(asked))
        told = f"{len(found)} pairs explained{into(out)}"
        ends = pd.DataFrame(dict(zip(model.task.columns, ids.values(), strict=True)), dtype=str)
        explained = explain_pairs(model, self._graph(), ends, top=top)
        if out is None:
            each = list(explained)
            content = {"pairs": [one.to_json() for one in each], "rejected": [asdict(one) for one in rejected]}
            text = "\n".join([told, *(one.to_text() for one in each)])
            return Table(text, found.reset_index(drop=True), left, content)
        with whole_file(out) as part, create_text(part, out) as file, self._telling() as progress:
            for count, one in enumerate(explained, start=1):
                file.write(json.dumps(one.to_json(), ensure_ascii=False, allow_nan=False) + "\n")
                progress("explain", count / len(found))
        return Table(told, pd.DataFrame([(len(found), str(out))], columns=["pairs", "file"]), left)

    def score(self, pairs: "str | Path | pd.DataFrame", *, out: str | Path | None = None) -> Table:
        """Score pairs: the same rows, with score, probability and lift, each with its interval, prior and known.

        They are a table of TSV, CSV, JSON, JSON lines or Parquet, whose columns say of which task they are: drug and
        disease, drug and gene, patient and drug. Rows with a name of nothing are left out, counted, and told with the
        names that are near; where no row is left, that is an error. With `out`, the scores are written into a TSV.
        """
        from gnn import checkpoint
        from gnn.ask import score
        from gnn.pairs import Rejected, left_out, read_pairs, tasks_about
        from gnn.rank import SCORE_COLUMNS
        from kg.schema import PERSON

        if out is not None:
            check_output(out, pairs, self.store, checkpoint.model_file(self.model))
        asked = read_pairs(pairs, taken=SCORE_COLUMNS) if isinstance(pairs, str | Path) else pairs
        origin = pairs if isinstance(pairs, str | Path) else "the pairs"
        model = self._any_network(*(task.name for task in tasks_about(origin, [str(name) for name in asked.columns])))
        rejected: list[Rejected] = []
        scored = score(model, self._graph(), asked, origin, rejected).reset_index(drop=True)
        if model.task.subject == PERSON:
            self._noted("score", asked[model.task.columns[0]].astype(str).unique().tolist())
        if out is not None:
            with whole_file(out) as part, create_text(part, out) as file:
                write_tsv(scored, file)
        content = {"pairs": records(scored), "rejected": [asdict(one) for one in rejected]}
        left = left_out(rejected, len(asked) - len(scored), len(asked))
        return Table(f"{len(scored)} pairs scored{into(out)}", scored, left, content)


def _lines(path: str | Path) -> list[str]:
    """Return the nodes in a file, one on each line that is not empty."""
    found = [line.strip() for line in read_text(path).splitlines() if line.strip()]
    if not found:
        raise ValueError(f"{path} names no node: expected one on each line, by name or identifier")
    return found


def _ranking(model: "AnyModel", end: "End", whom: str, frame: "pd.DataFrame", more: Sequence[str] = ()) -> Table:
    """Return ranked candidates with what there is to know about them."""
    from kg.schema import PERSON

    kind = model.task.columns[1 if end == "subject" else 0]
    told = (
        "what like patients were given is no advice; treats, genes, support: what the graph says for it; warning: what "
        "speaks against it, and none is no safety (`panakeia patient warnings` says what the graph has no source of)"
        if model.task.subject == PERSON
        else f"a {kind} that is {model.listed(False)} is a hypothesis: nobody may have looked at it, or it may have "
        "been judged not indicated; judged: what curators voted, where the graph has a source of such judgements, "
        "which the model has not seen"
    )
    if "low" in frame:
        told += ". low, high: where the score lies in 90% of draws of the training data anew"
    if "probability_low" in frame:
        told += "; probability_low, probability_high: the calibrated probabilities there; lift: probability over prior"
    note = f"known: {model.listed(True)}; {told}. Data: {model.summary()['data_version']}"
    return Table(f"{kind}s for {whom}", frame, (*more, note))
