"""A program that does not know whether its request arrived makes it once more, with the same Idempotency-Key."""

import json

import pytest

import proxy
from local.aws import Context
from tests.conftest import BASE
from tests.integration import test_lines_api, test_messages_api
from tests.integration.answers import answers, lost
from tests.integration.calls import Desk
from tests.integration.conftest import AIKO, BEN, EVE, event_of, give_numbers
from tests.integration.test_lines_api import TEXTS
from tests.integration.test_proxy_codes import Program, urlencode
from tests.integration.wire import Died, dying
from toritsugi.foundation import api_keys, once

at_twilio = test_lines_api.at_twilio
counter, account_at_twilio = test_messages_api.counter, test_messages_api.account_at_twilio

KEY = "order-17"


@pytest.fixture
def program(client, at_twilio, clock):
    return Program()


def asks(path, key=KEY, header=None, **fields):
    """The status, the body and whether it was told before."""
    headers = {"Authorization": header or Desk().header, "Content-Type": "application/x-www-form-urlencoded"}
    headers |= {"Idempotency-Key": key} if key is not None else {}
    event = event_of("POST", BASE + path, urlencode(fields, doseq=True), headers)
    answer = proxy.handler(event, Context("proxy"))
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"].get("Idempotent-Replayed") == "true"


def people(*numbers):
    return [json.dumps({"Identifier": number}) for number in numbers]


# What is made, from a program's service and a session of nobody.
CREATIONS = {
    "a service": lambda p: ("/v1/Services", {"UniqueName": "another"}),
    "a number": lambda p: (f"{p.service}/PhoneNumbers", {"PhoneNumber": TEXTS}),
    "a session": lambda p: (f"{p.service}/Sessions", {"Participants": people(AIKO, BEN), "Ttl": 60}),
    "a participant": lambda p: (f"{p.opens()}/Participants", {"Identifier": AIKO}),
}


@pytest.mark.parametrize("creation", CREATIONS.values(), ids=CREATIONS)
def test_what_is_asked_for_again_is_made_once_and_shown_again(program, cloud, creation):
    path, fields = creation(program)
    first, again = asks(path, **fields), asks(path, **fields)
    assert (first[0], first[2]) == (201, False)
    assert again == (201, first[1], True)


def test_without_a_key_or_with_another_one_it_is_another(program):
    path = f"{program.service}/Sessions"
    assert len({asks(path, key=key)[1]["sid"] for key in (KEY, "order-18", None, None)}) == 4


def test_a_key_is_its_clients_own(program):
    api_keys.create_key("SK" + "b" * 32, "secret")
    path = f"{program.service}/Sessions"
    assert asks(path)[1]["sid"] != asks(path, header=Desk("SK" + "b" * 32).header)[1]["sid"]


def test_a_key_of_another_request_is_refused(program):
    path = f"{program.service}/Sessions"
    asks(path, Ttl=60)
    for other in (asks(path, Ttl=61), asks("/v1/Services", UniqueName="another")):
        assert (other[0], other[1]["code"], other[1]["status"]) == (422, 20409, 422)


def test_what_was_refused_has_made_nothing_so_its_key_is_good_for_what_is_right(program):
    path = f"{program.opens(BEN, EVE)}/Participants"
    assert asks(path, Identifier=AIKO)[1]["code"] == 80609
    assert asks(f"{program.service}/Sessions", Ttl="soon")[1]["code"] == 80701
    assert asks(f"{program.service}/Sessions", Ttl=60)[0] == 201


def test_it_is_shown_as_it_is_now_and_not_found_once_it_is_gone(program):
    path = f"{program.service}/Sessions"
    made = asks(path, Participants=people(AIKO))[1]["url"].removeprefix(BASE)
    program.makes(made, Status="closed")
    assert asks(path, Participants=people(AIKO))[1]["status"] == "closed"
    program.asks("DELETE", made)
    assert asks(path, Participants=people(AIKO))[:2][0] == 404


