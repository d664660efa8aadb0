"""The engine of the page by Node, where Node is there."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.unit.money.golden import CASES, GOLDEN
from toritsugi.money.rates import CARDS, SHIPPED_CARDS

PAGE = ROOT / "functions/prices/page"
REAL_CARDS = {name: json.loads((CARDS / f"{name}.json").read_text(encoding="utf-8")) for name in SHIPPED_CARDS}
ALL_CARDS = GOLDEN["cards"] | REAL_CARDS
BY_THE_PAGE = Path(__file__).with_name("by_the_page.js").read_text(encoding="utf-8").partition("\n")[2].strip()

needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed (apt install nodejs)")


# Reads a question a line, each with the function that is to answer it. `at` is where the page's modules lie.
ANSWERS = """
import { createInterface } from "node:readline";
const at = process.argv[1];
for await (const line of createInterface({ input: process.stdin })) {
  const { program, told } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ answer: (await eval(program)(told)) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error.stack) }));
  }
}
"""


class Node:
    """Node, with the modules of the page at hand."""

    def __init__(self, folder: Path) -> None:
        self.at = (folder / "page").as_uri()
        shutil.copytree(PAGE, folder / "page")
        (folder / "page/package.json").write_text('{"type": "module"}')  # by which it knows modules
        command = ["node", "--input-type=module", "-e", ANSWERS, self.at]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8")

    def ask(self, program: str, told: Any) -> Any:
        """What a function of JavaScript answers to this."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"program": program, "told": told}) + "\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        assert "error" not in said, said["error"]
        return said["answer"]

    def stop(self) -> None:
        self.process.communicate()  # nothing more is asked, so it ends


def golden_question(at: str) -> list[Any]:
    """What by_the_page.js is asked."""
    return [at, ALL_CARDS, CASES]
