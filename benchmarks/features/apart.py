"""One streamed run in a process of its own, for its memory: `python -m benchmarks.features.apart TOUCHES LOOKS`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.features.asked import first
from benchmarks.features.made import Made
from benchmarks.features.streamed import Stream

_STATUS: Final = Path("/proc/self/status")


def memory(made: Made) -> int:
    """Return the bytes at the peak of a streamed run above those that the process had once all was imported."""
    command = [sys.executable, "-m", "benchmarks.features.apart", str(made.touches), str(made.weekly)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    before, after = json.loads(found)
    return int(after - before)


def _peak() -> int:
    """Return the peak so far; `ru_maxrss` would be that of the process which started this one, if that is larger."""
    line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])


def _main() -> None:
    touches, looks = map(Path, sys.argv[1:])
    before = _peak()
    Stream(Made(touches, looks, looks), looks, first()).run()
    print(json.dumps([before, _peak()]))


if __name__ == "__main__":
    _main()
