"""What every CRM sees of a published list, whichever it is: three servers, one specification."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipelines.writing import back
from pipelines.writing.errors import FieldsMissing, Stopped, WrongAccount
from pipelines.writing.ledger import Ledger
from pipelines.writing.target import Outcome
from tests.pipelines.writing.conftest import Side, only_hubspot
from tests.pipelines.writing.crm import Answer
from tests.serving.conftest import REASONS


def test_a_record_gets_chance_grade_reasons_next_action_and_page_in_fields_of_takts_own(side: Side) -> None:
    _, report = side.write()
    assert report.words == "5 prospects written, 2 tasks written"
    said = side.said("p1")
    chance = {"hubspot": "0.38", "salesforce": 38.0, "pipedrive": 0.38}[side.target.name]
    assert (said["score"], said["state"], said["grade"]) == (chance, "scored", "A")
    assert said["reasons"] == (
        "+ 2 meetings in the last 30 days (12 of 30 like it won)\n- no proposal so far (20 of 400 like it won)"
    )
    assert said["next_action"] == "Call Dana Ito, operations lead"
    assert (said["person"], said["channel"], said["list_day"]) == ("Dana Ito, operations lead", "phone", "2026-11-24")
    assert said["link"] == f"https://takt.company.example/prospects/{side.id_of('p1')}"
    assert "model win-3 f00dfacef00d" in said["versions"]
    assert all(own == {"note": f"somebody's own words on {one}"} for one, own in side.crm.mine.items())


def test_unscored_is_its_own_state_and_never_zero(side: Side) -> None:
    side.write()
    said = side.said("p5")
    assert said["state"] == "unscored: nothing is known to judge it by; this does not mean zero"
    assert (said["score"], said["grade"], said["reasons"], said["next_action"]) == (None, None, None, None)


def test_each_listed_call_with_an_owner_is_a_task_for_the_day_and_nobody_elses(side: Side) -> None:
    plan, _ = side.write()
    tasks = side.tasks()
    assert set(tasks) == {"p1", "p2"}  # p3 is the pool's, p4 and p5 are not listed
    assert plan.without_owner == 1
    assert tasks["p1"]["title"] == "Call Dana Ito, operations lead (Hartwell Optics)"
    assert tasks["p2"]["title"] == "Write an e-mail to finance director (Sørensen & Sons)"
    assert tasks["p1"]["due"].startswith("2026-11-24")
    assert str(tasks["p1"]["owner"]).endswith({"salesforce": "11AAA"}.get(side.target.name, "11"))
    assert "2 meetings in the last 30 days (12 of 30 like it won)" in tasks["p1"]["body"]


def test_the_second_run_sends_nothing_and_the_third_only_what_changed(side: Side) -> None:
    side.write()
    first = len(side.crm.written)
    plan, report = side.write()
    assert (report.words, plan.unchanged, len(side.crm.written)) == ("nothing to send", 7, first)
    made = side.made("run-2", data_version="another")
    grades = made.receipts["grade"].mask(made.receipts["prospect_id"] == side.id_of("p4"), "B")
    side.publish(replace(made, receipts=made.receipts.assign(grade=grades)))
    plan, report = side.write()
    assert [change.item.prospect_id for change in plan.changes] == [side.id_of("p4")]
    assert [d[0] for d in plan.changes[0].differences()] == ["grade"]
    assert (report.words, len(side.crm.written)) == ("1 prospects written", first + 1)
    assert side.said("p4")["grade"] == "B"


class Killed(BaseException):
    """As SIGKILL: nothing behind it is run."""


@pytest.mark.parametrize("kind", ["fields", "task"])
def test_killed_between_the_crm_and_the_ledger_nothing_is_written_twice(side: Side, kind: str, monkeypatch) -> None:
    note = Ledger.note

    def dies(self: Ledger, items: Any, outcomes: Any, **more: Any) -> None:
        if items[0].kind == kind:
            raise Killed
        note(self, items, outcomes, **more)

    monkeypatch.setattr(Ledger, "note", dies)
    with pytest.raises(Killed):
        side.write()
    monkeypatch.setattr(Ledger, "note", note)
    _, report = side.write()
    assert report.complete
    assert report.confirmed >= 1
    assert side.said("p1")["grade"] == "A"
    assert set(side.tasks()) == {"p1", "p2"}
    assert len(side.crm.tasks) == 2
    bodies = [repr(call.body) for call in side.crm.written]
    assert len(set(bodies)) == len(bodies), "the same was sent twice"
    assert side.write()[1].words == "nothing to send"


def test_a_row_that_the_vendor_rejects_is_told_in_its_words_and_stops_nobody_else(side: Side) -> None:
    side.crm.refuses[side.id_of("p2")] = "the deal is locked by finance"
    _, report = side.write()
    assert [(item.prospect_id, words) for item, words in report.rejected if "locked" in words] != []
    assert report.counts["fields", "written"] == 4
    assert side.said("p3")["grade"] == "B"
    with pytest.raises(back.WriteBackFailed, match=r"1 × .*locked by finance.* \(for example "):
        back.complete(report, side.target.name, "The list is published")
    side.crm.refuses.clear()
    _, report = side.write()
    assert report.counts == {("fields", "written"): 1}


def test_a_record_that_is_gone_is_no_failure_and_not_tried_again(side: Side) -> None:
    gone = side.id_of("p4")
    del side.crm.takt[gone]
    _, report = side.write()
    assert (report.complete, report.counts["fields", "gone"]) == (True, 1)
    assert side.write()[1].words == "nothing to send"


def test_a_busy_or_failing_crm_is_asked_again_and_nothing_is_made_twice(side: Side) -> None:
    path = {"hubspot": "deals/batch/update", "salesforce": "composite/sobjects", "pipedrive": "PATCH /api/v2/deals"}
    side.crm.faults += [
        (path[side.target.name], Answer(429, {"message": "slow down"}, {"Retry-After": "0"})),
        (path[side.target.name], Answer(503, {"message": "try later"})),
    ]
    tasks = {"hubspot": "tasks/batch/upsert", "salesforce": "Takt_Key__c", "pipedrive": "POST /api/v2/activities"}
    side.crm.lost.append(tasks[side.target.name])  # done, and the answer is lost
    side.crm.faults.append((tasks[side.target.name], Answer(429, {"message": "slow down"}, {"Retry-After": "0"})))
    _, report = side.write()
    assert report.complete
    assert len(side.crm.tasks) == 2


def test_a_token_revoked_midway_leaves_what_was_written_in_the_ledger_and_tells_the_rest(side: Side) -> None:
    side.crm.revoked_after = {"pipedrive": 3}.get(side.target.name, 1)
    _, report = side.write()
    written = {"pipedrive": 3}.get(side.target.name, 5)
    assert (report.counts["fields", "written"], report.left) == (written, 7 - written)
    assert "401" in report.stopped
    assert "pull" not in report.stopped
    with Ledger.reading(side.home.path, side.target.name) as ledger:
        assert sum(entry.state == "written" for entry in ledger.standing().values()) == written
    side.crm.revoked_after = None
    side.write()
    assert set(side.tasks()) == {"p1", "p2"}
    assert len(side.crm.tasks) == 2


@only_hubspot
def test_a_wrong_token_writes_nothing_and_says_so(side: Side) -> None:
    side.crm.revoked_after = 0
    side.crm.token_header = (side.crm.token_header[0], "another")
    with pytest.raises(Stopped, match="401"):
        side.write()
    assert side.crm.written == []


@only_hubspot
def test_a_dry_run_asks_the_crm_nothing(side: Side) -> None:
    before = len(side.crm.calls)
    day, plan = back.planned(side.home, side.target, side.settings)
    assert (str(day), len(plan.changes), len(side.crm.calls)) == ("2026-11-24", 7, before)
    assert ("grade", None, "A") in plan.changes[0].differences()
    assert plan.counts()["state"] == 5
    side.write()
    assert back.planned(side.home, side.target, side.settings)[1].changes == []


def test_off_takes_out_everything_takt_wrote_and_nothing_else(side: Side) -> None:
    side.write()
    side.crm.tasks["77"] = {**next(iter(side.crm.tasks.values())), "Takt_Key__c": "", "takt_key": "", "note": "mine"}
    if side.target.name == "hubspot":
        side.crm.tied.add(("deals", "77", side.id_of("p3")))
    side.complete("p2")
    _, report = back.off(side.home, side.target)
    assert report.counts == {("fields", "removed"): 5, ("task", "removed"): 1, ("task", "kept"): 1}
    assert all(set(side.said(prospect).values()) == {None} for prospect in ("p1", "p2", "p3", "p4", "p5"))
    assert all(own == {"note": f"somebody's own words on {one}"} for one, own in side.crm.mine.items())
    assert "77" in side.crm.tasks
    assert len(side.crm.tasks) == 2
    assert back.off(side.home, side.target)[1].words == "nothing to send"


def test_off_after_a_kill_finds_what_no_ledger_confirmed(side: Side, monkeypatch) -> None:
    def dies(self: Ledger, items: Any, outcomes: list[Outcome], **_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "note", dies)
        with pytest.raises(Killed):
            side.write()
    back.off(side.home, side.target)
    assert all(set(side.said(prospect).values()) == {None} for prospect in ("p1", "p2"))


def test_yesterdays_open_tasks_give_way_and_completed_ones_stay(side: Side) -> None:
    side.write()
    side.complete("p1")
    made = side.made("run-2", as_of="2026-11-25T06:00:00+00:00")
    side.publish(made)
    _, report = side.write()
    assert [report.counts["task", state] for state in ("removed", "kept", "written")] == [1, 1, 2]
    assert len(side.crm.tasks) == 3
    assert side.said("p1")["list_day"] == "2026-11-25"


@only_hubspot
def test_of_a_prospect_that_is_open_no_more_nothing_stays(side: Side) -> None:
    side.write()
    made = side.made("run-2")
    rows = {
        name: getattr(made, name)[getattr(made, name)["prospect_id"] != side.id_of("p1")]
        for name in ("receipts", "call_list")
    }
    side.publish(replace(made, **rows))
    side.write()
    assert set(side.said("p1").values()) == {None}
    assert set(side.tasks()) == {"p2"}


def test_without_its_fields_nothing_is_written_and_prepare_creates_them_once(bare) -> None:
    for name, missing in (("hubspot", "takt_score"), ("salesforce", r"Takt_Score__c"), ("pipedrive", "Takt chance")):
        side = bare(name)
        side.publish(side.made())
        with pytest.raises(FieldsMissing, match=rf"{missing}(.|\n)*--prepare"):
            side.write()
        assert side.crm.written == []
        assert side.target.prepare()
        assert side.target.prepare() == []
        assert side.write()[1].complete


@only_hubspot
def test_another_account_is_refused_before_the_first_row(side: Side) -> None:
    with Ledger.opened(side.home.path, side.target.name) as ledger:
        ledger.belongs_to("the sandbox")
    with pytest.raises(WrongAccount, match="the sandbox"):
        side.write()
    assert side.crm.written == []


def test_html_and_emoji_arrive_as_they_were_said(side: Side) -> None:
    nasty = [{**REASONS[0], "text": 'asked <b>"why?"</b> & laughed 👩‍🚀', "counts_n": None}]
    made = side.made("run-2")
    side.publish(replace(made, receipts=made.receipts.assign(reasons=[nasty] * 4 + [[]])))
    side.write()
    assert side.said("p1")["reasons"] == '+ asked <b>"why?"</b> & laughed 👩‍🚀'
    body = side.tasks()["p1"]["body"]
    as_html, as_text = "&lt;b&gt;&quot;why?&quot;&lt;/b&gt; &amp;", '<b>"why?"</b> &'
    assert (as_text if side.target.name == "salesforce" else as_html) in body
    assert "👩‍🚀" in body


def test_a_text_beyond_the_vendors_length_is_cut_at_a_word(side: Side) -> None:
    long = [{**REASONS[0], "text": "word " * 20_000, "counts_n": None}]
    made = side.made("run-2")
    listed = made.call_list.assign(offer_words="the pilot with everything " * 80)
    side.publish(replace(made, call_list=listed, receipts=made.receipts.assign(reasons=[long] * 4 + [[]])))
    assert side.write()[1].complete
    limits = side.target.limits
    for name, most in (("reasons", limits.long_text), ("next_action", limits.short_text)):
        said = side.said("p1")[name]
        assert most - 30 < len(said) <= most
        assert said.endswith(("word…", "pilot…", "with…", "everything…", "the…"))
    assert len(side.tasks()["p1"]["body"]) <= limits.long_text + 30
