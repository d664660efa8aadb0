"""Everything that README and docs/ say to type works as it stands there, from top to bottom, on a fresh `make run`."""

import asyncio
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from command.__main__ import app
from local import sample
from tests.conftest import ROOT
from tests.stories.readers import BLOCK, Reader

pytestmark = pytest.mark.thorough

PAGES = [ROOT / "README.md", ROOT / "README.ja.md", *sorted((ROOT / "docs").rglob("*.md"))]
PASTED = [page for page in PAGES if BLOCK.search(page.read_text())]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def reads(box, tmp_path):
    """A page, opened beside the sample world of `make run`."""
    asyncio.run_coroutine_threadsafe(sample.fill(box.stack, "SK" + "0" * 32 + ":spare"), box.loop).result(60)
    readers = []

    def opens(page: Path) -> Reader:
        readers.append(Reader(page, box, tmp_path))
        return readers[-1]

    yield opens
    for reader in readers:
        reader.close()
    box.told.update(call["sid"] for call in box.calls())  # the page tells them


@pytest.mark.parametrize("page", PASTED, ids=lambda page: page.name)
def test_what_a_page_says_to_type_works_from_top_to_bottom(reads, aiko, ben, page):
    if page.name == "conferences.md":
        pytest.skip("has a story of its own: somebody has to answer")
    reader = reads(page)
    reader.reads_on()
    assert reader.is_done


def test_the_first_program_of_the_readme_lets_two_people_talk(reads, aiko, ben):
    reads(ROOT / "README.md").pastes()
    aiko.dials("+815010000009")
    ben.rings(showing="+815010000009")
    ben.answers()
    aiko.talks_with(ben)


def test_a_program_on_a_page_is_one_of_the_examples():
    examples = "\n".join(path.read_text() for path in (ROOT / "examples").glob("*.py"))
    programs = [text for page in PAGES for kind, text in FENCED.findall(page.read_text()) if kind == "python"]
    assert programs
    assert [text for text in programs if text not in examples] == []


def test_a_value_of_json_on_a_page_is_one():
    written = [text for page in PAGES for kind, text in FENCED.findall(page.read_text()) if kind == "json"]
    assert all(isinstance(json.loads(text.replace("...", "")), dict) for text in written)


def typed(word: str) -> list[tuple[str, list[str]]]:
    """Every line in a code block that begins with this command, and its words without placeholders and what it does."""
    found = []
    for page in PAGES:
        for _, text in FENCED.findall(page.read_text()):
            for line in text.splitlines():
                line = re.split(r"\s{2,}", line.removeprefix(".venv/bin/"))[0]
                if line.startswith(f"{word} "):
                    found.append((page.name, shlex.split(line, comments=True)[1:]))
    return found


def test_every_verb_of_make_on_a_page_is_there():
    verbs = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = [(page, word) for page, words in typed("make") for word in words if re.fullmatch("[a-z]+", word)]
    assert said
    assert [(page, verb) for page, verb in said if verb not in verbs] == []


def test_every_command_of_toritsugi_on_a_page_is_there_with_its_options():
    from typer.main import get_command

    said = typed("toritsugi")
    assert said
    for page, words in said:
        command, rest = get_command(app), list(words)
        while rest and rest[0] in getattr(command, "commands", {}):
            command = command.commands[rest.pop(0)]
        assert not hasattr(command, "commands"), f"{page}: toritsugi {' '.join(words)}"
        options = {name for parameter in command.params for name in parameter.opts}
        for word in rest:
            name = word.strip("[]").split("=")[0]
            assert not name.startswith("--") or name in options, f"{page}: {name} of toritsugi {' '.join(words)}"


def test_the_network_alone_knows_the_options_that_its_page_names():
    command = [sys.executable, "-m", "local.network", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT / "infra")}, check=True)
    (typed_there,) = re.findall(r"local\.network (.*)", (ROOT / "docs/network.md").read_text())
    for option in re.findall(r"--[a-z-]+", typed_there):
        assert option in told.stdout
