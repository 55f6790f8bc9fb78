"""The raw tables of HubSpot, as dlt resources: what each pull asks for, and what it remembers for the next one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.sources.connected.errors import SourceChanged
from pipelines.sources.connected.landing import Type, table
from pipelines.sources.hubspot.api import ENGAGEMENTS, RECORDS, SOURCE, Hubspot, instant, milliseconds
from pipelines.sources.hubspot.known import known_ids
from pipelines.sources.hubspot.versions import versions

if TYPE_CHECKING:
    from dlt.extract.resource import DltResource

MERGED: Final = "hs_merged_object_ids"
_LINKS: Final[Mapping[str, tuple[str, ...]]] = {
    "deals": ("companies", "contacts"), "companies": (), "contacts": (),
    **dict.fromkeys(ENGAGEMENTS, ("deals", "contacts")),
}  # fmt: skip
_FOLLOW: Final[Mapping[str, tuple[str, ...]]] = {
    "deals": ("companies",), **dict.fromkeys(ENGAGEMENTS, ("deals", "contacts")),
}  # fmt: skip
"""Whose merges change what an object is linked to."""
Rows = list[dict[str, Any]]
State = dict[str, Any]


@dataclass
class Pull:
    """One pull: the account, the properties with their types, and what was found on the way.

    Attributes
    ----------
    until : datetime
        HubSpot's clock when the pull began; what changes later is for the next pull.
    merges : list of dict
        Rows of the table `gone` for records that were merged into another.
    moved : dict of object name to dict of id to datetime
        Records that took over others, or were given free again, since the last pull, and when.
    """

    hubspot: Hubspot
    types: Mapping[str, Mapping[str, str]]
    raw: Path
    overlap_ms: int
    until: dt.datetime
    merges: Rows = field(default_factory=list)
    moved: dict[str, dict[str, dt.datetime]] = field(default_factory=dict)

    def resources(self) -> list[DltResource]:
        """Return the raw tables, in the order in which they are read."""
        times: dict[str, Type] = {"created_at": "timestamp", "changed_at": "timestamp"}
        return [
            *(
                table(
                    name,
                    self._rows([name]),
                    columns={"id": "text", **times, **self._columns([name])},
                    replaces=False,
                )
                for name in RECORDS
            ),
            table(
                "engagements",
                self._rows(ENGAGEMENTS),
                columns={"type": "text", "id": "text", **times, **self._columns(ENGAGEMENTS)},
                key=("type", "id", "changed_at"),
                replaces=False,
            ),
            table(
                "gone",
                lambda _: self._gone(),
                columns={"object": "text", "id": "text", "changed_at": "timestamp", "reason": "text", "into": "text"},
                key=("object", "id", "changed_at"),
                replaces=False,
            ),
            table(
                "owners",
                lambda state: _if_changed(state, self._owners()),
                columns={"id": "text", "email": "text", "name": "text", "changed_at": "timestamp"},
            ),
            table(
                "stages",
                lambda state: _if_changed(state, self._stages()),
                columns={
                    "pipeline": "text", "id": "text", "label": "text", "position": "bigint", "closed": "bool",
                    "probability": "double", "changed_at": "timestamp",
                },
                key=("pipeline", "id", "changed_at"),
            ),
            table("pulls", lambda _: [{"until": self.until}], columns={"until": "timestamp"}, key=("until",)),
        ]  # fmt: skip

    def _columns(self, names: Sequence[str]) -> dict[str, Type]:
        properties = [p for name in names for p in self.types[name]]
        links = [f"{to}_ids" for name in names for to in _LINKS[name]]
        return dict.fromkeys([*properties, *links], "text")

    def _rows(self, names: Sequence[str]) -> Callable[[State], Iterable[Rows]]:
        def rows(state: State) -> Iterator[Rows]:
            for name in names:
                yield from self._versions_of(name, state.setdefault(name, {}))

        return rows

    def _versions_of(self, name: str, state: State) -> Iterator[Rows]:
        """Yield the versions of what changed since the last pull; then remember where that was."""
        self._same_properties(name, state)
        end = int(self.until.timestamp() * 1000) + 999  # a Date has no milliseconds
        near: dict[str, int] = dict(state.get("near", {}))
        start = max(0, state.get("since", 0) - self.overlap_ms)
        seen: dict[str, int] = {}
        for page in self.hubspot.changed(name, start, end):
            fresh = [one for one, at in page if near.get(one) != at and seen.get(one) != at]
            seen.update(page)
            yield from self._read(name, fresh, since=start)
        for moment, ids in self._relinked(name, since=start).items():
            yield from self._read(name, sorted(ids), since=start, also=moment)
        last = max([*seen.values(), state.get("since", 0)])
        kept = {**near, **seen}
        state["since"] = last
        state["near"] = {one: at for one, at in kept.items() if at >= last - self.overlap_ms}

    def _same_properties(self, name: str, state: State) -> None:
        now, before = sorted(self.types[name]), state.setdefault("properties", sorted(self.types[name]))
        if now != before:
            added, gone = sorted({*now} - {*before}), sorted({*before} - {*now})
            raise SourceChanged(
                f"{SOURCE}: the raw log in {self.raw} was begun with other properties of {name} (new: {added}, no "
                f"longer: {gone}). Move that folder away and pull again: then the whole history is read with them."
            )

    def _read(self, name: str, ids: Sequence[str], *, since: int, also: dt.datetime | None = None) -> Iterator[Rows]:
        for records in self.hubspot.read(name, ids, list(self.types[name])):
            found = [str(record["id"]) for record in records]
            links = {to: self.hubspot.linked(name, to, found) for to in _LINKS[name]} if found else {}
            kind = {"type": name} if name in ENGAGEMENTS else {}
            for record in records:
                one = str(record["id"])
                linked = {f"{to}_ids": _joined(links[to].get(one, [])) for to in _LINKS[name]}
                rows = list(versions(record, self.types[name], also=also))
                rows = self._merged(name, rows, since=since)
                yield [{**kind, **row, **linked} for row in rows]

    def _merged(self, name: str, rows: Rows, *, since: int) -> Rows:
        """Note who was merged into a record; return its versions, without a past that was another's when we read it."""
        one, steps = rows[-1]["id"], list(_steps(rows))
        if not steps:
            return rows
        last = steps[-1].at
        self.merges += [
            {"object": name, "id": lost, "changed_at": step.at, "reason": "merged", "into": one}
            for step in steps
            for lost in sorted(step.lost)
        ]
        if not since:  # the first pull: whoever was merged before has no place in the log
            return rows
        if milliseconds(last.isoformat()) >= since:
            free = {other: step.at for step in steps for other in step.free}
            self.moved.setdefault(name, {}).update({**free, one: last})
        others = {other for step in steps for other in step.lost}
        return rows if known_ids(self.raw, name).isdisjoint(others) else [r for r in rows if r["changed_at"] >= last]

    def _relinked(self, name: str, *, since: int) -> dict[dt.datetime, set[str]]:
        """Return the records whose links a merge has changed, by the time of the merge."""
        found: dict[dt.datetime, set[str]] = {}
        for other in _FOLLOW.get(name, ()) if since else ():
            moved = self.moved.get(other, {})
            if moved:
                for one, links in self.hubspot.linked(other, name, sorted(moved)).items():
                    found.setdefault(moved[one], set()).update(i for i, _ in links)
        return dict(sorted(found.items()))

    def _gone(self) -> Iterator[Rows]:
        yield self.merges
        for name in (*RECORDS, *ENGAGEMENTS):
            for page in self.hubspot.archived(name):
                yield [
                    {
                        "object": name,
                        "id": str(row["id"]),
                        "changed_at": instant(row["archivedAt"]),
                        "reason": "deleted",
                        "into": None,
                    }
                    for row in page
                ]

    def _owners(self) -> Iterator[Rows]:
        for page in self.hubspot.owners():
            yield [
                {
                    "id": str(row["id"]),
                    "email": (row.get("email") or "").lower() or None,
                    "name": f"{row.get('firstName') or ''} {row.get('lastName') or ''}".strip() or None,
                    "changed_at": instant(row["updatedAt"]),
                }
                for row in page
            ]

    def _stages(self) -> Iterator[Rows]:
        for pipeline in self.hubspot.pipelines():
            yield [
                {
                    "pipeline": pipeline["id"],
                    "id": stage["id"],
                    "label": stage["label"],
                    "position": stage["displayOrder"],
                    "closed": str(stage["metadata"].get("isClosed", "false")).lower() == "true",
                    "probability": float(stage["metadata"]["probability"]),
                    "changed_at": instant(stage["updatedAt"]),
                }
                for stage in pipeline["stages"]
            ]


@dataclass(frozen=True)
class _Step:
    """A moment at which a record took over others (`lost`) or gave them free again."""

    at: dt.datetime
    lost: frozenset[str]
    free: frozenset[str]


def _steps(rows: Rows) -> Iterator[_Step]:
    before: frozenset[str] = frozenset()
    for row in rows:
        now = frozenset(i for i in (row.get(MERGED) or "").split(";") if i and i != row["id"])
        if now != before:
            yield _Step(row["changed_at"], now - before, before - now)
        before = now


def _if_changed(state: State, pages: Iterable[Rows]) -> Iterator[Rows]:
    """Yield small lists that are always read whole only where they are not what they were."""
    rows = [row for page in pages for row in page]
    if state.get("rows") != (now := repr(rows)):
        state["rows"] = now
        yield rows


def _joined(links: Sequence[tuple[str, bool]]) -> str | None:
    """Return the ids as one text, the primary ones first, then by number."""
    unique = dict(sorted(links, key=lambda link: link[1]))
    ordered = sorted(unique, key=lambda one: (not unique[one], len(one), one))
    return ";".join(ordered) or None
