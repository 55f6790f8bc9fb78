"""The peer of the list page: a FastAPI route that returns the same bytes from memory, compressed in the same way."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response
from starlette.middleware.gzip import GZipMiddleware


def bare(page: bytes, kind: str = "text/html") -> FastAPI:
    """Return an application with one page."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(GZipMiddleware, minimum_size=1000)

    @app.get("/")
    def shown() -> Response:
        return Response(page, media_type=kind)

    return app


if __name__ == "__main__":
    app = bare(Path(sys.argv[1]).read_bytes(), *sys.argv[3:])
    uvicorn.run(app, port=int(sys.argv[2]), log_level="info")
