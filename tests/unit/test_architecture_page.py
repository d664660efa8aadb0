"""The page on the architecture is true of who may do what. Its picture, links and names are looked at elsewhere."""

import re

from docs.architecture import who_may_do_what
from tests.conftest import ROOT

PAGE = (ROOT / "docs/architecture.md").read_text()


def test_who_may_do_what_is_what_the_template_says():
    said = re.findall(r"^\| \[.*", PAGE, re.MULTILINE)
    assert said == who_may_do_what(), "Print it anew: see docs/architecture.py"
