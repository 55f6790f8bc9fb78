"""Who was erased, as salted hashes that nobody can read: so that the next pull does not bring them back."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from pipelines.home import Home
from pipelines.trust.person import Person

FILE: Final = "erased.jsonl"


def digest(salt: str, text: str) -> str:
    """Return what stands for an id in the list and in the certificate."""
    return hashlib.blake2b(text.encode(), key=bytes.fromhex(salt), digest_size=16).hexdigest()


def remember(home: Home, person: Person, *, at: str) -> dict[str, Any]:
    """Add a person to the list of the home and return the line; only hashes are kept."""
    salt = next((line["salt"] for line in everybody(home)), None) or secrets.token_hex(16)
    line = {"at": at, "kind": person.kind, "salt": salt, "id": digest(salt, person.id)}
    line["ids"] = sorted(digest(salt, i) for i in person.ids)
    with (home.path / FILE).open("a", encoding="utf-8") as book:
        book.write(json.dumps(line, sort_keys=True) + "\n")
        book.flush()
        os.fsync(book.fileno())
    return line


def everybody(home: Home) -> list[dict[str, Any]]:
    """Return the lines of the list, the first erased first."""
    place = home.path / FILE
    return [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()] if place.exists() else []


def kept_out(home: Home, tables: Mapping[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], int]:
    """Return rows that may enter the lake, and how many were left out or lost a reference to somebody erased."""
    lines, found = everybody(home), dict(tables)
    if not lines:
        return found, 0
    salt, hashes = lines[0]["salt"], {h for line in lines for h in line["ids"]}
    count = 0
    columns = [(n, c) for n, rows in tables.items() for c in ("prospect_id", "contact_id", "id") if c in rows]
    ids = {i for n, c in columns for i in tables[n][c].dropna().unique()}
    erased = {i for i in ids if digest(salt, str(i)) in hashes}
    for name, column in columns:
        rows = found[name]
        hit = rows[column].isin(erased)
        count += int(hit.sum())
        if column == "contact_id" and name != "contacts":
            found[name] = rows.assign(contact_id=rows[column].mask(hit))
        else:
            found[name] = rows[~hit]
    return found, count
