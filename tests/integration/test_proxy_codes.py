"""Twilio's codes: of each that can arise here a request that has it, in Twilio's own words and with its status.

Those that cannot arise stand in docs/moving-from-proxy.md, with the reason.
"""

import json
import re
from urllib.parse import urlencode

import pytest

import proxy
from local.aws import Context
from tests.conftest import BASE, ROOT
from tests.integration import test_lines_api, test_pools
from tests.integration.books import check
from tests.integration.calls import Desk
from tests.integration.conftest import AIKO, BEN, EVE, LINES, event_of, give_numbers
from tests.integration.test_lines_api import TEXTS, VOICE
from tests.integration.wire import broken, canceled
from toritsugi.masking import pool

at_twilio = test_lines_api.at_twilio

PAGE = ROOT / "docs/moving-from-proxy.md"
SEATTLE, TACOMA = "+12065550142", "+12535550142"
LANDLINE = "+81312345678"
NOBODYS = "+815099999999"
CHOOSY, SID_OF_FIRST = {"Identifier": AIKO, "ProxyIdentifier": LINES[0]}, f"PN{LINES[0][1:].zfill(32)}"


class Program:
    """A program that was written for Proxy, and the service that it has, with three numbers that have voice alone."""

    def __init__(self):
        self.service = self.makes("/v1/Services", UniqueName="order-desk")["url"].removeprefix(BASE)
        give_numbers(self.sid, LINES)

    @property
    def sid(self):
        return self.service.rpartition("/")[2]

    def asks(self, method, path, *, kind="application/x-www-form-urlencoded", body=None, **fields):
        body = urlencode(fields, doseq=True) if body is None else body
        headers = {"Authorization": Desk().header, "Content-Type": kind}
        answer = proxy.handler(event_of(method, BASE + path, body, headers), Context("proxy"))
        return answer["statusCode"], json.loads(answer["body"] or "null")

    def makes(self, path, **fields):
        status, said = self.asks("POST", path, **fields)
        assert status in (200, 201), said
        return said

    def opens(self, *people, service=None, **fields):
        """A session of these people; the path to it."""
        wanted = [json.dumps(one if isinstance(one, dict) else {"Identifier": one}) for one in people]
        made = self.makes(f"{service or self.service}/Sessions", Participants=wanted, **fields)
        return made["url"].removeprefix(BASE)

    def joins(self, session, identifier, **fields):
        return self.asks("POST", f"{session}/Participants", Identifier=identifier, **fields)

    def has(self, *lines, **able):
        """Another service with these numbers; the path to it."""
        made = self.makes("/v1/Services", UniqueName=f"desk-{'-'.join(lines)}", **able.pop("fields", {}))
        give_numbers(made["sid"], list(lines), **able)
        return f"/v1/Services/{made['sid']}"

    def adds(self, service=None, **fields):
        return self.asks("POST", f"{service or self.service}/PhoneNumbers", **fields)

    def first(self, session):
        _, said = self.asks("GET", f"{session}/Participants")
        return f"{session}/Participants/{said['participants'][0]['sid']}"


@pytest.fixture
def program(client, at_twilio):
    return Program()


def fills(cloud, service_sid, amount):
    """The pool of a service has so many numbers, all like its first."""
    [first, *_] = pool.list_all_numbers(service_sid)
    for place in range(amount - len(LINES)):
        row = first.to_dynamodb_dict() | {"entry": {"S": f"number#PN{place:032}"}, "sid": {"S": f"PN{place:032}"}}
        cloud.dynamodb.put_item(TableName="ServicesTable", Item=row)


def closed(program, session):
    program.makes(session, Status="closed")
    return session


