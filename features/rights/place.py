"""Right place: the channels on which this prospect moves and answers."""

from __future__ import annotations

from features.algebra.declaration import feature
from features.algebra.terms import count, days_since, distinct, latest, touches
from features.facts.contract import ANSWERED

_CHANNELS = {"phone": "by phone", "email": "by e-mail", "web": "on the web site", "in_person": "in person"}

FEATURES = (
    *(
        feature(
            f"touch_{channel}_count_{days}d", count(touches, days=days, channel=channel),
            question="place", concept=f"contact {words}",
            says=f"{{value:.0f}} contacts {words} in the last {days} days", unit="touches",
        )
        for channel, words in _CHANNELS.items()
        for days in (30, 90)
    ),
    *(
        feature(
            f"touch_{channel}_answers_count_90d",
            count(touches, days=90, channel=channel, direction="outbound", result=ANSWERED),
            question="place", concept=f"answers {words}",
            says=f"answered {words} {{value:.0f}} times in the last 90 days", unit="answers",
        )
        for channel, words in (("phone", "by phone"), ("email", "by e-mail"))
    ),
    feature(
        "touch_phone_answers_share_all",
        count(touches, channel="phone", direction="outbound", result=ANSWERED)
        / count(touches, channel="phone", direction="outbound"),
        question="place", concept="answers by phone", says="answers {value:.0%} of our calls",
        missing_says="never called",
    ),
    feature(
        "touch_email_answers_share_all",
        count(touches, channel="email", direction="outbound", result=ANSWERED)
        / count(touches, channel="email", direction="outbound"),
        question="place", concept="answers by e-mail", says="answers {value:.0%} of our e-mails",
        missing_says="never written to",
    ),
    feature(
        "touch_web_days_since", days_since(touches, channel="web"),
        question="place", concept="contact on the web site", says="last on the web site {value:.0f} days ago",
        unit="days", missing_says="not seen on the web site",
    ),
    feature(
        "touch_channels_distinct_90d", distinct(touches, "channel", days=90),
        question="place", concept="channels in use", says="{value:.0f} channels in use in the last 90 days",
        unit="channels",
    ),
    feature(
        "touch_inbound_channel_last", latest(touches, "channel", direction="inbound"),
        question="place", concept="channels in use", says="last came to us by {value}",
        missing_says="has not come to us yet",
    ),
)  # fmt: skip
