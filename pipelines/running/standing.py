"""`takt status`: is what was started well, how old is the list, what ran last and what runs next.

Nothing here changes anything; a part, a server or a store that cannot be reached is a line that says so.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from features.errors import TaktError
from pipelines.home import Home
from pipelines.running import processes, state
from pipelines.running.company import Company
from pipelines.running.health import answers, worker_online
from pipelines.running.parts import PREFECT, TITLES, WORKER
from pipelines.running.prefect_client import connected
from pipelines.running.schedule_state import Scheduled, scheduled
from pipelines.settings import PipelineSettings


@dataclass(frozen=True)
class PartStanding:
    """One part: `trouble` is empty where it is well."""

    name: str
    title: str
    address: str
    trouble: str
    pid: int | None
    since: str
    restarts: int


@dataclass(frozen=True)
class ListStanding:
    """The list that people see.

    Attributes
    ----------
    day : str
        YYYY-MM-DD, for which it was made; empty: there is none, and `words` says why.
    calls : int
        Places on it.
    newest_fact, last_ingest : str
        When the newest fact was recorded that the lake holds, and when facts were last brought in (ISO 8601, UTC);
        empty where not known.
    """

    day: str = ""
    calls: int = 0
    run_id: str = ""
    newest_fact: str = ""
    last_ingest: str = ""
    words: str = ""


@dataclass(frozen=True)
class Standing:
    """All of it; healthy where `problems` is empty."""

    home: str
    parts: tuple[PartStanding, ...] = ()
    list: ListStanding = field(default_factory=ListStanding)
    flows: tuple[Scheduled, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"healthy": self.healthy, **asdict(self)}


def standing(home: Path, now: dt.datetime | None = None) -> Standing:
    """Look at everything that belongs to a home."""
    now = now or dt.datetime.now(dt.UTC)
    listed = the_list(Home(home), PipelineSettings())
    known = state.read(home)
    if known is None:
        return Standing(str(home), list=listed, problems=("nothing is running here; start it with `takt up`",))
    if known.phase == "failed":
        said = f"the last `takt up` failed: {known.problem}"
        return Standing(str(home), list=listed, problems=(said,))
    parts = tuple(_part(home, known, kept) for kept in known.parts)
    problems = [f"{p.title}: {p.trouble}" for p in parts if p.trouble]
    if not state.watched(home):
        problems.insert(0, "nobody looks after the parts any more (the process of `takt up` ended): `takt up` again")
    flows: tuple[Scheduled, ...] = ()
    if not next(p for p in parts if p.name == PREFECT).trouble:
        try:
            with connected(known.api) as client:
                flows = scheduled(Company.from_json(known.company), client, now)
        except TaktError as error:
            problems.append(str(error))
    problems += [f"{f.flow}: {f.trouble}" for f in flows if f.trouble]
    return Standing(str(home), parts, listed, flows, tuple(problems))


def the_list(home: Home, settings: PipelineSettings) -> ListStanding:
    """Say which list people see, and how old what it was made from is."""
    from sqlalchemy import func, select
    from sqlalchemy.exc import SQLAlchemyError

    from serving.store import queries
    from serving.store.engine import open_store, reading
    from serving.store.tables import Call

    if not settings.store_url and not (home.path / "store.db").exists():
        return ListStanding(words="no list has been published yet", **facts_age(home))
    try:
        engine = open_store(settings.store_url or home.store)
        try:
            with reading(engine) as store:
                run = queries.find_run(store)
                calls = store.scalar(select(func.count()).select_from(Call).where(Call.run == run.number)) or 0
                return ListStanding(str(run.day), calls, run.run_id, **facts_age(home))
        finally:
            engine.dispose()
    except TaktError as error:
        return ListStanding(words=str(error), **facts_age(home))
    except (SQLAlchemyError, OSError) as error:
        return ListStanding(words=f"the store cannot be read: {error}", **facts_age(home))


def facts_age(home: Home) -> dict[str, Any]:
    """Return `newest_fact` and `last_ingest`; the newest is read off Delta Lake's statistics, no row is read."""
    from deltalake import DeltaTable

    newest: list[dt.datetime] = []
    for place in sorted((home.path / "lake").glob("*/_delta_log")):
        actions = DeltaTable(str(place.parent)).get_add_actions(flatten=True)
        if "max.recorded_at" in actions.schema.names:
            newest += [t for t in actions.column("max.recorded_at").to_pylist() if t is not None]
    note = home.path / "ingested.json"
    ingested = dt.datetime.fromtimestamp(note.stat().st_mtime, dt.UTC) if note.exists() else None
    return {"newest_fact": _iso(max(newest, default=None)), "last_ingest": _iso(ingested)}


def _part(home: Path, known: state.State, kept: state.Kept) -> PartStanding:
    trouble = ""
    if kept.state != "elsewhere" and not processes.lives(home, kept.name):
        trouble = "is not running"
    elif kept.name == WORKER:
        trouble = worker_online(known.api, Company.from_json(known.company).pool)
    elif kept.health:
        trouble = answers(kept.health)
    return PartStanding(kept.name, TITLES[kept.name], kept.address, trouble, kept.pid, kept.since, kept.restarts)


def _iso(moment: dt.datetime | None) -> str:
    if moment is None:
        return ""
    return moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC).isoformat(timespec="seconds")