# What somebody does to be told so.
REQUESTS = {
    80101: lambda p: (p.makes(f"{p.has()}/PhoneNumbers", PhoneNumber=TEXTS), p.adds(PhoneNumber=TEXTS))[1],
    80103: lambda p: p.joins(p.opens(AIKO), AIKO),
    80104: lambda p: p.adds(PhoneNumber=VOICE),
    80201: lambda p: p.joins(p.opens(service=p.has(NOBODYS, voice=False, sms=True), Mode="voice-only"), AIKO),
    80202: lambda p: p.joins(p.opens(Mode="message-only"), AIKO),
    80203: lambda p: p.joins(p.opens(service=p.has(SEATTLE)), AIKO),
    80205: lambda p: p.joins(p.opens(service=p.has()), AIKO),
    80206: lambda p: p.joins(p.opens(service=p.has(SEATTLE, fields={"GeoMatchLevel": "area-code"})), TACOMA),
    80207: lambda p: p.joins(p.opens(service=p.has("+815020000001", reserved=True)), AIKO),
    80208: lambda p: ([p.opens(AIKO) for _ in LINES], p.joins(p.opens(), AIKO))[1],
    80301: lambda p: p.adds(Sid="PN" + "0" * 32),
    80304: lambda p: p.joins(p.opens(), AIKO, ProxyIdentifier="messenger:107605714403137"),
    80308: lambda p: p.asks("GET", f"{p.service}/Sessions/parcel-7"),
    80402: lambda p: p.joins(p.opens(), LINES[0]),
    80403: lambda p: p.asks("GET", f"{p.opens()}/Interactions/KIxyz"),
    80404: lambda p: p.joins(p.opens(), "Aiko"),
    80405: lambda p: p.asks("GET", f"{p.opens()}/Participants/KPxyz"),
    80406: lambda p: p.adds(PhoneNumber="hello"),
    80407: lambda p: p.adds(Sid="PNxyz"),
    80408: lambda p: p.asks("GET", f"/v1/Services/KS{'x' * 32}"),
    80409: lambda p: p.asks("GET", f"{p.service}/Sessions/KC{'x' * 32}"),
    80601: lambda p: p.joins(p.opens(), AIKO, ProxyIdentifierSid="PN" + "0" * 32),
    80602: lambda p: p.asks("POST", "/v1/Services", UniqueName="order-desk"),
    80603: lambda p: (p.opens(UniqueName="x"), p.asks("POST", f"{p.service}/Sessions", UniqueName="x"))[1],
    80604: lambda p: (p.opens(CHOOSY), p.joins(p.opens(), AIKO, ProxyIdentifier=LINES[0]))[1],
    80605: lambda p: p.joins(p.opens(), AIKO, ProxyIdentifier=NOBODYS),
    80606: lambda p: p.adds(PhoneNumber=NOBODYS),
    80607: lambda p: p.asks("POST", closed(p, p.opens()), Ttl=60),
    80608: lambda p: p.asks("POST", closed(p, p.opens()), Status="open"),
    80609: lambda p: p.joins(p.opens(AIKO, BEN), EVE),
    80611: lambda p: (p.opens(CHOOSY), p.asks("DELETE", f"{p.service}/PhoneNumbers/{SID_OF_FIRST}"))[1],
    80612: lambda p: (session := p.opens(AIKO)) and (p.asks("DELETE", p.first(session)), p.joins(session, AIKO))[1],
    80616: lambda p: p.joins(p.opens(Mode="message-only"), LANDLINE),
    80701: lambda p: p.asks("POST", f"{p.service}/Sessions", Ttl="soon"),
    80910: lambda p: p.asks("POST", f"{p.first(p.opens(AIKO))}/MessageInteractions", Body="hello"),
    20001: lambda p: p.asks("POST", f"{p.service}/Sessions", Colour="red"),
    20404: lambda p: p.asks("GET", f"/v1/Services/KS{'0' * 32}"),
}  # fmt: skip


@pytest.mark.parametrize("code", REQUESTS)
def test_a_code_of_twilios_arises_with_its_status_and_body(program, code):
    status, said = REQUESTS[code](program)
    assert said == {
        "code": code,
        "message": said["message"],
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": 404 if code == 20404 else 400,
    }
    assert (status, bool(said["message"])) == (said["status"], True)


@pytest.mark.parametrize(("there", "warned"), [(423, False), (424, True)])
def test_that_a_pool_is_nearly_full_stands_in_the_log_with_twilios_code(program, cloud, logged, there, warned):
    fills(cloud, program.sid, there)
    assert program.adds(PhoneNumber=TEXTS)[0] == 201
    assert ('"code":80624' in logged()) == warned


def test_a_pool_that_is_full_takes_no_number_more(program, cloud):
    fills(cloud, program.sid, 500)
    status, said = program.adds(PhoneNumber=TEXTS)
    assert (status, said["code"]) == (400, 80622)
    assert program.adds(PhoneNumber=TEXTS, IsReserved="true")[0] == 201


def always_lost(operation, request, carry):
    """Somebody else is faster whenever something is to be written on a condition."""
    if operation == "TransactWriteItems":
        raise canceled("ConditionalCheckFailed", *["None"] * (len(request["TransactItems"]) - 1))
    return carry()


def at_number(operation, request, carry):
    """Somebody else is faster at the line of the person who is to be given it."""
    if operation == "TransactWriteItems":
        places = ["route#" in json.dumps(item) and "Put" in item for item in request["TransactItems"]]
        raise canceled(*("ConditionalCheckFailed" if place else "None" for place in places))
    return carry()


def test_who_is_overtaken_again_and_again_is_told_which_code(program, wire):
    session = program.opens()
    with wire.has(always_lost):
        status, said = program.asks("POST", session, Ttl=60)
    assert (status, said["code"]) == (400, 80503)
    with wire.has(at_number):
        status, said = program.joins(session, AIKO)
    assert (status, said["code"], said["status"]) == (409, 80623, 409)


def test_what_fails_here_or_at_twilio_is_told_apart(program, wire):
    test_pools.break_twilio(True)
    assert program.adds(PhoneNumber=TEXTS)[1]["code"] == 80613
    test_pools.break_twilio(False)
    with wire.has(broken):
        status, said = program.asks("GET", program.service)
    assert (status, said["code"]) == (400, 80504)


