"""The server as a process."""

from __future__ import annotations

import uvicorn

from serving.app import create_app
from serving.settings import Settings


def run(settings: Settings) -> None:
    """Serve until interrupted; errors at start are the application's own (`StoreUnusable`)."""
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="info", server_header=False)
