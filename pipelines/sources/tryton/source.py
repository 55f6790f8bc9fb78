"""Pull from Tryton: what is new since the last pull, every version of an opportunity, and what has vanished.

The history of opportunities is read by REST (`history_revisions`, then the records as they were), so that stage
changes have their own times even if nobody pulled between them. Parties, contact mechanisms, employees, notes and sales
have no history in Tryton: of them the versions are kept that a pull has seen. A record that is not there any more is a
deletion: of an opportunity with Tryton's own time, of the others with that of the pull, which is when it was known.

What is new is asked for by Tryton's own stamps, never by our clock, which may be an hour ahead of Tryton's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import duckdb

from pipelines.sources.connected.landed import Landed
from pipelines.sources.connected.landing import land, table
from pipelines.sources.reading import literal
from pipelines.sources.tryton.history import moments
from pipelines.sources.tryton.rest import CHUNK, SOURCE, Domain, Record, Rest
from pipelines.sources.tryton.tables import NOTES, OPPORTUNITIES, OTHERS, STAMPS, STEPS, Kind, changed
from pipelines.sources.tryton.values import decoded, encoded
from pipelines.steps.moments import now

State = dict[str, Any]
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
OVERLAP: Final = dt.timedelta(minutes=15)
"""Tryton stamps a change with the start of its transaction, and we see it after the end: so much is read again."""


def pull(raw: Path) -> Landed:
    """Add to the raw log what Tryton has that it lacks, and write the log's tables as Parquet files.

    Raises
    ------
    ConnectionFailed
        Address, key or rights are wrong, Tryton does not answer, or it has other fields than expected.
    SourceError
        The log cannot be kept.
    """
    rest = Rest()
    for kind in (OPPORTUNITIES, *OTHERS):
        rest.require(kind.model, kind.fields)
    rest.require(OPPORTUNITIES.model, ["notes"])
    reader = _Reader(rest, raw, now())
    kinds: list[tuple[Kind, Callable[[State], Iterable[Any]]]] = [
        (OPPORTUNITIES, reader.opportunities),
        *((kind, lambda state, kind=kind: reader.records(kind, state)) for kind in OTHERS),
    ]
    resources = [table(kind.table, rows, columns=kind.types) for kind, rows in kinds]
    resources.append(table(NOTES.table, reader.notes, columns={**NOTES.types, "opportunity": "bigint"}))
    resources.append(table("sale_steps", reader.sale_steps, columns=STEPS))
    return land(raw, SOURCE, resources)


class _Reader:
    """One pull: `known` is what the last complete one left, `moment` when this one began."""

    def __init__(self, rest: Rest, raw: Path, moment: dt.datetime) -> None:
        self._rest, self._raw, self._moment = rest, raw, moment
        self._listed: dict[int, list[int]] = {}

    def opportunities(self, state: State) -> Iterator[list[Record]]:
        """Yield the versions of opportunities that were made since the last pull, and deletions."""
        kind, since = OPPORTUNITIES, _since(state)
        known = self._known(kind.table)
        present = set(self._present())
        # an opportunity may become visible long after it was made (rights given later, a deletion taken back)
        fresh = present - set(known)
        touched = [row for rows in self._rest.search(kind.model, STAMPS, _changed(since)) for row in rows]
        for ids in _chunks(sorted(fresh | {row["id"] for row in touched})):
            revisions = self._rest.revisions(kind.model, ids)
            for moment, then in moments(revisions, wanted=lambda r: since is None or r[0] in fresh or r[1] >= since):
                yield [kind.row(row) for row in self._rest.at(kind.model, kind.fields, then, moment=moment)]
        gone = sorted(set(known) - present)
        for ids in _chunks(gone):
            yield self._deleted(known, dict(self._rest.revisions(kind.model, ids)), ids)
        _read_up_to(state, map(changed, touched))

    def records(self, kind: Kind, state: State) -> Iterator[list[Record]]:
        """Yield the records of a model without history that changed since the last pull, and those that vanished."""
        since, known = _since(state), self._known(kind.table)
        present = {row["id"] for rows in self._rest.search(kind.model, ["id"]) for row in rows}
        for page in self._rest.search(kind.model, kind.fields, _changed(since, *(kind.beside or {}))):
            rows = [kind.row(record) for record in page]
            yield rows
            _read_up_to(state, (row["changed_at"] for row in rows))
        for ids in _chunks(sorted(present - set(known)) if since else []):
            yield [kind.row(row) for row in self._rest.at(kind.model, kind.fields, ids, moment=None)]
        yield self._deleted(known, {}, sorted(set(known) - present))

    def notes(self, state: State) -> Iterator[list[Record]]:
        """Yield new notes of opportunities.

        Whoever is not an administrator may search notes only by the record they belong to, so they are read as part of
        their opportunities.
        """
        since, known = _since(state), self._known(NOTES.table)
        fields = [f"notes.{field}" for field in NOTES.fields]
        news: Domain = [] if since is None else _changed(since, "notes", itself=False)
        for page in self._rest.search(OPPORTUNITIES.model, fields, [*news, ["notes.id", ">", 0]]):
            rows = [{**NOTES.row(note), "opportunity": of["id"]} for of in page for note in of["notes"] or []]
            yield rows
            _read_up_to(state, (row["changed_at"] for row in rows))
        present = {note for notes in self._present().values() for note in notes}
        yield self._deleted(known, {}, sorted(set(known) - present))

    def sale_steps(self, state: State) -> Iterator[list[Record]]:
        """Yield when sales entered a state, of the sales that changed since the last pull."""
        since = _since(state)
        touched = [row for rows in self._rest.search("sale.sale", STAMPS, _changed(since)) for row in rows]
        for ids in _chunks([row["id"] for row in touched]):
            of_these: Domain = [["resource", "in", [f"sale.sale,{i}" for i in ids]], ["event", "=", "transition"]]
            for rows in self._rest.search("ir.model.log", ["resource", "target", "create_date"], of_these):
                yield [_step(row) for row in rows if str(row["target"]).startswith("state:")]
        _read_up_to(state, map(changed, touched))

    def _present(self) -> dict[int, list[int]]:
        """Return the opportunities there are, each with the ids of its notes."""
        if not self._listed:
            listed = self._rest.search(OPPORTUNITIES.model, ["notes"])
            self._listed = {row["id"]: list(row["notes"]) for rows in listed for row in rows}
        return self._listed

    def _known(self, name: str) -> dict[int, dt.datetime]:
        """Return the ids that the last complete pull left as present, with the time of their last version."""
        path = self._raw / f"{name}.parquet"
        if not path.is_file():
            return {}
        with duckdb.connect() as con:
            con.execute("set TimeZone = 'UTC'")
            last = con.execute(
                f"select id, epoch_us(max(changed_at)) from read_parquet({literal(str(path))}) group by id "
                "having not arg_max(deleted, changed_at)"
            ).fetchall()
        return {record: _EPOCH + dt.timedelta(microseconds=us) for record, us in last}

    def _deleted(self, known: dict[int, dt.datetime], told: dict[int, dt.datetime], ids: Sequence[int]) -> list[Record]:
        """Return the rows that say that records are gone: at the time told if later than their last version."""
        later = {i: max(self._moment, known[i] + dt.timedelta(microseconds=1)) for i in ids}
        times = {i: told[i] if i in told and told[i] > known[i] else later[i] for i in ids}
        return [{"id": i, "changed_at": times[i], "deleted": True} for i in ids]


def _step(row: Record) -> Record:
    return {
        "id": row["id"],
        "changed_at": decoded(row["create_date"]),
        "sale": int(str(row["resource"]).partition(",")[2]),
        "state": str(row["target"]).removeprefix("state:"),
    }


def _read_up_to(state: State, stamps: Iterable[dt.datetime]) -> None:
    """Move the mark from which the next pull asks on; it never goes back."""
    latest = max((stamp.isoformat(timespec="microseconds") for stamp in stamps), default="")
    if latest > state.get("since", ""):
        state["since"] = latest


def _since(state: State) -> dt.datetime | None:
    """Return from when on changes are asked for; None in the first pull."""
    return dt.datetime.fromisoformat(state["since"]) - OVERLAP if "since" in state else None


def _changed(since: dt.datetime | None, *beside: str, itself: bool = True) -> Domain:
    """Return the condition "it, or a record beside it, was made or written since"."""
    if since is None:
        return []
    stamps = [
        f"{prefix}{stamp}" for prefix in (*([""] if itself else []), *(f"{b}." for b in beside)) for stamp in STAMPS
    ]
    return [["OR", *([stamp, ">=", encoded(since)] for stamp in stamps)]]


def _chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
