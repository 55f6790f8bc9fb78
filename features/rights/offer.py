"""Right offer: what was offered, what came back, and how fresh it is."""

from __future__ import annotations

from features.algebra.declaration import feature
from features.algebra.terms import answers, count, days_since, distinct, latest, offers, total, touches

FEATURES = (
    *(
        feature(
            f"offer_made_count_{label}", count(offers, days=days),
            question="offer", concept="offers made", says=f"{{value:.0f}} offers {words}", unit="offers",
        )
        for days, label, words in ((30, "30d", "in the last 30 days"), (None, "all", "in all"))
    ),
    feature(
        "offer_made_days_since", days_since(offers),
        question="offer", concept="offers made", says="last offer {value:.0f} days ago", unit="days",
        missing_says="no offer made yet",
    ),
    feature(
        "offer_kinds_distinct_all", distinct(offers, "offer"),
        question="offer", concept="offers made", says="{value:.0f} different offers made", unit="offers",
    ),
    feature(
        "offer_last", latest(offers, "offer"),
        question="offer", concept="offer on the table", says="the last offer was {value}",
        missing_says="no offer made yet",
    ),
    feature(
        "offer_interest_count_all", count(answers, response=("accepted", "interested")),
        question="offer", concept="answers to offers", says="said yes to {value:.0f} offers", unit="answers",
    ),
    feature(
        "offer_refusals_count_all", count(answers, response=("declined", "cancelled")),
        question="offer", concept="answers to offers", says="turned down {value:.0f} offers", unit="answers",
    ),
    feature(
        "offer_response_last", latest(answers, "response"),
        question="offer", concept="answers to offers", says="the last answer to an offer was: {value}",
        missing_says="no answer to an offer yet",
    ),
    feature(
        "offer_response_days_since", days_since(answers),
        question="offer", concept="answers to offers", says="answered an offer {value:.0f} days ago",
        unit="days", missing_says="no answer to an offer yet",
    ),
    feature(
        "offer_open_count_all", count(offers) - count(answers),
        question="offer", concept="offer on the table", says="{value:.0f} offers without an answer",
        unit="offers",
    ),
    feature(
        "proposal_sent_count_90d", count(touches, days=90, kind="proposal", direction="outbound"),
        question="offer", concept="proposals", says="{value:.0f} proposals sent in the last 90 days",
        unit="proposals",
    ),
    feature(
        "proposal_returned_days_since", days_since(touches, kind="proposal", direction="inbound"),
        question="offer", concept="proposals", says="sent our proposal back {value:.0f} days ago", unit="days",
        missing_says="has not sent a proposal back",
    ),
    feature(
        "touch_value_total_90d", total(touches, "value", days=90),
        question="offer", concept="value discussed", says="{value:,.0f} discussed in the last 90 days",
        unit="currency",
    ),
)  # fmt: skip
