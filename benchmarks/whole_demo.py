"""(b) `takt demo` as a newcomer sees it: the whole process in a fresh home, and the stages that it reports itself."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.report import Section, seconds

_STAGE = re.compile(r"✓ (?P<doing>[^:]+?)(?:: (?P<found>.*))? \((?P<took>[\d.]+) s\)")


def measure(home: Path, *, prospects: int) -> Section:
    """Run the command in a process of its own and read its lines.

    Raises
    ------
    RuntimeError
        The command failed; the text holds the end of what it said.
    """
    command = [str(Path(sys.executable).with_name("takt")), "demo", "--home", str(home), "--prospects", str(prospects)]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    whole = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    told = [found.groupdict() for found in map(_STAGE.search, done.stderr.splitlines()) if found]
    rows = [(t["doing"], t["found"] or "", seconds(float(t["took"]))) for t in told]
    rest = whole - sum(float(t["took"]) for t in told)
    rows.append(("imports, Prefect's server, printing", "what is left", seconds(rest)))
    rows.append(("**the whole process**", "", seconds(whole)))
    words = f"`takt demo --prospects {prospects}` after installation, one run in a fresh home, all processes included."
    return Section("The demo", words, ("stage", "what came of it", "time"), rows)
