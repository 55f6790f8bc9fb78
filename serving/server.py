"""The server as a process."""

from __future__ import annotations

import gc
import socket
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

import uvicorn

from serving.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI


def run(settings: Settings) -> None:
    """Serve until interrupted; errors at start are the application's own (`StoreUnusable`)."""
    app = _assembled(settings)
    proxies = settings.trusted_proxies
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, log_level="info", server_header=False,
        proxy_headers=bool(proxies), forwarded_allow_ips=proxies or None,
    )  # fmt: skip
    with suppress(KeyboardInterrupt):  # who stops it by hand wants it to stop
        _Server(config).run()


def _assembled(settings: Settings) -> FastAPI:
    """Import and build the application while nothing is collected: a third of a start would be looking for garbage."""
    gc.disable()
    try:
        from serving.app import create_app

        app = create_app(settings)
        # what stands now stands until the end: the collector need not look at it again in the middle of a page
        gc.collect()
        gc.freeze()
        return app
    finally:
        gc.enable()


class _Server(uvicorn.Server):
    """Gets the champion ready once the server answers, so that the first one who asks for a score need not wait."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, then warm up beside it."""
        await super().startup(sockets)
        Thread(target=_warm, args=(self.config.app,), daemon=True).start()


def _warm(app: Any) -> None:
    from features.errors import TaktError
    from serving.routes.score_quick import quick

    try:
        quick(app.state.champions.current()).warm()
    except TaktError:
        # no champion yet, or an unusable one: whoever asks is told so
        return
