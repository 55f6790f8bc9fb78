"""Every error that leaves the server: RFC 9457 problem+json for programs, one plain page for browsers.

Code below the routes raises what happened (a `TaktError`); which status that is, is decided here and nowhere
else. A problem says what was got, what was expected and what to do; an unforeseen error says nothing of its
inside to the caller and everything to the log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from features.errors import ContractError, NotEnoughHistory, SchemaMismatch, TaktError
from serving import cross_origin
from serving.errors import (
    AlreadySaid,
    BadAccount,
    BadCursor,
    BadRows,
    NoChampion,
    NoRun,
    NotAllowed,
    NothingToUndo,
    StoreUnusable,
    TooMany,
    Unknown,
)
from serving.problem import Problem

MEDIA_TYPE: Final = "application/problem+json"
MOST_ERRORS: Final = 20
"""A request with thousands of bad rows is answered with the first ones and the count."""

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_FORM_BYTES: Final = 64 * 1024
"""A form, or what is said about a call, is a few words."""

logger = logging.getLogger(__name__)


_KNOWN: Final[Mapping[type[TaktError], tuple[int, str]]] = {
    NoRun: (404, "no-run"),
    Unknown: (404, "unknown"),
    BadCursor: (400, "bad-cursor"),
    NoChampion: (503, "no-champion"),
    StoreUnusable: (503, "store-unusable"),
    AlreadySaid: (409, "already-said"),
    NothingToUndo: (409, "nothing-to-undo"),
    BadRows: (422, "bad-rows"),
    BadAccount: (409, "bad-account"),
    NotAllowed: (403, "not-allowed"),
    TooMany: (429, "too-many"),
    ContractError: (422, "contract"),
    SchemaMismatch: (409, "schema-mismatch"),
    NotEnoughHistory: (409, "not-enough-history"),
    TaktError: (422, "refused"),
}


def install(app: FastAPI) -> None:
    """Answer every error of this application in one shape."""
    app.add_exception_handler(TaktError, _takt)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _store)
    app.add_exception_handler(Exception, _unforeseen)


def status_of(error: TaktError) -> int:
    """Return the status that an error becomes."""
    return next(_KNOWN[c] for c in type(error).__mro__ if c in _KNOWN)[0]


def foreign(request: Request) -> Response | None:
    """Refuse a change that a page of another site asks for."""
    refused = cross_origin.refused(request)
    return (
        _answer(request, 403, "cross-site", detail=f"{request.method} {request.url.path}: {refused}.")
        if refused
        else None
    )


def too_large(request: Request) -> Response | None:
    """Refuse a body beyond `MOST_BYTES`, or of unknown length, before a byte of it is read."""
    length = request.headers.get("content-length", "")
    form = request.url.path == "/v1/feedback" or "form" in request.headers.get("content-type", "")
    most = MOST_FORM_BYTES if form else MOST_BYTES
    if request.method not in ("POST", "PUT", "PATCH") or (length.isdigit() and int(length) <= most):
        return None
    if not length.isdigit():
        return _answer(request, 411, "length-required", detail="Send the body with its Content-Length.")
    what = "a note may have 2,000 characters; nothing was recorded" if form else "send fewer prospects at a time"
    detail = f"The body has {length} bytes, at most {most} are taken; {what}."
    return _answer(request, 413, "too-large", detail=detail)


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` of a route that may answer with these problems, for OpenAPI."""
    return {s: {"model": Problem, "content": {MEDIA_TYPE: {}}} for s in statuses}


def _answer(
    request: Request, status: int, code: str, *, detail: str, errors: list[dict[str, Any]] | None = None
) -> Response:
    errors = errors or []
    problem = Problem(
        type=f"urn:problem-type:takt:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        errors=errors[:MOST_ERRORS],
        count=len(errors),
    )
    if _is_page(request):
        return request.app.state.pages.problem(request, problem)  # type: ignore[no-any-return]
    return JSONResponse(problem.model_dump(mode="json"), status, media_type=MEDIA_TYPE)


def _is_page(request: Request) -> bool:
    program = request.url.path.startswith(("/v1", "/healthz", "/readyz", "/openapi"))
    return not program and "text/html" in request.headers.get("accept", "")


def _takt(request: Request, error: Exception) -> Response:
    status, code = next(_KNOWN[c] for c in type(error).__mro__ if c in _KNOWN)
    rows = error.rows if isinstance(error, BadRows) else []
    answer = _answer(request, status, code, detail=str(error), errors=rows)
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


def _validation(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [{"where": ".".join(map(str, e["loc"])), "reason": e["msg"]} for e in found]
    detail = f"{len(errors)} thing(s) to correct; first: {errors[0]['where']}: {errors[0]['reason']}."
    return _answer(request, 422, "validation", detail=detail, errors=errors)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    answer = _answer(request, status, "http", detail=f"{request.method} {request.url.path}: {detail}.")
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def _store(request: Request, error: Exception) -> Response:
    logger.error("store unreadable", exc_info=error)
    detail = "The store cannot be read at this moment; try again. If it stays so, see the server's log."
    return _answer(request, 503, "store-unusable", detail=detail)


def _unforeseen(request: Request, error: Exception) -> Response:
    logger.error("unforeseen error at %s", request.url.path, exc_info=error)
    detail = "Something went wrong inside the server; its log has the details."
    return _answer(request, 500, "unforeseen", detail=detail)
