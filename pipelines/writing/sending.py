"""Send a plan in batches: noted before and after, looked up where nobody knows, stopped by what concerns all rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

from pipelines.sources.connected.errors import ConnectionFailed
from pipelines.writing.errors import WriteBackError
from pipelines.writing.ledger import Ledger
from pipelines.writing.plan import Change, Plan
from pipelines.writing.target import Found, Item, Kind, Outcome, Target

KEPT: Final = "a person completed it"


@dataclass
class Report:
    """What became of a plan.

    Attributes
    ----------
    counts : Counter of (kind, state)
        Rows written, removed, kept and gone.
    confirmed : int
        Of the rows written or removed: found to be so in the CRM already, from a run that was cut off; not sent.
    rejected : list of (Item, str)
        With the vendor's words.
    stopped : str
        Why the rest was not sent; empty where everything was tried.
    left : int
        Rows that were not tried, or of which no answer came.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    confirmed: int = 0
    rejected: list[tuple[Item, str]] = field(default_factory=list)
    stopped: str = ""
    left: int = 0

    @property
    def complete(self) -> bool:
        """Say whether every row stands as planned."""
        return not self.rejected and not self.stopped

    @property
    def words(self) -> str:
        """Tell the counts in words."""
        names = {"fields": "prospects", "task": "tasks"}
        told = [f"{n:,} {names[kind]} {state}" for (kind, state), n in sorted(self.counts.items()) if n]
        told += [f"{len(self.rejected):,} rejected"] if self.rejected else []
        return ", ".join(told + ([f"{self.left:,} not sent"] if self.left else [])) or "nothing to send"


def send(plan: Plan, target: Target, ledger: Ledger, *, run_id: str, now: Callable[[], dt.datetime]) -> Report:
    """Send every row of a plan; rows that the vendor rejects are reported and do not stop the rest."""
    report, unsure = Report(), ledger.unsure()
    sender = _Sender(target, ledger, run_id, now, report)
    tried = 0
    try:
        for batch in _batches(plan.changes, target.limits.batch):
            sender.batch(batch, unsure)
            tried += len(batch)
    except (ConnectionFailed, WriteBackError) as error:
        report.stopped = str(error)
        report.left = len(plan.changes) - tried
    return report


@dataclass(frozen=True)
class _Sender:
    target: Target
    ledger: Ledger
    run_id: str
    now: Callable[[], dt.datetime]
    report: Report

    def batch(self, changes: Sequence[Change], unsure: set[tuple[Kind, str]]) -> None:
        """Settle what can be settled by looking, send the rest."""
        asked = [c.item for c in changes if (c.item.kind, c.item.key) in unsure or c.item.vendor_id is not None]
        found = dict(zip((i.key for i in asked), self.target.find(asked), strict=True)) if asked else {}
        settled, left = [], []
        for change in changes:
            outcome = _settled(change, found[change.item.key]) if change.item.key in found else None
            if outcome is not None:
                settled.append((change.item, outcome))
            else:
                left.append(_known_by(change, found.get(change.item.key)))
        self._note(settled)
        self.report.confirmed += sum(outcome.state in ("written", "removed") for _, outcome in settled)
        if left:
            self._send(left)

    def _send(self, changes: Sequence[Change]) -> None:
        items = [change.item for change in changes]
        self.ledger.begin(items, run_id=self.run_id, at=self.now())
        act = self.target.write if changes[0].action == "write" else self.target.remove
        self._note(list(zip(items, act(items), strict=True)))

    def _note(self, told: Sequence[tuple[Item, Outcome]]) -> None:
        if not told:
            return
        items, outcomes = [item for item, _ in told], [outcome for _, outcome in told]
        self.ledger.note(items, outcomes, run_id=self.run_id, at=self.now())
        for item, outcome in told:
            if outcome.state == "rejected":
                self.report.rejected.append((item, outcome.words))
            else:
                self.report.counts[item.kind, outcome.state] += 1


def _settled(change: Change, found: Found | None) -> Outcome | None:
    """Return what a look into the CRM says of a row; None where it has to be sent."""
    task = change.item.kind == "task"
    if found is None:
        return Outcome("removed") if task and change.action == "remove" else None
    if task and found.done:
        return Outcome("kept", found.vendor_id, KEPT)
    if found.same and not (task and change.action == "remove"):
        return Outcome("written" if change.action == "write" else "removed", found.vendor_id)
    return None


def _known_by(change: Change, found: Found | None) -> Change:
    known = None if found is None else found.vendor_id
    return replace(change, item=replace(change.item, vendor_id=known))


def _batches(changes: Sequence[Change], most: int) -> Iterator[Sequence[Change]]:
    """Yield rows of one kind and one action, at most so many, in the order of the plan."""
    for _, group in groupby(changes, key=lambda change: (change.action, change.item.kind)):
        rows = list(group)
        for at in range(0, len(rows), most):
            yield rows[at : at + most]
