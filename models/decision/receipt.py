"""What was said about a prospect, on what grounds, under which versions: one receipt per score.

A receipt's id is the hash of its content, so the same facts, bundle and definitions give the same id, and a
changed receipt betrays itself.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import pandas as pd

from models.bundle import Bundle
from models.decision.errors import DecisionError
from models.decision.reasons import NO_REASONS, Reason

GRADES: Final = (("A", math.log(2)), ("B", 0.0), ("C", -math.log(2)))
"""Grade and the smallest log odds ratio to the base rate that earns it; below all of them is D.

Odds against the base rate, not rank on the day: an A means the same on a good and on a bad Monday. At a base rate
of 10 % (odds 1 : 9) an A begins at 18 % and a D ends at 5 %; at 63 % an A begins at 77 %.
"""


@dataclass(frozen=True)
class Versions:
    """Everything a score depends on besides the facts of its prospect; `data_version` is of the facts scored."""

    bundle: str
    model: str
    definitions: str
    catalog: str
    data: str

    @classmethod
    def of(cls, bundle: Bundle, *, model: str, data: str) -> Versions:
        """Read the bundle's own versions; `model` is the registry's name of it, `data` the lake's version today."""
        return cls(bundle.fingerprint, model, bundle.definitions_hash, bundle.catalog_hash, data)


@dataclass(frozen=True)
class Receipt:
    """One prospect's score with its grounds.

    Attributes
    ----------
    receipt_id : str
        First 20 hex digits of the SHA-256 of everything else, as canonical JSON.
    as_of : str
        ISO 8601, UTC.
    chance, low, high, margin : float or None
        None where there is no such number (unscored); never 0 in its place.
    grade : str or None
        See `GRADES`; None without a chance.
    note : str
        Why there is no chance, or no reason; else empty.
    """

    receipt_id: str
    prospect_id: str
    as_of: str
    state: str
    chance: float | None
    low: float | None
    high: float | None
    like_n: int | None
    like_won: int | None
    margin: float | None
    grade: str | None
    reasons: tuple[Reason, ...]
    note: str
    versions: Versions

    def content(self) -> dict[str, Any]:
        """Return everything but the id, as plain values."""
        told = {"reasons": tuple(r.to_dict() for r in self.reasons), "versions": vars(self.versions).copy()}
        return {name: value for name, value in vars(self).items() if name != "receipt_id"} | told

    def is_genuine(self) -> bool:
        """Answer whether the id still fits the content."""
        return self.receipt_id == _id(self.content())


def receipts(
    scores: pd.DataFrame, reasons: Sequence[tuple[Reason, ...]], *, versions: Versions, base_rate: float
) -> list[Receipt]:
    """Write the receipt of each score, in the order given.

    Parameters
    ----------
    scores : DataFrame, shape (n, 10)
        As `models.decision.score.score` returns them.
    reasons : sequence of tuple of Reason, length n
        Those of a row without a chance are left away: they would explain nothing that was said.
    versions : Versions
    base_rate : float
        The bundle's, for the grade; NaN where none was measured.

    Raises
    ------
    DecisionError
        Scores and reasons differ in length.
    """
    if len(scores) != len(reasons):
        raise DecisionError(f"{len(scores)} scores but reasons for {len(reasons)}; expected one each.")
    rows = scores.to_dict("records")
    return [_receipt(row, why, versions, base_rate) for row, why in zip(rows, reasons, strict=True)]


def as_frame(given: Sequence[Receipt]) -> pd.DataFrame:
    """Return receipts as a table, one row each; `reasons` holds lists of dicts, `versions` is spread out."""
    rows = []
    for receipt in given:
        row = asdict(receipt)
        row["reasons"] = [reason.to_dict() for reason in receipt.reasons]
        rows.append(row | {f"{name}_version": text for name, text in row.pop("versions").items()})
    return pd.DataFrame(rows)


def grade(chance: float | None, base_rate: float) -> str | None:
    """Return A to D by the odds of the chance against those of the base rate; None without a chance."""
    if chance is None or not 0 < base_rate < 1:
        return None
    ratio = _log_odds(chance) - _log_odds(base_rate)
    return next((name for name, least in GRADES if ratio >= least), "D")


def told(row: Mapping[Any, Any], why: tuple[Reason, ...], *, base_rate: float) -> dict[str, Any]:
    """Return what a receipt says of a score: state, numbers, counts, grade, reasons and note; see `Receipt`.

    Parameters
    ----------
    row : mapping
        A row of `models.decision.score.score`.
    why : tuple of Reason
        Left away where there is no chance.
    base_rate : float
        The bundle's, for the grade.
    """
    numbers = {name: _number(row[name]) for name in ("chance", "low", "high", "margin")}
    counts = {name: None if pd.isna(row[name]) else int(row[name]) for name in ("like_n", "like_won")}
    reasons = () if numbers["chance"] is None else why
    return {
        "state": str(row["state"]),
        "grade": grade(numbers["chance"], base_rate),
        "reasons": reasons,
        "note": str(row["reason"]) or ("" if reasons else NO_REASONS),
        **numbers,
        **counts,
    }


def _receipt(row: dict[Any, Any], why: tuple[Reason, ...], versions: Versions, base_rate: float) -> Receipt:
    whose = {"prospect_id": str(row["prospect_id"]), "as_of": row["as_of"].isoformat(), "versions": versions}
    draft = Receipt(receipt_id="", **whose, **told(row, why, base_rate=base_rate))
    return replace(draft, receipt_id=_id(draft.content()))


def _id(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _log_odds(chance: float) -> float:
    return math.log(chance) - math.log1p(-chance)
