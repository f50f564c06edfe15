"""Every: all verbs, each in its group of commands, as the command line and the other faces offer them."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.commands import (
    adapting,
    cohorts,
    coverage,
    disclosure,
    dosefinding,
    doses,
    fairness,
    federated,
    fits,
    formats,
    genomes,
    graph,
    imaging,
    likeness,
    many,
    matrix,
    models,
    multiplicity,
    network,
    notes,
    operating,
    patients,
    planning,
    policies,
    response,
    risk,
    safety,
    series,
    studies,
    trials,
    twins,
    updates,
    walks,
)
from panakeia.options import As, SeedOption, SourceOption
from panakeia.verb import VERBS, Verb, print_text, verb

app = typer.Typer(
    help="Drug repurposing on a knowledge graph, and digital twins for trial planning.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(graph.app)
app.add_typer(walks.app)
app.add_typer(formats.app)
app.add_typer(network.app)
app.add_typer(matrix.app)
app.add_typer(models.predict_app)
app.add_typer(models.app, name="models")
app.add_typer(cohorts.app)
app.add_typer(genomes.app)
updates.join(twins.twin_app)
fits.join(twins.twin_app)
many.join(twins.twin_app)
doses.join(twins.twin_app)
policies.join(twins.twin_app)
app.add_typer(twins.twin_app, name="twin")
adapting.join(planning.design_app)
dosefinding.join(planning.design_app)
multiplicity.join(planning.design_app)
operating.join(trials.trial_app)
trials.trial_app.add_typer(planning.design_app, name="design")
app.add_typer(studies.app, name="study")
app.add_typer(trials.trial_app, name="trial")
coverage.join(patients.app)
disclosure.join(patients.app)
likeness.join(patients.app)
safety.join(patients.app)
app.add_typer(patients.app, name="patient")
app.add_typer(federated.app, name="federated")
app.add_typer(risk.app, name="risk")
app.add_typer(notes.app, name="notes")
fairness.join(app)
app.add_typer(imaging.app, name="imaging")
response.join(app)
app.add_typer(series.app, name="series")


@verb(
    app,
    "demo",
    right="write",
    needs=("data",),
    long=True,
    here="it makes a graph and a model of its own in a folder of this machine",
    show=print_text,
)
def demo(
    session: Session,
    out: Annotated[Path, As("out"), typer.Option(help="Folder for all that the demo makes.", metavar="DIR")] = Path(
        "out/demo"
    ),
    disease: Annotated[str, typer.Option(help="Disease to rank drugs for.")] = "coronary artery disease",
    source: SourceOption = None,
    seed: SeedOption = 0,
) -> Answer:
    """Run the main job end to end: build, train, rank, explain, import a patient, simulate, run a trial, report.

    Example: panakeia demo --disease "type 2 diabetes mellitus"
    """
    return session.demo(disease, sources=source or (), out=out, seed=seed)


EVERY: Mapping[str, Verb] = MappingProxyType(VERBS)
"""All verbs by name."""
