"""Ask: a Session with every verb once, which all faces call; each answer is a frame, JSON and text.

The rooms are imported where a verb needs them: whoever asks for a path does not wait for torch.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kg.files.table import write_csv, write_tsv
from kg.files.text import create_text
from kg.output import refuse_inputs, require_file, require_folder, whole_file
from panakeia.answer import Paths, Table

if TYPE_CHECKING:
    import pandas as pd

    from gnn.checkpoint import Model
    from gnn.explain import Explanation
    from kg.audit import Audit
    from kg.patients.imports import Imported
    from kg.progress import Progress
    from kg.query import Shown
    from kg.stores.protocol import Store
    from panakeia.report import Report
    from twin.patient import Cohort
    from twin.protocol import TrialDesign
    from twin.regimen import Regimen
    from twin.result import TrialResult

STORE = "out/graph.lbdb"
MODEL = "out/model"
TWIN = "warfarin_hamberg2007"


class Session:
    """A graph, a trained model and a data mirror, and every verb that can be asked of them.

    `store` is a file or a server's URL, `model` a folder, `data` a mirror folder of public files; `progress` is told
    how far a long verb is (a bar is shown where none is given). Nothing is opened before it is needed. A node is given
    by name, synonym or CURIE. A verb raises what its room raises: `ValueError` or `OSError` with the cure.

    >>> from panakeia import Session
    >>> Session("out/graph.lbdb", "out/model")
    Session('out/graph.lbdb', 'out/model')
    """

    def __init__(
        self,
        store: str | Path = STORE,
        model: str | Path = MODEL,
        *,
        data: str | Path | None = None,
        progress: "Progress | None" = None,
    ) -> None:
        self.store, self.model = str(store), Path(model)
        self.data = None if data is None else Path(data)
        self._progress = progress
        self._opened: Store | None = None
        self._loaded: Model | None = None

    def __repr__(self) -> str:
        return f"Session({_without_login(self.store)!r}, {str(self.model)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store; the next verb opens it again."""
        if self._opened is not None:
            self._opened.__exit__()
            self._opened = None

    # The graph

    def build(
        self,
        sources: str | Sequence[str] = (),
        *,
        max_reject_share: float = 0.01,
        discard_patients: bool = False,
        allow_empty: bool = False,
    ) -> "Audit":
        """Build the graph from public files, and put it in place of what the store holds.

        Without `sources` it is Hetionet where the mirror, the cache or the network has it, else the starter graph. A
        store with imported patients, and one that would end without nodes or edges, stands unless that is allowed.
        """
        from kg.build import build, default_sources
        from kg.fetch import Fetch
        from kg.stores.opening import open_store

        self.close()
        with open_store(self.store, create=True):
            pass  # what cannot be opened is told before anything is fetched
        with self._telling() as progress:
            fetch = Fetch(self.data)
            return build(
                _names(sources) or default_sources(fetch),
                fetch,
                self.store,
                max_reject_share=max_reject_share,
                discard=discard_patients,
                allow_empty=allow_empty,
                progress=progress,
            )

    def info(self) -> Table:
        """Count the graph's nodes and edges, and name its sources."""
        import pandas as pd

        from kg.query import info

        found = info(self._graph())
        rows = [(what, name, count) for what in ("nodes", "edges") for name, count in found[what].items()]
        return Table(
            f"the graph in {_without_login(self.store)}",
            pd.DataFrame(rows, columns=["what", "name", "count"]),
            tuple(f"{r['name']} {r['version']} ({r['licence']}): {r['citation']}" for r in found["sources"]),
            found,
        )

    def search(self, text: str = "", *, kind: str | None = None, top: int = 20) -> Table:
        """Search nodes by a part of their name or synonyms; with a kind and no text, list the nodes of that kind."""
        from kg.search import search

        found = search(self._graph(), text, limit=top, kind=kind)
        what = f"nodes of kind {kind}" if kind else "nodes"
        matching = f" that match {text!r}" if text.strip() else ""
        cut = f"the first {len(found.nodes)} of {found.total:,}: ask for more with a higher top (--top)"
        return Table(what + matching, found.nodes, (cut,) if found.left_out else (), found.to_json())

    def show(self, node: str, *, kind: str | None = None) -> "Shown":
        """Show a node: its attributes, its edges by relation, and its first neighbours with their evidence."""
        from kg.query import show

        return show(self._graph(), node, kind)

    def paths(self, a: str, b: str, *, kinds: str | Sequence[str] = (), max_length: int = 4, top: int = 10) -> Paths:
        """Rank the paths between two nodes; paths through generic hubs come last.

        `kinds` tell which nodes are meant where a name or an identifier is that of several.
        """
        from kg.paths import paths

        found = paths(self._graph(), a, b, kinds=_names(kinds), max_length=max_length, top=top)
        return Paths(f"paths from {a} to {b}", tuple(found))

    # The network

    def train(self, *, task: str = "treats", seed: int | None = None, config: str | Path | None = None) -> Table:
        """Train the graph neural network on the graph, and write the session's model."""
        import pandas as pd

        from gnn import checkpoint
        from gnn.config import load_config

        settings = load_config(config, task=task, seed=seed)
        _check_output(checkpoint.model_file(self.model), config, self.store)
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

    def rank(self, disease: str, *, top: int = 20, new_only: bool = False) -> Table:
        """Rank the drugs for a disease: score, degree prior, lift over it, and whether the source lists the pair.

        With `new_only`, drugs that the model's source lists for the disease are left out.
        """
        from gnn.rank import rank
        from kg.search import find

        found = find(self._graph(), disease, kind="Disease")
        model = self._network()
        candidates = rank(model, self._graph(), found.id, top=top, new_only=new_only)
        note = (
            f"known: {model.listed(True)}. A drug that is {model.listed(False)} is a hypothesis: nobody may have "
            f"looked at it, or it may have been judged not indicated. Data: {model.summary()['data_version']}"
        )
        return Table(f"drugs for {found.name} ({found.id})", candidates, (note,))

    def explain(self, drug: str, disease: str, *, top: int = 10) -> "Explanation":
        """Explain a drug for a disease by the parts of its score and the best evidence paths between the two."""
        from gnn.explain import explain

        return explain(self._network(), self._graph(), drug, disease, top=top)

    def score(self, pairs: "str | Path | pd.DataFrame", *, out: str | Path | None = None) -> Table:
        """Score pairs of a drug and a disease: the same rows, with score, prior and known; into a TSV with `out`."""
        from gnn import checkpoint
        from gnn.rank import read_pairs, score

        if out is not None:
            _check_output(out, pairs, self.store, checkpoint.model_file(self.model))
        asked = read_pairs(pairs) if isinstance(pairs, str | Path) else pairs
        origin = pairs if isinstance(pairs, str | Path) else "the pairs"
        scored = score(self._network(), self._graph(), asked, origin)
        if out is not None:
            with whole_file(out) as part, create_text(part, out) as file:
                write_tsv(scored, file)
        return Table(f"{len(scored)} pairs scored{_into(out)}", scored)

    # Patients and their twins

    def patient_import(
        self, paths: str | Path | Sequence[str | Path], *, key: bytes | None = None, key_file: str | Path | None = None
    ) -> "Imported":
        """Import patients from FHIR R4 bundles, or folders of them, under keyed pseudonyms.

        Without `key` it is read from `key_file`, else from PANAKEIA_KEY.
        """
        from kg.patients.deidentify import load_key
        from kg.patients.imports import import_patients

        given = [paths] if isinstance(paths, str | Path) else list(paths)
        refuse_inputs(self.store, [key_file, *(path for path in given if not Path(path).is_dir())])
        secret = key or load_key(key_file)
        with self._telling() as progress:
            return import_patients(given, self._graph(), secret, progress)

    def twin_simulate(
        self,
        regimen: "str | Path | Regimen",
        *,
        cohort: "str | Path | Cohort | None" = None,
        patient: str | None = None,
        times: str = "0:84:1d",
        model: str = TWIN,
        seed: int | None = 0,
        out: str | Path | None = None,
    ) -> Table:
        """Simulate each patient's trajectory under a regimen, with an interval; into a CSV with `out`.

        The patients are a cohort (a CSV file, or made in Python), or one patient of the graph by pseudonym;
        without a seed, each is simulated as the typical patient, all variability switched off.
        """
        from twin import library
        from twin.patient import from_graph, read_cohort
        from twin.regimen import read_regimen
        from twin.simulate import Variation, parse_times, simulate

        if (cohort is None) == (patient is None):
            raise ValueError("give either a cohort (--cohort COHORT.csv) or a patient of the graph (--patient ID)")
        if out is not None:
            _check_output(out, regimen, cohort, self.store)
        twin = library.load(model)
        doses = read_regimen(regimen) if isinstance(regimen, str | Path) else regimen
        moments = parse_times(times)
        if cohort is None:
            people = from_graph(self._graph(), str(patient), twin)
        else:
            people = read_cohort(cohort, twin) if isinstance(cohort, str | Path) else cohort
        with self._telling() as progress:
            found = simulate(twin, people, doses, moments, None if seed is None else Variation(seed=seed), progress)
        if out is not None:
            with whole_file(out) as part, create_text(part, out) as file:
                write_csv(found.to_frame(), file)
        failed = (f"patient {who} could not be simulated: {why}" for who, why in found.failures.items())
        title = f"{model}: trajectories, patients: {len(found.ids)}{_into(out)}"
        return Table(title, found.to_frame(), (found.basis, *failed))

    def trial_run(self, design: "str | Path | TrialDesign", *, out: str | Path | None = None) -> "TrialResult":
        """Simulate a trial, from its TOML file or as designed in Python.

        With `out`, its result, its subjects and a report are written into a folder.
        """
        from panakeia.study import TRIAL_FILES, write_trial
        from twin import trial

        if out is not None:
            for name in TRIAL_FILES:
                _check_output(Path(out) / name, design)
        checked = trial.load(design) if isinstance(design, str | Path) else design
        with self._telling() as progress:
            result = trial.run(checked, progress)
        if out is not None:
            write_trial(result, out)
        return result

    def demo(
        self,
        disease: str = "coronary artery disease",
        *,
        sources: str | Sequence[str] = (),
        out: str | Path = "out/demo",
        seed: int = 0,
    ) -> "Report":
        """Run the main job end to end: build, train, rank, explain, import a patient, simulate, run a trial, report.

        It makes a graph and a model of its own, in `out`.
        """
        from panakeia.study import Question, answer

        require_folder(out)

        with self._telling() as progress:
            asked = Question(disease=disease, data=self.data, out=out, seed=seed, sources=tuple(_names(sources)))
            return answer(asked, progress)

    def _graph(self) -> "Store":
        """Return the session's store, opened."""
        if self._opened is None:
            from kg.stores.opening import open_store

            self._opened = open_store(self.store).__enter__()
        return self._opened

    def _network(self) -> "Model":
        """Return the session's model, loaded."""
        if self._loaded is None:
            from gnn import checkpoint

            self._loaded = checkpoint.load(self.model)
        return self._loaded

    @contextmanager
    def _telling(self) -> "Iterator[Progress]":
        """Yield whom to tell how far a verb is: whoever was given, else a bar."""
        if self._progress is not None:
            yield self._progress
            return
        from panakeia.terminal import progress_bar

        with progress_bar() as progress:
            yield progress


def _names(given: str | Sequence[str]) -> list[str]:
    """Return one name, or several, as a list."""
    return [given] if isinstance(given, str) else list(given)


def _check_output(out: str | Path, *inputs: object) -> None:
    """Raise `OutputError`, before the work, where a file cannot be written or is one of the inputs."""
    require_file(out)
    refuse_inputs(out, [given for given in inputs if isinstance(given, str | Path)])


def _without_login(store: str) -> str:
    """Return a store's URL without user and password, a file as it is."""
    scheme, separator, rest = store.partition("://")
    return scheme + separator + rest.rpartition("@")[2] if separator else store


def _into(out: str | Path | None) -> str:
    return "" if out is None else f", written into {out}"
