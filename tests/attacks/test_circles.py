"""A call that comes back to the exchange, by its own lines or through the outside world, ends there."""

import xml.etree.ElementTree as ElementTree

import pytest

import voice
from tests.integration.conftest import AIKO, BEN, LINES, Twilio, incoming, open_session
from toritsugi.foundation.errors import RequestRefused
from toritsugi.lines.lines import Line, find_line, line_key
from toritsugi.masking import routes
from toritsugi.receptions import publishing, records

OFFICE, BRANCH = "+815010000011", "+815010000012"  # lines with a reception
MOBILES = ["+819044440001", "+819044440002"]
OWNED = {"sid": "PN" + "1" * 32, "webhooks": {}}


def document(*transfer: str, together: bool = False) -> dict:
    """A reception that calls these, and takes a message if nobody is there."""
    steps = {
        "person": {
            "kind": "transfer",
            "transfer": list(transfer),
            "together": together,
            "seconds": 20,
            "accept": False,
            "otherwise": "message",
        },
        "message": {"kind": "voicemail", "voicemail": "伝言をどうぞ。", "seconds": 60, "silence": 5},
    }
    return {"language": "ja-JP", "timezone": "Asia/Tokyo", "start": "person", "steps": steps, "texts": []}


def save(name: str, *transfer: str, **how: bool) -> None:
    publishing.save_reception(name, str(transfer), "application/yaml", document(*transfer, **how))


def answers_at(line: str, *transfer: str, **how: bool) -> None:
    """A line whose reception calls these, whatever would be checked where that is set up."""
    name, said = f"at-{line[1:]}", document(*transfer, **how)
    records.remember_document(name, 1, said)
    Line(
        *line_key(line), number_sid="PN" + line[1:].zfill(32), former={}, reception=name, version=1, document=said
    ).save()


class World:
    """Twilio and the carriers, which follow every call that the exchange makes, until there is none or far too many."""

    def __init__(self, twilio: Twilio, forwards: dict[str, str] | None = None, shows: str = "line") -> None:
        """Calls to whoever `forwards` go on to a line, which sees what was shown to them, or themselves."""
        self.twilio, self.forwards, self.shows = twilio, forwards or {}, shows
        self.legs: list[str] = []
        self.last: ElementTree.Element | None = None

    def call(self, caller: str, line: str) -> int:
        """How many legs follow from a call."""
        waiting = [(caller, line, "")]
        while waiting and len(self.legs) < 300:
            who, to, forwarded = waiting.pop(0)
            fields = incoming(who, to, f"CA{len(self.legs):032x}") | ({"ForwardedFrom": forwarded} if forwarded else {})
            answer = self.twilio.send(voice.handler, "/voice", fields)
            self.last = ElementTree.fromstring(answer["body"])
            for dial in self.last.iter("Dial"):
                for number in dial.iter("Number"):
                    self.legs.append(str(number.text))
                    waiting += self.arrives(str(number.text), str(dial.get("callerId")))
        return len(self.legs)

    def arrives(self, number: str, shown: str) -> list[tuple[str, str, str]]:
        if find_line(number):
            return [(shown, number, "")]
        if line := self.forwards.get(number):
            return [(shown if self.shows == "line" else number, line, number if self.shows == "both" else "")]
        return []


# ---- on the telephone ------------------------------------------------------------------------------------------------


def test_two_receptions_that_transfer_to_each_others_lines_call_each_other_never(twilio):
    answers_at(OFFICE, BRANCH)
    answers_at(BRANCH, OFFICE)
    world = World(twilio)
    assert world.call(AIKO, OFFICE) == 0
    assert world.last.find("Record") is not None  # who calls can leave a message


def test_two_receptions_that_ring_ten_together_and_each_other_ring_only_people(twilio):
    people = [f"+81905555000{digit}" for digit in range(9)]
    answers_at(OFFICE, BRANCH, *people, together=True)
    answers_at(BRANCH, OFFICE, *people, together=True)
    assert World(twilio).call(AIKO, OFFICE) == len(people)


@pytest.mark.parametrize("shows", ["line", "mobile", "both"])
def test_a_mobile_that_is_forwarded_to_the_company_is_rung_once(twilio, shows):
    answers_at(OFFICE, MOBILES[0])
    world = World(twilio, {MOBILES[0]: OFFICE}, shows)
    assert world.call(AIKO, OFFICE) == 1
    assert world.last.find("Record") is not None


def test_two_mobiles_that_are_forwarded_and_show_themselves_come_to_an_end(twilio):
    answers_at(OFFICE, *MOBILES)
    assert World(twilio, dict.fromkeys(MOBILES, OFFICE), shows="mobile").call(AIKO, OFFICE) <= 8


@pytest.mark.parametrize("shows", ["line", "both"])
def test_a_participant_who_forwards_to_a_line_does_not_reach_themselves(twilio, service, shows):
    _, lines = open_session(service)
    world = World(twilio, {BEN: LINES[2]}, shows)
    assert world.call(AIKO, lines[AIKO]) == 1


def test_a_call_that_a_line_of_ours_has_forwarded_hears_why_it_ends(twilio, service):
    _, lines = open_session(service)
    fields = incoming(AIKO, lines[AIKO], "CA" + "1" * 32) | {"ForwardedFrom": LINES[2]}
    answer = ElementTree.fromstring(twilio.send(voice.handler, "/voice", fields)["body"])
    assert (answer.find("Dial"), "発信元に戻って" in answer.find("Say").text) == (None, True)


# ---- where it is set up ----------------------------------------------------------------------------------------------


def test_a_line_gets_no_reception_while_another_reception_transfers_to_it(cloud):
    save("office", BRANCH)
    save("branch", "+81312345678")
    publishing.give_line(OFFICE, OWNED, "office")
    with pytest.raises(RequestRefused, match=f"The reception office transfers to \\{BRANCH}, which would call itself"):
        publishing.give_line(BRANCH, OWNED, "branch")
    assert find_line(BRANCH) is None


def test_a_line_gets_no_reception_that_transfers_to_another_line(cloud):
    save("branch", "+81312345678")
    publishing.give_line(BRANCH, OWNED, "branch")
    publishing.save_reception("office", "", "application/yaml", document(BRANCH))
    with pytest.raises(RequestRefused, match="which would call itself"):
        publishing.give_line(OFFICE, OWNED, "office")


def test_a_number_of_somebody_in_a_session_becomes_no_line(service):
    open_session(service)
    with pytest.raises(RequestRefused, match="somebody in a session"):
        routes.check_is_nobodys(BEN, 1_795_000_000)
    assert routes.check_is_nobodys("+819099990009", 1_795_000_000) is None
