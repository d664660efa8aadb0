"""Every page: its links lead somewhere, and what it names of this repository is here."""

import pytest

from tests.conftest import ROOT
from tests.unit.documents import broken_links, missing_names

PAGES = [*sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*.md"))]
MADE = {"samconfig.toml", "local.yaml"}  # on the reader's own machine

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@each_page
def test_its_links_lead_somewhere(page):
    assert broken_links(page) == []


@each_page
def test_what_it_names_is_here(page):
    assert set(missing_names(page.read_text())) <= MADE


def test_the_page_on_security_names_whatever_plays_an_attack():
    page = (ROOT / "docs/security.md").read_text()
    played = [file.name for file in (ROOT / "tests/attacks").glob("test_*.py")]
    assert [name for name in played if f"](../tests/attacks/{name})" not in page] == []
    assert len(played) > 15
