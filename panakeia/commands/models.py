"""The commands about models themselves."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.ask import Session
from panakeia.options import JsonOption, ModelOption, StoreOption, TopOption
from panakeia.terminal import print_answer
from panakeia.verbs.held import MODEL, STORE

app = typer.Typer(help="The models that were trained: list, compare, delete.", no_args_is_help=True)
predict_app = typer.Typer()

FolderArgument = Annotated[Path, typer.Argument(help="Folder of a trained model.", metavar="DIR")]


@app.command("list")
def list_models(
    folder: Annotated[Path, typer.Argument(help="Where to look, three levels deep.", metavar="DIR")] = Path("out"),
    as_json: JsonOption = False,
) -> None:
    """List the models in a folder and those under it: task, seed, data, when it was trained, what was measured.

    Example: panakeia models list
    """
    print_answer(Session().models_list(folder), as_json=as_json)


@app.command()
def compare(one: FolderArgument, other: FolderArgument, as_json: JsonOption = False) -> None:
    """Compare two models: settings, data and figures, where they differ.

    Example: panakeia models compare out/model out/model-binds
    """
    print_answer(Session().models_compare(one, other), as_json=as_json)


@app.command()
def delete(folder: FolderArgument) -> None:
    """Delete the model in a folder, with its card and evaluation; other files in the folder stay.

    Example: panakeia models delete out/model-old
    """
    print_answer(Session().models_delete(folder))


@predict_app.command()
def predict(
    store: StoreOption = STORE,
    model: ModelOption = Path(MODEL),
    top: TopOption = 20,
    each: Annotated[
        bool, typer.Option("--each", help="So many for each disease (binds: drug), not of all pairs.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Put them into the store as predicted edges.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Predict the best pairs that no source lists; with --write, put them into the store as predicted edges.

    They replace those of an earlier model, are marked as predicted, and are neither learned from nor walked along.

    Example: panakeia predict --write --top 20
    """
    with Session(store, model) as session:
        print_answer(session.predict(top=top, each=each, write=write), as_json=as_json)
