"""Whose rows a reader sees: added to every query in one place, so that no query can forget it.

A session of `serving.store.engine.reading` carries a `Scope`. Every SELECT that it executes, also inside subqueries and
joins and by `Session.get`, gets the owner's condition on each table of `ROWS`; what cannot get it (SQL as text, a table
in place of its class, a change) is refused. A row of somebody else is not found: 404, as if it were not there.

Source of the method: SQLAlchemy, "Adding global WHERE / ON criteria" (`do_orm_execute`, `with_loader_criteria`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Table, and_, event, exists, func, or_, select
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.visitors import iterate

from serving.store.tables import Base, Call, Contact, Feedback, LeftOut, Moment, Prospect, Receipt, Run

ROWS: Final[tuple[type[Base], ...]] = (Call, Receipt, LeftOut, Prospect, Contact, Moment, Feedback)
"""Tables with rows about one prospect, each with its `prospect_id`."""
PERSONAL: Final[dict[type[Base], tuple[str, ...]]] = {
    Contact: ("name", "email", "phone"),
    Call: ("why_contact",),
    Moment: ("text",),
    Feedback: ("note",),
}
"""Columns that say who a person is, or hold what was written down about one."""
EVERYBODY: Final = {"takt_everybody": True}
"""Execution options of a query that has to look at everybody's rows and shows none of them: who asked not to be called
asked the company, not one salesperson."""
_SCOPE: Final = "takt_scope"


@dataclass(frozen=True)
class Scope:
    """Whose rows are seen, and whether their people are.

    Attributes
    ----------
    owner : str or None
        The salesperson whose rows alone are seen; None: everybody's rows.
    contacts : bool
        Whether the columns of `PERSONAL` are seen; otherwise they are None.
    """

    owner: str | None
    contacts: bool = True


EVERYTHING: Final = Scope(None)
"""Of the daily run and of those who run Takt."""


class OutOfScope(AssertionError):
    """A query that the owner's condition cannot be added to: a mistake in this program, never one of the caller."""


class ScopedSession(Session):
    """A session whose queries see the rows of its scope."""


def scoped(session: ScopedSession, scope: Scope) -> None:
    """Let a session see the rows of a scope and no others."""
    session.info[_SCOPE] = scope


def scope_of(session: Session) -> Scope:
    """Return the scope of a session; one that was not opened by `reading` is the program's own and sees everything."""
    found: Scope = session.info.get(_SCOPE, EVERYTHING)
    return found


def owns(prospect_id: Any, owner: str) -> ColumnElement[bool]:
    """Return the condition that a prospect is a salesperson's own.

    Own is who has this owner, who stands on this salesperson's list in a run of the newest day, and who has no owner
    and stands on the list of the team's pool on that day.
    """
    prospects = cast(Table, Prospect.__table__).alias("own_prospect")
    calls, runs = cast(Table, Call.__table__).alias("own_call"), cast(Table, Run.__table__).alias("own_run")
    newest = select(func.max(runs.c.day)).scalar_subquery()
    days = cast(Table, Run.__table__).alias("own_day")
    of_the_day = select(days.c.number).where(days.c.day == newest)
    today = and_(calls.c.run.in_(of_the_day), calls.c.prospect_id == prospect_id)
    pool = and_(
        prospects.c.owner_id.is_(None), exists().where(today, calls.c.owner_id.is_(None)).correlate_except(calls)
    )
    return or_(
        exists().where(prospects.c.prospect_id == prospect_id, or_(prospects.c.owner_id == owner, pool)),
        exists().where(today, calls.c.owner_id == owner),
    )


@lru_cache(1024)
def _criteria(owner: str) -> tuple[Any, ...]:
    return tuple(with_loader_criteria(t, owns(cast(Any, t).prospect_id, owner), include_aliases=True) for t in ROWS)


@event.listens_for(ScopedSession, "do_orm_execute")
def _only_own(state: ORMExecuteState) -> None:
    scope = scope_of(state.session)
    if scope == EVERYTHING or state.execution_options.get("takt_everybody", False):
        return
    if not (state.is_select and state.is_orm_statement):
        raise OutOfScope(f"only queries of mapped classes are taken in a session of {scope}, got: {state.statement}")
    if not scope.contacts:
        _check_columns(state)
    if scope.owner is not None:
        state.statement = state.statement.options(*_criteria(scope.owner))


def _check_columns(state: ORMExecuteState) -> None:
    """Refuse single columns of people; whole rows have them taken out when they are loaded."""
    named = {(cast(Any, t).__tablename__, column) for t, columns in PERSONAL.items() for column in columns}
    for described in cast(Any, state.statement).column_descriptions:
        if isinstance(described["expr"], type):
            continue
        for part in iterate(described["expr"].__clause_element__() if hasattr(described["expr"], "__clause_element__")
                            else described["expr"]):  # fmt: skip
            if (getattr(getattr(part, "table", None), "name", None), getattr(part, "key", None)) in named:
                raise OutOfScope(f"{part} says who a person is, and this reader must not know: load the whole row")


def _take_out(target: Base, context: Any) -> None:
    if not scope_of(context.session).contacts:
        for column in PERSONAL[type(target)]:
            set_committed_value(target, column, None)


for _table in PERSONAL:
    event.listen(_table, "load", _take_out)
