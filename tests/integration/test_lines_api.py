"""Lines through our own REST API: a number of the account gets a reception, and gives its webhooks back afterwards."""

import base64
import io
import json
from contextlib import contextmanager

import httpx
import pytest
import requests
from starlette.applications import Starlette
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from local.clock import Clock
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, BASE
from tests.integration.calls import Desk
from tests.network.running import Local, running
from toritsugi.foundation import config
from toritsugi.lines import lines
from toritsugi.lines.lines import find_line

VOICE, BOTH, NEITHER, TEXTS = "+815010000001", "+815010000002", "+815010000003", "+815010000004"
OLD_CALLS = {"voice_url": "https://old.example.com/ivr", "voice_method": "GET", "voice_fallback_method": "POST"}
OLD_TEXTS = {"sms_url": "https://old.example.com/sms", "sms_method": "GET", "sms_fallback_method": "POST"}
HELLO = b"steps: {hello: {say: Good morning}}"
OURS = "#rc="


@pytest.fixture
def at_twilio(cloud, monkeypatch):
    """The account at Twilio, with four numbers, as Twilio's own SDK finds it."""
    with running(lambda world, own: Starlette(), Clock(), ACCOUNT_SID, AUTH_TOKEN) as (world, _, _):
        monkeypatch.setattr(config, "CARRIER_URL", world.address)
        with httpx.Client(base_url=world.address, trust_env=False, timeout=300, verify=False) as network:
            for number, voice, sms in (
                (VOICE, True, False),
                (BOTH, True, True),
                (NEITHER, False, False),
                (TEXTS, False, True),
            ):
                able = {"voice": voice, "sms": sms, "mms": False}
                wishes = {"phone_number": number, "capabilities": able, **OLD_CALLS, **OLD_TEXTS}
                network.post("/numbers", json=wishes).raise_for_status()
        yield Client(ACCOUNT_SID, AUTH_TOKEN, http_client=Local(world.address))


@pytest.fixture
def desk(client, at_twilio):
    """A client of our own REST API, with a reception called desk."""
    desk = Desk()
    sent = desk.send("PUT", "/api/receptions/desk", HELLO, headers={"Content-Type": "application/yaml"})
    assert sent["statusCode"] == 201
    return desk


@contextmanager
def refusing_changes(monkeypatch):
    """Twilio says what there is, and changes nothing."""
    untouched = requests.Session.send

    def send(session, request, **settings):
        if request.method == "GET":
            return untouched(session, request, **settings)
        answer = requests.Response()
        answer.status_code, answer.raw = 503, io.BytesIO(b'{"code": 20503, "message": "Service unavailable"}')
        return answer

    with monkeypatch.context() as broken:
        broken.setattr(requests.Session, "send", send)
        yield


def settings(at_twilio, number):
    """Where a number's calls and texts go."""
    [found] = at_twilio.incoming_phone_numbers.list(phone_number=number)
    return {name: getattr(found, name) for name in OLD_CALLS | OLD_TEXTS}


def gives(desk, number, reception="desk"):
    return desk.asks("PUT", f"/api/lines/{number.replace('+', '%2B')}", {"reception": reception})


def releases(desk, number):
    return desk.send("DELETE", f"/api/lines/{number}", b"")["statusCode"]


def lines_of(desk):
    return desk.asks("GET", "/api/receptions/desk")[1]["lines"]


# ---- a reception answers ---------------------------------------------------------------------------------------------


def test_a_line_with_a_reception_sends_its_calls_here(desk, at_twilio):
    status, seen = gives(desk, VOICE)
    assert (status, seen) == (
        200,
        {
            "number": VOICE,
            "friendly_name": seen["friendly_name"],
            "voice": True,
            "sms": False,
            "mms": False,
            "reception": "desk",
            "version": 1,
            "unconfirmed_callers": "refuse",
            "service_sid": None,
            "etag": seen["etag"],
        },
    )
    now = settings(at_twilio, VOICE)
    assert now["voice_url"].startswith(f"{BASE}/voice{OURS}")
    assert now | OLD_CALLS == OLD_CALLS | OLD_TEXTS, "its texts, which it cannot receive, are left alone"
    assert lines_of(desk) == [VOICE]


def test_a_line_that_can_text_sends_its_texts_here_too(desk, at_twilio):
    gives(desk, BOTH)
    now = settings(at_twilio, BOTH)
    assert (now["voice_url"].partition("#")[0], now["sms_url"].partition("#")[0]) == (f"{BASE}/voice", f"{BASE}/sms")
    assert (now["voice_method"], now["sms_method"]) == ("POST", "POST")


