"""The commands about models themselves."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As, TopOption
from panakeia.verb import verb

app = typer.Typer(help="The models that were trained: list, compare, delete.", no_args_is_help=True)
predict_app = typer.Typer()

FolderArgument = Annotated[Path, As("kept"), typer.Argument(help="Folder of a trained model.", metavar="DIR")]


@verb(app, "models list", right="graph")
def models_list(
    session: Session,
    folder: Annotated[Path, As("kept"), typer.Argument(help="Where to look, three levels deep.", metavar="DIR")] = Path(
        "out"
    ),
) -> Answer:
    """List the models in a folder and those under it: task, seed, data, when it was trained, what was measured.

    Example: panakeia models list
    """
    return session.models_list(folder)


@verb(app, "models compare", right="graph")
def models_compare(session: Session, one: FolderArgument, other: FolderArgument) -> Answer:
    """Compare two models: settings, data and figures, where they differ.

    Example: panakeia models compare out/model out/model-binds
    """
    return session.models_compare(one, other)


@verb(app, "models delete", right="write")
def models_delete(session: Session, folder: FolderArgument) -> Answer:
    """Delete the model in a folder, with its card and evaluation; other files in the folder stay.

    Example: panakeia models delete out/model-old
    """
    return session.models_delete(folder)


@verb(predict_app, "predict", right="write", needs=("store", "model"), long=True)
def predict(
    session: Session,
    top: TopOption = 20,
    each: Annotated[
        bool, typer.Option("--each", help="So many for each disease (binds: drug), not of all pairs.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Put them into the store as predicted edges.")] = False,
) -> Answer:
    """Predict the best pairs that no source lists; with --write, put them into the store as predicted edges.

    They replace those of an earlier model, are marked as predicted, and are neither learned from nor walked along.

    Example: panakeia predict --write --top 20
    """
    return session.predict(top=top, each=each, write=write)
