"""The picture of what is deployed shows what template.yaml says."""

from xml.etree import ElementTree

import pytest

from docs.deployed import PICTURE, Deployment, draw


def test_the_picture_is_up_to_date():
    assert PICTURE.read_text() == draw(), "Draw it anew: PYTHONPATH=infra .venv/bin/python docs/deployed.py"


@pytest.mark.parametrize("what", [*Deployment().functions, *Deployment().alarms()])
def test_every_function_and_every_alarm_is_in_it(what):
    words = [text.text for text in ElementTree.parse(PICTURE).iter("{http://www.w3.org/2000/svg}text")]
    assert {what, what.lower(), f"{what.lower()}.py"} & set(words)
