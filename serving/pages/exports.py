"""The list of the day as files: CSV, XLSX and a calendar."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response

from serving.audited import seen_calls
from serving.deps import RUN_HEADER, RunDep, StoreDep
from serving.exports.calendar_file import calendar_file
from serving.exports.csv_file import csv_file
from serving.exports.rows import lines
from serving.exports.xlsx_file import xlsx_file
from serving.routes.call_list import Owner, Pool
from serving.routes.conditional import Conditional
from serving.store.queries import Listed
from serving.store.tables import Run

router = APIRouter(include_in_schema=False, route_class=Conditional)

CSV: Final = "text/csv; charset=utf-8; header=present"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ICS: Final = "text/calendar; charset=utf-8; method=PUBLISH"


@router.get("/call-list.csv")
def as_csv(store: StoreDep, run: RunDep, owner: Owner = None, *, pool: Pool = False) -> Response:
    """Return the list for any spreadsheet or program."""
    found = list(lines(store, run, owner=owner or None, pool=pool))
    return _file(csv_file(found, run), CSV, run=run, found=found, name=_name(run, owner, pool, "csv"))


@router.get("/call-list.xlsx")
def as_xlsx(store: StoreDep, run: RunDep, owner: Owner = None, *, pool: Pool = False) -> Response:
    """Return the list as a workbook."""
    found = list(lines(store, run, owner=owner or None, pool=pool))
    return _file(xlsx_file(found, run), XLSX, run=run, found=found, name=_name(run, owner, pool, "xlsx"))


@router.get("/call-list.ics")
def as_calendar(store: StoreDep, run: RunDep, owner: Owner = None, *, pool: Pool = False) -> Response:
    """Return the list as events of a calendar."""
    found = list(lines(store, run, owner=owner or None, pool=pool))
    return _file(calendar_file(found, run), ICS, run=run, found=found, name=_name(run, owner, pool, "ics"))


def _file(content: bytes, media_type: str, *, run: Run, found: list[Listed], name: str) -> Response:
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    # the first name is for old programs, the second (RFC 6266) has the owner as written
    disposition = f"attachment; filename=\"{safe}\"; filename*=UTF-8''{quote(name, safe='')}"
    headers = {"Content-Disposition": disposition, RUN_HEADER: run.run_id}
    headers |= seen_calls(run.number, (line.call.position for line in found))
    return Response(content, media_type=media_type, headers=headers)


def _name(run: Run, owner: str | None, pool: bool, ending: str) -> str:
    whose = "-pool" if pool else f"-{owner[:60]}" if owner else ""
    # a name that a disk would take for a path, or hide, is none
    cleaned = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|\s]+', "_", f"calls-{run.day.isoformat()}{whose}")
    return f"{cleaned}.{ending}"
