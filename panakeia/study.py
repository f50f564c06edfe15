"""The study: from a question to a report; the only module that knows all rooms."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import pandas as pd

from kg.build import Terms, build, default_sources
from kg.fetch import Fetch
from kg.graph import data_version
from kg.patients.imports import Imported, import_patients
from kg.progress import Progress, part, silent
from kg.search import Node, find
from kg.sources import starter
from kg.stores.opening import open_store
from kg.stores.protocol import Store
from kg.stores.releases import read_releases
from panakeia.report import Report, Section
from panakeia.sections import (
    candidate_named,
    candidate_sentence,
    candidates_section,
    evaluation_section,
    evaluation_sentence,
    explanation_section,
    graph_section,
    patient_section,
    trajectory_section,
)
from panakeia.trials.files import write_trial
from panakeia.trials.page import in_brief
from twin import library
from twin.chart import from_graph
from twin.dose.asked import Asked, Bounds
from twin.dose.schedule import Schedule
from twin.dose.search import find as find_dose
from twin.dose.subjects import of_cohort
from twin.dose.target import Target
from twin.patient import Cohort, PatientError
from twin.regimen import every
from twin.simulate import Trajectories, Variation, parse_times, simulate
from twin.trials.protocol import TrialDesign
from twin.trials.run import load as load_trial
from twin.trials.run import run as run_trial

TWIN_MODEL = "warfarin_hamberg2007"
STANDARD_MG = 5.0
"""The usual starting dose of racemic warfarin, mg a day (CPIC 2017, doi:10.1002/cpt.668)."""
TARGET_INR = 2.5
DOSES_MG = Bounds(low=0.5, high=15.0, step=0.5)
"""The daily doses to choose from, mg: half milligrams up to what the trial allows too."""
DAYS = 84
"""How long the patient's twin is dosed: the INR is then steady."""
HELD_OUT_IN = 5
"""The evaluation in the report is trained without one in so many pairs."""
NEW_SHOWN, KNOWN_SHOWN = 15, 5
"""How many candidates the report shows, and how many drugs that are in a source's list beside them as controls."""


@dataclass(frozen=True)
class Question:
    """What the main job is asked: drugs for which disease, from which data, into which folder.

    `data` is a mirror folder of public files; `sources` name those to build from (what `data`, the cache or the network
    has, where none is named). The seed is that of every step, the trial's too.
    """

    disease: str
    data: str | Path | None
    out: str | Path
    seed: int = 0
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chapter:
    """What one step of the study found: sentences, and the sections that bear them out."""

    findings: tuple[str, ...]
    sections: tuple[Section, ...]


def answer(question: Question, progress: Progress = silent) -> Report:
    """Build, train, rank, explain, import patients, simulate one, run a trial, and write `report.html`.

    All that it makes lies in `question.out`. Raises what the rooms raise for bad input.
    """
    started = time.monotonic()
    out = Path(question.out)
    store_path = out / "graph.lbdb"
    built = _build(question, store_path, part(progress, 0.0, 0.08, "build"))
    with open_store(store_path) as store:
        disease = find(store, question.disease, kind="Disease")
        data = data_version(read_releases(store))
        ranked = _rank(question, store, disease, part(progress, 0.08, 0.82, "rank"))
        simulated = _simulate(question, store, part(progress, 0.82, 0.88, "twin"))
        learned = _learn_from_patients(question, store, part(progress, 0.88, 0.95, "drugs for patients"))
    result = run_trial(_example_trial(question.seed), part(progress, 0.95, 1.0, "trial"))
    write_trial(result, out / "trial")
    tried = Chapter(
        tuple(f"Trial: {line.strip()}." for line in result.to_text().splitlines()[1:]),
        in_brief(result),
    )
    report = Report(
        title=f"Drugs for {disease.name}, and one patient and one trial of warfarin, in silico",
        findings=(*built.findings, *ranked.findings, *simulated.findings, learned, *tried.findings),
        sections=(*ranked.sections, *simulated.sections, *tried.sections, *built.sections),
        versions={
            "seed": str(question.seed),
            **result.versions,
            "data": data,
            "made in": f"{time.monotonic() - started:.0f} s",
        },
    )
    report.write(out / "report.html")
    progress(f"report written to {out / 'report.html'}", 1.0)
    return report


def _build(question: Question, store_path: Path, progress: Progress) -> Chapter:
    """Build the graph; the study's own store may hold the made-up patients of an earlier run."""
    fetch = Fetch(question.data)
    names = list(question.sources) or default_sources(fetch)
    audit = build(names, fetch, store_path, Terms(discard=True), progress=progress)
    kept = audit.to_frame()["kept"].sum()
    told = f"The graph was built from {', '.join(names)}{_why(question, names)}: {kept:,} rows became nodes and edges."
    return Chapter((told,), (graph_section(audit),))


