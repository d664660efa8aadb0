"""The decisions: each is dated, short, in the index, and names what is here."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.unit.documents import broken_links, missing_names, slug

FOLDER = ROOT / "docs/decisions"
INDEX = FOLDER / "README.md"
PAGES = sorted(set(FOLDER.glob("*.md")) - {INDEX})

HEADING = re.compile(r"(\d{4}-\d\d-\d\d) · (\S.*)")
MAX_WORDS = 120


@dataclass(frozen=True)
class Entry:
    """A decision, as it stands on its page."""

    page: Path
    heading: str
    text: str

    @property
    def superseded(self) -> bool:
        return self.text.startswith("Superseded by [")

    @property
    def line_of_index(self) -> str:
        day, _, title = self.heading.partition(" · ")
        mark = " (superseded)" if self.superseded else ""
        return f"- {day} [{title}]({self.page.name}#{slug(self.heading)}){mark}"


def entries_of(page: Path) -> list[Entry]:
    _, *blocks = re.split(r"^## ", page.read_text(), flags=re.MULTILINE)
    parts = [block.partition("\n") for block in blocks]
    return [Entry(page, heading, text.strip()) for heading, _, text in parts]


ENTRIES = [entry for page in PAGES for entry in entries_of(page)]
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=[f"{one.page.stem}: {one.heading}" for one in ENTRIES])


@each_entry
def test_a_decision_is_dated_and_says_what_was_decided(entry):
    found = HEADING.fullmatch(entry.heading)
    assert found, "a heading is a date, a dot in the middle, and a title"
    assert date.fromisoformat(found[1])
    assert "**Decided.** " in entry.text


@each_entry
def test_a_decision_is_short(entry):
    assert len(entry.text.split()) <= MAX_WORDS


@each_entry
def test_a_decision_that_holds_names_what_is_here(entry):
    assert entry.superseded or missing_names(entry.text) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_newest_stands_first(page):
    days = [entry.heading[:10] for entry in entries_of(page)]
    assert days == sorted(days, reverse=True)


def test_the_index_has_every_decision_page_by_page():
    _, *sections = re.split(r"^## ", INDEX.read_text(), flags=re.MULTILINE)
    listed = {}
    for section in sections:
        heading, *lines = section.strip().splitlines()
        listed[heading] = [line for line in lines if line]
    assert listed == {title_of(page): [entry.line_of_index for entry in entries_of(page)] for page in PAGES}


def title_of(page: Path) -> str:
    """A page's heading as a link, by which the index names it."""
    return f"[{page.read_text().partition(chr(10))[0].removeprefix('# ')}]({page.name})"


@pytest.mark.parametrize("page", [INDEX, *PAGES], ids=lambda page: page.stem)
def test_its_links_lead_somewhere(page):
    assert broken_links(page) == []


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ("`functions/voice.py` and `voice.py`", []),
        ("`masking/claims.py` and `masking.claims.open_session`", []),
        ("`transactions.update_if`, `words.choose_language`", []),
        ("`/audio`, `client.proxy.v1`, `--json`, `POST /voice`", []),
        ("`functions/voices.py`, `layers/claims`", ["functions/voices.py", "layers/claims"]),
        ("`masking.claims.nobody`", ["masking.claims.nobody"]),
        ("`sessions.life`, `carrier.py`", ["sessions.life", "carrier.py"]),
    ],
)
def test_what_is_not_here_is_found(said, missing):
    assert missing_names(said) == missing
