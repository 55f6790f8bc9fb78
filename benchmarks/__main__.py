"""`python -m benchmarks`: what things cost on this machine, as one table; with `--write` into docs/PERFORMANCE.md.

Nothing here is asserted: a figure is measured, printed, and read by a person. What is compared runs in turn within
one process, several rounds, and the medians are given as ratios, because absolute times of a shared machine are not
worth much.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import explaining, learning, list_page, serving_speed, training_speed, whole_demo
from benchmarks.features import measure as feature_build
from benchmarks.report import Section, page
from pipelines.settings import quiet_defaults

_PARTS = ("features", "demo", "learning", "page", "explaining", "serving", "training")
_PAGE = Path(__file__).resolve().parents[1] / "docs" / "PERFORMANCE.md"


def main() -> None:
    """Run the parts asked for and print their tables."""
    asked = _options()
    sections: list[Section] = []
    with tempfile.TemporaryDirectory(prefix="takt-bench-") as scratch:
        quiet_defaults(Path(scratch) / "prefect")
        if "features" in asked.only:
            sections += feature_build.measure(
                Path(scratch), millions=asked.touches, rounds=asked.rounds, sample=asked.sample
            )
        if "explaining" in asked.only:
            sections += explaining.measure(rows=asked.explained, rounds=asked.rounds, calls=500)
        if "page" in asked.only:
            sections += list_page.measure(Path(scratch), prospects=asked.store, rounds=asked.rounds)
        if "serving" in asked.only:
            sections += serving_speed.measure(Path(scratch), prospects=asked.store, rounds=asked.rounds)
        if "training" in asked.only:
            sections += training_speed.measure(rows=asked.snapshots, rounds=asked.rounds)
        if "demo" in asked.only or "learning" in asked.only:
            home = Path(scratch) / "home"
            demo = whole_demo.measure(home, prospects=asked.prospects)
            sections += [demo] if "demo" in asked.only else []
            sections += [learning.measure(home, rounds=asked.rounds)] if "learning" in asked.only else []
    text = page(sections, command=" ".join(["python -m benchmarks", *sys.argv[1:]]))
    print(text)
    if asked.write:
        _PAGE.write_text(text + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--touches", type=float, nargs="+", default=[1, 10, 50], help="features: millions of touches")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each comparison; medians are given")
    parser.add_argument("--sample", type=float, default=0.02, help="share of the prospects for the SQL range join")
    parser.add_argument("--prospects", type=int, default=2_000, help="size of the simulated company")
    parser.add_argument("--store", type=int, default=1_000_000, help="prospects in the store of the list page")
    parser.add_argument("--explained", type=int, default=10_000, help="rows of the explained scoring")
    parser.add_argument("--snapshots", type=int, default=40_000, help="training: snapshots of the made table")
    parser.add_argument("--only", nargs="+", choices=_PARTS, default=_PARTS, help="parts to run")
    parser.add_argument("--write", action="store_true", help="write docs/PERFORMANCE.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
