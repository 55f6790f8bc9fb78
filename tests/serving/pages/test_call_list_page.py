from __future__ import annotations

from html.parser import HTMLParser

import pytest

from serving.store.publish import publish

BROWSER = {"Accept": "text/html"}


class Outline(HTMLParser):
    """Collects the words of a page, its headings, links, and whether every tag was closed."""

    VOID = ("meta", "link", "rect", "br", "input")

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.headings: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def page(client, path: str = "/", **headers) -> Outline:
    answer = client.get(path, headers={**BROWSER, **headers})
    assert answer.status_code == 200, answer.text
    outline = Outline()
    outline.feed(answer.text)
    assert outline.open == []
    return outline


def test_a_line_says_rank_company_person_chance_counts_reasons_channel_grade_and_last_touch(client, published):
    text = page(client).text
    for words in (
        "Tuesday, November 24, 2026",
        "3 calls",
        "Hartwell Optics",
        "Dana Ito, operations lead",
        "38% grade A",
        "likely to sign within 45 days (31 of 80 like it did)",
        "Why now: 2 meetings in the last 30 days 12 of 30 like it won",
        "Speaks against it: no proposal so far 20 of 400 like it won",
        "Call +49 30 555 010",
        "Dana Ito answered last, by phone on 12 November 2026",
        "Last touch 12 days ago",
        "Never touched",
    ):
        assert words in text


def test_the_page_says_that_the_data_are_simulated_and_only_then(client, engine, make_run):
    publish(engine, make_run("simulated"))
    assert "simulated data" in page(client).text
    publish(engine, make_run("real", simulated=False))
    assert "simulated" not in page(client).text


def test_the_page_says_on_what_it_rests(client, published):
    text = page(client).text
    assert "known before Nov 24, 2026, 7:00" in text  # 06:00 UTC in Berlin
    for version in ("win-3", "f00dfacef00dface", "0123456789ab", "d41d8cd98f00", "12% sign within 45 days"):
        assert version in text


def test_everybodys_calls_say_whose_they_are_and_can_be_shown_for_one(client, published):
    everybody = page(client)
    assert "Hartwell Optics Dana Ito, operations lead on the list of mira" in everybody.text
    assert "p3 No contact known yet the team's pool" in everybody.text
    targets = [attrs["href"] for tag, attrs in everybody.tags if tag == "a"]
    assert {"/?owner=mira", "/?pool=true"} <= set(targets)
    mira = page(client, "/?owner=mira").text
    assert "mira: 2 calls" in mira
    assert "Hartwell Optics" in mira
    assert "team's pool: 1 call" in page(client, "/?pool=true").text


def test_a_telephone_number_can_be_dialled_and_an_address_written_to(client, published):
    links = {attrs["href"]: attrs for tag, attrs in page(client).tags if tag == "a"}
    assert "tel:+4930555010" in links
    assert "mailto:cfo@sorensen.example" in links


def test_a_line_says_what_the_call_is_worth_and_the_hours_of_the_persons_own_clock(client, engine, make_run):
    full = make_run()
    hours = ["people answered 16 of 18 on Tuesdays 13 to 15 (285 of 437 at other hours)"] * 3
    zones = full.contacts.assign(timezone=["America/New_York", "Europe/Berlin", None])
    publish(engine, make_run(call_list=full.call_list.assign(hours=hours, value=35963.2), contacts=zones))
    text = page(client).text
    assert "38% grade A €35,963 expected of this call" in text
    assert "on Tuesdays 13 to 15, their time (New York)" in text
    assert text.count("their time") == 2
    assert "(Berlin)" not in text
    assert text.count("(285 of 437 at other hours)") == 3


@pytest.mark.parametrize(
    ("language", "chance", "written"),
    [
        ("en", 0.38, "38%"),
        ("de-DE,de;q=0.9", 0.38, "38\N{NO-BREAK SPACE}%"),
        ("tr", 0.38, "%38"),
        ("en", 0.001, "under 1%"),
        ("en", 0.9999, "over 99%"),
    ],
)
def test_numbers_follow_the_readers_language(client, engine, make_run, *, language, chance, written):
    publish(engine, make_run(receipts=make_run().receipts.assign(chance=chance)))
    words = [w.strip() for w in page(client, **{"Accept-Language": language}).words]
    assert written in words


def test_dates_follow_the_readers_language(client, published):
    assert "Dienstag, 24. November 2026" in page(client, **{"Accept-Language": "de"}).text
    assert client.get("/").headers["vary"].startswith("Accept-Language")


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert('x')</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }}",
        "مختبرات الأفق",
        "🔬 Labs 👩🏽\u200d🔬",
        "\u202etxt.exe",
        'O\'Neil & "Sons"',
    ],
)
def test_any_name_is_shown_as_text_and_nothing_else(client, engine, make_run, name):
    full = make_run()
    publish(
        engine,
        make_run(
            company=name,
            prospects=full.prospects.assign(name=name, owner_id=name, segment=name),
            contacts=full.contacts.assign(name=name, role=name, email=name, phone=name),
            call_list=full.call_list.assign(owner_id=name, why_contact=name),
            left_out=full.left_out.assign(words=name, reason=name),
            timeline=full.timeline.assign(text=name, kind=name, result=name),
            receipts=full.receipts.assign(
                reasons=[[{**r, "text": name} for r in rs] for rs in full.receipts["reasons"]]
            ),
            summary={"notes": [name]},
        ),
    )
    for path in ("/", "/?owner=x", "/prospects/p1", "/prospects/p4"):
        outline = page(client, path)
        assert name in "".join(outline.words)
        assert {tag for tag, _ in outline.tags}.isdisjoint({"img", "iframe"})
        assert all(a == {"src": "/static/takt.js", "defer": None} for tag, a in outline.tags if tag == "script")
        assert not [a for _, attrs in outline.tags for a in attrs if a.startswith("on")]
        hrefs = [attrs["href"] for tag, attrs in outline.tags if tag == "a"]
        assert all(h.startswith(("/", "#", "tel:", "mailto:")) for h in hrefs)


