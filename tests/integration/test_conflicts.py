"""Another transaction is at the same rows in that very moment. That is no answer to anybody: whatever a client asks for
is answered as if nobody had been there, and where it does not pass, with 409.

Every operation of both REST APIs that writes is walked: a new one belongs into OPERATIONS.
"""

import itertools
import json
from functools import cached_property
from urllib.parse import quote, urlencode

import pytest
from botocore.exceptions import ClientError

import api
import proxy
from local.aws import Context
from tests.conftest import BASE
from tests.integration import test_lines_api
from tests.integration.calls import Call, Desk
from tests.integration.conftest import AIKO, BEN, EVE, event_of, give_numbers
from tests.integration.test_lines_api import BOTH, TEXTS, VOICE
from tests.integration.wire import canceled
from toritsugi.foundation.conflicts import MAX_CONFLICT_TRIES
from toritsugi.recordings import records as recordings
from toritsugi.recordings.reports import Report
from toritsugi.subscriptions import records

at_twilio = test_lines_api.at_twilio

WRITES = ("TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem")
HELLO = {"steps": {"hello": {"say": "Good morning"}}}


class Clients:
    """Who asks for something, over and over: what has to be there before is made anew each time, under another name."""

    def __init__(self, twilio):
        self.twilio, self.numbered = twilio, itertools.count(1)

    def name(self):
        return f"name-{next(self.numbered)}"

    def asks(self, method, path, body=None):
        """The status and what is said, of Proxy in a form, else in JSON."""
        of_proxy = path.startswith("/v1/")
        text = urlencode(body or {}, doseq=True) if of_proxy else "" if body is None else json.dumps(body)
        text = body if isinstance(body, str) else text
        kind = "application/x-www-form-urlencoded" if of_proxy else "application/json"
        headers = {"Authorization": Desk().header, "Content-Type": "text/csv" if isinstance(body, str) else kind}
        event = event_of(method, BASE + path, text, headers)
        answer = (proxy if of_proxy else api).handler(event, Context("test"))
        return int(answer["statusCode"]), json.loads(answer["body"]) if answer["body"] else None

    def makes(self, method, path, body=None):
        status, said = self.asks(method, path, body)
        assert status < 300, said
        return said

    @cached_property
    def writing(self):
        """A service with a number that has texts."""
        service = self.without(BOTH)
        self.makes("POST", f"{service}/PhoneNumbers", {"PhoneNumber": BOTH})
        return service

    def texts(self):
        """The path of somebody who can be written to."""
        wanted = {"Participants": json.dumps({"Identifier": f"+8190{next(self.numbered):08}"})}
        session = f"{self.writing}/Sessions/" + self.makes("POST", f"{self.writing}/Sessions", wanted)["sid"]
        return f"{session}/Participants/" + self.person(session)

    def person(self, session):
        return self.makes("GET", f"{session}/Participants")["participants"][0]["sid"]

    def interaction(self):
        path = self.texts()
        sent = self.makes("POST", f"{path}/MessageInteractions", {"Body": "It is here."})
        return f"{path.partition('/Participants')[0]}/Interactions/{sent['sid']}"

    # ---- what is there before ----

    def service(self):
        return "/v1/Services/" + self.makes("POST", "/v1/Services", {"UniqueName": self.name()})["sid"]

    def pool(self):
        """A service whose numbers were in no pool before."""
        service = self.service()
        give_numbers(
            service.rpartition("/")[2], [f"+8150200{next(self.numbered):05}", f"+8150200{next(self.numbered):05}"]
        )
        return service

    def without(self, number):
        """A service, and this number in none."""
        for service in self.makes("GET", "/v1/Services")["services"]:
            for pooled in self.makes("GET", f"/v1/Services/{service['sid']}/PhoneNumbers")["phone_numbers"]:
                if pooled["phone_number"] == number:
                    self.makes("DELETE", f"/v1/Services/{service['sid']}/PhoneNumbers/{pooled['sid']}")
        return self.service()

    def number(self):
        service = self.without(VOICE)
        return f"{service}/PhoneNumbers/" + self.makes("POST", f"{service}/PhoneNumbers", {"PhoneNumber": VOICE})["sid"]

    def session(self, *people):
        service = self.pool()
        wanted = {"Participants": [json.dumps({"Identifier": one}) for one in people], "Ttl": 600}
        return f"{service}/Sessions/" + self.makes("POST", f"{service}/Sessions", wanted)["sid"]

    @cached_property
    def shown(self):
        """A line of ours, which those who are called see."""
        return self.makes("GET", f"{self.pool()}/PhoneNumbers")["phone_numbers"][0]["phone_number"]

    def call(self):
        wanted = {"parties": [AIKO, BEN], "from": self.shown, "minutes": 30, "extension": {"minutes": 10}}
        return "/api/calls", wanted

    def running(self):
        call = Call(Desk(), self.makes("POST", *self.call())["sid"])
        call.begins(self.twilio)
        return call.path

    def caller(self):
        path = f"/api/callers/{quote(f'+8190{next(self.numbered):08}')}"
        self.makes("PUT", path, {"name": "Aiko"})
        return path

    def reception(self):
        name = self.name()
        self.makes("PUT", f"/api/receptions/{name}", HELLO)
        return f"/api/receptions/{name}"

    def line(self):
        path = f"/api/lines/{quote(BOTH)}"
        self.makes("PUT", path, {"reception": self.reception().rpartition("/")[2]})
        return path

    def subscription(self):
        wanted = {"url": "https://8.8.8.8/hooks", "events": ["*"]}
        for one in self.makes("GET", "/api/subscriptions")["subscriptions"]:  # there may be only some
            records.delete_subscription(one["sid"])
        return "/api/subscriptions/" + self.makes("POST", "/api/subscriptions", wanted)["sid"]

    def delivery(self):
        path = self.subscription()
        return f"{path}/deliveries/" + self.makes("POST", f"{path}/test")["sid"]

    def recording(self):
        sid = f"RE{next(self.numbered):032x}"
        told = Report("/recording/voicemail/clinic/sealed", sid, "CA" + "1" * 32, "completed", 9, 1, 1_700_000_000)
        recordings.keep_recording(recordings.claim_recording(told), 2048, "ab" * 32)
        return f"/api/recordings/{sid}"


