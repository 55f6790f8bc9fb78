"""The one shape in which errors leave the server (RFC 9457)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class Problem(BaseModel):
    """An error as RFC 9457 has it; `errors` lists the fields or rows to correct, the first 20 of `count`."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, Any]] = []
    count: int = 0