# ---- names, SIDs, and fields -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a/b", "..", "KC" + "0" * 32, "PN" + "Z" * 32])
def test_a_name_that_cannot_stand_where_a_sid_may_is_refused(program, name):
    for path in ("/v1/Services", program.service, f"{program.service}/Sessions"):
        status, said = program.asks("POST", path, UniqueName=name)
        assert (status, said["code"], said["message"][:12]) == (400, 80701, "'UniqueName'")


def test_capitals_in_a_sid_are_no_mistake_but_nobodys(program):
    for path in (f"/v1/Services/KS{'A' * 32}", f"{program.service}/Sessions/KC{'A' * 32}"):
        assert program.asks("GET", path)[1]["code"] == 20404


@pytest.mark.parametrize("sid", ["CH" + "1" * 32, "IS", "IS" + "x" * 32])
def test_the_sid_of_a_chat_service_is_checked_and_otherwise_kept(program, sid):
    status, said = program.asks("POST", program.service, ChatInstanceSid=sid)
    assert (status, said["code"]) == (400, 80701)
    kept = program.makes(program.service, ChatInstanceSid="IS" + "a" * 32)
    assert kept["chat_instance_sid"] == "IS" + "a" * 32


@pytest.mark.parametrize(
    ("path", "fields", "named"),
    [
        ("", {"UniqueName": "x", "Webhook": "https://example.com"}, "Webhook"),
        ("/Sessions", {"Mode": "voice-only", "Maxparticipants": "3"}, "Maxparticipants"),
        ("/PhoneNumbers", {"PhoneNumber": VOICE, "IsReservd": "true"}, "IsReservd"),
    ],
)
def test_a_field_that_nobody_knows_is_refused_by_its_name_and_nothing_is_done(program, path, fields, named):
    status, said = program.asks("POST", program.service + path, **fields)
    assert (status, said["code"]) == (400, 20001)
    assert said["message"].startswith(f"{named}: ")
    assert program.asks("GET", program.service)[1]["unique_name"] == "order-desk"


def test_what_a_session_is_for_cannot_be_changed_and_that_is_said(program):
    status, said = program.asks("POST", program.opens(), Mode="message-only")
    assert (status, said["code"], said["message"][:5]) == (400, 20001, "Mode:")


@pytest.mark.parametrize("name", ["FailOnParticipantConflict", "ReturnErrorOnDuplicateRequest"])
def test_that_a_conflict_is_refused_may_be_asked_for_and_not_the_contrary(program, name):
    session = program.opens(AIKO, **{name: "True"})
    assert program.joins(session, BEN, **{name: "true"})[0] == 201
    assert program.joins(session, EVE, **{name: "false"})[1]["code"] == 80701


@pytest.mark.parametrize("kind", ["application/json", "text/plain; charset=utf-8"])
def test_what_is_no_form_is_refused_as_such(program, kind):
    body = json.dumps({"UniqueName": "desk"})
    status, said = program.asks("POST", "/v1/Services", kind=kind, body=body)
    assert (status, said["code"], "form-urlencoded" in said["message"]) == (415, 20001, True)


@pytest.mark.parametrize("query", ["Status=open", "UniqueName=x", "PageSize=1&Color=red"])
def test_a_filter_that_proxy_has_not_is_refused_rather_than_forgotten(program, query):
    status, said = program.asks("GET", f"{program.service}/Sessions?{query}")
    assert (status, said["code"]) == (400, 20001)


# ---- closed from the beginning ---------------------------------------------------------------------------------------


def test_a_session_may_be_closed_from_the_beginning_and_claims_nothing_before_it_is_opened(program, cloud):
    session = program.opens(AIKO, BEN, Status="closed")
    shown = program.asks("GET", session)[1]
    assert (shown["status"], shown["closed_reason"], shown["date_ended"]) == ("closed", "api", shown["date_created"])
    assert check(cloud).live == []
    lines = {
        p["identifier"]: p["proxy_identifier"]
        for p in program.asks("GET", f"{session}/Participants")[1]["participants"]
    }
    another = program.opens({"Identifier": AIKO, "ProxyIdentifier": lines[AIKO]})
    assert program.asks("POST", session, Status="in-progress")[1]["code"] == 80604
    closed(program, another)
    assert program.makes(session, Status="in-progress")["status"] == "in-progress"
    assert len(check(cloud).live) == 2


# ---- the page --------------------------------------------------------------------------------------------------------


def test_the_page_names_every_code_of_proxys_and_which_arise():
    rows = re.findall(r"^\| (80\d{3}) \| (.+?) \|", PAGE.read_text(), re.MULTILINE)
    assert len({code for code, _ in rows}) == len(rows) == 74
    said = {int(code) for code, how in rows if how.startswith("yes")}
    assert said == {code for code in REQUESTS if code > 80000} | {80503, 80504, 80613, 80622, 80623}
