"""What leaves the server as JSON. Times are ISO 8601 in UTC, chances are shares in (0, 1), never percent."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving.store import queries
from serving.store import tables as t


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class RunOut(_Out):
    """Which run an answer comes from, and everything it depends on."""

    run_id: str
    day: dt.date
    as_of: dt.datetime = Field(description="Only what was known before this moment was used.")
    company: str
    simulated: bool
    horizon_days: int
    currency: str
    timezone: str
    model_version: str
    bundle_fingerprint: str
    definitions_hash: str
    data_version: str
    base_rate: float | None
    summary: dict[str, Any]


class ReasonOut(_Out):
    """One fact, what it does to the chance (log-odds), and how prospects with the same fact fared."""

    text: str
    direction: Literal["for", "against"]
    effect: float
    concept: str
    question: str
    counts_n: int | None = None
    counts_won: int | None = None


class ChanceOut(_Out):
    """A calibrated chance to be won within the horizon, with its interval and the counts behind it.

    `chance` is null, never 0, where `state` is not "scored".
    """

    state: str
    chance: float | None
    low: float | None
    high: float | None
    like_n: int | None = Field(description="Held-out prospects scored most alike; like_won of them won.")
    like_won: int | None
    margin: float | None = Field(description="Uncalibrated log-odds, the order of the ranking.")
    grade: str | None
    reasons: list[ReasonOut]


class ReceiptOut(ChanceOut):
    """A chance as it was published; the receipt's id is made from its content."""

    receipt_id: str
    trend: str | None = Field(default=None, description="rising, steady or falling since the last list.")
    change: str | None = Field(default=None, description="What changed since the last list, in words.")


class ContactOut(_Out):
    """A person one may speak to, or must not."""

    contact_id: str
    name: str | None
    role: str | None
    seniority: str | None
    email: str | None
    phone: str | None
    timezone: str | None
    do_not_contact: bool


class ProspectOut(_Out):
    """A prospect as last published."""

    prospect_id: str
    name: str | None
    account_id: str | None
    owner_id: str | None
    territory: str | None
    segment: str | None
    source: str | None
    created_at: dt.datetime
    last_touch_at: dt.datetime | None


class WorthOut(_Out):
    """What a call is expected to bring, factor by factor; a factor that is not known is null, never 0 or 1."""

    value: float | None = Field(description="Expected value of the call, in the run's currency.")
    amount: float | None = Field(description="What a win would be worth, in the run's currency.")
    timing: float | None = Field(description="How much better this moment is than the prospect's usual one.")
    reach: float | None = Field(description="How much likelier an answer is than on average.")
    hours: str | None = Field(description="When to call, in the contact's own time.")
    offer_id: str | None
    offer_words: str | None
    timing_words: str | None
    worth_words: str | None
    drawn: str | None = Field(description="By value, by chance (exploration), or by an experiment.")
    propensity: float | None = Field(description="How likely it was to be on the list.")


class CallOut(_Out):
    """One line of the list: whom to call, whom to ask for, when, on which channel, with which offer, and why."""

    rank: int
    owner_id: str | None
    channel: str | None
    why_contact: str | None
    worth: WorthOut
    prospect: ProspectOut
    contact: ContactOut | None
    receipt: ReceiptOut

    @classmethod
    def of(cls, line: queries.Listed) -> CallOut:
        """Join what the store keeps apart."""
        return cls(
            rank=line.call.rank,
            owner_id=line.call.owner_id,
            channel=line.call.channel,
            why_contact=line.call.why_contact,
            worth=WorthOut.model_validate(line.call),
            prospect=ProspectOut.model_validate(line.prospect),
            contact=None if line.contact is None else ContactOut.model_validate(line.contact),
            receipt=ReceiptOut.model_validate(line.receipt),
        )


class CallListOut(_Out):
    """A part of a list. `next_cursor` is null at the end; it stays with its run when a newer one comes."""

    run: RunOut
    items: list[CallOut]
    next_cursor: str | None
    left_out: dict[str, int] = Field(description="Prospects of the whole cohort not on the list, by reason.")


class LeftOutOut(_Out):
    """Why a prospect is not on today's list."""

    reason: str
    words: str
    until: dt.date | None = Field(default=None, description="The first day on which it may be listed again.")


class MomentOut(_Out):
    """One thing that happened."""

    occurred_at: dt.datetime
    recorded_at: dt.datetime
    kind: str
    channel: str | None
    direction: str | None
    result: str | None
    text: str | None


class PastOut(_Out):
    """What an earlier day's list said."""

    day: dt.date
    receipt: ReceiptOut


class OnListOut(WorthOut):
    """Where a prospect stands on the list, and what the call is worth."""

    rank: int
    owner_id: str | None
    contact_id: str | None
    channel: str | None
    why_contact: str | None


class DetailOut(_Out):
    """Everything known of one prospect; exactly one of `call` and `left_out` is set if the run looked at it."""

    run: RunOut
    prospect: ProspectOut
    receipt: ReceiptOut | None
    call: OnListOut | None
    left_out: LeftOutOut | None
    contacts: list[ContactOut]
    timeline: list[MomentOut]
    history: list[PastOut]

    @classmethod
    def of(cls, run: t.Run, detail: queries.Detail) -> DetailOut:
        """Join a prospect with the run it is seen from."""
        return cls.model_validate({"run": run, **vars(detail)})