def _rank(question: Question, store: Store, disease: Node, progress: Progress) -> Chapter:
    """Train, measure on held-out pairs, rank the drugs, and explain the candidate named and the first that is known."""
    from gnn import checkpoint, methods
    from gnn.evaluate import Protocol, evaluate
    from gnn.explain import explain
    from gnn.rank import rank
    from gnn.train import load_config, train

    graph, config = store.read(), load_config(None, seed=question.seed)
    model = train(graph, config, part(progress, 0.0, 0.46, "train"))
    learning = methods.model(config, part(progress, 0.46, 0.93, "evaluate on held-out pairs"))
    measured = evaluate(
        graph,
        methods.candidates_of(graph, config),
        config.about,
        {"model": learning, "degree prior": methods.baselines(config)["degree_prior"]},
        Protocol(folds=HELD_OUT_IN, trained=1, seed=config.seed),
    )
    checkpoint.save(model, Path(question.out) / "model")
    progress("explain", 0.95)
    ranked = rank(model, store, disease.id, top=model.trained[0])
    candidates, controls = ranked[~ranked["known"]].head(NEW_SHOWN), ranked[ranked["known"]].head(KNOWN_SHOWN)
    explained = pd.concat([candidate_named(candidates), controls.head(1)])
    return Chapter(
        (candidate_sentence(disease.name, candidates, model), evaluation_sentence(measured)),
        (
            candidates_section(disease.name, pd.concat([candidates, controls]), model),
            evaluation_section(measured, str(model.summary()["data_version"])),
            *(explanation_section(explain(model, store, drug, disease.id, top=6)) for drug in explained["drug"]),
        ),
    )


def _simulate(question: Question, store: Store, progress: Progress) -> Chapter:
    """Import the made-up patients, and simulate one of them on two doses."""
    imported, cohort = _import_patients(store, progress)
    courses = _courses(cohort, question.seed)
    return Chapter(
        tuple(
            f"{name}: day-{DAYS} INR of the patient's twin is {_last_inr(course)}." for name, course in courses.items()
        ),
        (patient_section(imported, cohort), trajectory_section(library.load(TWIN_MODEL), courses)),
    )


def _learn_from_patients(question: Question, store: Store, progress: Progress) -> str:
    """Train and keep the model that ranks drugs for a patient, beside the first; say of whom it learned."""
    from gnn.ask import save, train
    from gnn.config import load_config
    from gnn.folders import folder_for
    from gnn.task import BENEFITS

    progress("read the graph", 0.0)
    config = load_config(None, task=BENEFITS.name, seed=question.seed)
    model = train(store.read(), config, part(progress, 0.2, 1.0, "train"))
    save(model, folder_for(Path(question.out) / "model", BENEFITS.name))
    learned = model.summary()
    return (
        f"A second model ranks drugs for a patient. It learned of {learned['patients']} made-up patients, too few to be"
        " right of anybody: it shows how a ranking is read."
    )


def _why(question: Question, names: Sequence[str]) -> str:
    """Say why it was the starter graph, where nobody asked for it."""
    if question.sources or "hetionet" in names:
        return ""
    return ", since neither a mirror folder nor the cache nor the network had Hetionet"


def _import_patients(store: Store, progress: Progress) -> tuple[Imported, Cohort]:
    """Import the made-up patients; return what that did, and the first one who has what the twin needs."""
    imported = import_patients(starter.patient_bundles(), store, starter.PUBLIC_KEY, progress)
    model = library.load(TWIN_MODEL)
    for patient in imported.patients:
        try:
            found = from_graph(store, patient, model)
        except PatientError:
            continue
        if found.certain:
            return imported, found.cohort
    raise PatientError(f"none of the {len(imported.patients)} patients has what {TWIN_MODEL} needs")


def _courses(cohort: Cohort, seed: int) -> dict[str, Trajectories]:
    """Simulate a patient on the standard dose, and on the dose that the twin finds for the target INR."""
    model, times = library.load(TWIN_MODEL), parse_times(f"0:{DAYS}:1d")
    asked = Asked(Target("INR", TARGET_INR, TARGET_INR), Schedule(at_h=24.0 * DAYS), DOSES_MG)
    search = find_dose(of_cohort(model, cohort, None), asked)
    found, told = float(search.tried[0]), "nearest" if search.reasons else "dose"
    doses = {
        f"{STANDARD_MG:g} mg a day": STANDARD_MG,
        f"{found:g} mg a day, the twin's {told} for INR {TARGET_INR:g}": found,
    }
    return {
        name: simulate(model, cohort, every(dose, 24, DAYS), times, Variation(seed=seed))
        for name, dose in doses.items()
    }


def _last_inr(course: Trajectories) -> str:
    place = course.observables.index("INR")
    value, lower, upper = (array[0, place, -1] for array in (course.value, course.lower, course.upper))
    return f"{value:.2f} (90 % of such patients: {lower:.2f} to {upper:.2f})"


def _example_trial(seed: int) -> TrialDesign:
    """Return the packaged trial, with this seed in place of the file's."""
    with as_file(files("panakeia") / "examples" / "warfarin_trial.toml") as path:
        stated = load_trial(path)
    return stated.model_copy(update={"trial": stated.trial.model_copy(update={"seed": seed})})
