"""The server, assembled: settings in, application out. Real parts are chosen here and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import Depends, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from serving import problems
from serving.access import SignInNeeded, allowed
from serving.champion import Champions
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
    where,
)  # fmt: skip
from serving.pages.pages import STATIC, Pages
from serving.routes import about, call_list, feedback, health, manage, prospects, score, segments, why_not
from serving.settings import Settings
from serving.store.engine import open_store
from serving.store.migrations import upgrade

GUARDS = {
    # names come from outside: a page may load and run our own files and nothing else, and be framed by nobody
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def create_app(settings: Settings) -> FastAPI:
    """Build the application; the store is opened, and upgraded if need be, at once.

    Raises
    ------
    StoreUnusable
        The store cannot be opened or was written by a newer Takt.
    """
    engine = open_store(settings.store)
    upgrade(engine)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        engine.dispose()

    app = FastAPI(
        title="Takt",
        summary="Whom to call, when, with what offer, and why.",
        version=version("takt"),
        lifespan=lifespan,
        docs_url=None,  # Swagger's and ReDoc's pages load their scripts from elsewhere
        redoc_url=None,
    )
    app.state.settings, app.state.engine = settings, engine
    app.state.champions, app.state.pages = Champions(settings.champion), Pages()
    _add_routes(app)
    problems.install(app)
    app.add_exception_handler(SignInNeeded, sign_in.ask)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.middleware("http")(_guard)
    return app


API = (call_list, prospects, score, about, feedback, why_not, segments, manage)
PAGES = (exports, taps, search, offers, where, flow, experiments, team, model, definitions, readiness, views)


def _add_routes(app: FastAPI) -> None:
    app.include_router(health.router)
    app.include_router(stylesheet.router)
    app.include_router(sign_in.router)
    for room in (*API, *PAGES):
        app.include_router(room.router, dependencies=[Depends(allowed)])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    refused = problems.foreign(request) or problems.too_large(request)
    response = refused if refused is not None else await call_next(request)
    response.headers.update(GUARDS)
    return response
