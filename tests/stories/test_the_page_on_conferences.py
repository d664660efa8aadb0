"""Everything that docs/conferences.md says to type works as it stands there, and it names every option there is; its
picture shows what happens.
"""

import json
from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from docs import conference
from tests.conftest import ROOT
from tests.stories.readers import Reader

PAGE = (ROOT / "docs/conferences.md").read_text()
LINE = "+815010000001"  # of the page, and of the sample world of `make run`


@pytest.fixture
def reader(box, tmp_path):
    reader = Reader(ROOT / "docs/conferences.md", box, tmp_path)
    yield reader
    reader.close()


def test_what_the_page_says_to_type_works(box, desk, aiko, ben, eve, clock, reader):
    desk.opens(LINE, name="sample-delivery")
    desk.brings_together(aiko, ben)

    reader.pastes()
    (made,) = reader.pastes()
    aiko.rings(showing=LINE)
    aiko.answers()
    clock.forward(seconds=1)
    ben.rings(showing=LINE)
    ben.answers()
    aiko.talks_with(ben)

    one, several = reader.pastes()
    assert one["status"] == "in-progress"
    assert [call["sid"] for call in several["calls"]] == [made["sid"]]

    reader.pastes()
    ben.hears("Three minutes left.")
    extended, *_ = reader.pastes()
    assert extended["extensions"] == 1
    clock.forward(seconds=20)  # one after the other
    aiko.hears("Your doctor will be with you")
    ben.hears("お連れ様がお待ちです。")
    assert sum("/voice/ringing/ja" in item["text"] for item in ben.telephone["heard"]) == 1

    added, listed, *_, back = reader.pastes()
    assert [person["number"] for person in listed["participants"]] == [aiko.number, ben.number, eve.number]
    assert (added["id"], back["hold"]) == (3, False)
    eve.was_called(showing=LINE)
    aiko.talks_with(ben)

    reader.pastes()
    clock.forward(seconds=1)
    ben.is_idle()

    (service,) = reader.pastes()
    assert (service["through"], service["extension_minutes"]) == ("conference", 10)
    (begun,) = reader.pastes()
    assert begun["session_sid"]
    aiko.rings(showing=LINE)
    clock.forward(seconds=1)
    ben.rings(showing=LINE)
    assert reader.is_done


def rows() -> dict[str, str]:
    """The tables of the page: what stands first in a row, and second."""
    lines = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    return {name.strip("` "): usual.strip("` ") for name, usual, *_ in lines}


def options() -> list[tuple[str, Any]]:
    from toritsugi.bridges.schemas import CallRequest

    return [(field.alias or name, field.default) for name, field in CallRequest.model_fields.items()]


@pytest.mark.parametrize(("name", "usual"), options())
def test_every_option_of_a_call_stands_on_the_page_with_its_default(name, usual):
    required = usual is PydanticUndefined or name in ("parties", "from", "session_sid")
    assert rows()[name] == ("" if required else json.dumps(usual))


def parts() -> list[str]:
    from toritsugi.bridges.schemas import AnnouncementRequest, ExtensionRequest, PartyRequest

    return sorted(
        {name for model in (PartyRequest, AnnouncementRequest, ExtensionRequest) for name in model.model_fields}
    )


@pytest.mark.parametrize("name", parts())
def test_every_option_of_a_person_an_announcement_and_an_extension_is_named(name):
    assert f"`{name}`" in PAGE


def test_the_words_on_the_page_are_those_that_are_spoken():
    from toritsugi import words

    names = ["call for you", "call extended", "no more extensions", "back to the call", "left alone", "unanswered"]
    for language in words.codes():
        facts = {"left": words.say_duration(180, language), "more": words.say_duration(600, language)}
        for name in [*names, "time left", "extension offer"]:
            assert words.sentence(name, language, **facts) in PAGE


@pytest.mark.parametrize(
    ("field", "attribute"),
    [
        ("Through", "through"),
        ("WarnBeforeEnd", "warn_before_end"),
        ("ExtensionMinutes", "extension_minutes"),
        ("ExtensionTimes", "extension_times"),
    ],
)
def test_the_settings_of_a_service_stand_there_with_their_defaults(field, attribute):
    from toritsugi.masking.services import Service

    assert rows()[field] == str(getattr(Service, attribute).default)


def test_the_picture_shows_what_happens_in_a_conference():
    assert conference.PICTURE.read_text() == conference.draw(), f"Draw it anew: {conference.__doc__}"