def test_a_line_that_can_only_text_sends_only_those(desk, at_twilio):
    gives(desk, TEXTS)
    now = settings(at_twilio, TEXTS)
    assert (now["voice_url"], now["sms_url"].partition("#")[0]) == (OLD_CALLS["voice_url"], f"{BASE}/sms")


def test_the_same_again_changes_nothing(desk, at_twilio):
    gives(desk, BOTH)
    before, line = settings(at_twilio, BOTH), find_line(BOTH)
    assert gives(desk, BOTH)[0] == 200
    assert (settings(at_twilio, BOTH), find_line(BOTH).former) == (before, line.former)


def test_a_number_may_be_written_as_people_write_it(desk, at_twilio):
    assert desk.asks("PUT", "/api/lines/050-1000-0001", {"reception": "desk"})[1]["number"] == VOICE


# ---- and does not any more -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [VOICE, BOTH, TEXTS])
@pytest.mark.parametrize("how", ["null", "delete"])
def test_a_line_without_a_reception_goes_where_it_went_before(desk, at_twilio, number, how):
    gives(desk, number)
    assert (gives(desk, number, None)[0] == 200) if how == "null" else (releases(desk, number) == 204)
    assert settings(at_twilio, number) == OLD_CALLS | OLD_TEXTS
    assert find_line(number) is None
    assert lines_of(desk) == []


def test_what_its_owner_has_pointed_elsewhere_since_stays_there(desk, at_twilio):
    gives(desk, BOTH)
    [found] = at_twilio.incoming_phone_numbers.list(phone_number=BOTH)
    found.update(voice_url="https://new.example.com/ivr")
    assert releases(desk, BOTH) == 204
    now = settings(at_twilio, BOTH)
    assert (now["voice_url"], now["sms_url"]) == ("https://new.example.com/ivr", OLD_TEXTS["sms_url"])


def test_a_line_that_has_none_can_be_released_all_the_same(desk, at_twilio):
    assert releases(desk, VOICE) == 204
    assert settings(at_twilio, VOICE) == OLD_CALLS | OLD_TEXTS


def test_a_number_that_was_given_up_can_still_be_released(desk, at_twilio):
    gives(desk, VOICE)
    [found] = at_twilio.incoming_phone_numbers.list(phone_number=VOICE)
    found.delete()
    assert releases(desk, VOICE) == 204
    assert (find_line(VOICE), lines_of(desk)) == (None, [])


@pytest.mark.parametrize("how", ["null", "delete"])
def test_where_twilio_does_not_answer_a_line_keeps_its_reception_and_can_be_released_again(
    desk, at_twilio, monkeypatch, how
):
    """Nobody would know where its webhooks went, once it was forgotten."""
    gives(desk, BOTH)
    with monkeypatch.context() as broken:
        broken.setattr(config, "CARRIER_URL", "http://127.0.0.1:9")
        status = gives(desk, BOTH, None)[0] if how == "null" else releases(desk, BOTH)
        assert status >= 500
    assert (find_line(BOTH).reception, lines_of(desk)) == ("desk", [BOTH])
    assert releases(desk, BOTH) == 204
    assert settings(at_twilio, BOTH) == OLD_CALLS | OLD_TEXTS


def test_where_twilio_refuses_to_change_a_line_it_keeps_its_reception(desk, at_twilio, monkeypatch):
    gives(desk, BOTH)
    with refusing_changes(monkeypatch):
        assert releases(desk, BOTH) == 502
    assert find_line(BOTH).reception == "desk"
    assert settings(at_twilio, BOTH)["voice_url"].startswith(BASE)


# ---- a service as well -----------------------------------------------------------------------------------------------


@pytest.fixture
def service(client):
    return client.proxy.v1.services.create(unique_name="order-desk")


def pool(client, service):
    return client.proxy.v1.services(service.sid).phone_numbers


def test_a_line_of_a_service_keeps_it_beside_its_reception(desk, at_twilio, client, service):
    pool(client, service).create(phone_number=BOTH)
    assert settings(at_twilio, BOTH)["sms_url"].partition("#")[0] == f"{BASE}/sms"
    assert gives(desk, BOTH)[1]["service_sid"] == service.sid
    assert releases(desk, BOTH) == 204
    now, line = settings(at_twilio, BOTH), find_line(BOTH)
    assert (now["voice_url"].partition("#")[0], now["sms_url"].partition("#")[0]) == (f"{BASE}/voice", f"{BASE}/sms")
    assert (line.service_sid, line.reception, line.document) == (service.sid, None, None)
    [number] = pool(client, service).list()
    pool(client, service)(number.sid).delete()
    assert settings(at_twilio, BOTH) == OLD_CALLS | OLD_TEXTS


