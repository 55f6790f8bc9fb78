"""wrk, a load generator in C: how many requests a second a server answers, and how long they take."""

from __future__ import annotations

import shutil
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """
wrk.method = "{method}"
{body}
done = function(summary, latency, requests)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("figures %d %d %f %f %f\\n", summary.requests, bad, summary.duration / 1e6,
    latency:percentile(50) / 1e6, latency:percentile(99) / 1e6))
end
"""
_WITH_BODY = """
local file = io.open("{path}", "rb")
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = "application/json"
"""


@dataclass(frozen=True)
class Target:
    """One address; `body` is a file that is posted, without one it is a GET."""

    url: str
    body: Path | None = None


@dataclass(frozen=True)
class Load:
    """What came of asking: requests a second, and seconds of the middle one and of the slowest of a hundred."""

    rate: float
    p50: float
    p99: float

    @classmethod
    def middle(cls, each: Sequence[Load]) -> Load:
        """Return the median of each figure."""
        return cls(*(statistics.median(getattr(one, name) for one in each) for name in ("rate", "p50", "p99")))


def check() -> None:
    """Say what is missing.

    Raises
    ------
    RuntimeError
        wrk is not installed.
    """
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is not installed; `apt-get install wrk` (Debian, Ubuntu) or `brew install wrk`.")


def in_turn(
    targets: Mapping[str, Target], *, scratch: Path, connections: int, seconds: int, rounds: int
) -> dict[str, Load]:
    """Ask the targets in turn, one round to warm up and then so many; return the medians of each.

    Raises
    ------
    RuntimeError
        An answer was an error, or none came.
    """
    found: dict[str, list[Load]] = {name: [] for name in targets}
    for turn in range(rounds + 1):
        for name, target in targets.items():
            load = _asked(target, scratch / "ask.lua", connections=connections, seconds=seconds if turn else 1)
            if turn:
                found[name].append(load)
    return {name: Load.middle(each) for name, each in found.items()}


def _asked(target: Target, script: Path, *, connections: int, seconds: int) -> Load:
    body = _WITH_BODY.format(path=target.body) if target.body else ""
    script.write_text(_SCRIPT.format(method="POST" if target.body else "GET", body=body), encoding="utf-8")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script), target.url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    line = next((one for one in done.stdout.splitlines() if one.startswith("figures ")), "")
    if not line:
        raise RuntimeError(f"wrk said nothing of {target.url}:\n{done.stdout}\n{done.stderr}")
    asked, bad, took, p50, p99 = map(float, line.split()[1:])
    if bad or not asked:
        raise RuntimeError(f"{target.url}: {bad:.0f} of {asked:.0f} answers were errors or did not come.")
    return Load(asked / took, p50, p99)
