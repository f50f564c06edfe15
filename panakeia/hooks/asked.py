"""Asked: one call of a hook, read strictly: no null but in prefetch, the hook's own context, and what it orders."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from panakeia.hooks.problem import HookProblem

SERVICES = {"panakeia-order-select": "order-select", "panakeia-order-sign": "order-sign"}
"""The services: id -> hook."""
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """A call: the hook, whose chart it is, the drafts of orders, those selected (None: all), and what was prefetched.

    A key of `prefetch` with None is one for which the client has no data; `token` opens the FHIR server, if any.
    """

    hook: str
    patient: str
    drafts: tuple[Json, ...]
    selected: frozenset[str] | None
    prefetch: Json
    server: str | None
    token: str | None


def read_call(service: str, body: Any) -> Asked:
    """Return what a service is asked; raises `HookProblem` with 400 for what the specification does not allow."""
    if not isinstance(body, Mapping):
        raise HookProblem(400, "the body is no JSON object: expected a call of CDS Hooks 2.0")
    _refuse_nulls({name: value for name, value in body.items() if name != "prefetch"}, "")
    if body.get("hook") != SERVICES[service]:
        raise HookProblem(400, f"hook is not the one of this service: expected {SERVICES[service]!r}")
    _require_uuid(_text(body, "hookInstance"))
    context = body.get("context")
    if not isinstance(context, Mapping):
        raise HookProblem(400, "context is missing: expected an object with userId, patientId and draftOrders")
    _text(context, "userId", "context.")
    patient = _text(context, "patientId", "context.")
    drafts = _drafts(context)
    prefetch = body.get("prefetch", {})
    if not isinstance(prefetch, Mapping):
        raise HookProblem(400, "prefetch is no object: leave it out where nothing was prefetched")
    server = _text(body, "fhirServer") if "fhirServer" in body else None
    hook = SERVICES[service]
    return Asked(hook, patient, drafts, _selected(context, hook), prefetch, server, _token(body, server))


def _drafts(context: Json) -> tuple[Json, ...]:
    bundle = context.get("draftOrders")
    if not isinstance(bundle, Mapping) or bundle.get("resourceType") != "Bundle":
        raise HookProblem(400, "context.draftOrders is no Bundle: expected the orders that are not signed yet")
    entries = bundle.get("entry", [])
    found = [one.get("resource") for one in entries if isinstance(one, Mapping)] if isinstance(entries, list) else None
    if found is None or not all(isinstance(one, Mapping) for one in found) or len(found) != len(entries):
        raise HookProblem(400, "context.draftOrders.entry holds what is no entry with a resource")
    return tuple(one for one in found if isinstance(one, Mapping))


def _selected(context: Json, hook: str) -> frozenset[str] | None:
    if hook != "order-select":
        return None
    given = context.get("selections")
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise HookProblem(400, "context.selections is missing: expected the references of the orders just selected")
    return frozenset(given)


def _token(body: Json, server: str | None) -> str | None:
    given = body.get("fhirAuthorization")
    if given is None:
        return None
    if not isinstance(given, Mapping) or server is None or given.get("token_type") != "Bearer":
        raise HookProblem(400, "fhirAuthorization is not understood: expected token_type Bearer, and a fhirServer")
    return _text(given, "access_token", "fhirAuthorization.")


def _text(of: Json, name: str, path: str = "") -> str:
    value = of.get(name)
    if not isinstance(value, str) or not value.strip():
        raise HookProblem(400, f"{path}{name} is missing or no text")
    return value


def _require_uuid(text: str) -> None:
    try:
        UUID(text)
    except ValueError:
        raise HookProblem(400, "hookInstance is no UUID") from None


def _refuse_nulls(value: Any, path: str) -> None:
    if value is None:
        raise HookProblem(400, f"{path} is null: leave out what has no value")
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        _refuse_nulls(inner, f"{path}.{name}".removeprefix("."))