def test_a_line_that_leaves_its_service_keeps_its_reception(desk, at_twilio, client, service):
    gives(desk, BOTH)
    number = pool(client, service).create(phone_number=BOTH)
    assert lines.find_line(BOTH).reception == "desk"
    pool(client, service)(number.sid).delete()
    line, now = find_line(BOTH), settings(at_twilio, BOTH)
    assert (line.service_sid, line.reception) == (None, "desk")
    assert (now["voice_url"].partition("#")[0], now["sms_url"].partition("#")[0]) == (f"{BASE}/voice", f"{BASE}/sms")
    releases(desk, BOTH)
    assert settings(at_twilio, BOTH) == OLD_CALLS | OLD_TEXTS


def test_a_line_with_a_reception_is_in_one_service_at_most(desk, at_twilio, client, service):
    gives(desk, VOICE)
    pool(client, service).create(phone_number=VOICE)
    other = client.proxy.v1.services.create(unique_name="another")
    with pytest.raises(Exception, match="another Service"):
        pool(client, other).create(phone_number=VOICE)
    assert find_line(VOICE).service_sid == service.sid


# ---- listed ----------------------------------------------------------------------------------------------------------


def test_every_number_of_the_account_is_listed_page_by_page(desk, at_twilio):
    gives(desk, BOTH)
    found, path = [], "/api/lines?page_size=3"
    while path:
        status, page = desk.asks("GET", path)
        assert status == 200, page
        found += [(one["number"], one["reception"]) for one in page["lines"]]
        path = (page["meta"]["next_page_url"] or "").removeprefix(BASE)
    assert sorted(found) == [(VOICE, None), (BOTH, "desk"), (NEITHER, None), (TEXTS, None)]


@pytest.mark.parametrize("place", ["https://api.twilio.com/2010-04-01/Accounts.json?Page=0", "Page=-1", "Page=1"])
def test_a_page_token_that_somebody_has_made_up_does_not_come_to_twilio(desk, at_twilio, place):
    token = "PT" + base64.urlsafe_b64encode(bytes(16) + place.encode()).decode().rstrip("=")
    status, said = desk.asks("GET", f"/api/lines?page_token={token}")
    assert (status, said["errors"][0]["pointer"]) == (400, "/page_token")


def test_one_line_is_shown(desk, at_twilio):
    gives(desk, BOTH)
    status, seen = desk.asks("GET", f"/api/lines/{BOTH}")
    assert (status, seen["reception"], seen["sms"]) == (200, "desk", True)
    assert desk.asks("GET", f"/api/lines/{VOICE}")[1]["reception"] is None


def test_who_has_read_a_line_changes_only_what_they_have_read(desk, at_twilio):
    path = f"/api/lines/{VOICE.replace('+', '%2B')}"
    free = desk.asks("GET", path)[1]["etag"]
    assert desk.asks("PUT", path, {"reception": "desk"}, If_Match=free)[0] == 200
    assert desk.asks("PUT", path, {"reception": None}, If_Match=free)[0] == 412
    assert desk.asks("PUT", path, {"reception": "desk", "unconfirmed_callers": "take"}, If_Match=free)[0] == 412
    assert desk.asks("DELETE", path, If_Match=free)[0] == 412
    seen = desk.send("GET", path, b"")["headers"]["ETag"]
    assert desk.asks("GET", path)[1]["unconfirmed_callers"] == "refuse"
    assert desk.asks("DELETE", path, If_Match=seen)[0] == 204


