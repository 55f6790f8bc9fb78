"""What Takt's own pages say, among the facts: how such rows are recognised, wherever they lie.

A call that was recorded in our own pages is a touch like any other, with an id that begins with `TAP`. A day before
which nobody should call is a change of one of the attributes `PUT_OFF`; a CRM may deliver these too.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

TAP: Final = "tap:"
"""How the id of a touch begins that was tapped in our own pages, not delivered by a source."""
NOT_NOW_UNTIL: Final = "not_now_until"
"""Attribute of a prospect: the day (YYYY-MM-DD) before which they asked not to be called."""
SNOOZED_UNTIL: Final = "snoozed_until"
"""Attribute of a prospect: the day (YYYY-MM-DD) to which we moved the call ourselves."""
PUT_OFF: Final = (NOT_NOW_UNTIL, SNOOZED_UNTIL)


def is_own(touches: pd.DataFrame) -> pd.Series[Any]:
    """Say for each touch whether it was tapped in our own pages; bool, by index of the touches."""
    return touches["touch_id"].str.startswith(TAP).fillna(False).astype("bool")


def recorded(touches: pd.DataFrame, attribute_changes: pd.DataFrame) -> pd.Series[Any]:
    """Return when rows of our own were recorded (UTC): whatever one tap leads to has the times of that tap."""
    put_off = attribute_changes["entity"].eq("prospect") & attribute_changes["name"].isin(PUT_OFF)
    return pd.concat([touches.loc[is_own(touches), "recorded_at"], attribute_changes.loc[put_off, "recorded_at"]])
