"""Whose task it is: from the owner's name in the lists to the user of the CRM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pipelines.writing.target import Item, Outcome


class Owners:
    """The users of a CRM, found by id, e-mail address or name; read when the first one is asked for.

    Parameters
    ----------
    read : callable
        Returns (id, what else the user is called) of everybody who may own a task.
    """

    def __init__(self, read: Callable[[], Iterable[tuple[str, Iterable[str]]]]) -> None:
        self._read = read
        self._ids: dict[str, set[str]] | None = None

    def ids(self, owner: str) -> set[str]:
        """Return the ids of the users who are called so; upper and lower case are the same."""
        if self._ids is None:
            self._ids = {}
            for one, names in self._read():
                for name in (one, *names):
                    self._ids.setdefault(name.strip().casefold(), set()).add(one)
        return self._ids.get(owner.strip().casefold(), set())

    def id_of(self, item: Item) -> str:
        """Return the id of a task's owner; only of tasks that `only_owned` let through."""
        (one,) = self.ids(str(item.values["owner_id"]))
        return one

    def only_owned(self, items: Sequence[Item], send: Callable[[Sequence[Item]], list[Outcome]]) -> list[Outcome]:
        """Send the tasks whose owner is one user of the CRM; the others are rejected, with what is wrong."""
        told: dict[str, Outcome] = {}
        for item in items:
            found = self.ids(str(item.values["owner_id"]))
            if len(found) != 1:
                many = f"{len(found)} users are" if found else "no user is"
                told[item.key] = Outcome("rejected", words=f"{many} called {item.values['owner_id']!r}")
        rest = [item for item in items if item.key not in told]
        told |= dict(zip((item.key for item in rest), send(rest) if rest else [], strict=True))
        return [told[item.key] for item in items]
