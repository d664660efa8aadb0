"""`make test` and `make coverage` end with it: how many branches and lines of each room were run. It is no gate.

Tracing doubles what a test takes before Python 3.14. So `make test` traces the examples of tests/unit alone, and `make
coverage` all tests.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

REPORT = ROOT / ".coverage/report.json"
COUNTS = ("num_branches", "covered_branches", "num_statements", "covered_lines")


def room_of(path: Path) -> str:
    """The room of the domain, or `functions`."""
    return path.parts[3] if len(path.parts) > 4 else path.parts[0]


def sums(report: dict[str, Any]) -> dict[str, list[int]]:
    """By room, COUNTS; at the end of all together."""
    found: dict[str, list[int]] = defaultdict(lambda: [0] * len(COUNTS))
    for name, file in report["files"].items():
        for room in (room_of(Path(name)), "in all"):
            found[room] = [a + file["summary"][count] for a, count in zip(found[room], COUNTS, strict=True)]
    return {**{room: found[room] for room in sorted(found) if room != "in all"}, "in all": found["in all"]}


def table(report: dict[str, Any]) -> str:
    lines = [f"{'coverage':<14}{'branches':>18}{'lines':>18}"]
    for room, (branches, ran, statements, covered) in sums(report).items():
        lines.append(f"{room:<14}{share(ran, branches):>18}{share(covered, statements):>18}")
    return "\n".join(lines)


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} % of {whole:>5,}" if whole else "-"


if __name__ == "__main__":
    by = "by all tests" if "--all" in sys.argv else "by examples of tests/unit; make coverage: by all tests"
    print(f"{table(json.loads(REPORT.read_text()))}\n({by})")
