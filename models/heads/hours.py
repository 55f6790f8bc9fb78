"""The best weekday and hours to call, counted from answered tries, in the time zone of the person who is called.

A *try* is an outbound touch of which is known whether somebody answered: results of `ANSWERED`, or no answer, or a
message left. (A bounced e-mail says nothing about the hour, a completed piece of work nothing about an answer.) Tries
are counted in windows of `WIDTH` hours within the office hours, by weekday and channel.

Small counts are shrunk: a window's rate is `(answered + PRIOR * rate) / (tried + PRIOR)`, the mean of a Beta prior
worth `PRIOR` tries at the overall rate (Gelman et al., Bayesian Data Analysis, ch. 2). For a person with at least
`LEAST_TRIES` tries of their own the prior is the company's shrunk rate in that window. Anybody else, and who was tried
less than `LEAST_IN_WINDOW` times in what would be the best window, gets the company's best.

Whether the best window of earlier tries answers better later too stands in `report`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd

from features.facts.contract import ANSWERED, INTERNAL, TABLES
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, current
from models.heads.held_out import CHOSEN, REPORT_COLUMNS

WIDTH: Final = 2
"""Hours of a window; it may start at any full hour."""
PRIOR: Final = 10.0
LEAST_TRIES: Final = 8
LEAST_IN_WINDOW: Final = 3
UNANSWERED: Final = ("no_answer", "left_message")
LATER_SHARE: Final = 0.25
DAYS: Final = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
EVERY: Final = "all"
"""Channel under which all channels are counted together, for a person without one or with one never tried."""
BEST: Final = ["prospect_id", "contact_id", "weekday", "hour_from", "hour_to", "tried", "answered", "said"]
GAIN: Final = "answered_over_other_hours"
LEAST_LATER: Final = 20

Row = tuple[int, int, int, int]
"""ISO weekday, hour, tries, answers."""
Cells = dict[tuple[int, int], tuple[int, int]]
"""(ISO weekday, hour the window starts) to (tried, answered)."""


@dataclass(frozen=True)
class Window:
    """A weekday and hours `[hour, hour_to)` with what was counted in it, and its shrunk rate."""

    weekday: int
    hour: int
    hour_to: int
    tried: int
    answered: int
    rate: float


@dataclass(frozen=True)
class Hours:
    """Counted tries by hour.

    Attributes
    ----------
    company : mapping of channel to list of rows
        weekday (ISO, 1 Monday), hour, tried, answered; `EVERY` holds all channels.
    people : mapping of contact_id to list of rows
        The same for those with at least `LEAST_TRIES` tries.
    office_hours : (int, int)
    report : DataFrame
        model, metric, value, low, high, reason: share answered in the windows that earlier tries suggest, minus the
        share at other hours, on the later quarter of the tries.
    note : str
    """

    company: Mapping[str, list[Row]]
    people: Mapping[str, list[Row]]
    office_hours: tuple[int, int]
    report: pd.DataFrame
    note: str

    def best(self, people: pd.DataFrame) -> pd.DataFrame:
        """Answer for each person on which weekday and at which hours to call.

        Parameters
        ----------
        people : DataFrame, shape (n, ...)
            prospect_id, contact_id, channel (missing: any); rows are kept. Further columns are not looked at: whose
            clock counts was decided when the tries were counted.

        Returns
        -------
        DataFrame, shape (n, 8)
            `BEST`: weekday (ISO, 1 Monday) and hours `[hour_from, hour_to)` of that person's own clock; tries and
            answers in exactly that window, of the person where they have tries enough, else of the company. Missing
            where no try was ever counted.
        """
        found: dict[tuple[Any, Any], tuple[Window | None, str]] = {}
        asked = [
            (contact if contact in self.people else None, channel if channel in self.company else EVERY)
            for contact, channel in zip(people["contact_id"], people["channel"], strict=True)
        ]
        for contact, channel in dict.fromkeys(asked):
            found[contact, channel] = self._best(contact, channel)
        rows = [_cells(*found[one]) for one in asked]
        table = people[["prospect_id", "contact_id"]].reset_index(drop=True)
        return table.join(pd.DataFrame(rows, columns=BEST[2:]).astype(dict.fromkeys(BEST[2:7], "Int64")))[BEST]

    def _best(self, contact: str | None, channel: str) -> tuple[Window | None, str]:
        company = self.company.get(channel, [])
        if not company:
            return None, "no try with a known answer so far: any hour is as good as another"
        everybody, rate = _windows(company, self.office_hours), _rate(company)
        if rate in (0.0, 1.0):
            # often the result is only written down when somebody answers
            return None, "the tries with a known answer all ended alike: any hour is as good as another"
        prior = {at: _shrunk(*counts, rate) for at, counts in everybody.items()}
        if contact is not None:
            rows = self.people[contact]
            own = {at: (0, 0) for at in everybody} | _windows(rows, self.office_hours)
            best = _top(own, {at: prior.get(at, rate) for at in own}, last=self.office_hours[1])
            if best.tried >= LEAST_IN_WINDOW:
                return best, _told("this person answered", best, rows)
        best = _top(everybody, dict.fromkeys(everybody, rate), last=self.office_hours[1])
        return best, _told("people answered", best, company)

    def to_files(self) -> dict[str, str]:
        """Return hours.json."""
        raw = {**asdict(self), "report": json.loads(self.report.to_json(orient="records", double_precision=15))}
        return {"hours.json": json.dumps(raw, sort_keys=True)}

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> Hours:
        """Read what `to_files` wrote."""
        raw = json.loads(files["hours.json"])
        counts = [{k: [tuple(row) for row in rows] for k, rows in raw[of].items()} for of in ("company", "people")]
        first, last = raw["office_hours"]
        return cls(counts[0], counts[1], (first, last), _report(raw["report"]), raw["note"])


def fit_hours(facts: Facts, *, definitions: Definitions, trained_as_of: pd.Timestamp) -> Hours:
    """Count the tries that were visible at `trained_as_of`.

    Each is placed on the clock of the contact; on the company's where there is no contact, no time zone, or none of
    that name (the note counts these).
    """
    tries, unknown = _tries(facts.visible(trained_as_of), definitions)
    company = {str(channel): _rows(part) for channel, part in tries.groupby("channel")}
    if len(tries):
        company[EVERY] = _rows(tries)
    counts = tries["contact_id"].value_counts()
    enough = tries[tries["contact_id"].isin(counts.index[counts >= LEAST_TRIES])]
    people: dict[str, list[Row]] = {}
    for contact, *row in _counted(enough, ["contact_id", "weekday", "hour"]):
        people.setdefault(contact, []).append((row[0], row[1], row[2], row[3]))
    report = _later(tries, definitions.office_hours)
    note = (
        f"{len(tries)} outbound tries with a known answer, {int(tries['answered'].sum())} answered; "
        f"{len(people)} people with at least {LEAST_TRIES}; "
        f"{unknown} placed on the company's clock for want of a time zone; {_earned(report)}."
    )
    return Hours(company, people, definitions.office_hours, report, note)


def _tries(known: Facts, definitions: Definitions) -> tuple[pd.DataFrame, int]:
    """Return contact_id, channel, answered, weekday, hour, at of each try in office hours, and how many lack a zone."""
    touches = current(known.touches, TABLES["touches"].key)
    told = touches["result"].isin((*ANSWERED, *UNANSWERED))
    tries = touches[touches["direction"].eq("outbound") & ~touches["kind"].isin(INTERNAL) & told]
    tries = tries.sort_values("occurred_at", kind="stable", ignore_index=True)
    zones = current(known.contacts, TABLES["contacts"].key).set_index("contact_id")["timezone"]
    zone = tries["contact_id"].map(zones).astype("object")
    zone = zone.where(zone.isin(available_timezones()))
    local = _local(tries["occurred_at"], zone.fillna(definitions.timezone))
    out = tries[["contact_id", "channel"]].assign(answered=tries["result"].isin(ANSWERED).astype(int), **local)
    first, last = definitions.office_hours
    inside = out["hour"].between(first, last - 1)
    return out[inside].reset_index(drop=True), int((zone.isna() & inside).sum())


def _local(at: pd.Series[Any], zone: pd.Series[Any]) -> dict[str, np.ndarray]:
    weekday, hour = np.zeros(len(at), dtype=np.int64), np.zeros(len(at), dtype=np.int64)
    for name in sorted(zone.unique()):
        here = (zone == name).to_numpy()
        clock = at[here].dt.tz_convert(ZoneInfo(name)).dt
        weekday[here], hour[here] = clock.day_of_week + 1, clock.hour
    return {"weekday": weekday, "hour": hour}


def _rows(tries: pd.DataFrame) -> list[Row]:
    return [(w, h, n, a) for w, h, n, a in _counted(tries, ["weekday", "hour"])]


def _counted(tries: pd.DataFrame, by: list[str]) -> list[list[Any]]:
    """Return the groups, sorted, each with its tries and answers as plain numbers."""
    table = tries.groupby(by)["answered"].agg(["size", "sum"]).reset_index()
    rows: list[list[Any]] = [list(row) for row in zip(*(table[c].tolist() for c in table.columns), strict=True)]
    return rows


def _windows(rows: list[Row], office_hours: tuple[int, int]) -> Cells:
    """Add up the hours of each window that lies within the office hours and in which anybody was tried."""
    first, last = office_hours
    cells: Cells = {}
    for weekday, hour, tried, answered in rows:
        for start in range(max(first, hour - WIDTH + 1), min(hour, max(first, last - WIDTH)) + 1):
            before = cells.get((weekday, start), (0, 0))
            cells[weekday, start] = before[0] + tried, before[1] + answered
    return cells


def _rate(rows: list[Row]) -> float:
    return sum(row[3] for row in rows) / sum(row[2] for row in rows)


def _shrunk(tried: int, answered: int, prior: float) -> float:
    return (answered + PRIOR * prior) / (tried + PRIOR)


def _top(cells: Cells, prior: Mapping[tuple[int, int], float], *, last: int) -> Window:
    """Return the window with the highest shrunk rate; of equal ones that with more tries, then the earlier."""
    found = [
        Window(*at, min(at[1] + WIDTH, last), *counts, _shrunk(*counts, prior[at]))
        for at, counts in sorted(cells.items())
    ]
    return max(found, key=lambda window: (window.rate, window.tried))


def _told(who: str, best: Window, rows: list[Row]) -> str:
    tried, answered = sum(row[2] for row in rows) - best.tried, sum(row[3] for row in rows) - best.answered
    said = f"{who} {best.answered} of {best.tried} on {DAYS[best.weekday - 1]} {best.hour} to {best.hour_to}"
    return f"{said} ({answered} of {tried} at other hours)" if tried else f"{said}, not tried at other hours"


def _cells(window: Window | None, said: str) -> tuple[Any, ...]:
    if window is None:
        return (pd.NA, pd.NA, pd.NA, 0, 0, said)
    return (window.weekday, window.hour, window.hour_to, window.tried, window.answered, said)


def _later(tries: pd.DataFrame, office_hours: tuple[int, int]) -> pd.DataFrame:
    """Measure the best window of the earlier tries, by channel, on the later ones."""
    cut = int(len(tries) * (1 - LATER_SHARE))
    early, later = tries.iloc[:cut], tries.iloc[cut:]
    chosen = np.zeros(len(later), dtype=np.bool_)
    for channel, part in early.groupby("channel"):
        rows = _rows(part)
        cells = _windows(rows, office_hours)
        best = _top(cells, dict.fromkeys(cells, _rate(rows)), last=office_hours[1])
        on = later["channel"].eq(channel) & later["weekday"].eq(best.weekday)
        chosen |= (on & later["hour"].between(best.hour, best.hour_to - 1)).to_numpy()
    answered = later["answered"].to_numpy(dtype=np.float64)
    one, other = answered[chosen], answered[~chosen]
    row: dict[str, Any] = {"model": CHOSEN, "metric": GAIN, "value": np.nan, "low": np.nan, "high": np.nan}
    if min(len(one), len(other)) < LEAST_LATER:
        reason = f"{len(one)} later tries in the suggested hours and {len(other)} at others, needs {LEAST_LATER} each"
        return _report([row | {"reason": reason}])
    value = one.mean() - other.mean()
    # Agresti & Caffo (2000): one answered and one unanswered try added to each side hold the interval in small counts
    p, q = (one.sum() + 1) / (len(one) + 2), (other.sum() + 1) / (len(other) + 2)
    half = 1.96 * np.sqrt(p * (1 - p) / (len(one) + 2) + q * (1 - q) / (len(other) + 2))
    return _report([row | {"value": value, "low": p - q - half, "high": p - q + half, "reason": ""}])


def _report(rows: list[dict[str, Any]]) -> pd.DataFrame:
    report = pd.DataFrame(rows, columns=REPORT_COLUMNS)
    return report.astype({"value": "float64", "low": "float64", "high": "float64"})


def _earned(report: pd.DataFrame) -> str:
    (row,) = report.to_dict("records")
    if row["reason"]:
        return f"whether hours matter is not measured: {row['reason']}"
    found = (
        f"{row['value']:+.0%} answered in the suggested hours on later tries ({row['low']:+.0%} to {row['high']:+.0%})"
    )
    return found if row["low"] > 0 else f"{found}: not surely better than other hours"
