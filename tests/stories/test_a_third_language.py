"""A language is added, by one file and one row: from then on whoever speaks it is spoken and written to in it."""

import pytest

from tests.stories.esperanto import ESPERANTO
from tests.stories.people import Person
from toritsugi import words

LINE, TEXT_LINE = "+815010000011", "+12025550101"

DESK = """
language: en
steps:
  welcome:
    greet: {eo: "Bonvenon, {name}! Hodiaŭ estas {weekday}, {date}.", en: "Welcome, {name}!"}
    next: choice
  choice:
    menu: {eo: "Por via pako, premu 1.", en: "For your parcel, press 1."}
    keys: {1: parcel}
    otherwise: goodbye
  parcel:
    gather: {eo: "Kiu numero?", en: "Which number?"}
    digits: 4
    confirm: true
    next: goodbye
    otherwise: goodbye
  goodbye:
    say: {eo: "Ĝis revido.", en: "Goodbye."}
texts:
  - otherwise: {eo: "Dankon!", en: "Thank you!"}
"""


@pytest.fixture(autouse=True)
def esperanto():
    words.add(ESPERANTO)
    yield
    words.remove(ESPERANTO)


@pytest.fixture
def zofia(box):
    """Her number is of the country where Esperanto is spoken."""
    return Person(box, "Zofia", "+48221234567")


def test_a_masked_call_is_refused_in_it_by_the_number_of_whoever_calls(desk, zofia):
    desk.opens(LINE)
    zofia.dials(LINE)
    zofia.hears("De via telefono vi ne povas atingi ĉi tiun numeron.")


def test_whoever_is_recorded_is_told_so_in_it(desk, aiko, ben, clock):
    desk.opens(LINE, "+815010000012", Record="true")
    session = desk.brings_together(aiko, ben)
    desk.knows(aiko, language="eo")
    aiko.dials(session.line_of(aiko))
    aiko.hears("Ĉi tiu voko estas registrata.")
    clock.forward(seconds=3)
    ben.rings(showing=session.line_of(ben))


def test_a_reception_speaks_it_to_whoever_is_known_to_speak_it(desk, aiko, ben, clock):
    desk.answers_at(LINE, DESK)
    desk.knows(aiko, language="eo")
    aiko.dials(LINE)
    aiko.hears("Bonvenon, Aiko! Hodiaŭ estas merkredo, la 18-a de novembro.")
    clock.forward(seconds=8)
    aiko.hears("Por via pako, premu 1.")
    aiko.presses("9")
    aiko.hears("Bonvolu provi denove.")
    clock.forward(seconds=3)
    aiko.presses("1")
    clock.forward(seconds=2)
    aiko.presses("1234")
    clock.forward(seconds=1)
    aiko.hears("Vi enigis 1-2-3-4.")
    ben.dials(LINE)
    ben.hears("Welcome, dear caller!")


def test_the_end_of_a_conference_is_warned_of_in_it(desk, aiko, ben, clock):
    desk.opens(LINE, "+815010000012", Through="conference", ExtensionMinutes=10, ExtensionTimes=1)
    desk.knows(aiko, language="eo")
    session = desk.brings_together(aiko, ben, ttl=30 * 60)
    aiko.dials(session.line_of(aiko))
    aiko.hears("/voice/ringing/eo")
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    aiko.talks_with(ben)
    clock.forward(minutes=27)
    aiko.hears("Restas 3 minutoj. Por 10 minutoj pli, premu la stelon.")
    clock.forward(seconds=10)
    aiko.presses("*")
    aiko.hears("La voko daŭros 10 minutoj pli longe.")


def test_whoever_opts_out_in_it_is_answered_in_it(desk, aiko, clock):
    desk.answers_at(TEXT_LINE, DESK, sms=True)
    for text in ("Ĉu vi estas tie?", "ĉesu", "denove"):
        aiko.texts(TEXT_LINE, text)
        clock.forward(seconds=90)
    aiko.has_read("Dankon!", ESPERANTO.sentences["answer to stop"], ESPERANTO.sentences["answer to start"])


def test_what_is_added_is_complete_and_added_once():
    assert ESPERANTO.sentences.keys() == words.find("en").sentences.keys()
    with pytest.raises(ValueError, match="eo-001 is spoken here already"):
        words.add(ESPERANTO)
