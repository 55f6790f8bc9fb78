"""The rows of a table without times: how many, in which order, and whether the share of wins moves along them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from features.readiness.assessment import Finding, judge, unknown
from features.readiness.columns import Floats, as_numbers
from features.readiness.drift import drift
from features.readiness.given import listed

_DATE: Final = r"\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(?:[T ]\d{1,2}:\d{2}.*)?\s*"
MOSTLY: Final = 0.9
NO_FORECAST: Final = (
    "A forward test is impossible: nobody can say which row came first, nor what was known when. Any figure from a "
    "random split is not a forecast: it uses later rows to tell earlier ones."
)
BY_POSITION: Final = (
    "The rows are in the order of time, so a forward test by position is possible: learn from the first rows, judge on "
    "the last. It has no horizon (won by when?), and nothing tells when a value became known. Any figure from a random "
    "split is not a forecast."
)


def findings(frame: pd.DataFrame, won: Floats, *, ordered: bool, rungs: Mapping[str, int]) -> list[Finding]:
    """Look at times, wins, the base rate and doubles; the frame without target and ids."""
    return [_times(frame, ordered), _wins(won, rungs), _base_rate(won, ordered), _doubles(frame)]


def _times(frame: pd.DataFrame, ordered: bool) -> Finding:
    dates = [str(name) for name in frame.columns if _looks_like_dates(frame[name])]
    title, size = "Times", f"{len(frame):,} rows and {frame.shape[1]} columns"
    if dates:
        return judge(
            "time", title, met=0.5,
            evidence=f"{size}; {listed(dates)} look like dates, but nothing says of what.",
            action="Map this table as a source: the date of creation to created_at, that of the outcome to outcomes.",
        )  # fmt: skip
    return judge(
        "time", title, met=0.5 if ordered else 0.0, blocks=not ordered,
        evidence=f"No times: {size}, none of them a time. {BY_POSITION if ordered else NO_FORECAST}",
        action="Export for each row when it was created, when its outcome was known, and when each field was filled.",
    )  # fmt: skip


def _looks_like_dates(column: pd.Series) -> bool:
    if pd.api.types.is_datetime64_any_dtype(column):
        return True
    text = column.dropna().drop_duplicates().astype("str")
    if text.empty or as_numbers(text) is not None:
        return False
    return bool(text.str.fullmatch(_DATE).mean() >= MOSTLY)


def _wins(won: Floats, rungs: Mapping[str, int]) -> Finding:
    n, wins = len(won), int(won.sum())
    reached = [name for name, least in rungs.items() if wins >= 2 * least]
    said = f" By their number enough for {', '.join(reached)}." if reached else ""
    return judge(
        "prospect", "Wins", met=len(reached) / len(rungs) if rungs else 1.0, blocks=wins == n,
        evidence=f"{wins:,} of {n:,} rows won ({wins / n:.1%}).{said}",
        action="Add those who were not won." if wins == n else "Load older rows, if there are any.",
    )  # fmt: skip


def _base_rate(won: Floats, ordered: bool) -> Finding:
    title = "Steady base rate"
    if not ordered:
        return unknown(
            "prospect", title,
            evidence="Nothing says that the rows are in the order of time, so nobody can see whether it moves.",
            action="Export the rows with the date of their creation.",
        )  # fmt: skip
    found = drift(won)
    if found is None:
        return unknown("prospect", title, evidence="Too few rows or wins to say whether the share of wins moves.")
    verdict = "The base rate moves" if found.moves else "The base rate holds"
    return judge(
        "prospect", title, met=found.kept if found.moves else 1.0,
        evidence=f"{verdict} along the rows: {found.words}",
        action="A chance learned from the first rows is wrong for the last ones: calibrate on the newest outcomes, and "
        "do not publish chances before the calibration check has seen them.",
    )  # fmt: skip


def _doubles(frame: pd.DataFrame) -> Finding:
    twice = int(frame.duplicated().sum())
    return judge(
        "prospect", "Rows differ", met=1 - twice / len(frame),
        evidence=f"{twice:,} of {len(frame):,} rows are equal to another one in every column but ids and outcome.",
        action="Find out whether they are one prospect twice: in a random split the double gives the answer away.",
    )  # fmt: skip
