"""As many histories as one likes: python -m tests.histories --seed 1 --count 1000 (make histories SEED=1 N=1000)."""

import argparse
import sys
import time
from collections import Counter

from tests.histories import runs
from tests.histories.shrinking import kind_of


def main() -> int:
    said = argparse.ArgumentParser()
    for name, usual in (("seed", 1), ("count", 1000)):
        said.add_argument(f"--{name}", type=int, default=usual)
    said.add_argument("--theme", help="sessions, pools, calls, ...; left out: all of them in turn")
    asked = said.parse_args()
    began, total, wrong = time.monotonic(), Counter(), []
    for count, gone_wrong in runs.run(asked.seed, asked.count, asked.theme):
        runs.add(total, count)
        wrong += gone_wrong
        seconds = time.monotonic() - began
        print(f"\r{total['histories']} histories, {len(wrong)} went wrong, {seconds:.0f} s", end="", flush=True)
    print()
    for name, number in sorted(total.items()):
        print(f"{number:10}  {name}")
    first = {}
    for history in sorted(wrong, key=lambda history: len(history.chosen)):
        first.setdefault(kind_of(history.faults[0]), history)
    for kind, history in first.items():
        print(f"\n{sum(kind_of(one.faults[0]) == kind for one in wrong)} went wrong like this:")
        print(runs.describe(runs.shorten(history)))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
