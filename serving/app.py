"""The server, assembled: settings in, application out. Real parts are chosen here and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from serving import metrics, problems
from serving.access import SignInNeeded, admit
from serving.access.gate import Gate
from serving.audited import Audited
from serving.champion import Champions
from serving.guard import Guard
from serving.pages import (
    definitions,
    experiments,
    exports,
    flow,
    model,
    offers,
    readiness,
    search,
    sign_in,
    stylesheet,
    taps,
    team,
    views,
    watch,
    where,
)  # fmt: skip
from serving.pages.banner import show
from serving.pages.kept_pages import KeptPages
from serving.pages.pages import STATIC, Pages
from serving.routes import about, call_list, feedback, health, manage, prospects, score, segments, why_not
from serving.routes.kept import KeptAnswers
from serving.settings import Settings
from serving.store.audit_log import AuditLog
from serving.store.engine import open_store
from serving.store.migrations import upgrade
from serving.store.news import News

COMPRESSION = 5  # half the time of the highest level, which makes a list 9 % smaller


def create_app(settings: Settings) -> FastAPI:
    """Build the application; the store is opened, and upgraded if need be, at once.

    Raises
    ------
    StoreUnusable
        The store cannot be opened or was written by a newer Takt.
    """
    engine = open_store(settings.store)
    upgrade(engine)
    news = News(engine)
    gate = Gate(settings, engine, news)
    log = AuditLog(engine, news)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        gate.close()
        log.close()
        news.close()
        engine.dispose()

    app = FastAPI(
        title="Takt",
        summary="Whom to call, when, with what offer, and why.",
        version=version("takt"),
        lifespan=lifespan,
        docs_url=None,  # Swagger's and ReDoc's pages load their scripts from elsewhere
        redoc_url=None,
    )
    app.state.settings, app.state.engine, app.state.gate = settings, engine, gate
    app.state.audit = log
    app.state.champions, app.state.pages = Champions(settings.champion), Pages()
    app.state.kept_pages, app.state.kept_answers = KeptPages(), KeptAnswers(news)
    _add_routes(app)
    problems.install(app)
    app.add_exception_handler(SignInNeeded, sign_in.ask)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=COMPRESSION)
    app.add_middleware(Audited, log=log)
    app.add_middleware(Guard)
    metrics.install(app, settings, engine)
    return app


API = (metrics, call_list, prospects, score, about, feedback, why_not, segments, manage)
ASKED = problems.described(401, 403, 429)
"""What may be answered to whoever asks for anything."""
PAGES = (exports, taps, search, offers, where, flow, experiments, team, model, definitions, readiness, watch, views)


def _add_routes(app: FastAPI) -> None:
    app.include_router(health.router)
    app.include_router(stylesheet.router)
    app.include_router(sign_in.router)
    for room in API:
        app.include_router(room.router, dependencies=[Depends(admit)], responses=ASKED)
    for page in PAGES:
        app.include_router(page.router, dependencies=[Depends(admit), Depends(show)])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
