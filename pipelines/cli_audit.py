"""Commands for the audit: as a file, of one prospect, and the deletion of what is older than it has to be kept."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.accounts import moment, show, store_of
from pipelines.options import At, MaybeSource, out

audit = typer.Typer(no_args_is_help=True, help="Who saw or changed which prospect, when, and from where.")


@audit.command()
def export(
    to_file: Annotated[Path, typer.Argument(help="File to write; .csv or .parquet.")],
    start: Annotated[dt.datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day, UTC.")] = None,
    end: Annotated[dt.datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Day after the last.")] = None,
    *,
    source: MaybeSource = None,
    home: At = None,
) -> None:
    """Write the audit of the days in [from, to) to a file."""
    from serving.store.audit import COLUMNS, between
    from serving.store.engine import reading

    if to_file.suffix not in (".csv", ".parquet"):
        raise typer.BadParameter(f"{to_file.name}: expected a name that ends in .csv or .parquet")
    with store_of(home, source) as engine, reading(engine) as store:
        rows = [
            {name: getattr(row, name) for name in ("id", *COLUMNS)} for row in between(store, _utc(start), _utc(end))
        ]
    _write(to_file, ("id", *COLUMNS), rows)
    out.print(f"{len(rows)} rows in {to_file}")


@audit.command()
def who(prospect: str, *, source: MaybeSource = None, home: At = None) -> None:
    """Show everybody who saw or changed a prospect, also on a list or in a file."""
    from serving.store.audit import who_saw
    from serving.store.engine import reading

    with store_of(home, source) as engine, reading(engine) as store:
        rows: list[tuple[str, ...]] = [
            (moment(r.at), r.who or f"({r.how})", r.role, r.address, r.action, r.what, str(r.times))
            for r in who_saw(store, prospect)
        ]
    show(f"Who saw or changed {prospect}", ("at (UTC)", "who", "role", "from", "did", "what", "times"), rows)


@audit.command()
def retain(
    before: Annotated[dt.datetime, typer.Option("--before", formats=["%Y-%m-%d"], help="Rows before it go, UTC.")],
    by: Annotated[str, typer.Option("--by", help="Who decided it; written down.")],
    *,
    source: MaybeSource = None,
    home: At = None,
) -> None:
    """Delete rows that need not be kept any longer; that it was done stays in the audit."""
    from serving.store.audit import delete_before

    with store_of(home, source) as engine:
        gone = delete_before(engine, before.replace(tzinfo=dt.UTC), who=by)
    out.print(f"{gone} rows before {before:%Y-%m-%d} deleted")


def _utc(day: dt.datetime | None) -> dt.datetime | None:
    return None if day is None else day.replace(tzinfo=dt.UTC)


def _write(path: Path, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    if path.suffix == ".csv":
        from serving.exports.tables import csv_bytes

        path.write_bytes(csv_bytes(columns, ([row[name] for name in columns] for row in rows)))
        return
    import pandas as pd

    pd.DataFrame(rows, columns=list(columns)).to_parquet(path, index=False)