OTHERS = {
    "another reception": lambda desk, path: desk.asks("PUT", path, {"reception": "night"}),
    "other callers": lambda desk, path: desk.asks("PUT", path, {"reception": "desk", "unconfirmed_callers": "take"}),
    "none": lambda desk, path: desk.asks("DELETE", path),
    "none and another": lambda desk, path: (
        desk.asks("DELETE", path),
        desk.asks("PUT", path, {"reception": "night"}),
    ),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize(
    "how",
    [("DELETE", None), ("PUT", {"reception": None}), ("PUT", {"reception": "desk", "unconfirmed_callers": "announce"})],
    ids=["delete", "null", "put"],
)
def test_of_two_who_have_read_the_same_line_one_writes(desk, at_twilio, wire, how, other):
    """What the other has written stays, and calls and texts go where that says."""
    desk.send("PUT", "/api/receptions/night", HELLO, headers={"Content-Type": "application/yaml"})
    path, left, then = f"/api/lines/{BOTH}", [1], []
    seen = gives(desk, BOTH)[1]["etag"]

    def in_between(operation, _request, carry):
        if operation == "TransactWriteItems" and left and left.pop():
            OTHERS[other](desk, path)
            then.append(desk.asks("GET", path)[1])
        return carry()

    with wire.has(in_between):
        status, said = desk.asks(how[0], path, how[1], If_Match=seen)
    assert (status, said["code"]) == (412, 20412)
    assert desk.asks("GET", path)[1] == then[0]
    now = settings(at_twilio, BOTH)
    comes_here = [now[name].startswith(BASE) for name in ("voice_url", "sms_url")]
    assert comes_here == [then[0]["reception"] is not None] * 2


@pytest.mark.parametrize("how", ["DELETE", "PUT"])
def test_a_number_that_is_not_the_accounts_is_no_line_to_be_released(desk, at_twilio, how):
    status, said = desk.asks(how, "/api/lines/+815099999999", *([{"reception": None}] if how == "PUT" else []))
    assert (status, said["code"]) == (404, 20404)
    assert said["detail"] == "+815099999999 is no number of the account's"
    assert desk.asks("DELETE", "/api/lines/+815099999999", If_Match='"read"')[0] == 404


# ---- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "body", "status", "words"),
    [
        (VOICE, {"reception": "nobody"}, 404, "There is no reception nobody"),
        (NEITHER, {"reception": "desk"}, 400, f"{NEITHER} takes neither calls nor texts"),
        ("+815099999999", {"reception": "desk"}, 404, "+815099999999 is no number of the account's"),
        ("hello", {"reception": "desk"}, 400, "hello cannot be a telephone number"),
        (VOICE, {}, 422, "/reception: Field required"),
        (VOICE, {"reception": "a b"}, 422, "/reception"),
        (VOICE, {"reception": 5}, 422, "/reception"),
        (VOICE, {"reception": "desk", "service": "x"}, 422, "/service"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_changes(desk, at_twilio, number, body, status, words):
    answer = desk.asks("PUT", f"/api/lines/{number}", body)
    assert (answer[0], words in answer[1]["detail"]) == (status, True), answer
    assert settings(at_twilio, VOICE) == OLD_CALLS | OLD_TEXTS
    assert lines_of(desk) == []


def test_where_twilio_does_not_answer_the_line_can_be_given_again(desk, at_twilio, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(config, "CARRIER_URL", "http://127.0.0.1:9")
        assert json.loads(desk.send("PUT", f"/api/lines/{VOICE}", b'{"reception": "desk"}')["body"])["status"] >= 500
    assert gives(desk, VOICE)[0] == 200
    assert settings(at_twilio, VOICE)["voice_url"].startswith(BASE)


def test_where_twilio_does_not_answer_a_service_keeps_its_number(desk, at_twilio, client, service, monkeypatch):
    number = pool(client, service).create(phone_number=BOTH)
    with refusing_changes(monkeypatch), pytest.raises(TwilioRestException) as refusal:
        pool(client, service)(number.sid).delete()
    assert (refusal.value.status, refusal.value.code) == (502, 80613)
    assert find_line(BOTH).service_sid == service.sid
    pool(client, service)(number.sid).delete()
    assert settings(at_twilio, BOTH) == OLD_CALLS | OLD_TEXTS


def test_a_number_whose_calls_twilio_does_not_send_here_is_in_no_pool(desk, at_twilio, client, service, monkeypatch):
    with refusing_changes(monkeypatch), pytest.raises(TwilioRestException) as refusal:
        pool(client, service).create(phone_number=BOTH)
    assert (refusal.value.status, refusal.value.code) == (502, 80613)
    assert (find_line(BOTH), pool(client, service).list()) == (None, [])


@pytest.mark.parametrize(("header", "status"), [("*", 412), ('"1"', 400)])
def test_a_line_is_always_there_and_never_written_as_something_new(desk, at_twilio, header, status):
    path = f"/api/lines/{BOTH.replace('+', '%2B')}"
    assert desk.asks("PUT", path, {"reception": "desk"}, **{"If-None-Match": header})[0] == status
    assert desk.asks("GET", path)[1]["reception"] is None
