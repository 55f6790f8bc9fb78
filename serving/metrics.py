"""`/metrics` for Prometheus: how the server answers, how old the list is, how long the last runs' stages took.

Labels are routes as they are declared (`/prospects/{prospect_id}`), methods, statuses, commands and stages: nothing of
a person, no name and no id.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import NoRun
from serving.settings import Settings
from serving.stage_times import last_runs
from serving.store import queries
from serving.store.engine import reachable, reading

router = APIRouter(tags=["health"])
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
NOWHERE: Final = "none"
"""The route of a request that no route takes: its path may hold anything, and every one would be a series."""


class Metrics:
    """The figures of one application; two applications in one process have their own."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.registry = CollectorRegistry()
        labels = ("route", "method", "status")
        self.requests = Counter("takt_http_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "takt_http_request_seconds", "From the first byte in to the last byte out.", ("route",),
            registry=self.registry, buckets=SECONDS,
        )  # fmt: skip
        self.registry.register(Published(engine))
        self.registry.register(Stages(settings))

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answer."""
        declared = getattr(scope.get("route"), "path", "").replace(":path", "")
        route = declared or scope.get("root_path") or NOWHERE  # mounted files have a root and no route
        self.requests.labels(route, scope["method"], str(status)).inc()
        self.seconds.labels(route).observe(seconds)


class Measured:
    """Counts every answer and how long it took."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, start = 500, time.perf_counter()

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, seen)
        finally:
            self.metrics.note(scope, status, time.perf_counter() - start)


class Published(Collector):
    """The latest list, looked up when somebody asks."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def collect(self) -> Iterator[Any]:
        """Yield whether the store answers, and of the latest list its age and its calls."""
        down = reachable(self.engine)
        yield GaugeMetricFamily("takt_store_up", "1 where the serving store answers.", value=0 if down else 1)
        if down:
            return
        with reading(self.engine) as store:
            try:
                run = queries.find_run(store)
            except NoRun:
                return
            calls = sum(owner.calls for owner in queries.owners(store, run))
        age = (dt.datetime.now(dt.UTC) - run.as_of).total_seconds()
        yield GaugeMetricFamily("takt_list_age_seconds", "Since the moment that the latest list looks at.", age)
        yield GaugeMetricFamily("takt_list_calls", "Calls on the latest list.", calls)


class Stages(Collector):
    """The stages of the last run of each command, as the pipelines noted them in the home."""

    def __init__(self, settings: Settings) -> None:
        self.home = settings.home

    def collect(self) -> Iterator[Any]:
        """Yield seconds, rows and bytes by command and stage; of stages of one name the sum."""
        labels = ("command", "stage")
        figures = {
            "seconds": GaugeMetricFamily("takt_stage_seconds", "Of the last run, by the clock.", labels=labels),
            "rows": GaugeMetricFamily("takt_stage_rows", "Rows that came of it.", labels=labels),
            "read": GaugeMetricFamily("takt_stage_read_bytes", "Read, caches included.", labels=labels),
            "written": GaugeMetricFamily("takt_stage_written_bytes", "Written.", labels=labels),
        }
        for command, stages in last_runs(self.home).items():
            for name in dict.fromkeys(s.stage for s in stages):
                mine = [s for s in stages if s.stage == name]
                for figure, family in figures.items():
                    known = [v for s in mine if (v := getattr(s, figure)) is not None]
                    if known:
                        family.add_metric((command, name), sum(known))
        yield from figures.values()


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Return the figures in Prometheus' text format."""
    told: Metrics = request.app.state.metrics
    return Response(generate_latest(told.registry), media_type=CONTENT_TYPE_LATEST)


def install(app: FastAPI, settings: Settings, engine: Engine) -> None:
    """Count the answers of an application from now on."""
    app.state.metrics = Metrics(settings, engine)
    app.add_middleware(Measured, metrics=app.state.metrics)
