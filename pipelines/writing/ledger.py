"""What Takt has written into which CRM: an append-only book in the home, `write_back.db`.

Before a batch is sent its rows are noted as `sending`, and after the answer with what became of them. A row that is
`sending` and nothing after it was cut off in between: the next run looks in the CRM before it sends again. Whether a
row has to be sent is decided by its key (target, kind, prospect or day and prospect) and the hash of its content.

The contents themselves are kept beside the book, for the difference that a person is shown, and only of what stands:
texts that were replaced, or removed, are forgotten, and the book keeps their hashes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.writing.errors import WrongAccount
from pipelines.writing.target import Item, Kind, Outcome, Value

NAME: Final = "write_back.db"
SENDING: Final = "sending"
_SCHEMA: Final = """
create table if not exists entries (
    number integer primary key autoincrement, target text not null, kind text not null, key text not null,
    prospect_id text not null, hash text not null, state text not null, vendor_id text, words text not null,
    run_id text not null, at text not null
);
create index if not exists entries_of_key on entries (target, kind, key, number);
create table if not exists contents (
    target text not null, kind text not null, key text not null, content text not null,
    primary key (target, kind, key)
);
create table if not exists accounts (target text primary key, account text not null);
"""
_LAST: Final = """
select kind, key, prospect_id, hash, state, vendor_id, content from entries
left join contents using (target, kind, key)
where number in (select max(number) from entries where target = ? and {} group by kind, key)
"""


@dataclass(frozen=True)
class Entry:
    """The last that is known of one row; `values` only of what stands in the CRM."""

    kind: Kind
    key: str
    prospect_id: str
    hash: str
    state: str
    vendor_id: str | None
    values: Mapping[str, Value]

    @property
    def place(self) -> tuple[Kind, str]:
        """What the row is found by."""
        return self.kind, self.key


class Ledger:
    """The book of one home; `opened` closes it and lets nobody else write meanwhile."""

    def __init__(self, connection: sqlite3.Connection, target: str) -> None:
        self._book, self._target = connection, target

    @classmethod
    @contextlib.contextmanager
    def opened(cls, home: Path, target: str) -> Iterator[Ledger]:
        """Open the book for writing; waits until nobody else writes from this home."""
        home.mkdir(parents=True, exist_ok=True)
        with (home / f"{NAME}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with cls.reading(home, target) as ledger:
                yield ledger

    @classmethod
    @contextlib.contextmanager
    def reading(cls, home: Path, target: str) -> Iterator[Ledger]:
        """Open the book without waiting for anybody."""
        with contextlib.closing(sqlite3.connect(home / NAME, isolation_level=None)) as connection:
            connection.execute("pragma journal_mode=wal")
            connection.executescript(_SCHEMA)
            yield cls(connection, target)

    def belongs_to(self, account: str) -> None:
        """Note whose account is written into; the first one is kept.

        Raises
        ------
        WrongAccount
            What was written before went into another one.
        """
        self._book.execute("insert or ignore into accounts values (?, ?)", (self._target, account))
        known = self._book.execute("select account from accounts where target = ?", (self._target,)).fetchone()[0]
        if known != account:
            raise WrongAccount(
                f"{self._target}: these credentials are for the account {account}, but this home has written into "
                f"{known}. Use that account's, or another home; nothing was written."
            )

    def standing(self) -> dict[tuple[Kind, str], Entry]:
        """Return the last confirmed state of each row; rejected ones left the state before as it was."""
        return self._last(f"state not in ('{SENDING}', 'rejected')")

    def unsure(self) -> set[tuple[Kind, str]]:
        """Return the rows of which nobody knows whether the CRM took them."""
        return set(self.begun())

    def begun(self) -> dict[tuple[Kind, str], Entry]:
        """Return those rows as they were last sent."""
        return {place: entry for place, entry in self._last("true").items() if entry.state == SENDING}

    def begin(self, items: Sequence[Item], *, run_id: str, at: dt.datetime) -> None:
        """Note that these rows are about to be sent."""
        self._append([(item, SENDING, item.vendor_id, "") for item in items], run_id=run_id, at=at)

    def note(self, items: Sequence[Item], outcomes: Sequence[Outcome], *, run_id: str, at: dt.datetime) -> None:
        """Note what became of rows, in one transaction."""
        told = [(i, o.state, o.vendor_id or i.vendor_id, o.words) for i, o in zip(items, outcomes, strict=True)]
        self._append(told, run_id=run_id, at=at)

    def _append(self, told: Sequence[tuple[Item, str, str | None, str]], *, run_id: str, at: dt.datetime) -> None:
        when = at.isoformat()
        rows = [
            (self._target, i.kind, i.key, i.prospect_id, i.hash, state, vendor_id, words, run_id, when)
            for i, state, vendor_id, words in told
        ]
        place = [(self._target, i.kind, i.key) for i, state, _, _ in told if state not in (SENDING, "rejected")]
        kept = [
            (self._target, i.kind, i.key, json.dumps(dict(i.values)))
            for i, state, _, _ in told
            if state == "written"
        ]  # fmt: skip
        columns = "target, kind, key, prospect_id, hash, state, vendor_id, words, run_id, at"
        self._book.execute("begin immediate")
        try:
            self._book.executemany(f"insert into entries ({columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self._book.executemany("delete from contents where target = ? and kind = ? and key = ?", place)
            self._book.executemany("insert into contents values (?, ?, ?, ?)", kept)
        except BaseException:
            self._book.execute("rollback")
            raise
        self._book.execute("commit")

    def _last(self, condition: str) -> dict[tuple[Kind, str], Entry]:
        found = self._book.execute(_LAST.format(condition), (self._target,))
        entries = (
            Entry(k, key, who, digest, state, vendor, json.loads(kept) if kept else {})
            for k, key, who, digest, state, vendor, kept in found
        )
        return {entry.place: entry for entry in entries}
