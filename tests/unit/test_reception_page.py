"""The page on receptions is true: its examples are receptions, mistakes are told so, pictures are up to date."""

import re

import pytest

from docs.receptions import draw
from tests.conftest import ROOT
from toritsugi.receptions import ready
from toritsugi.receptions.authoring import checks
from toritsugi.receptions.authoring.grammar import KINDS
from toritsugi.receptions.authoring.reading import NoReception, describe_mistake

PAGE = (ROOT / "docs/receptions.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
PICTURES = draw()

MISTAKEN = """\
start: welcome
steps:
  welcome: {say: Good morning, next: menu}
  menu:
    menu: "1?"
    keys: {1: persn}
    otherwise: message
  person: {transfer: "+81312345678", otherwise: message}
  message: {voicemail: "Please, {nmae}"}
"""


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_a_reception(text):
    assert checks.check_document(text).warnings == []


def test_every_kind_of_step_is_explained():
    explained = set(re.findall(r"^\| `(\w+): ", PAGE, re.MULTILINE))
    assert explained == set(KINDS)


def test_mistakes_are_told_as_it_says():
    told = [one.partition(": {name}")[0] for one in re.findall(r"^line .*", PAGE, re.MULTILINE)]
    with pytest.raises(NoReception) as error:
        checks.check_document(MISTAKEN)
    said = [describe_mistake(one) for one in error.value.more["errors"]]
    assert said[0] == told[0]
    assert said[1].startswith(told[1].partition("; {name}")[0])
    with pytest.raises(NoReception, match="step goodbye: nothing leads to this step"):
        checks.check_document("steps: {a: {say: x}, goodbye: {say: y}}")


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_the_pictures_are_up_to_date(path):
    assert path.read_text() == PICTURES[path], "Draw it anew: see docs/receptions.py"


def test_it_leads_to_all_that_are_ready():
    for name in ready.NAMES:
        assert f"ready/{name}.yaml" in PAGE
        assert f"reception-{name}.svg" in PAGE


def test_its_links_lead_somewhere():
    for link in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
