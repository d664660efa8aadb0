"""Facts of the account's numbers in the REST API, through Twilio's own library.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
"""

import pytest

from tests.network.town import AIKO, LINE, OTHER_LINE, refusal


@pytest.fixture
def numbers(town):
    town.lines["all of them"] = "touched by this module"
    return town.twilio.incoming_phone_numbers


def test_a_number_that_is_bought_answers_calls(town, numbers):
    new = numbers.create(phone_number=OTHER_LINE, voice_url=town.at("/other"))
    town.answers("/other", "<Say>Hello</Say>")
    town.aiko.dials(OTHER_LINE)
    assert (new.phone_number, town.aiko.words) == (OTHER_LINE, ["Hello"])
    assert (new.capabilities["voice"], new.capabilities["sms"]) == (True, False)
    assert OTHER_LINE in town.get("/account")["numbers"]


def test_the_number_of_the_control_api_is_the_resource_of_rest(town, numbers):
    made = town.post("/numbers", {"phone_number": OTHER_LINE, "capabilities": {"voice": True, "sms": False}})
    (found,) = numbers.list(phone_number=OTHER_LINE)
    assert (found.sid, found.account_sid) == (made["sid"], made["account_sid"])
    assert (found.capabilities["voice"], found.capabilities["sms"], found.capabilities["mms"]) == (True, False, False)
    assert {"voice_url", "voice_method", "voice_fallback_url", "status_callback", "sms_url", "friendly_name"} <= set(
        made
    )


def test_methods_are_post_and_addresses_blank_by_default(town, numbers):
    town.post("/numbers", {"phone_number": OTHER_LINE})
    (found,) = numbers.list(phone_number=OTHER_LINE)
    assert (found.voice_url, found.voice_fallback_url, found.status_callback) == ("", "", "")
    assert (found.voice_method, found.voice_fallback_method, found.status_callback_method) == ("POST",) * 3


def test_a_new_address_counts_from_the_next_call_on(town, numbers):
    (line,) = numbers.list()
    line.update(voice_url=town.at("/new"), voice_method="GET", friendly_name="The shop")
    town.answers("/new", "<Say>Hello</Say>")
    town.aiko.dials()
    assert ([asked.method for asked in town.asked("/new")], town.asked("/voice")) == (["GET"], [])
    assert numbers(line.sid).fetch().friendly_name == "The shop"


def test_an_update_leaves_everything_else_as_it_was(town, numbers):
    town.has_line(status_callback=town.at("/status"))
    (line,) = numbers.list()
    settings = {"voice_fallback_url": town.at("/fallback"), "sms_url": town.at("/sms"), "friendly_name": "The shop"}
    settings |= {"voice_method": "GET", "status_callback_method": "GET"}
    line.update(**settings)
    after = numbers(line.sid).fetch()
    assert {name: getattr(after, name) for name in settings} == settings
    assert (after.voice_url, after.status_callback) == (town.at("/voice"), town.at("/status"))
    assert line.update(status_callback=town.at("/ended")).status_callback == town.at("/ended")


def test_a_number_that_is_given_back_belongs_to_nobody(town, numbers):
    (line,) = numbers.list()
    assert line.delete()
    town.aiko.dials(LINE)
    assert ([item["kind"] for item in town.aiko.heard], town.log()) == (["say"], [])
    assert refusal(numbers(line.sid).fetch) == (404, 20404)


def test_numbers_are_found_by_a_part_of_them_and_by_name(numbers):
    numbers.create(phone_number=OTHER_LINE, friendly_name="Other")
    assert [one.phone_number for one in numbers.list(phone_number=OTHER_LINE)] == [OTHER_LINE]
    assert len(numbers.list(phone_number="+8150")) == 2
    assert [one.phone_number for one in numbers.list(friendly_name="Other")] == [OTHER_LINE]
    assert numbers.list(phone_number="+1") == []


def test_numbers_come_in_pages(numbers):
    for number in range(4):
        numbers.create(phone_number=f"+81503123111{number}")
    page = numbers.page(page_size=3)
    assert (len(list(page)), len(list(page.next_page()))) == (3, 2)


def test_a_number_that_is_given_up_takes_no_other_from_the_next_page(numbers):
    made = [LINE, *(numbers.create(phone_number=f"+81503123111{number}").phone_number for number in range(4))]
    page = numbers.page(page_size=2)
    seen = list(page)
    assert seen[0].delete()
    while page.next_page_url:
        page = page.next_page()
        seen += page
    assert [one.phone_number for one in seen] == made


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"phone_number": "hello"}, 21421),
        ({"phone_number": "+81"}, 21421),
        ({"phone_number": LINE}, 21422),
        ({"phone_number": AIKO}, 21422),  # a telephone has it
        ({"phone_number": OTHER_LINE, "voice_url": "nowhere"}, 21502),
        ({"phone_number": OTHER_LINE, "voice_url": "http://["}, 21502),
        ({"phone_number": OTHER_LINE, "voice_method": "PUT"}, 20001),
        ({"friendly_name": "no number at all"}, 21421),
    ],
)
def test_what_cannot_be_is_refused_with_twilios_code_and_nothing_is_bought(numbers, wishes, code):
    assert refusal(numbers.create, **wishes) == (400, code)
    assert [one.phone_number for one in numbers.list()] == [LINE]


def test_a_refused_update_changes_nothing(numbers):
    (line,) = numbers.list()
    assert refusal(line.update, friendly_name="Changed", voice_method="PUT")[0] == 400
    assert numbers(line.sid).fetch().friendly_name != "Changed"
