"""The command line: a skin on the Session's verbs."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from panakeia.beyond import computable
from panakeia.commands import serving
from panakeia.commands.every import app
from panakeia.options import DataOption, ModelOption, StoreOption
from panakeia.terminal import buffer_output, drop_output, print_error
from panakeia.verbs.held import MODEL, STORE

serving.join(app)


def main() -> None:
    """Run the command line; a user's mistake ends with its message and exit status 2, or, in debugging, where it is."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch's threads sleep while they wait: others may be at work
    buffer_output()
    try:
        _check_encoding(sys.argv[1:])
        with computable():
            app()
    except (ValueError, OSError) as failure:
        if os.environ.get("PANAKEIA_DEBUG", "0") not in ("", "0"):
            raise
        print_error(failure)
        drop_output()
        sys.exit(2)


@app.command("mcp")
def mcp(
    store: StoreOption = STORE,
    model: ModelOption = Path(MODEL),
    data: DataOption = None,
    role: Annotated[
        Literal["reader", "designer", "researcher", "clinician", "admin"],
        typer.Option(help="What the assistant may: reader and designer see no patients, admin alone changes data."),
    ] = "reader",
) -> None:
    """Serve the verbs to an assistant over standard input and output, by the Model Context Protocol.

    Example: panakeia mcp --role designer
    """
    from panakeia.assistants.stdio import serve
    from panakeia.desk.desk import DeskSettings

    serve(DeskSettings(store, model, data), role)


def _check_encoding(arguments: list[str]) -> None:
    """Raise `ValueError` for an argument that is not UTF-8: no node, file or URL could be found by it."""
    for place, argument in enumerate(arguments, start=1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = argument.encode(errors="surrogateescape")
            raise ValueError(f"argument {place} is not UTF-8: got the bytes {shown!r}, expected UTF-8 text") from None
