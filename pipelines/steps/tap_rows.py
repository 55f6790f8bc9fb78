"""What was tapped, as rows of the contract: a pure function, so that the same taps are the same rows every time.

- A call with a result is an outbound touch, `tap:` and the key of the tap, recorded when it was tapped.
- `never_again` is also a new version of the person's row, with `do_not_contact_since`.
- `not_now` and `snooze` change an attribute of the prospect to the day before which nobody should call
  (`features.facts.own.PUT_OFF`).
- A conversation in which the list's offer was made is an offer made: where chance chose the offer, with that chance;
  else only if the source tells of no offers itself, or each would be counted twice.
- `skip` and the overrides touch nobody: they stay in the store, where overrides are graded.

What no longer holds, because it was taken back or because the source delivered the same call, gets a later version of
the same key. A touch then becomes a piece of work of our own (`task`) that reached nobody: a key that was known cannot
be unknown, and every reader of touches knows that a task is no contact.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from features.facts.contract import TABLES, TIME_TYPE, empty
from features.facts.ledger import Facts, current
from features.facts.own import NOT_NOW_UNTIL, SNOOZED_UNTIL, TAP, is_own
from serving.store import feedback

RESULT: Final[Mapping[str, str]] = {
    feedback.INTERESTED: "interested",
    feedback.MEETING_BOOKED: "meeting_booked",
    feedback.NO_ANSWER: "no_answer",
    feedback.NOT_NOW: "not_now",
    feedback.WRONG_PERSON: "wrong_person",
    feedback.NEVER_AGAIN: "do_not_contact",
}
"""What a tap says came of the call; a booked meeting becomes a touch of its own when the source says it was held."""
KIND: Final[Mapping[str, str]] = {"phone": "call", "email": "email", "in_person": "meeting"}
"""How one reaches out on a channel; on others by a `message`, and by a call where no channel was said."""
UNTIL: Final[Mapping[str, str]] = {feedback.NOT_NOW: NOT_NOW_UNTIL, feedback.SNOOZE: SNOOZED_UNTIL}
RESPONSE: Final[Mapping[str, str | None]] = {
    feedback.INTERESTED: "interested",
    feedback.MEETING_BOOKED: "interested",
    feedback.NOT_NOW: None,
    feedback.NEVER_AGAIN: "declined",
}
"""Conversations in which the list's offer is taken to have been made, and what they answered to it."""
ENTERING: Final = (*RESULT, feedback.SNOOZE)
"""Kinds that become rows."""
INSTANT: Final = pd.Timedelta(microseconds=1)


def rows(said: pd.DataFrame, facts: Facts) -> dict[str, pd.DataFrame]:
    """Return the contract's rows of these taps, every version of them.

    Parameters
    ----------
    said : DataFrame, index 0 to n - 1
        `key`, `prospect_id`, `contact_id`, `channel`, `kind` (of `ENTERING`), `until` (date), `at`, `undone_at`,
        `replaced_at` (UTC, missing where it holds), `offer_id` (the one on the list), `propensity`.
    facts : Facts
        What is known, for the rows of the people who asked not to be contacted.

    Returns
    -------
    dict of touches, contacts, attribute_changes, offers_made
        Each with the further column `tap`, the row of `said` that it comes from.
    """
    said = said.assign(tap=said.index, recorded_at=said["at"], touch_id=TAP + said["key"])
    calls = said[said["kind"].isin(list(RESULT))]
    offered = calls[calls["kind"].isin(list(RESPONSE)) & calls["offer_id"].notna()]
    if not facts.offers_made.empty and _delivered(facts):
        offered = offered[offered["propensity"].notna()]
    refused = calls[calls["kind"].eq(feedback.NEVER_AGAIN) & calls["contact_id"].notna()]
    put_off = said[said["kind"].isin(list(UNTIL)) & said["until"].notna()]
    return {
        "touches": _touches(calls),
        "contacts": _contacts(refused, facts),
        "attribute_changes": _put_off(put_off),
        "offers_made": _offered(offered),
    }


def _delivered(facts: Facts) -> bool:
    """Say whether the source tells which offers were made."""
    taps = facts.touches[is_own(facts.touches)]
    ours = pd.MultiIndex.from_frame(taps[["prospect_id", "occurred_at"]])
    return not pd.MultiIndex.from_frame(facts.offers_made[["prospect_id", "occurred_at"]]).isin(ours).all()


def _touches(calls: pd.DataFrame) -> pd.DataFrame:
    kind = calls["channel"].map(KIND).fillna("message").mask(calls["channel"].isna(), "call")
    first = calls.assign(
        kind=kind, direction="outbound", occurred_at=calls["at"], result=calls["kind"].map(RESULT).astype("str")
    )
    ended = first[["undone_at", "replaced_at"]].min(axis=1)
    gone = first.assign(kind="task", channel=None, contact_id=None, result=None)
    return _versions("touches", first, _after(gone, ended))


def _contacts(refused: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Return the people's rows as last known before the tap, with the refusal, and without it if it was taken back."""
    parts, contacts = [], facts.ever("contacts")
    for tap in refused.to_dict("records"):
        known = contacts[contacts["contact_id"].eq(tap["contact_id"])]
        before = current(known[known["recorded_at"] < tap["at"]], TABLES["contacts"].key)
        again = before.assign(tap=tap["tap"], recorded_at=tap["at"], at=tap["at"])
        back = _after(again, pd.Series(tap["undone_at"], index=again.index, dtype=TIME_TYPE))
        parts += [again.assign(do_not_contact_since=tap["at"]), back]
    return _versions("contacts", *parts)


def _put_off(taps: pd.DataFrame) -> pd.DataFrame:
    first = taps.assign(
        entity="prospect", id=taps["prospect_id"], name=taps["kind"].map(UNTIL).astype("str"), occurred_at=taps["at"],
        value=taps["until"].map(str),
    )  # fmt: skip
    return _versions("attribute_changes", first, _after(first.assign(value=None), first["undone_at"]))


def _offered(calls: pd.DataFrame) -> pd.DataFrame:
    response = calls["kind"].map(RESPONSE).astype("str")
    first = calls.assign(
        occurred_at=calls["at"], response=response, responded_at=calls["at"].where(response.notna())
    )  # fmt: skip
    never = pd.Series(pd.NaT, index=first.index, dtype=TIME_TYPE)
    gone = first.assign(response=None, responded_at=never, propensity=float("nan"))
    return _versions("offers_made", first, _after(gone, first["undone_at"]))


def _after(rows_: pd.DataFrame, ended: pd.Series[Any]) -> pd.DataFrame:
    """Keep the rows that ended, recorded when they did, and never at the moment of the tap itself."""
    ended = ended.where(ended > rows_["at"], rows_["at"] + INSTANT).where(ended.notna())
    return rows_.assign(recorded_at=ended)[ended.notna()]


def _versions(table: str, *parts: pd.DataFrame) -> pd.DataFrame:
    typed = empty(table).assign(tap=pd.Series([], dtype="int64"))
    found = [part.reindex(columns=typed.columns).astype(typed.dtypes.to_dict()) for part in parts if len(part)]
    return pd.concat(found, ignore_index=True) if found else typed
