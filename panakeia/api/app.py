"""App: the desk over HTTP: its verbs, its health, and around them who asks, how much, and what is written down."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import APIRouter, FastAPI

from panakeia.api.access.audit import Audit, AuditLog
from panakeia.api.access.authenticate import Gate
from panakeia.api.access.body import BodyLimit
from panakeia.api.access.headers import SecurityHeaders
from panakeia.api.access.home import audit_folder
from panakeia.api.access.hosts import HostCheck
from panakeia.api.batches import batch_routes
from panakeia.api.health import Counted, Counts, health_routes
from panakeia.api.jobs import job_routes
from panakeia.api.places import API
from panakeia.api.problems import Guard, tell_problems
from panakeia.api.schemas import openapi
from panakeia.api.verbs import verb_routes
from panakeia.assistants.http import make_mcp
from panakeia.desk.desk import Desk
from panakeia.desk.jobs.queue import Jobs, Quota
from panakeia.page.router import page
from panakeia.page.unanswered import for_browsers

THREADS = 100
"""Requests that are worked on at once, those that wait for a turn among them."""
_ABOUT = (
    "Drug repurposing on a knowledge graph, and digital twins for trial planning. A question is a URL: the same gives "
    "JSON, CSV, TSV or Parquet (`?format=`, or Accept), page by page with `limit`. What takes long is a job."
)


def make_app(desk: Desk, gate: Gate, quota: Quota | None = None, more: Sequence[tuple[str, APIRouter]] = ()) -> FastAPI:
    """Return the application of a desk and of a gate to it; `more` are routers of other faces, each with its path."""

    jobs = Jobs(desk.settings, quota)
    assistants = make_mcp(desk, gate, jobs)

    @asynccontextmanager
    async def lives(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        jobs.start()
        async with assistants.lifespan():
            yield
        jobs.stop()
        desk.close()

    from importlib.metadata import version

    app = FastAPI(
        title="Panakeia",
        version=version("panakeia"),
        description=_ABOUT,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
        lifespan=lives,
        redirect_slashes=False,
    )
    app.state.gate, app.state.desk, app.state.jobs = gate, desk, jobs
    counts = Counts()
    app.include_router(health_routes(desk, counts))
    app.include_router(verb_routes(desk, jobs))
    app.include_router(batch_routes(desk, jobs))
    app.include_router(job_routes(desk, jobs))
    app.include_router(page(desk, gate))
    for path, router in more:
        app.include_router(router, prefix=path)
    app.mount("/mcp", assistants.app)
    tell_problems(
        app, for_browsers(desk, gate, (API, "/mcp", "/healthz", "/readyz", "/metrics", *(path for path, _ in more)))
    )
    app.add_middleware(Guard)
    app.add_middleware(BodyLimit, most=gate.access.limits.body_bytes)
    app.add_middleware(HostCheck, access=gate.access)
    app.add_middleware(Counted, counts=counts)
    app.add_middleware(SecurityHeaders, encrypted=gate.access.encrypted)
    app.add_middleware(Audit, log=AuditLog(audit_folder(desk.settings.home)))
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]
    return app
