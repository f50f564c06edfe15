"""Callers: who asks this request, known before anything of it is looked at, and what they have left."""

from starlette.requests import Request

from panakeia.api.access.audit import note_caller
from panakeia.api.access.authenticate import Gate, Presented, authenticate
from panakeia.api.access.roles import RIGHTS, Caller
from panakeia.verb import Right


def admitted(request: Request, cost: int = 1) -> Caller:
    """Return who asks; call it in a thread. Raises what `authenticate` and `Gate.admit` raise."""
    gate: Gate = request.app.state.gate
    client = request.client.host if request.client else ""
    caller = authenticate(gate, Presented(request.headers, request.cookies, client, request.method))
    note_caller(request.scope, caller)
    request.state.left = gate.admit(caller, cost).headers()
    return caller


def rights_of(caller: Caller) -> frozenset[Right]:
    """Return what a caller may."""
    return RIGHTS[caller.role]
