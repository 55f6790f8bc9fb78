"""Who is asking: one value that a route declares (`ViewerDep`) and that the store's queries take to choose rows.

How a viewer is found out (session, token, the secret, nobody's on loopback) is
`coming_in.py`; which rows one sees is decided below the routes, by the three questions a viewer answers here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, get_args

Scope = Literal["read", "feedback", "score", "publish", "manage"]
How = Literal["open", "session", "token", "secret"]
SCOPES: Final[frozenset[str]] = frozenset(get_args(Scope))


class Role(StrEnum):
    """What a person or a program is here for.

    salesperson
        Works a list: reads and writes the own rows only.
    marketing, analyst
        Read everybody's rows, without who the people are; they ask for experiments.
    admin
        Everything.
    """

    SALESPERSON = "salesperson"
    MARKETING = "marketing"
    ANALYST = "analyst"
    ADMIN = "admin"


MAY: Final[Mapping[Role, frozenset[str]]] = {
    Role.SALESPERSON: frozenset({"read", "feedback", "score"}),
    Role.MARKETING: frozenset({"read", "score", "publish"}),
    Role.ANALYST: frozenset({"read", "score", "publish"}),
    Role.ADMIN: SCOPES,
}
"""What a role may do at most; a token may do less.

read: lists, prospects, boards. feedback: say what came of a call. score: have prospects scored.
publish: bring something into the next run (ask for an experiment). manage: see who saw what.
"""


@dataclass(frozen=True)
class Viewer:
    """Somebody who came in.

    Attributes
    ----------
    name : str
        As the person, or the token, is called; empty where nobody said (`how` is "open" or "secret").
    role : Role
    owner_id : str or None
        `owner_id` of the contract whose rows are the own ones; None: none are. Always set for a salesperson.
    scopes : frozenset of str
        Of `SCOPES`; never more than `MAY[role]`.
    how : str
        open: nobody has to say who they are. session: signed in on the page. token: presented one of ours.
        secret: presented `TAKT_SECRET`.
    """

    name: str
    role: Role
    owner_id: str | None
    scopes: frozenset[str]
    how: How

    @property
    def sees_all(self) -> bool:
        """Say whether every row may be seen: everybody but a salesperson does."""
        return self.role is not Role.SALESPERSON

    @property
    def sees_contacts(self) -> bool:
        """Say whether the people of a prospect may be seen: names, addresses, telephones, and what was written down.

        Marketing and analysts plan and measure: they need to know that a call was answered, not who answered. Those who
        call, and those who run Takt, need to know.
        """
        return self.role in (Role.SALESPERSON, Role.ADMIN)

    @property
    def rows(self) -> str | None:
        """Return the owner whose rows alone are seen; None: everybody's.

        Two viewers with the same `rows` and `sees_contacts` are given the same answers.
        """
        return None if self.sees_all else (self.owner_id or "")

    def may(self, scope: Scope) -> bool:
        """Say whether this may be done."""
        return scope in self.scopes


OPEN: Final = Viewer("", Role.ADMIN, None, SCOPES, "open")
"""Whoever sits at this machine, where nothing guards it."""
