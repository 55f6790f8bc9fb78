"""The server as a process."""

from __future__ import annotations

import gc

import uvicorn

from serving.app import create_app
from serving.settings import Settings


def run(settings: Settings) -> None:
    """Serve until interrupted; errors at start are the application's own (`StoreUnusable`)."""
    app = create_app(settings)
    # what stands now stands until the end: the collector need not look at it again in the middle of a page
    gc.collect()
    gc.freeze()
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="info", server_header=False)
