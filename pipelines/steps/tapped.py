"""The loop closes: what was tapped in the pages becomes facts in the lake, as any source's rows do.

The store holds what was said, the lake what is known; `takt ingest`, `takt run` and `takt daily` carry the one to the
other. Rows pass the same contract and the same merge as a source's, origin `taps`; those that break it (a prospect who
was erased) are set aside with their reasons and keep nobody else's tap from entering. The same taps again change
nothing.

`takt daily` takes in what was said before the day of its list, for no list sees more; what is said during the day waits
for the next one, and the same day again is the same list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from features.facts.contract import Checked, check
from features.facts.definitions import Definitions
from features.facts.ledger import Facts, check_references
from features.facts.own import TAP
from pipelines.home import Home, Ingested
from pipelines.progress import stage
from pipelines.steps import moments, pulling
from pipelines.steps.tap_copies import replaced_at
from pipelines.steps.tap_reading import randomised, said_before
from pipelines.steps.tap_rows import rows

ORIGIN: Final = "taps"
"""Source of these rows, in the quarantine and in messages."""


@dataclass(frozen=True)
class Taken:
    """What an ingest of taps did.

    Attributes
    ----------
    note : Ingested
        Of the facts that are known now; the one before where nothing was new.
    new : int
        Rows added to the lake.
    quarantined : DataFrame
        `table`, `row` (number of the tap in the store), `reason`, `got`.
    waiting : str
        Why nothing was taken in although there may be something; empty: nothing stood in the way.
    """

    note: Ingested
    new: int
    quarantined: pd.DataFrame
    waiting: str = ""


def take(home: Home, *, before: pd.Timestamp | None = None, facts: Facts | None = None) -> Taken:
    """Carry what was said into the lake.

    Parameters
    ----------
    before : Timestamp, optional
        UTC. Only what was said before it, and as it stood then: what was taken back later is taken in, and hidden by a
        later version at the ingest that sees both.
    facts : Facts, optional
        Those of the last complete ingest, where they have been read already.

    Raises
    ------
    NotIngested
        There are no facts yet which taps could belong to.
    """
    note = home.ingested()
    said = said_before(home, before)
    if said.empty:
        return Taken(note, 0, _NONE)
    with stage("taking in what was tapped") as told:
        facts = home.lake.facts(note.versions) if facts is None else facts
        taken = _taken(home, note, said, facts=facts)
        told.found = taken.waiting or f"{taken.new:,} new rows, {len(taken.quarantined):,} set aside"
    return taken


def known_on(home: Home, day: str | None, definitions: Definitions) -> tuple[Facts, Ingested, pd.Timestamp]:
    """Return the facts with what was tapped before a day, their note, and the day's beginning (UTC)."""
    facts, note = pulling.known(home)
    as_of = moments.as_of_for(day, facts, definitions)
    if take(home, before=as_of, facts=facts).note == note:
        return facts, note, as_of
    return *pulling.known(home), as_of


def _taken(home: Home, note: Ingested, said: pd.DataFrame, *, facts: Facts) -> Taken:
    lake, definitions = home.lake, pulling.words(home)
    said = _entering(said, facts)
    said = said.assign(replaced_at=replaced_at(said, facts), propensity=randomised(said, home, definitions))
    checked, numbers = _checked(said, facts, definitions)
    aside = _aside(checked, numbers, said)
    if _half_done(home, note, facts, said):
        why = "waiting: another ingest is running or ended halfway; run `takt ingest --source NAME` again"
        return Taken(note, 0, aside, why)
    new = sum(lake.merge(name, part.good) for name, part in checked.items() if len(part.good))
    for table, part in aside.groupby("table", sort=True):
        lake.quarantine(part, source=ORIGIN, table=str(table), run_id=ORIGIN)
    versions = lake.versions()
    if versions != dict(note.versions):
        note = Ingested(note.source, note.data, versions, lake.data_version(versions))
        home.note_ingested(note)
    return Taken(note, new, aside)


def _entering(said: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Leave away what was taken back before any ingest saw it: nobody ever relied on it."""
    known = (TAP + said["key"]).isin(facts.ever("touches")["touch_id"])
    changes = pd.MultiIndex.from_frame(facts.attribute_changes[["id", "occurred_at"]])
    known |= pd.MultiIndex.from_frame(said[["prospect_id", "at"]]).isin(changes)
    return said[said["undone_at"].isna() | known].reset_index(drop=True)


def _checked(
    said: pd.DataFrame, facts: Facts, definitions: Definitions
) -> tuple[dict[str, Checked], dict[str, pd.Series[Any]]]:
    """Apply the contract; return the tables, and for each the tap that a row comes from."""
    made = rows(said, facts)
    numbers = {name: part["tap"] for name, part in made.items()}
    parts = {
        name: check(name, part.drop(columns="tap"), origin=ORIGIN, kinds=definitions.kinds)
        for name, part in made.items()
    }
    checked = check_references(parts, known=facts)
    return {name: checked[name] for name in made}, numbers


def _aside(checked: dict[str, Checked], numbers: dict[str, pd.Series[Any]], said: pd.DataFrame) -> pd.DataFrame:
    """Return the rows set aside, numbered by the tap in the store: the same tap is kept in the quarantine once."""
    parts = []
    for name, part in checked.items():
        bad = part.quarantined[["row", "reason", "got"]].assign(table=name)
        parts.append(bad.assign(row=said["number"].reindex(numbers[name].reindex(bad["row"])).to_numpy()))
    return pd.concat([_NONE, *(p for p in parts if len(p))], ignore_index=True)


def _half_done(home: Home, note: Ingested, facts: Facts, said: pd.DataFrame) -> bool:
    """Say whether the lake holds rows beyond the last complete ingest that are not of these taps.

    Rows of taps may: an ingest of taps that ended halfway is completed by this one.
    """
    ours = pd.concat([said["at"], said["undone_at"], said["replaced_at"]]).dropna()
    for name, version in home.lake.versions().items():
        if version == note.versions.get(name):
            continue
        then, now = facts.ever(name), home.lake.read(name, version)
        if "recorded_at" not in now:
            if not now.equals(then):
                return True
            continue
        more = now["recorded_at"].value_counts().sub(then["recorded_at"].value_counts(), fill_value=0)
        if not more.index[more != 0].isin(ours).all():
            return True
    return False


_NONE: Final = pd.DataFrame(
    {"row": pd.Series([], dtype="int64"), "reason": pd.Series([], dtype="str"), "got": pd.Series([], dtype="str"),
     "table": pd.Series([], dtype="str")}
)  # fmt: skip
