"""`takt erase` and `takt access-request`: what is held about a person, and a home without it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from features.facts.tables import TABLES
from pipelines.home import Home, Ingested
from pipelines.lake import QUARANTINE, Lake
from pipelines.settings import PipelineSettings
from pipelines.steps import moments
from pipelines.trust import databases, erased_people, files
from pipelines.trust.errors import EraseError
from pipelines.trust.person import Kind, Person, find, taken_out
from pipelines.trust.quiet import quiet
from serving.store.engine import open_store

_TABLES: Final = (*TABLES, QUARANTINE)
_PLACES: Final = ("lake", "lake.erasing", "lake.before", "locks", erased_people.FILE, "erasures")


@dataclass
class Certificate:
    """What was done, for whoever asked; it names the person by a hash.

    Attributes
    ----------
    counts : dict of place to rows
        Rows dropped or changed.
    remains : dict of place to why
        Where something of the person still is, or is not looked at.
    """

    at: str
    by: str
    kind: Kind
    person: str
    done: bool
    counts: dict[str, int] = field(default_factory=dict)
    remains: dict[str, str] = field(default_factory=dict)

    def words(self) -> str:
        """Write it as a person reads it."""
        head = (
            f"{'Erased' if self.done else 'To be erased'}: a {self.kind} known by the hash {self.person}, {self.at} UTC"
        )
        lines = [head + (f", by {self.by}." if self.by else "."), "", "Rows dropped or changed:"]
        lines += [f"  {n:>6,}  {place}" for place, n in self.counts.items()] or ["  none"]
        lines += ["", "What remains, and why:", *(f"  {place}: {why}" for place, why in self.remains.items())]
        return "\n".join(lines) + "\n"


def erase(
    home: Home, kind: Kind, named: str, settings: PipelineSettings, *, by: str = "", really: bool = False
) -> Certificate:  # fmt: skip
    """Take a person out of a home, or count what would be.

    The lake is written anew without the person and its old versions are gone with their folder, so receipts of runs
    before cannot be replayed any more: `takt replay` says so by name. The next training knows nothing of the person.

    Raises
    ------
    EraseError
        Nobody has this id, or facts, store or registry lie elsewhere and cannot be reached from here.
    Busy
        A run is at work in this home.
    """
    _refuse(home, settings)
    with quiet(home.path, doing="takt erase"):
        _recover(home)
        person = find(home.lake, kind, named, store_rows=_published(home, kind, named))
        at = moments.now().isoformat(timespec="seconds")
        line = erased_people.remember(home, person, at=at) if really else {"id": "(dry run)"}
        made = Certificate(at, by, kind, line["id"], really)
        made.counts |= _facts(home, person, really=really)
        for place in files.every(home.path):
            name = place.relative_to(home.path)
            if name.parts[0] in _PLACES or name.parts[0] in files.FROZEN or name.name.endswith(("-wal", "-shm")):
                continue
            made.counts |= {f"{name}{k}": n for k, n in _one(place, person, really=really).items() if n}
        made.remains = _remains(home, person, really=really)
        if really:
            _file(home, made)
    return made


def held(home: Home, kind: Kind, named: str, settings: PipelineSettings) -> dict[str, list[dict[str, Any]]]:
    """Return everything that is held about a person, by place: rows of the lake, of databases, and lines of files."""
    _refuse(home, settings)
    person = find(home.lake, kind, named, store_rows=_published(home, kind, named))
    found: dict[str, list[dict[str, Any]]] = {}
    for table in _TABLES:
        rows = home.lake.read(table)
        strings = rows.select_dtypes(include=["str", "object"])
        mine = strings.map(lambda v: isinstance(v, str) and person.named_in(v)).any(axis=1)
        if mine.any():
            found[f"lake/{table}"] = json.loads(rows[mine].to_json(orient="records", date_format="iso"))
    for place in files.every(home.path):
        name = place.relative_to(home.path)
        if files.starts(place, files.SQLITE):
            for table, row in databases.rows_of(place, person):
                found.setdefault(f"{name}/{table}", []).append({k: v for k, v in row.items() if k != "_row"})
        elif name.parts[0] not in _PLACES and (n := sum(_one(place, person, really=False).values())):
            found[str(name)] = [{"rows": n}]
    return found


def _refuse(home: Home, settings: PipelineSettings) -> None:
    away = [w for w, url in (("TAKT_STORE_URL", settings.store_url), ("TAKT_MLFLOW_URL", settings.mlflow_url)) if url]
    away += ["TAKT_LAKE"] if "://" in home.lake.root else []
    if away:
        raise EraseError(
            f"what {', '.join(away)} names lies outside of the home and is not reached; nothing was changed."
        )


def _published(home: Home, kind: Kind, named: str) -> list[dict[str, Any]]:
    if not (home.path / "store.db").is_file():
        return []
    column, engine = f"{kind}_id", open_store(home.store)
    try:
        with engine.connect() as store:
            rows = store.execute(text(f"select * from contacts where {column} = :who"), {"who": named})  # noqa: S608
            return [dict(row) for row in rows.mappings()]
    finally:
        engine.dispose()


def _recover(home: Home) -> None:
    """Put the lake back where an erasure was killed between its two renames."""
    lake, before = home.path / "lake", home.path / "lake.before"
    if before.exists() and not lake.exists():
        before.rename(lake)
    shutil.rmtree(before, ignore_errors=True)
    shutil.rmtree(home.path / "lake.erasing", ignore_errors=True)


def _facts(home: Home, person: Person, *, really: bool) -> dict[str, int]:
    """Write the lake anew beside the old one, swap them, note the new versions, and drop the old one."""
    new, counts = Lake(home.path / "lake.erasing"), dict[str, int]()
    for table in _TABLES:
        rows, n = taken_out(table, home.lake.read(table), person)
        if n:
            counts[f"lake/{table}"] = n
        if really and len(rows):
            new.merge(table, rows)
    if really:
        lake = home.path / "lake"
        note, data_version = home.ingested(), new.data_version()
        lake.rename(home.path / "lake.before")
        (home.path / "lake.erasing").rename(lake)
        home.note_ingested(Ingested(note.source, note.data, home.lake.versions(), data_version))
        shutil.rmtree(home.path / "lake.before")
    return counts


def _one(place: Path, person: Person, *, really: bool) -> dict[str, int]:
    if files.starts(place, files.SQLITE):
        if really:
            return {f"/{t}": n for t, n in databases.from_sqlite(place, person).items()}
        seen: dict[str, int] = {}
        for table, _ in databases.rows_of(place, person):
            seen[f"/{table}"] = seen.get(f"/{table}", 0) + 1
        return seen
    if place.suffix == ".duckdb":
        return {f"/{t}": n for t, n in databases.from_duckdb(place, person, really=really).items()}
    if files.starts(place, b"PAR1"):
        return {"": files.from_parquet(place, person, really=really)}
    return {"": files.from_text(place, person, really=really)}


def _remains(home: Home, person: Person, *, really: bool) -> dict[str, str]:
    data = home.ingested().data
    said = {"statistics": "what happened with the prospect stays, under a random id that leads nowhere"}
    said |= {"audit": "who saw which record stays, by its id"}
    said |= {"backups": "files of `takt backup` are not reached: delete them, or erase again after a restore"}
    if not Path(data).resolve().is_relative_to(home.path.resolve()):
        said[data] = "the company's own files are not touched; the person is kept out at every ingest"
    if really:
        said |= {name: "still holds a text of the person; look at it" for name in files.left(home.path, person)}
    return said


def _file(home: Home, made: Certificate) -> None:
    folder = home.path / "erasures"
    folder.mkdir(exist_ok=True)
    name = f"{made.at.replace(':', '')[:17]}-{made.person[:8]}"
    with _private(folder / f"{name}.json") as out:
        out.write(json.dumps(asdict(made), indent=1, sort_keys=True))
    with _private(folder / f"{name}.txt") as out:
        out.write(made.words())


@contextmanager
def _private(place: Path) -> Iterator[Any]:
    with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        yield out