def test_names_find_their_own_direction(client, engine, make_run):
    publish(engine, make_run(prospects=make_run().prospects.assign(name="مختبرات الأفق")))
    links = [attrs for tag, attrs in page(client).tags if tag == "a" and attrs["href"].startswith("/prospects/")]
    assert {attrs["dir"] for attrs in links} == {"auto"}


def test_a_page_can_be_read_without_seeing_it(client, published):
    for path in ("/", "/prospects/p1", "/?owner=nobody"):
        outline = page(client, path)
        assert outline.headings[0] == "h1"
        assert outline.headings.count("h1") == 1
        steps = [int(b[1]) - int(a[1]) for a, b in zip(outline.headings, outline.headings[1:], strict=False)]
        assert max(steps, default=0) <= 1  # no level is skipped
        tags = [tag for tag, _ in outline.tags]
        assert {"header", "main", "footer"} <= set(tags)
        ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
        assert len(ids) == len(set(ids))
        labels = [attrs["aria-labelledby"] for _, attrs in outline.tags if "aria-labelledby" in attrs]
        assert set(labels) <= set(ids)
        assert ("a", {"class": "skip", "href": "#main"}) in outline.tags
        assert dict(outline.tags)["html"] == {"lang": "en"}


def test_more_than_a_page_of_calls_continues_on_the_next(client, engine, make_run):
    ids = [f"q{i:03}" for i in range(130)]
    few = make_run()
    many = few.receipts.iloc[:1].loc[[0] * len(ids)].assign(prospect_id=ids, receipt_id=ids)
    people = few.prospects.iloc[:1].loc[[0] * len(ids)].assign(prospect_id=ids, name=ids)
    calls = few.call_list.iloc[:1].loc[[0] * len(ids)].assign(prospect_id=ids, receipt_id=ids, rank=range(1, 131))
    empty = {name: getattr(few, name).iloc[:0] for name in ("left_out", "contacts", "timeline")}
    publish(engine, make_run(receipts=many, prospects=people, call_list=calls, **empty))
    path, seen = "/?owner=mira", []
    while path:
        outline = page(client, path)
        seen += [a["href"].removeprefix("/prospects/") for _, a in outline.tags if "/prospects/q" in a.get("href", "")]
        path = next((attrs["href"] for tag, attrs in outline.tags if attrs.get("rel") == "next"), None)
    assert seen == ids


def test_before_anything_was_published_the_page_says_what_to_type(client):
    text = page(client).text
    assert "No list yet" in text
    assert "takt demo" in text


def test_a_day_with_nobody_to_call_says_so_and_why(client, engine, make_empty_run):
    publish(engine, make_empty_run())
    text = page(client).text
    assert "Nobody to call today" in text
    assert "1 beyond today's capacity" in text


def test_a_run_that_made_no_list_says_why(client, engine, make_empty_run):
    publish(engine, make_empty_run(summary={"refused": "Every figure was worse than calling by recency."}))
    text = page(client).text
    assert "No list was made today" in text
    assert "worse than calling by recency" in text


def test_an_owner_without_calls_is_shown_the_way_to_the_others(client, published):
    text = page(client, "/?owner=nobody").text
    assert "No calls for nobody" in text
    assert "Others have 3 today" in text


def test_notes_of_the_run_stand_above_the_list(client, engine, make_run):
    publish(engine, make_run(summary={"notes": ["Ranked by recency: only 4 wins are known."]}))
    text = page(client).text
    assert text.index("only 4 wins are known") < text.index("Hartwell Optics")


def test_a_prospect_ranked_without_a_chance_shows_no_figure(client, engine, make_run):
    blank = {name: float("nan") for name in ("chance", "low", "high")}
    receipts = make_run().receipts.assign(state="ranked", grade=None, reasons=[[]] * 5, **blank)
    publish(engine, make_run(receipts=receipts))
    text = page(client).text
    assert "No chance yet ranked by what happened last; too few wins are known to say a chance" in text
    assert "%" not in text.split("Made from")[0]


def test_a_bookmark_leads_to_the_latest_list_and_an_earlier_one_says_what_it_is(client, engine, make_run):
    publish(engine, make_run())
    publish(engine, make_run("next", "2026-11-25T06:00:00+00:00"))
    latest, earlier = page(client), page(client, "/?day=2026-11-24")
    assert not [a["href"] for tag, a in latest.tags if tag == "a" and "day=" in a["href"]]
    assert "This is an earlier list" not in latest.text
    assert "This is an earlier list" in earlier.text
    assert "/prospects/p1?day=2026-11-24" in [a["href"] for tag, a in earlier.tags if tag == "a"]


def test_a_day_without_a_list_is_not_found(client, published):
    answer = client.get("/?day=2026-11-25", headers=BROWSER)
    assert answer.status_code == 404
    assert "the latest is for 2026-11-24" in answer.text
