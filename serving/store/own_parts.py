"""The parts of a board that are about one prospect or one list: those of others are left out for a salesperson."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.store.scope import scope_of
from serving.store.tables import Prospect


def only_own(store: Session, content: dict[str, Any]) -> dict[str, Any]:
    """Return a board without the entries that name a prospect or an owner that this reader does not see.

    An entry is an object with a `prospect_id` or an `owner_id` (null is the team's pool) in a list, however deep.
    """
    owner = scope_of(store).owner
    if owner is None:
        return content
    named = {str(i) for i in _named(content)}
    seen = set(store.scalars(select(Prospect.prospect_id).where(Prospect.prospect_id.in_(named)))) if named else set()
    kept: dict[str, Any] = _kept(content, seen, owner)
    return kept


def _named(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if "prospect_id" in value:
            yield value["prospect_id"]
        for inner in value.values():
            yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)


def _kept(value: Any, seen: set[str], owner: str) -> Any:
    if isinstance(value, dict):
        return {key: _kept(inner, seen, owner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_kept(inner, seen, owner) for inner in value if _is_own(inner, seen, owner)]
    return value


def _is_own(value: Any, seen: set[str], owner: str) -> bool:
    if not isinstance(value, dict):
        return True
    if "prospect_id" in value:
        return value["prospect_id"] in seen
    return value.get("owner_id") in (owner, None)
