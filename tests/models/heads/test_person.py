"""Whom to ask for and by which channel: learned from who answered, said with counts, and never made up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.errors import SchemaMismatch
from features.facts.contract import check
from features.facts.ledger import Facts
from models.heads.outreach import tries
from models.heads.person import CHOICES, Reply, fit_reply
from tests.features.literal import day, facts
from tests.models.journeys import definitions_of

BEGIN = pd.Timestamp("2025-01-01", tz="UTC").as_unit("us")
AS_OF = pd.Timestamp("2026-01-05", tz="UTC").as_unit("us")
WORDS = definitions_of()


def company(*, people: int = 120, tries_each: int = 16, seed: int = 3) -> Facts:
    """Draw a year of tries: half of the people answer e-mail, the other half the phone; few answer the other.

    People arrive over 300 days and are tried for 60.
    """
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), tries_each)
    size = len(who)
    by_mail = rng.random(size) < 0.5
    likes = (who % 2 == 0) == by_mail
    good = rng.random(size) < np.where(likes, 0.45, 0.04)
    offset = who * 300 / people + rng.uniform(0, 60, size)
    at = pd.Series(BEGIN + pd.to_timedelta(np.rint(offset * 86_400), unit="s"))
    touches = pd.DataFrame(
        {
            "touch_id": [f"t{i:05d}" for i in range(size)],
            "prospect_id": [f"p{w:03d}" for w in who],
            "contact_id": [f"c{w:03d}" for w in who],
            "kind": np.where(by_mail, "email", "call"),
            "channel": np.where(by_mail, "email", "phone"),
            "direction": "outbound",
            "occurred_at": at,
            "recorded_at": at + pd.Timedelta(minutes=10),
            "result": np.where(good, "interested", "no_answer"),
        }
    )
    numbers = [f"{n:03d}" for n in range(people)]
    prospects = {"prospect_id": [f"p{n}" for n in numbers], "created_at": BEGIN, "recorded_at": BEGIN}
    contacts = {
        "contact_id": [f"c{n}" for n in numbers], "prospect_id": [f"p{n}" for n in numbers], "recorded_at": BEGIN,
        "name": "Dana Ito", "phone": "1", "email": "d@x.example",
    }  # fmt: skip
    tables = {"touches": touches, "prospects": pd.DataFrame(prospects), "contacts": pd.DataFrame(contacts)}
    return Facts.of({name: check(name, frame).good for name, frame in tables.items()})


def fit(known: Facts, **changes: object) -> Reply:
    given = {"definitions": WORDS, "trained_as_of": AS_OF, "data_version": "3", "threads": 1, "draws": 20}
    return fit_reply(known, **given | changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def known() -> Facts:
    return company()


@pytest.fixture(scope="module")
def reply(known: Facts) -> Reply:
    return fit(known)


@pytest.fixture(scope="module")
def choices(reply: Reply, known: Facts) -> pd.DataFrame:
    return reply.choices(known, known.prospects["prospect_id"], AS_OF, WORDS)


def small(contacts: str, touches: str = "", prospects: str = "a 01-01 -") -> Facts:
    """Write a prospect `a` with its people; by default every touch is an outbound call or e-mail."""
    tables = {"prospects": f"prospect_id created_at account_id\n{prospects}"}
    if contacts:
        head = "contact_id prospect_id account_id recorded_at name role phone email do_not_contact_since"
        tables["contacts"] = f"{head}\n{contacts}"
    if touches:
        head = "touch_id prospect_id contact_id kind channel direction occurred_at result"
        tables["touches"] = f"{head}\n{touches}"
    return facts(**tables)


DANA = "dana a - 01-01 Dana lead 12 d@x -"
BOSS = "boss a - 01-01 Bo owner 12 b@x -"
NOW = day("03-02")


def rows_of(reply: Reply, given: Facts, *ids: str) -> list[tuple[object, str]]:
    found = reply.choices(given, pd.Index(ids or ["a"]), NOW, WORDS)
    return sorted((None if pd.isna(c) else c, w) for c, w in zip(found["contact_id"], found["channel"], strict=True))


# what is learned ----------------------------------------------------------------------------------------------------


def test_a_step_above_recency_is_earned_on_later_tries(reply: Reply) -> None:
    assert reply.kept.model.rung.name != "recency"
    auc = reply.report.set_index(["model", "metric"]).loc[("takt", "auc")]
    assert auc["low"] > 0.6
    assert reply.note.startswith(f"{reply.positive} positive replies to {reply.tried} tries. rung ")


def test_the_channel_that_a_person_answers_is_the_likelier_one(choices: pd.DataFrame) -> None:
    reach = choices.pivot(index="contact_id", columns="channel", values="reach")
    likes_mail = reach.index.str[1:].astype(int) % 2 == 0
    right = np.where(likes_mail, reach["email"] > reach["phone"], reach["phone"] > reach["email"])
    assert right.mean() > 0.9
    first = choices.drop_duplicates("prospect_id")
    assert (first.groupby("prospect_id")["reach"].first() >= reach.max(axis=1).to_numpy() - 1e-12).all()


def test_chances_are_near_the_share_of_replies_and_lie_inside_their_intervals(choices: pd.DataFrame) -> None:
    assert choices["reach"].mean() == pytest.approx(0.245, abs=0.06)
    assert ((choices["low"] <= choices["reach"]) & (choices["reach"] <= choices["high"])).all()
    assert ((choices["low"] >= 0) & (choices["high"] <= 1) & (choices["high"] > choices["low"])).all()


def test_counts_and_words_are_those_of_the_tries(known: Facts, choices: pd.DataFrame) -> None:
    tried = tries(known)
    mine = tried[(tried["contact_id"] == "c000") & (tried["channel"] == "email")]
    row = choices[(choices["contact_id"] == "c000") & (choices["channel"] == "email")].iloc[0]
    assert (row["tried"], row["answered"]) == (len(mine), mine["answered"].sum())
    assert f"{row['answered']} of {row['tried']} e-mails" in row["said"]
    assert "tried like this gave a positive reply" in row["said"]


def test_what_is_read_back_says_the_same(reply: Reply, known: Facts, choices: pd.DataFrame) -> None:
    files = reply.to_files()
    again = Reply.from_files(files)
    assert again.to_files() == files
    assert again.note == reply.note
    pd.testing.assert_frame_equal(again.report, reply.report)
    pd.testing.assert_frame_equal(again.choices(known, known.prospects["prospect_id"], AS_OF, WORDS), choices)


def test_the_same_data_and_seed_give_the_same_bytes(reply: Reply, known: Facts) -> None:
    assert fit(known).to_files() == reply.to_files()


def test_what_is_recorded_later_changes_neither_fit_nor_choice(reply: Reply, known: Facts) -> None:
    early = pd.Timestamp("2025-10-01", tz="UTC").as_unit("us")
    late = known.touches["recorded_at"] >= early
    touches = known.touches.assign(result=known.touches["result"].mask(late, "wrong_person"))
    other = Facts.of({**known.tables(), "touches": touches})
    assert fit(known, trained_as_of=early).to_files() == fit(other, trained_as_of=early).to_files()
    ids = known.prospects["prospect_id"]
    one, two = (reply.choices(f, ids, early, WORDS) for f in (known, other))
    pd.testing.assert_frame_equal(one, two)


def test_prospects_in_another_order_or_alone_get_the_same_rows(
    reply: Reply, known: Facts, choices: pd.DataFrame
) -> None:
    ids = known.prospects["prospect_id"]
    turned = reply.choices(known, ids[::-1], AS_OF, WORDS)
    assert turned["prospect_id"].drop_duplicates().tolist() == ids[::-1].tolist()
    alone = reply.choices(known, ids.iloc[7:8], AS_OF, WORDS)
    for other in (turned[turned["prospect_id"] == "p007"], alone):
        mine = choices[choices["prospect_id"] == "p007"]
        pd.testing.assert_frame_equal(other.reset_index(drop=True), mine.reset_index(drop=True))


def test_a_model_of_other_columns_is_refused(reply: Reply) -> None:
    with pytest.raises(SchemaMismatch, match="fitted on, not given"):
        reply.kept.chances(pd.DataFrame({"hour": [1.0]}))


# who and by what ----------------------------------------------------------------------------------------------------


def test_every_willing_contact_is_given_with_the_addresses_on_record(reply: Reply) -> None:
    given = small(f"{DANA}\nmail a - 01-01 - - - m@x -\nwire a - 01-01 - - 12 - -\nnone a - 01-01 - - - - -")
    assert rows_of(reply, given) == [
        ("dana", "email"), ("dana", "phone"), ("mail", "email"),
        ("none", "email"), ("none", "phone"), ("wire", "phone"),
    ]  # fmt: skip


def test_a_channel_on_which_they_were_in_touch_before_is_usable_without_an_address(reply: Reply) -> None:
    called = small("mail a - 01-01 - - - m@x -", "1 a mail call phone outbound 02-01 answered")
    assert rows_of(reply, called) == [("mail", "email"), ("mail", "phone")]


def test_what_came_back_undelivered_last_is_not_usable_until_the_contact_is_recorded_anew(reply: Reply) -> None:
    bounced = "1 a dana email email outbound 02-01 bounced"
    assert rows_of(reply, small(DANA, bounced)) == [("dana", "phone")]
    corrected = "dana a - 02-03 Dana lead 12 new@x -"
    assert ("dana", "email") in rows_of(reply, small(f"{DANA}\n{corrected}", bounced))
    wrote = f"{bounced}\n2 a dana email email inbound 02-02 -"
    assert ("dana", "email") in rows_of(reply, small(DANA, wrote))


@pytest.mark.parametrize(
    ("contact", "touch", "reason", "words"),
    [
        ("dana a - 01-01 Dana lead 12 d@x 02-03", "", "refuses", "Dana, lead wants no contact, since 3 February 2026"),
        (DANA, "1 a dana call phone outbound 02-03 do_not_contact", "refuses",
         "Dana, lead wants no contact, since 3 February 2026"),
        (DANA, "1 a dana call phone outbound 02-03 wrong_person", "wrong_person",
         "Dana, lead is not the right person: said so on 3 February 2026"),
    ],
)  # fmt: skip
def test_who_is_not_to_be_asked_is_left_out_and_told(
    reply: Reply, contact: str, touch: str, reason: str, words: str
) -> None:
    given = small(f"{contact}\n{BOSS}", touch)
    assert rows_of(reply, given) == [("boss", "email"), ("boss", "phone")]
    (told,) = reply.not_asked(given, pd.Index(["a"]), NOW, WORDS).to_dict("records")
    assert told == {"prospect_id": "a", "contact_id": "dana", "reason": reason, "said": words}


def test_the_wrong_person_who_shows_interest_later_is_asked_again(reply: Reply) -> None:
    wrong = "1 a dana call phone outbound 02-03 wrong_person"
    assert ("dana", "phone") in rows_of(reply, small(DANA, f"{wrong}\n2 a dana call phone outbound 02-05 interested"))
    assert ("dana", "phone") not in rows_of(
        reply, small(DANA, f"{wrong}\n2 a dana call phone outbound 02-01 interested")
    )


def test_the_wrong_person_for_one_prospect_may_be_right_for_another(reply: Reply) -> None:
    shared = "dana - acme 01-01 Dana lead 12 d@x -"
    wrong = "1 a dana call phone outbound 02-03 wrong_person"
    given = small(shared, wrong, "a 01-01 acme\nb 01-01 acme")
    found = reply.choices(given, pd.Index(["b", "a"]), NOW, WORDS)
    assert found["contact_id"].notna().tolist() == [True, True, False, False]
    assert found["said"].iloc[-1].startswith("Dana, lead is not the right person: said so on 3 February 2026; ")


def test_without_contacts_the_rows_stand_for_whoever_is_in_charge(reply: Reply) -> None:
    found = reply.choices(small(""), pd.Index(["a", "unheard of"]), NOW, WORDS)
    assert found["contact_id"].isna().all()
    assert sorted(found["channel"]) == ["email", "email", "phone", "phone"]
    assert found["reach"].between(0, 1).all()
    assert found["said"].str.startswith("no contact on record: ask for the person in charge; not tried yet").all()


def test_tries_that_name_nobody_are_counted_for_the_nameless(reply: Reply) -> None:
    given = small("", "1 a - call phone outbound 02-01 answered\n2 a - call phone outbound 02-02 no_answer")
    found = reply.choices(given, pd.Index(["a"]), NOW, WORDS).set_index("channel")
    assert found.loc["phone", ["tried", "answered"]].tolist() == [2, 1]
    assert "not tried by e-mail yet; answered 1 of 2 calls" in found.loc["email", "said"]


def test_where_everybody_known_refuses_nobody_is_suggested(reply: Reply) -> None:
    given = small("dana a - 01-01 Dana lead 12 d@x 02-03")
    assert rows_of(reply, given) == []
    nameless = small("", "1 a - call phone outbound 02-03 do_not_contact")
    assert rows_of(reply, nameless) == []
    (told,) = reply.not_asked(nameless, pd.Index(["a"]), NOW, WORDS)["said"]
    assert told.startswith("somebody asked not to be contacted")


# bad input ----------------------------------------------------------------------------------------------------------


def test_without_any_touch_people_are_given_and_no_chance() -> None:
    nothing = fit(small(DANA), trained_as_of=NOW)
    assert nothing.note == "No outbound touch on a channel that reaches people: nothing to learn replies from."
    assert nothing.report.empty
    found = nothing.choices(small(DANA), pd.Index(["a"]), NOW, WORDS)
    assert found["channel"].tolist() == ["email", "phone"]
    assert found[["reach", "low", "high"]].isna().all(axis=None)
    assert Reply.from_files(nothing.to_files()).to_files() == nothing.to_files()


def test_no_facts_at_all_are_no_rows_and_no_error() -> None:
    nothing = fit(Facts.of({}), trained_as_of=NOW)
    assert list(nothing.choices(Facts.of({}), pd.Index([]), NOW, WORDS).columns) == list(CHOICES)
    assert nothing.not_asked(Facts.of({}), pd.Index([]), NOW, WORDS).empty


def test_a_source_that_never_says_whether_anybody_answered_gets_no_chance(known: Facts) -> None:
    silent = Facts.of(
        {**known.tables(), "touches": known.touches.assign(result=pd.array([None] * len(known.touches), "str"))}
    )
    found = fit(silent)
    assert found.note == "No result of any try by email, phone is recorded: no chance of a reply is said."
    rows = found.choices(silent, pd.Index(["p000"]), AS_OF, WORDS)
    assert rows["reach"].isna().all()
    assert rows["said"].str.contains("is not recorded, so no chance is said").all()


@pytest.mark.parametrize("result", ["no_answer", "interested"])
def test_one_class_only_is_an_order_without_a_chance_or_a_chance_near_it(known: Facts, result: str) -> None:
    same = Facts.of({**known.tables(), "touches": known.touches.assign(result=result)})
    found = fit(same)
    rows = found.choices(same, pd.Index(["p000"]), AS_OF, WORDS)
    if result == "no_answer":
        assert rows["reach"].isna().all()
        assert rows["said"].str.endswith("too few positive replies so far to say a chance").all()
    else:
        assert (rows["reach"] > 0.9).all()


def test_a_channel_that_was_never_tried_is_given_only_with_an_address_and_without_a_chance(known: Facts) -> None:
    phone = known.touches["channel"].eq("phone")
    only = fit(Facts.of({**known.tables(), "touches": known.touches[phone]}))
    found = only.choices(small(f"{DANA}\nnone a - 01-01 - - - - -"), pd.Index(["a"]), NOW, WORDS)
    pairs = dict(zip(zip(found["contact_id"], found["channel"], strict=True), found["reach"].notna(), strict=True))
    assert pairs == {("dana", "phone"): True, ("dana", "email"): False, ("none", "phone"): True}
    said = found.loc[found["channel"] == "email", "said"].tolist()
    assert said == ["not tried yet; nobody was ever tried by e-mail, so no chance is said"]
