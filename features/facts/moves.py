"""Who moves when the words change: proposed definitions against those in force, before anything takes effect.

Worked example, run as a doctest. Today "contacted" is whoever we called; proposed is whoever answered. Of the two
prospects called one answered, so one leaves and nobody comes in:

>>> import pandas as pd
>>> from features.facts.definitions import REQUIRED_TERMS, parse
>>> from features.facts.ledger import Facts
>>> term = {"means": "as said by the owner", "evidence": "select prospect_id from prospects", "owner": "us",
...         "since": "2026-01-01"}
>>> now = {"company": "c", "recorded_at": "column", "horizon_days": 30, "terms": dict.fromkeys(REQUIRED_TERMS, term)}
>>> called = term | {"evidence": "select prospect_id from touches"}
>>> now["terms"] = now["terms"] | {"contacted": called}
>>> asked = called | {"evidence": "select prospect_id from touches where result = 'answered'"}
>>> then = now | {"terms": now["terms"] | {"contacted": asked}}
>>> at = pd.Timestamp("2026-01-05", tz="UTC").as_unit("us")
>>> people = pd.DataFrame({"prospect_id": ["a", "b"], "created_at": at, "recorded_at": at})
>>> calls = people.assign(touch_id=["1", "2"], kind="call", direction="outbound", result=["answered", None],
...                       occurred_at=at)
>>> facts = Facts.of({"prospects": people, "touches": calls})
>>> found = against(parse(now), parse(then), facts)
>>> [(m.term, m.before, m.after, m.comes, m.leaves, m.leaving) for m in found.moves]
[('contacted', 2, 1, 0, 1, ('b',))]
>>> found.stale
True
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from features.facts.definitions import Definitions
from features.facts.evidence import holders
from features.facts.ledger import Facts

EXAMPLES: Final = 5
ABSENT: Final = "not said"


@dataclass(frozen=True)
class Difference:
    """One field that differs; its path has dots ("terms.won.evidence"), absent values are `ABSENT`."""

    field: str
    now: str
    proposed: str


@dataclass(frozen=True)
class Move:
    """What a change of one term does to the prospects that it holds for.

    Attributes
    ----------
    before, after : int
        Prospects that it holds for now, and under the proposal.
    comes, leaves : int
        Prospects that it would hold for in addition, and no longer.
    coming, leaving : tuple of str
        The first `EXAMPLES` of them by id.
    """

    term: str
    before: int
    after: int
    comes: int
    leaves: int
    coming: tuple[str, ...]
    leaving: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """A proposal against what is in force.

    Attributes
    ----------
    differences : tuple of Difference
        By field; empty where nothing differs.
    moves : tuple of Move
        One per term whose rule differs, also where nobody moves.
    stale : bool
        The meaning differs, not only how a list is made: models have to be trained again.
    """

    differences: tuple[Difference, ...]
    moves: tuple[Move, ...]
    stale: bool


def against(now: Definitions, proposed: Definitions, facts: Facts) -> Comparison:
    """Answer what differs, and who would come and who would leave, term by term.

    Parameters
    ----------
    facts : Facts
        What is known; give `facts.visible(as_of)` for what was known then.

    Raises
    ------
    DefinitionsError
        The evidence of a changed term does not run; the text names it.
    """
    found = differences(now, proposed)
    # a changed rule has only to be run for the terms that have it
    rules = [name for name in {**now.terms, **proposed.terms} if _rule(now, name) != _rule(proposed, name)]
    before, after = (holders(_only(said, rules), facts) if rules else {} for said in (now, proposed))
    nobody = pd.Series([], dtype="str")
    moved = tuple(_move(name, before.get(name, nobody), after.get(name, nobody)) for name in rules)
    return Comparison(found, moved, now.meaning != proposed.meaning)


def differences(now: Definitions, proposed: Definitions) -> tuple[Difference, ...]:
    """Return the fields that differ, sorted; of lists the whole list is one field."""
    one, other = (dict(_fields("", said.model_dump(mode="json"))) for said in (now, proposed))
    names = sorted({*one, *other})
    pairs = [(name, one.get(name), other.get(name)) for name in names]
    return tuple(Difference(name, _said(old), _said(new)) for name, old, new in pairs if old != new)


def _fields(path: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _fields(f"{path}.{name}" if path else str(name), inner)
    else:
        yield path, value


def _said(value: Any) -> str:
    if value is None or value in ([], {}):
        return ABSENT
    if isinstance(value, list):
        return "; ".join(map(_said, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(inner)}" for name, inner in value.items())
    return " ".join(str(value).split())


def _rule(said: Definitions, name: str) -> str | None:
    return said.terms[name].evidence if name in said.terms else None


def _only(said: Definitions, names: list[str]) -> Definitions:
    return said.model_copy(update={"terms": {name: said.terms[name] for name in names if name in said.terms}})


def _move(term: str, before: pd.Series[str], after: pd.Series[str]) -> Move:
    comes, leaves = sorted(set(after) - set(before)), sorted(set(before) - set(after))
    return Move(
        term, len(before), len(after), len(comes), len(leaves), tuple(comes[:EXAMPLES]), tuple(leaves[:EXAMPLES])
    )
