"""The board of readiness: a score per principle, and each finding with its evidence and the next action."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from serving.boards.board import Board

Severity = Literal["blocks", "weakens", "unknown", "good"]


class Finding(BaseModel):
    """One thing that was looked at; `title` says what should be true, `meant` what the severity means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    severity: Severity
    meant: str
    evidence: str
    next_action: str


class Principle(BaseModel):
    """One principle; `score` is 0 to 100, None where nothing could be judged; findings the worst first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    says: str
    score: int | None
    findings: tuple[Finding, ...]


class Readiness(Board):
    """All principles in their order, and what to do first: what blocks, then what weakens most."""

    principles: tuple[Principle, ...] = ()
    first: tuple[Finding, ...] = ()
