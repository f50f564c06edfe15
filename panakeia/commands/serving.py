"""Serving: the desk over HTTP, and the keys of those who may ask it; commands of this machine, no verbs."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.options import CsvOption, DataOption, JsonOption, ModelOption, StoreOption, whole
from panakeia.terminal import print_answer, print_note
from panakeia.verbs.held import MODEL, STORE

HomeOption = Annotated[
    Path | None,
    typer.Option(
        help="The desk's own folder: keys, settings, jobs, audit log.",
        metavar="DIR",
        envvar="PANAKEIA_HOME",
        show_default="the user's folder for state",
    ),
]
key_app = typer.Typer(help="Keys of those who may ask the desk.", no_args_is_help=True)


def _home(home: Path | None) -> Path:
    from panakeia.api.access.home import home_folder

    return home or home_folder()


def serve(
    host: Annotated[str, typer.Option(help="Where to listen; without keys, this machine alone.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", parser=whole(0, 65535))] = 8765,
    store: StoreOption = STORE,
    model: ModelOption = Path(MODEL),
    data: DataOption = None,
    home: HomeOption = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings of access; else desk.toml in the home.", metavar="FILE"),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help='The certificate, for transport = "tls".', metavar="FILE.pem")
    ] = None,
    certificate_key: Annotated[Path | None, typer.Option(help="Its key.", metavar="FILE.pem")] = None,
) -> None:
    """Serve the desk: every verb over HTTP, until Ctrl-C.

    Without a key or settings it listens on this machine alone, and prints a key that ends with it.

    Example: panakeia serve --port 8765
    """
    from panakeia.api.serving import Listening, serve_desk
    from panakeia.desk.desk import DeskSettings

    settings = DeskSettings(store, model, data, _home(home))
    serve_desk(settings, Listening(host, port, certificate, certificate_key), config, print_note)


@key_app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Whose key it is: a person, or a program.")],
    role: Annotated[str, typer.Option(help="What it may: reader, designer, researcher, clinician or admin.")],
    days: Annotated[int, typer.Option(help="How many days it opens.", parser=whole(1, 36500))] = 365,
    home: HomeOption = None,
) -> None:
    """Make a key, and print it this once.

    Example: panakeia key add "Trial planning" --role designer
    """
    from panakeia.api.access.keys import Keys

    keys = Keys.of(_home(home))
    made = keys.add(name, role, days)
    keys.close()
    print_note(
        f"the key of {made.key.name}, role {made.key.role}, opens until {made.key.expires}; it is shown this once:"
    )
    typer.echo(made.text)


@key_app.command("list")
def listed(home: HomeOption = None, as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """List the keys: whose, with which role, until when.

    Example: panakeia key list
    """
    from panakeia.api.access.keys import Keys
    from panakeia.api.access.listed import keys_table

    keys = Keys.of(_home(home))
    print_answer(keys_table(keys.all()), as_json=as_json, as_csv=as_csv)
    keys.close()


@key_app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="The key's name, or its number.")], home: HomeOption = None
) -> None:
    """Let a key open nothing any more, from the next request on.

    Example: panakeia key revoke "Trial planning"
    """
    from panakeia.api.access.keys import Keys

    keys = Keys.of(_home(home))
    print_note(f"the key of {keys.revoke(name).name} opens nothing any more")
    keys.close()


def join(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("serve")(serve)
    app.add_typer(key_app, name="key")