OPERATIONS = {  # whatever is asked for, made ready by somebody
    "POST /v1/Services": lambda c: ("/v1/Services", {"UniqueName": c.name()}),
    "POST /v1/Services/<sid>": lambda c: (c.pool(), {"UniqueName": c.name(), "PinEntry": "true"}),
    "DELETE /v1/Services/<sid>": lambda c: (c.pool(), None),
    "POST /v1/Services/<service_sid>/PhoneNumbers": lambda c: (
        f"{c.without(VOICE)}/PhoneNumbers",
        {"PhoneNumber": VOICE},
    ),
    "POST /v1/Services/<service_sid>/PhoneNumbers/<sid>": lambda c: (c.number(), {"IsReserved": "true"}),
    "DELETE /v1/Services/<service_sid>/PhoneNumbers/<sid>": lambda c: (c.number(), None),
    "POST /v1/Services/<service_sid>/Sessions": lambda c: (
        f"{c.pool()}/Sessions",
        {"UniqueName": c.name(), "Participants": [json.dumps({"Identifier": one}) for one in (AIKO, BEN)]},
    ),
    "POST /v1/Services/<service_sid>/Sessions/<sid>": lambda c: (c.session(AIKO, BEN), {"Status": "closed"}),
    "DELETE /v1/Services/<service_sid>/Sessions/<sid>": lambda c: (c.session(AIKO, BEN), None),
    "POST /v1/Services/<service_sid>/Sessions/<session_sid>/Participants": lambda c: (
        f"{c.session(AIKO)}/Participants",
        {"Identifier": BEN},
    ),
    "POST /v1/Services/<service_sid>/Sessions/<session_sid>/Participants/<sid>": lambda c: (
        (session := c.session(AIKO, BEN)) and f"{session}/Participants/{c.person(session)}",
        {"Identifier": EVE},
    ),
    "DELETE /v1/Services/<service_sid>/Sessions/<session_sid>/Participants/<sid>": lambda c: (
        (session := c.session(AIKO, BEN)) and f"{session}/Participants/{c.person(session)}",
        None,
    ),
    "POST /v1/Services/<service_sid>/Sessions/<session_sid>/Participants/<participant_sid>/MessageInteractions": (
        lambda c: (f"{c.texts()}/MessageInteractions", {"Body": "It is here."})
    ),
    "DELETE /v1/Services/<service_sid>/Sessions/<session_sid>/Interactions/<sid>": lambda c: (c.interaction(), None),
    "POST /api/callers/import": lambda c: ("/api/callers/import", "number,name\n090-1234-5678,Aiko\n"),
    "PUT /api/callers/<number>": lambda c: (f"/api/callers/{quote(f'+8190{next(c.numbered):08}')}", {"name": "Ben"}),
    "PATCH /api/callers/<number>": lambda c: (c.caller(), {"name": "Ben"}),
    "DELETE /api/callers/<number>": lambda c: (c.caller(), None),
    "POST /api/calls": lambda c: c.call(),
    "DELETE /api/calls/<sid>": lambda c: (c.running(), None),
    "POST /api/calls/<sid>/extend": lambda c: (f"{c.running()}/extend", None),
    "POST /api/calls/<sid>/announce": lambda c: (f"{c.running()}/announce", {"say": "Soon over."}),
    "POST /api/calls/<sid>/participants": lambda c: (f"{c.running()}/participants", {"number": EVE}),
    "PATCH /api/calls/<sid>/participants/<id>": lambda c: (f"{c.running()}/participants/1", {"muted": True}),
    "DELETE /api/calls/<sid>/participants/<id>": lambda c: (f"{c.running()}/participants/1", None),
    "PUT /api/lines/<number>": lambda c: (c.line(), {"reception": c.reception().rpartition("/")[2]}),
    "DELETE /api/lines/<number>": lambda c: (c.line(), None),
    "POST /api/messages": lambda c: ("/api/messages", {"from": TEXTS, "to": AIKO, "body": "It is here."}),
    "POST /api/messages/preview": lambda c: ("/api/messages/preview", {"body": "It is here."}),
    "POST /api/estimates": lambda c: ("/api/estimates", {"kind": "masked-call"}),
    "PUT /api/receptions/<name>": lambda c: (c.reception(), {"steps": {"hello": {"say": "Good evening"}}}),
    "POST /api/receptions/check": lambda c: ("/api/receptions/check", HELLO),
    "DELETE /api/receptions/<name>": lambda c: (c.reception(), None),
    "PATCH /api/limits": lambda c: ("/api/limits", {"calls_an_hour": 100}),
    "POST /api/limits/stop": lambda c: ("/api/limits/stop", {"why": "a trial"}),
    "POST /api/limits/start": lambda c: ("/api/limits/start", None),
    "POST /api/subscriptions": lambda c: (
        c.subscription().rpartition("/")[0],
        {"url": "https://8.8.8.8/", "events": ["call.ended"]},
    ),
    "PATCH /api/subscriptions/<sid>": lambda c: (c.subscription(), {"name": "Shop"}),
    "DELETE /api/subscriptions/<sid>": lambda c: (c.subscription(), None),
    "POST /api/subscriptions/<sid>/test": lambda c: (f"{c.subscription()}/test", None),
    "POST /api/subscriptions/<sid>/deliveries/<delivery_sid>/replay": lambda c: (f"{c.delivery()}/replay", None),
    "POST /api/subscriptions/<sid>/replay": lambda c: (
        f"{c.delivery().partition('/deliveries')[0]}/replay",
        {"since": "2026-11-01T00:00:00Z", "which": "all"},
    ),
    "POST /api/erasures": lambda c: ("/api/erasures", {"number": "+819077770007"}),
    "PATCH /api/recordings/<sid>": lambda c: (c.recording(), {"heard": True}),
    "DELETE /api/recordings/<sid>": lambda c: (c.recording(), None),
}


