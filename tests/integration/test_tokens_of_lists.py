"""Page tokens: each is of one list, and no other takes it. Every list of both REST APIs is here."""

import json
import re
import time

import pytest

import api
import proxy
from tests.conftest import BASE
from tests.integration.conftest import AIKO, BEN, LINES, OutgoingLeg, give_numbers, open_session
from tests.integration.switchboard import ACCOUNT, Switchboard, attended
from tests.integration.test_proxy_api import raw
from tests.integration.test_subscriptions import keep, subscribe
from toritsugi.costs.records import keep_cost, new_cost
from toritsugi.costs.sold import Sold
from toritsugi.messages.records import new_message
from toritsugi.money.rates import shipped_card
from toritsugi.recordings.records import Recording

LISTS_OF_API = [
    path
    for path, operations in json.loads(api.app.get_openapi_json_schema(**api.DOCUMENT))["paths"].items()
    if "page_token" in [one["name"] for one in operations.get("get", {}).get("parameters", [])]
]
LISTS_OF_PROXY = [
    re.sub(r"<(\w+)>", r"{\1}", one.path)
    for one in (*proxy.app._static_routes, *proxy.app._dynamic_routes)
    if one.func.__name__.startswith("list_")
]


KEY = ("SK" + "a" * 32, "secret")


class Owner(Switchboard):
    """Twilio makes whatever it is asked for, and has one number on each of two pages."""

    def answer(self, asked):
        if asked.path != "/IncomingPhoneNumbers":
            return super().answer(asked)
        able = {"voice": True, "sms": True, "mms": False}
        owned = {"sid": "PN" + "1" * 32, "phone_number": LINES[0], "capabilities": able}
        following = None if "PageToken" in asked.form else f"{ACCOUNT}/IncomingPhoneNumbers.json?Page=1&PageToken=PAPN1"
        return 200, {"incoming_phone_numbers": [owned], "page": 0, "page_size": 1, "next_page_uri": following}


@pytest.fixture
def places(client, desk, twilio, clock):
    """What stands in the paths of the lists, each of which has two things or more."""
    with attended(Owner()):
        service = client.proxy.v1.services.create(unique_name="texts")
        give_numbers(service.sid, [f"+8150200000{number:02}" for number in range(3)], sms=True)
        service = client.proxy.v1.services(service.sid)
        session, lines = open_session(service)
        service.sessions.create(unique_name="other")
        [first, _] = session.participants.list()
        for digit in "12":
            OutgoingLeg(twilio, AIKO, lines[AIKO], "CA" + digit * 31 + "f").reports("initiated", "completed")
            session.participants(first.sid).message_interactions.create(body="hello")
            number = f"%2B8190111100{digit}1"
            assert desk.asks("PUT", f"/api/callers/{number}", {"name": "Aiko"})[0] == 201
            for name in ("desk", f"night{digit}"):
                desk.asks("PUT", f"/api/receptions/{name}", {"steps": {"hello": {"say": f"Hello {digit}"}}})
            desk.calls()
            known = {"line": LINES[0], "person": AIKO, "direction": "inbound", "status": "received"}
            new_message(f"KM{digit * 32}", time.time(), **known).save()
            sid, at, month = "RE" + digit * 32, int(time.time()), time.strftime("%Y-%m", time.gmtime())
            Recording(sid, status="stored", caller=BEN, month=month, date_created=at, listed_as=f"{at}#{sid}").save()
            leg = {"incoming": False, "from_": LINES[0], "to": BEN, "status": "completed", "began_at": at, "size": 61}
            keep_cost(new_cost(Sold(sid=f"CA{digit * 32}", **leg), shipped_card(), None))
            subscription = subscribe()
            clock.shift(1)
        for second in (1, 2):
            keep(subscription, "a", second)
        yield {"name": "desk", "sid": subscription.sid, "service_sid": session.fetch().service_sid} | {
            "session_sid": session.fetch().sid,
            "participant_sid": first.sid,
        }


def first_page(desk, path):
    """The first page of a list, if it is one of two or more."""
    if path.startswith("/v1"):
        status, said = raw("GET", f"{path}?PageSize=1", "", KEY)
        return status, said["meta"]["next_page_url"]
    answer = desk.send("GET", f"{path}?page_size=1", b"")
    link = re.match("<(.*)>", answer["headers"].get("Link", ""))
    return answer["statusCode"], link[1] if link else json.loads(answer["body"])["meta"]["next_page_url"]


def asked_with(desk, path, token):
    """The status of a list that is asked for with a token, and what is said of it."""
    if path.startswith("/v1"):
        status, said = raw("GET", f"{path}?PageToken={token}", "", KEY)
        return status, said.get("message", "")
    answer = desk.send("GET", f"{path}?page_token={token}", b"")
    if answer["statusCode"] == 200:
        return 200, ""
    said = json.loads(answer["body"])
    return answer["statusCode"], said["errors"][0]["pointer"] + " " + said["detail"]


def test_no_list_takes_a_token_of_another_and_each_takes_its_own(desk, places):
    paths = [path.format(**places) for path in (*LISTS_OF_API, *LISTS_OF_PROXY)]
    tokens = {}
    for path in paths:
        status, following = first_page(desk, path)
        assert (status, following and following.startswith(BASE + path)) == (200, True), path
        tokens[path] = re.search("[pP]age_?[tT]oken=([^&]+)", following)[1]
    assert len(paths) == len(tokens) >= 16
    for path in paths:
        for of, token in tokens.items():
            status, said = asked_with(desk, path, token)
            named = "PageToken: " if path.startswith("/v1") else "/page_token page_token: "
            assert (status, said) == (200, "") if of == path else (status, said.startswith(named)) == (400, True), (
                path,
                of,
                said,
            )
