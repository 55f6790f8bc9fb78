"""The declared features of a try: what the person, the person on this channel, and the prospect did before."""

from __future__ import annotations

from typing import Final

from features.algebra.declaration import feature
from features.algebra.terms import count, days_since, latest, touches
from features.catalog import Catalog
from features.facts.contract import ANSWERED, POSITIVE
from models.heads.outreach import REACHABLE, SPEAKING, TRYING

_tried = touches.only(direction="outbound", kind=TRYING, channel=REACHABLE)
_came = touches.only(direction="inbound", kind=SPEAKING)

PERSON: Final = Catalog(
    (
        feature(
            "person_tries_count_all", count(_tried), question="person", concept="tries", unit="tries",
            says="tried {value:.0f} times",
        ),
        feature(
            "person_tries_count_30d", count(_tried, days=30), question="person", concept="tries", unit="tries",
            says="tried {value:.0f} times in the last 30 days",
        ),
        feature(
            "person_try_days_since", days_since(_tried), question="person", concept="tries", unit="days",
            says="last tried {value:.0f} days ago", missing_says="never tried",
        ),
        feature(
            "person_answers_count_all", count(_tried, result=ANSWERED), question="person", concept="answers",
            says="answered {value:.0f} times", unit="answers",
        ),
        feature(
            "person_answers_share_all", count(_tried, result=ANSWERED) / count(_tried), question="person",
            concept="answers", says="answered {value:.0%} of the tries", missing_says="never tried",
        ),
        feature(
            "person_answer_days_since", days_since(_tried, result=ANSWERED), question="person", concept="answers",
            says="last answered {value:.0f} days ago", unit="days", missing_says="has never answered",
        ),
        feature(
            "person_positives_count_all", count(touches, result=POSITIVE), question="person", concept="interest shown",
            says="interested {value:.0f} times", unit="answers",
        ),
        feature(
            "person_positive_days_since", days_since(touches, result=POSITIVE), question="person",
            concept="interest shown", says="last interested {value:.0f} days ago", unit="days",
            missing_says="has not shown interest yet",
        ),
        feature(
            "person_refusals_count_90d", count(touches, days=90, result=("not_now", "not_interested")),
            question="person", concept="refusals", says="said not now or no {value:.0f} times in the last 90 days",
            unit="answers",
        ),
        feature(
            "person_wrong_count_all", count(touches, result="wrong_person"), question="person",
            concept="the wrong person", says="said {value:.0f} times not to be the right person", unit="answers",
        ),
        feature(
            "person_inbound_count_90d", count(_came, days=90), question="person", concept="came to us",
            says="came to us {value:.0f} times in the last 90 days", unit="touches",
        ),
        feature(
            "person_inbound_days_since", days_since(_came), question="person", concept="came to us",
            says="last came to us {value:.0f} days ago", unit="days", missing_says="has not come to us yet",
        ),
    )
)  # fmt: skip
WAY: Final = Catalog(
    (
        feature(
            "way_tries_count_all", count(_tried), question="place", concept="tries on this channel", unit="tries",
            says="tried {value:.0f} times on this channel",
        ),
        feature(
            "way_answers_count_all", count(_tried, result=ANSWERED), question="place",
            concept="answers on this channel", says="answered {value:.0f} times on this channel", unit="answers",
        ),
        feature(
            "way_answers_share_all", count(_tried, result=ANSWERED) / count(_tried), question="place",
            concept="answers on this channel", says="answered {value:.0%} of the tries on this channel",
            missing_says="never tried on this channel",
        ),
        feature(
            "way_bounces_count_all", count(_tried, result="bounced"), question="place",
            concept="not delivered", says="{value:.0f} messages on this channel came back", unit="messages",
        ),
        feature(
            "way_inbound_count_all", count(_came), question="place", concept="came to us on this channel",
            says="came to us {value:.0f} times on this channel", unit="touches",
        ),
    )
)  # fmt: skip
PROSPECT: Final = Catalog(
    (
        feature(
            "prospect_tries_count_30d", count(_tried, days=30), question="prospect", concept="tries at the prospect",
            says="{value:.0f} tries at the prospect in the last 30 days", unit="tries",
        ),
        feature(
            "prospect_answers_count_90d", count(_tried, days=90, result=ANSWERED), question="prospect",
            concept="answers of the prospect", says="the prospect answered {value:.0f} times in the last 90 days",
            unit="answers",
        ),
        feature(
            "prospect_positive_days_since", days_since(touches, result=POSITIVE), question="prospect",
            concept="interest of the prospect", says="the prospect last showed interest {value:.0f} days ago",
            unit="days", missing_says="the prospect has not shown interest yet",
        ),
        feature(
            "prospect_inbound_count_30d", count(touches, days=30, direction="inbound"), question="prospect",
            concept="the prospect came to us", says="the prospect came to us {value:.0f} times in the last 30 days",
            unit="touches",
        ),
        feature(
            "prospect_inbound_days_since", days_since(touches, direction="inbound"), question="prospect",
            concept="the prospect came to us", says="the prospect last came to us {value:.0f} days ago",
            unit="days", missing_says="the prospect has not come to us yet",
        ),
        feature(
            "prospect_stage_last", latest(touches, "stage"), question="prospect", concept="stage",
            says="at the stage {value}", missing_says="stage not known",
        ),
    )
)  # fmt: skip
CATALOG: Final = Catalog((*PERSON.declarations, *WAY.declarations, *PROSPECT.declarations))
"""The declared features; beside them stand channel, role, seniority, weekday, hour and named."""