def test_after_a_day_a_key_is_new(program, clock):
    path = f"{program.service}/Sessions"
    first = asks(path)[1]["sid"]
    clock.shift(once.KEY_KEPT_SECONDS - 1)
    assert asks(path)[1]["sid"] == first
    clock.shift(1)
    program.asks("DELETE", f"{path}/{first}")
    assert asks(path)[0] == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_what_is_no_key_is_refused_and_nothing_is_made(program, key):
    status, said, _ = asks(f"{program.service}/Sessions", key=key)
    assert (status, said["code"], said["message"][:15]) == (400, 20001, "Idempotency-Key")
    assert program.asks("GET", f"{program.service}/Sessions")[1]["sessions"] == []


def test_the_same_at_the_same_moment_is_asked_to_come_again(program, wire):
    path, seen = f"{program.service}/Sessions", []

    def meanwhile(operation, _request, carry):
        if operation == "TransactWriteItems" and not seen:
            seen.append(None)
            seen[0] = asks(path)[:2]
        return carry()

    with wire.has(meanwhile):
        made = asks(path)
    assert (seen[0][0], seen[0][1]["code"], made[0]) == (409, 20409, 201)


@pytest.mark.thorough
@pytest.mark.parametrize("step", range(1, 12))
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("creation", [CREATIONS["a service"], CREATIONS["a session"], CREATIONS["a participant"]])
def test_who_dies_over_it_anywhere_makes_it_once_and_the_next_is_told_of_it(
    program, wire, clock, creation, after, step
):
    path, fields = creation(program)
    try:
        with wire.has(dying(step, after=after)):
            asks(path, **fields)
    except Died:
        clock.shift(once.GIVEN_UP_SECONDS + 1)
    first = asks(path, **fields)
    assert first[0] == 201
    assert asks(path, **fields)[1]["sid"] == first[1]["sid"]
    listed = program.asks("GET", path)[1]
    found = listed[listed["meta"]["key"]]
    assert len(found) == (2 if listed["meta"]["key"] == "services" else 1)  # the program has one of its own


def test_a_text_is_sent_once_for_a_key(client, account_at_twilio, clock):
    service = client.proxy.v1.services.create(unique_name="delivery")
    give_numbers(service.sid, ["+815010000001"], sms=True)
    session = client.proxy.v1.services(service.sid).sessions.create(participants=[{"Identifier": AIKO}])
    [person] = client.proxy.v1.services(service.sid).sessions(session.sid).participants.list()
    path = f"{person.url.removeprefix(BASE)}/MessageInteractions"
    first, again = asks(path, Body="It is here."), asks(path, Body="It is here.")
    assert (first[0], again) == (200, (200, first[1], True))
    assert len(account_at_twilio.sent) == 1


def test_a_text_of_which_nobody_knows_is_not_sent_again(client, account_at_twilio, clock):
    service = client.proxy.v1.services.create(unique_name="delivery")
    give_numbers(service.sid, ["+815010000001"], sms=True)
    session = client.proxy.v1.services(service.sid).sessions.create(participants=[{"Identifier": AIKO}])
    [person] = client.proxy.v1.services(service.sid).sessions(session.sid).participants.list()
    path = f"{person.url.removeprefix(BASE)}/MessageInteractions"
    account_at_twilio.refusal = (503, 20503, "Service unavailable")
    assert asks(path, Body="It is here.")[1]["code"] == 80613
    account_at_twilio.refusal = None
    status, said, _ = asks(path, Body="It is here.")
    assert (status, said["outbound_resource_status"], account_at_twilio.sent) == (200, "accepted", [])


def test_a_beginning_whose_answer_was_lost_is_ones_own(cloud, clock):
    request = once.read_request("SK1", KEY, "/v1/Services", b"")
    with answers(lost):
        assert once.begin_once(request) == once.Turn(again=True)
