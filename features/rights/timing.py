"""Right time: what is moving now, what moved before, and how long it has been quiet."""

from __future__ import annotations

from features.algebra.declaration import feature
from features.algebra.terms import (
    count,
    days_since,
    days_since_first,
    distinct,
    latest,
    share,
    total,
    touches,
    trend,
)
from features.facts.contract import INTERNAL, KINDS

_CONTACT = touches.only(kind=tuple(k for k in KINDS if k not in INTERNAL))
"""Touches in which somebody was reached or tried; tasks and moves in the CRM are not contact."""
_KINDS = {
    "meeting": "meetings",
    "demo": "demonstrations",
    "call": "calls",
    "visit": "visits to our site",
    "download": "downloads",
    "form": "forms filled in",
    "message": "messages",
    "task": "pieces of work",
}

FEATURES = (
    *(
        feature(
            f"touch_all_count_{days}d", count(_CONTACT, days=days),
            question="time", concept="activity", says=f"{{value:.0f}} contacts in the last {days} days",
            unit="touches",
        )
        for days in (7, 30, 90)
    ),
    feature(
        "touch_all_count_all", count(_CONTACT),
        question="time", concept="activity", says="{value:.0f} contacts in all", unit="touches",
    ),
    *(
        feature(
            f"touch_inbound_count_{days}d", count(_CONTACT, days=days, direction="inbound"),
            question="time", concept="coming to us",
            says=f"came to us {{value:.0f}} times in the last {days} days", unit="touches",
        )
        for days in (7, 30, 90)
    ),
    *(
        feature(
            f"touch_outbound_count_{days}d", count(_CONTACT, days=days, direction="outbound"),
            question="time", concept="our efforts",
            says=f"we reached out {{value:.0f}} times in the last {days} days", unit="touches",
        )
        for days in (7, 30, 90)
    ),
    feature(
        "touch_outbound_count_all", count(_CONTACT, direction="outbound"),
        question="time", concept="our efforts", says="we reached out {value:.0f} times in all", unit="touches",
    ),
    feature(
        "touch_inbound_share_90d", share(_CONTACT, days=90, direction="inbound"),
        question="time", concept="coming to us", says="{value:.0%} of the contact in 90 days came from them",
        missing_says="no contact in the last 90 days",
    ),
    *(
        feature(
            f"touch_inbound_trend_{days}d", trend(_CONTACT, days=days, direction="inbound"),
            question="time", concept="coming to us",
            says=f"coming to us: {{value:+.0f}} compared with the {days} days before", unit="touches",
        )
        for days in (7, 30)
    ),
    feature(
        "touch_all_trend_30d", trend(_CONTACT, days=30),
        question="time", concept="activity", says="contacts: {value:+.0f} compared with the 30 days before",
        unit="touches",
    ),
    *(
        feature(
            f"touch_{kind}_count_{days}d", count(touches, days=days, kind=kind),
            question="time", concept=words, says=f"{{value:.0f}} {words} in the last {days} days", unit=words,
        )
        for kind, words in _KINDS.items()
        for days in ((14, 90) if kind in ("visit", "download", "task") else (90,))
    ),
    feature(
        "touch_all_days_since", days_since(_CONTACT),
        question="time", concept="quiet time", says="last contact {value:.0f} days ago", unit="days",
        missing_says="no contact yet",
    ),
    feature(
        "touch_inbound_days_since", days_since(_CONTACT, direction="inbound"),
        question="time", concept="quiet time", says="last came to us {value:.0f} days ago", unit="days",
        missing_says="has never come to us",
    ),
    feature(
        "touch_outbound_days_since", days_since(_CONTACT, direction="outbound"),
        question="time", concept="our efforts", says="we last reached out {value:.0f} days ago", unit="days",
        missing_says="we have never reached out",
    ),
    feature(
        "touch_meeting_days_since", days_since(touches, kind=("meeting", "demo")),
        question="time", concept="meetings", says="last met {value:.0f} days ago", unit="days",
        missing_says="no meeting so far",
    ),
    feature(
        "touch_first_days_since", days_since_first(_CONTACT),
        question="time", concept="age", says="first contact was {value:.0f} days ago", unit="days",
        missing_says="no contact yet",
    ),
    feature(
        "touch_active_days_distinct_30d", distinct(_CONTACT, "day", days=30),
        question="time", concept="activity", says="something happened on {value:.0f} of the last 30 days",
        unit="days",
    ),
    feature(
        "touch_duration_total_90d", total(touches, "duration_s", days=90),
        question="time", concept="time spent together",
        says="{value:,.0f} seconds of work and talk in the last 90 days", unit="seconds",
    ),
    feature(
        "stage_last", latest(touches, "stage"),
        question="time", concept="stage", says="is at the stage {value}", missing_says="no stage recorded",
    ),
    feature(
        "stage_change_days_since", days_since(touches, kind="stage"),
        question="time", concept="stage", says="at this stage for {value:.0f} days", unit="days",
        missing_says="no stage recorded",
    ),
    feature(
        "stage_changes_count_30d", count(touches, days=30, kind="stage"),
        question="time", concept="stage", says="moved {value:.0f} stages in the last 30 days", unit="stages",
    ),
)  # fmt: skip
