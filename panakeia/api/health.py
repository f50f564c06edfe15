"""Health: whether the desk lives, whether it can answer, and its counts for a monitor."""

import time
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from panakeia.api.access.refusal import Unavailable
from panakeia.api.callers import admitted
from panakeia.api.schemas import responses
from panakeia.desk.desk import Desk

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


class Counts:
    """What is counted of requests: by route as it is written in the program, never by what a client puts in it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        of = ("route", "method")
        self.requests = Counter("panakeia_requests", "Requests answered", [*of, "status"], registry=self.registry)
        self.seconds = Histogram(
            "panakeia_request_seconds", "Time to an answer", of, buckets=_SECONDS, registry=self.registry
        )
        self.now = Gauge("panakeia_requests_in_progress", "Requests being answered", registry=self.registry)


@dataclass(frozen=True)
class Counted:
    """A middleware that counts requests."""

    app: ASGIApp
    counts: Counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self.counts.now.track_inprogress():
            try:
                await self.app(scope, receive, seen)
            finally:
                route = getattr(scope.get("route"), "path", "") or "none"
                method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "DELETE") else "other"
                self.counts.requests.labels(route, method, str(status)).inc()
                self.counts.seconds.labels(route, method).observe(time.perf_counter() - begun)


def health_routes(desk: Desk, counts: Counts) -> APIRouter:
    """Return the routes; whether it lives and is ready is told to everybody, the counts to those who have a key."""
    routes = APIRouter(tags=["health"])
    free: dict[str, Any] = {"security": []}

    @routes.get("/healthz", summary="Whether the desk lives", openapi_extra=free, responses=responses({"json"}))
    async def alive() -> Response:
        return JSONResponse({"status": "ok"})

    @routes.get(
        "/readyz", summary="Whether the desk can answer", openapi_extra=free, responses=responses({"json"}, 503)
    )
    async def ready() -> Response:
        if not desk.warmth.ready and (doing := desk.warmth.doing):
            raise Unavailable(f"the desk gets ready ({doing}): it answers, but slowly; ask again in some seconds")
        try:
            version = await run_in_threadpool(desk.version)
        except (ValueError, OSError) as failure:
            raise Unavailable(
                "the graph cannot be read: look whether its store is where the desk expects it"
            ) from failure
        return JSONResponse({"status": "ready", "version": version})

    told = responses((), 401, 429)
    told[200]["content"] = {CONTENT_TYPE_LATEST.partition(";")[0]: {"schema": {"type": "string"}}}

    @routes.get("/metrics", summary="Counts and times, as Prometheus reads them", responses=told)
    async def metrics(request: Request) -> Response:
        await run_in_threadpool(admitted, request)
        return Response(generate_latest(counts.registry), media_type=CONTENT_TYPE_LATEST)

    return routes
