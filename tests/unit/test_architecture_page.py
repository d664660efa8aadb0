"""The page on the architecture is true: who may do what, and which files one goes to. Its picture is told elsewhere."""

import re

from docs.architecture import who_may_do_what
from tests.conftest import ROOT
from tests.unit.documents import broken_links, missing_names

PATH = ROOT / "docs/architecture.md"
PAGE = PATH.read_text()


def test_who_may_do_what_is_what_the_template_says():
    said = re.findall(r"^\| \[.*", PAGE, re.MULTILINE)
    assert said == who_may_do_what(), "Print it anew: see docs/architecture.py"


def test_every_file_and_module_that_it_names_is_here():
    assert missing_names(PAGE) == []


def test_its_links_lead_somewhere():
    assert broken_links(PATH) == []