@pytest.fixture
def clients(client, at_twilio, twilio):
    clients = Clients(twilio)
    clients.makes("GET", "/api/calls")  # from now on the key is known, and its use noted
    return clients


class Others:
    """Whoever is at the rows of the writes at these places, counted from the first of a request; None: of every one."""

    def __init__(self, places=()):
        self.places, self.seen = places, 0

    def __call__(self, operation, request, carry):
        if operation not in WRITES:
            return carry()
        self.seen += 1
        if self.places is not None and self.seen not in self.places:
            return carry()
        if operation == "TransactWriteItems":  # one row is held by others, and another in fact is not as was asked
            codes = ["TransactionConflict", *["ConditionalCheckFailed"] * (len(request["TransactItems"]) - 1)]
            raise canceled(*codes)
        raise ClientError({"Error": {"Code": "TransactionConflictException", "Message": "on purpose"}}, operation)


def answered(clients, wire, operation, others):
    """The status of an answer, and which things it tells of, while others are there."""
    asked = OPERATIONS[operation](clients)
    with wire.has(others):
        status, said = clients.asks(operation.partition(" ")[0], *asked)
    return status, sorted(said or ()), said


def test_every_operation_that_writes_is_walked():
    there = {f"{route.method} {route.path}" for app in (api.app, proxy.app) for route in routes_of(app)}
    assert {one for one in there if not one.startswith("GET ")} == set(OPERATIONS)


def test_the_document_says_of_each_that_others_may_be_in_the_way():
    document = json.loads(api.app.get_openapi_json_schema(**api.DOCUMENT))
    silent = {
        f"{method.upper()} {path.replace('{', '<').replace('}', '>')}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method != "get" and "409" not in operation["responses"]
    }
    # which write nothing
    assert silent == {"POST /api/messages/preview", "POST /api/receptions/check", "POST /api/estimates"}


def routes_of(app):
    return app._static_routes + app._dynamic_routes


@pytest.mark.parametrize("operation", OPERATIONS)
def test_whoever_meets_a_transaction_once_is_answered_as_if_nobody_had_been_there(clients, wire, operation):
    nobody = Others()
    status, told, said = answered(clients, wire, operation, nobody)
    assert status < 300 or not nobody.seen, said  # Twilio itself has no such conference to change
    for place in range(1, nobody.seen + 1):
        assert answered(clients, wire, operation, Others({place}))[:2] == (status, told), f"write {place}"


@pytest.mark.thorough
@pytest.mark.parametrize("operation", OPERATIONS)
def test_whoever_always_meets_one_is_asked_to_try_again_and_never_told_a_no(clients, wire, operation):
    nobody = Others()
    undisturbed = answered(clients, wire, operation, nobody)
    everywhere = Others(None)
    status, told, said = answered(clients, wire, operation, everywhere)
    if nobody.seen:
        assert (status, "Please try again" in json.dumps(said)) == (409, True)
        assert everywhere.seen >= MAX_CONFLICT_TRIES
    else:
        assert (status, told) == undisturbed[:2]
