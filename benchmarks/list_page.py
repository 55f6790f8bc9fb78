"""(d) The list page of a salesperson with 50 calls, in a store of a million prospects, beside a bare page."""

from __future__ import annotations

import re
import statistics
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from benchmarks.big_store import CALLS, OWNERS, build, size
from benchmarks.load import Server, free_port, latencies, started
from benchmarks.report import Section, seconds, times
from serving.pages import pictures

_TAKT = "from serving.server import run; from serving.settings import Settings; run(Settings())"
_LOADS = {
    "one connection": (1, 0.0),
    "eight connections, 20 requests a second": (8, 0.4),
    "eight connections, as fast as it goes": (8, 0.0),
}
"""Connections at once, and how long each waits before it asks."""
_PATHS = [f"/?owner=S{i % OWNERS:02d}" for i in range(200)]


class _Timed(NamedTuple):
    took: list[float]
    cpu: float


def measure(scratch: Path, *, prospects: int, rounds: int) -> list[Section]:
    """Build the store, start both servers, ask them in turn; then weigh the page and draw pictures."""
    home = scratch / "big"
    home.mkdir()
    build(f"sqlite:///{home / 'store.db'}", prospects=prospects)
    ports = free_port(), free_port()
    environment = {"TAKT_HOME": str(home), "TAKT_PORT": str(ports[0])}
    with started([sys.executable, "-c", _TAKT], ports[0], environment) as takt:
        page = scratch / "page.html"
        headers, body = takt.ask(_PATHS[0], **{"Accept-Encoding": "identity"})
        page.write_bytes(body)
        command = [sys.executable, "-m", "benchmarks.bare_page", str(page), str(ports[1])]
        with started(command, ports[1]) as bare:
            speed = _speed(takt, bare, rounds=rounds)
        weight = _weight(takt, body.decode())
    words = (
        f"`GET /?owner=...` with {CALLS} calls, from a SQLite store of {prospects:,} prospects "
        f"({size(home) / 2**20:,.0f} MB), every salesperson in turn, over loopback and compressed. The bare page is a "
        "FastAPI route that returns "
        "the same bytes from memory. Processor time is the server's own and moves less when others use the machine."
    )
    head = ("load", "page", "p50", "p95", "processor a page", "p50 beside the bare page")
    return [Section("The list page", words, head, speed), weight, _pictures(rounds)]


def _speed(takt: Server, bare: Server, *, rounds: int) -> list[tuple[str, ...]]:
    rows = []
    for load, (connections, pause) in _LOADS.items():
        asked: dict[str, list[_Timed]] = {"bare": [], "takt": []}
        for turn in range(rounds + 1):
            for name, server, paths in (("bare", bare, ["/"] * len(_PATHS)), ("takt", takt, _PATHS)):
                before = server.cpu_seconds()
                took = latencies(server, paths, connections=connections, pause=pause)
                if turn:  # the first round warms both up
                    asked[name].append(_Timed(took, (server.cpu_seconds() - before) / len(paths)))
        base = statistics.median(t for one in asked["bare"] for t in one.took)
        for name, label in (("takt", "the list"), ("bare", "bare FastAPI")):
            took = sorted(t for one in asked[name] for t in one.took)
            middle = statistics.median(took)
            cpu = statistics.median(one.cpu for one in asked[name])
            high = took[int(0.95 * len(took))]
            rows.append((load, label, seconds(middle), seconds(high), seconds(cpu), times(middle / base)))
    return rows


def _weight(takt: Server, page: str) -> Section:
    """Weigh the page with everything that it loads, as it goes over the line."""
    addresses = re.findall(r'<(?:link|img|script)[^>]*(?:href|src)="([^"]+)"', page)
    rows, whole = [], 0
    for what, address in (("the list", _PATHS[0]), *(("with it", address) for address in addresses)):
        headers, body = takt.ask(address.replace("&amp;", "&"))
        whole += len(body)
        rows.append((what, address.split("?")[0], f"{len(body) / 1024:.1f} KB", headers["content-type"]))
    rows.append(("**together**", "", f"{whole / 1024:.1f} KB", ""))
    words = "Compressed bytes of the page and of everything that it names; nothing comes from another host."
    return Section("Weight of the list page", words, ("what", "address", "bytes", "kind"), rows)


def _pictures(rounds: int) -> Section:
    """Draw pictures of the usual kinds: for the first time in a process, new ones after that, and known ones again."""
    rows = []
    for name in _chart(0):
        first = _drawing(_chart(0)[name])
        new = statistics.median(_drawing(_chart(i + 1)[name]) for i in range(10 * rounds))
        known = statistics.median(_drawing(_chart(1)[name]) for _ in range(10 * rounds))
        rows.append((name, seconds(first), seconds(new), seconds(known)))
    words = "`serving.pages.pictures.draw`; the first picture of a process starts the engine that draws."
    return Section("Pictures", words, ("picture", "the first", "a new one", "one drawn before"), rows)


def _drawing(chart: Any) -> float:
    start = time.perf_counter()
    pictures.draw(chart, title="Won", words="Calls that won.", columns=("name", "calls"), rows=())
    return time.perf_counter() - start


def _chart(seed: int) -> dict[str, Any]:
    names = ["small", "mid market", "large", "public", "partners"]
    rows = pd.DataFrame({"name": names, "value": [seed + i + 1.5 for i in range(5)]})
    rows = rows.assign(low=rows["value"] - 1, high=rows["value"] + 1)
    days = pd.DataFrame({"day": pd.date_range("2026-01-05", periods=60, freq="7D"), "value": range(seed, seed + 60)})
    base = alt.Chart(rows)
    return {
        "five bars": base.mark_bar().encode(x="value:Q", y="name:N"),
        "five intervals": alt.layer(
            base.mark_rule().encode(x="low:Q", x2="high:Q", y="name:N"),
            base.mark_point(filled=True).encode(x="value:Q", y="name:N"),
        ),
        "a line of 60 weeks": alt.Chart(days).mark_line().encode(x="day:T", y="value:Q"),
    }
