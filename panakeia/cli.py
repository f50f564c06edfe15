"""The command line: a skin on the Session's verbs."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

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
    models,
    multiplicity,
    network,
    notes,
    operating,
    patients,
    planning,
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
from panakeia.options import DataOption, SeedOption, SourceOption
from panakeia.terminal import buffer_output, drop_output, print_answer, print_error

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
app.add_typer(models.predict_app)
app.add_typer(models.app, name="models")
app.add_typer(cohorts.app)
app.add_typer(genomes.app)
updates.join(twins.twin_app)
fits.join(twins.twin_app)
many.join(twins.twin_app)
doses.join(twins.twin_app)
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


@app.command()
def demo(
    data: DataOption = None,
    out: Annotated[Path, typer.Option(help="Folder for all that the demo makes.", metavar="DIR")] = Path("out/demo"),
    disease: Annotated[str, typer.Option(help="Disease to rank drugs for.")] = "coronary artery disease",
    source: SourceOption = None,
    seed: SeedOption = 0,
) -> None:
    """Run the main job end to end: build, train, rank, explain, import a patient, simulate, run a trial, report.

    Example: panakeia demo --disease "type 2 diabetes mellitus"
    """
    print_answer(Session(data=data).demo(disease, sources=source or (), out=out, seed=seed), rows=False)


def main() -> None:
    """Run the command line; a user's mistake ends with its message and exit status 2, or, in debugging, where it is."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch's threads sleep while they wait: others may be at work
    buffer_output()
    try:
        _check_encoding(sys.argv[1:])
        app()
    except (ValueError, OSError) as failure:
        if os.environ.get("PANAKEIA_DEBUG", "0") not in ("", "0"):
            raise
        print_error(failure)
        drop_output()
        sys.exit(2)


def _check_encoding(arguments: list[str]) -> None:
    """Raise `ValueError` for an argument that is not UTF-8: no node, file or URL could be found by it."""
    for place, argument in enumerate(arguments, start=1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = argument.encode(errors="surrogateescape")
            raise ValueError(f"argument {place} is not UTF-8: got the bytes {shown!r}, expected UTF-8 text") from None
