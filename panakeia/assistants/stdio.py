"""Standard input and output: one assistant on this machine, with the rights that whoever starts it gives."""

import anyio

from panakeia.api.access.roles import RIGHTS, Role
from panakeia.assistants.callers import Callers
from panakeia.assistants.server import make_server
from panakeia.desk.desk import Desk, DeskSettings


def serve(settings: DeskSettings, role: Role) -> None:
    """Serve an assistant until it closes standard input; standard output is the protocol's alone."""
    desk = Desk(settings)
    try:
        anyio.run(make_server(desk, Callers(lambda _: RIGHTS[role])).run_stdio_async)
    finally:
        desk.close()
