"""Stories of a bicycle workshop that uses the network, and of people who never heard of the exchange."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from local.clock import Clock
from tests.network import other_application
from tests.network.other_application import KENJI, LUCIA, workshop
from tests.network.running import listening, running

WORKSHOP, CUSTOMER, ANOTHER = "+815055551234", "+819077770001", "+819077770002"


class Person:
    """Somebody with a telephone."""

    def __init__(self, http: httpx.Client, number: str) -> None:
        self.http, self.number, self.path = http, number, "/phones/" + quote(number)
        self.http.put(self.path, json={"answers": "by hand"}).raise_for_status()

    def does(self, what: str, **body: str) -> Person:
        self.http.post(f"{self.path}/{what}", json=body).raise_for_status()
        return self

    def dials(self, number: str) -> Person:
        return self.does("dial", to=number)

    def presses(self, digits: str) -> Person:
        return self.does("press", digits=digits)

    def says(self, words: str) -> Person:
        return self.does("speak", text=words)

    def answers(self) -> Person:
        return self.does("answer")

    def rejects(self) -> Person:
        return self.does("reject")

    def hangs_up(self) -> Person:
        return self.does("hangup")

    def has_a_machine_that_says(self, greeting: str, after: int) -> None:
        self.http.put(self.path, json={"answers": "machine", "after": after, "greeting": greeting}).raise_for_status()

    @property
    def seen(self) -> dict:
        return self.http.get(self.path).json()

    def hears(self, words: str) -> Person:
        assert any(words in item["text"] for item in self.seen["heard"]), f"{words!r} not in {self.seen['heard']}"
        return self

    def hears_nothing_of(self, words: str) -> Person:
        assert not any(words in item["text"] for item in self.seen["heard"])
        return self

    def is_(self, state: str) -> Person:
        assert self.seen["state"] == state
        return self

    def sees(self, number: str) -> Person:
        assert self.seen["shows"] == number
        return self

    def talks_with(self, *others: Person) -> Person:
        assert self.seen["talking_with"] == [other.number for other in others]
        return self


@dataclass
class Village:
    """The workshop, its mechanics, its customers, and the time of day."""

    http: httpx.Client
    workshop: str
    customer: Person
    another: Person
    kenji: Person
    lucia: Person

    def later(self, seconds: float) -> None:
        self.http.post("/clock", json={"advance": seconds}).raise_for_status()

    @property
    def report(self) -> dict:
        return httpx.get(self.workshop + "/report", trust_env=False, verify=False, timeout=300).json()


@pytest.fixture
def village() -> Iterator[Village]:
    def opened(world, address):
        return workshop(world.auth_token, address)

    with (
        running(opened, Clock()) as (world, _, address),
        httpx.Client(base_url=world.address, trust_env=False, verify=False, timeout=300) as http,
    ):
        urls = {"voice_url": address + "/greeting", "status_callback": address + "/ended"}
        http.post("/numbers", json={"phone_number": WORKSHOP, **urls}).raise_for_status()
        people = (Person(http, number) for number in (CUSTOMER, ANOTHER, KENJI, LUCIA))
        yield Village(http, address, *people)
        assert world.clock.failures == []


def test_a_customer_with_a_repair_reaches_whoever_accepts_first(village):
    customer, kenji, lucia = village.customer, village.kenji, village.lucia
    customer.dials(WORKSHOP).hears("Welcome to the bicycle workshop")
    village.later(8)
    customer.hears("自転車工房です").presses("1").hears("One moment.")
    village.later(1)
    kenji.is_("ringing").sees(WORKSHOP)
    lucia.is_("ringing").sees(WORKSHOP)
    village.later(4)
    lucia.answers().hears("お客様からの電話です")
    kenji.is_("idle")
    customer.hears_nothing_of("お客様からの電話です").talks_with()
    lucia.presses("1").talks_with(customer)
    customer.says("My chain is broken")
    lucia.hears("My chain is broken").says("Bring it at three")
    customer.hears("Bring it at three")
    kenji.hears_nothing_of("chain")
    village.later(70)
    lucia.hangs_up()
    customer.is_("talking").hears("Ride safely")
    village.later(3)
    customer.is_("idle")
    assert village.report == {
        "mechanics": {
            KENJI: {"initiated": 1, "ringing": 1, "canceled": 1},
            LUCIA: {"initiated": 1, "ringing": 1, "in-progress": 1, "completed": 1},
        },
        "customers": 1,
        "minutes": 2,
    }


def test_an_answering_machine_does_not_get_the_customer(village):
    village.lucia.has_a_machine_that_says("Hello, this is Lucia, I am cycling", after=10)
    village.customer.dials(WORKSHOP).presses("1")
    village.later(1 + 10)
    village.lucia.is_("talking").hears("受けるには1を押してください")
    village.later(9)
    village.lucia.is_("idle")
    village.customer.hears("Nobody has a hand free").hears_nothing_of("cycling")


def test_a_mechanic_who_presses_another_key_declines(village):
    village.customer.dials(WORKSHOP).presses("1")
    village.later(1)
    village.kenji.answers().presses("9").is_("idle")
    village.customer.is_("talking").hears("Nobody has a hand free")


def test_when_one_mechanic_is_busy_the_other_one_still_rings(village):
    village.customer.dials(WORKSHOP).presses("1")
    village.later(1)
    village.kenji.rejects()
    village.customer.hears_nothing_of("Nobody has a hand free")
    village.lucia.is_("ringing").answers().presses("1").talks_with(village.customer)


def test_in_the_evening_both_ring_in_vain_and_the_customer_is_told_in_two_languages(village):
    village.customer.dials(WORKSHOP).presses("1")
    village.later(1 + 19)
    village.kenji.is_("ringing")
    village.later(1)
    village.kenji.is_("idle")
    village.lucia.is_("idle")
    village.customer.hears("Nobody has a hand free")
    village.later(3)
    village.customer.hears("おかけ直しください").is_("talking")
    village.later(4)
    village.customer.is_("idle")
    assert {counted["no-answer"] for counted in village.report["mechanics"].values()} == {1}


def test_a_customer_who_changes_her_mind_stops_the_ringing(village):
    village.customer.dials(WORKSHOP).presses("1")
    village.later(2)
    village.kenji.is_("ringing")
    village.customer.hangs_up()
    village.kenji.is_("idle")
    village.lucia.is_("idle")
    assert {counted["canceled"] for counted in village.report["mechanics"].values()} == {1}


def test_two_customers_at_once_get_a_mechanic_each(village):
    village.customer.dials(WORKSHOP).presses("1")
    village.later(1)
    village.kenji.answers().presses("1").talks_with(village.customer)
    village.another.dials(WORKSHOP).presses("1")
    village.later(1)
    village.lucia.is_("ringing").answers().presses("1").talks_with(village.another)
    village.kenji.talks_with(village.customer).says("Which tyre?")
    village.customer.hears("Which tyre?")
    village.another.hears_nothing_of("tyre")


def test_who_presses_two_hears_the_hours_and_so_does_who_presses_nothing(village):
    village.customer.dials(WORKSHOP).presses("2").hears("from ten to six")
    village.another.dials(WORKSHOP)
    village.later(13)
    village.another.hears_nothing_of("from ten to six")
    village.later(2)
    village.another.hears("from ten to six")


def test_a_wrong_key_leads_back_to_the_menu(village):
    village.customer.dials(WORKSHOP).presses("7").hears("That is not on the menu")
    village.later(2)
    menus = [item for item in village.customer.seen["heard"] if "Welcome" in item["text"]]
    assert [item["cut"] for item in menus] == [True, False]


def test_whoever_is_not_twilio_is_turned_away(village):
    forged = {"From": CUSTOMER, "To": WORKSHOP, "Digits": "1"}
    headers = {"X-Twilio-Signature": "bm90IHNpZ25lZA=="}
    answer = httpx.post(
        village.workshop + "/choice", data=forged, headers=headers, trust_env=False, verify=False, timeout=300
    )
    assert (answer.status_code, "Dial" in answer.text) == (403, False)


def test_the_workshop_knows_nothing_of_the_exchange_nor_of_the_network():
    source = Path(other_application.__file__).read_text()
    assert not any(
        f"{verb} {name}" in source for verb in ("import", "from") for name in ("toritsugi", "local", "tests")
    )


def test_a_port_that_is_taken_is_named_in_one_sentence():
    with listening() as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        infra = Path(__file__).parents[2] / "infra"
        command = [sys.executable, "-m", "local.network", "--port", port]
        ended = subprocess.run(command, cwd=infra, capture_output=True, text=True, timeout=300, check=False)
    assert (ended.returncode, port in ended.stderr, len(ended.stderr.splitlines())) == (1, True, 1)
