"""The exchange behind its doors: signed forms go in, TwiML and stored records come out. Twilio is not there."""

import base64
import io
import json
import logging
import time
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import pytest
import time_machine
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from local.aws import Cloud, Context
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, BASE, NEXT_TOKEN, OWN_SECRET, PARAMETERS, ROOT
from tests.integration.wire import Wire, whose_handler
from toritsugi.foundation import config
from toritsugi.limits import charges, switch
from toritsugi.masking import pool

AIKO, BEN, EVE = "+819011110001", "+819022220002", "+819033330003"
LINES = ["+815010000001", "+815010000002", "+815010000003"]


def event_of(method: str, url: str, body: str, headers: dict[str, str]) -> dict[str, Any]:
    """The event that API Gateway makes of a request with a form: it decodes the path, and leaves the query."""
    parts = urlsplit(url)
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(parts.path),
        "rawQueryString": parts.query,
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": {
            "http": {"method": method, "path": unquote(parts.path), "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
            "domainName": "exchange.example.com",
            "stage": "$default",
            "requestId": "test",
            "timeEpoch": int(time.time() * 1000),
        },
        "body": base64.b64encode(body.encode()).decode(),
        "isBase64Encoded": True,
    }
    if parts.query:
        event["queryStringParameters"] = dict(parse_qsl(parts.query, keep_blank_values=True))
    return event


class Twilio:
    """What Twilio does to a webhook: fill in every parameter, sign, send. `receive` gives the handler's answer."""

    def __init__(self, token: str = AUTH_TOKEN) -> None:
        self.token = token

    def send(self, handler: Any, path: str, fields: dict[str, str], token: str = "", **changes: Any) -> dict[str, Any]:
        """The answer to a signed form, the same request if the `token` is; `changes` are put into the event after
        signing.
        """
        url = BASE + path.partition("#")[0]
        signature = RequestValidator(self.token).compute_signature(url, fields)
        headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
        headers |= {"I-Twilio-Idempotency-Token": token} if token else {}
        event = event_of("POST", url, urlencode(fields), headers) | changes
        answer: dict[str, Any] = handler(event, Context("test"))
        return answer

    def calls(self, line: str, caller: str, call_sid: str = "CA" + "1" * 32) -> ElementTree.Element:
        """The TwiML that an incoming call is answered with."""
        import voice

        answer = self.send(voice.handler, "/voice", incoming(caller, line, call_sid))
        assert answer["statusCode"] == 200, answer
        return ElementTree.fromstring(answer["body"])

    def reports(self, address: str, fields: dict[str, str]) -> int:
        """The status with which a status callback to this address is answered."""
        import status

        path = address.removeprefix(BASE)
        assert path != address, "a callback must come to us"
        return self.send(status.handler, path, fields)["statusCode"]


class OutgoingLeg:
    """The leg that a call makes, and Twilio's callbacks about it: begun at once, answered after 5 s, ended after 65."""

    SECONDS = {"initiated": 0, "ringing": 1, "in-progress": 5}

    def __init__(self, twilio: Twilio, caller: str, line: str, call_sid: str = "CA" + "1" * 32) -> None:
        dial = twilio.calls(line, caller, call_sid).find("Dial")
        number = dial.find("Number")
        self.twilio, self.call_sid, self.began = twilio, call_sid, time.time()
        self.address, self.to, self.shows = number.get("statusCallback"), number.text, dial.get("callerId")
        self.sid = "CA" + call_sid[2:][::-1].replace("1", "2")

    def form(self, status: str) -> dict[str, str]:
        after = self.SECONDS.get(status, 65)
        moment = format_datetime(datetime.fromtimestamp(int(self.began) + after, UTC))
        ended = {"CallDuration": "60" if status == "completed" else "0", "Duration": "1"} if after == 65 else {}
        parties = {"From": self.shows, "To": self.to, "Caller": self.shows, "Called": self.to}
        sids = {"CallSid": self.sid, "ParentCallSid": self.call_sid, "AccountSid": ACCOUNT_SID}
        more = {
            "CallStatus": status,
            "Timestamp": moment,
            "CallbackSource": "call-progress-events",
            "Direction": "outbound-dial",
        }
        return {**parties, **sids, **more, **ended}

    def reports(self, *statuses: str) -> None:
        for status in statuses:
            assert self.twilio.reports(self.address, self.form(status)) == 204


def open_session(service, *numbers: str, **options: Any) -> tuple[Any, dict[str, str]]:
    """A session of these people (Aiko and Ben), and the line that each of them dials."""
    session = service.sessions.create(participants=people(*(numbers or (AIKO, BEN))), **options)
    return service.sessions(session.sid), lines_of(service, session.sid)


def lines_of(service, session_sid: str) -> dict[str, str]:
    return {person.identifier: person.proxy_identifier for person in service.sessions(session_sid).participants.list()}


def incoming(caller: str, line: str, call_sid: str) -> dict[str, str]:
    blank = dict.fromkeys(
        ("FromCity", "FromState", "FromZip", "ToCity", "ToState", "ToZip", "CallerCity", "CalledCity"), ""
    )
    parties = {"From": caller, "To": line, "Caller": caller, "Called": line, "FromCountry": "JP", "ToCountry": "JP"}
    call = {"CallSid": call_sid, "AccountSid": ACCOUNT_SID, "CallStatus": "ringing", "Direction": "inbound"}
    return {**blank, **parties, **call, "ApiVersion": "2010-04-01"}


class Door(HttpClient):
    """The official SDK's way to the exchange, without a network: its requests become events of proxy.py."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger("door"), is_async=False)

    def request(
        self, method, url, params=None, data=None, headers=None, auth=None, timeout=None, allow_redirects=False
    ):
        import proxy

        query = urlencode({name: value for name, value in (params or {}).items() if value is not None})
        basic = base64.b64encode(":".join(auth).encode()).decode()
        url = url + (("&" if "?" in url else "?") + query if query else "")
        body = urlencode(data or {}, doseq=True)
        answer = proxy.handler(
            event_of(method, url, body, {**headers, "Authorization": f"Basic {basic}"}), Context("test")
        )
        return Response(answer["statusCode"], answer.get("body") or "", answer.get("headers"))


SETTINGS = {"public-base-url": BASE, "auth-tokens": f"{AUTH_TOKEN},{NEXT_TOKEN}", "own-secrets": OWN_SECRET}
NOON = datetime(2026, 11, 21, 3, tzinfo=UTC)  # in Tokyo


@pytest.fixture(scope="module")
def account():
    """One account at AWS for all tests of a module: to make one takes a second, to empty it no time at all."""
    with Cloud(ROOT / "template.yaml", PARAMETERS, SETTINGS, who_acts=whose_handler) as cloud:
        cloud.dynamodb, cloud.scheduler, cloud.ssm = map(cloud.client, ("dynamodb", "scheduler", "ssm"))
        cloud.schemas = cloud.template.of_type("AWS::DynamoDB::Table")
        yield cloud


@pytest.fixture
def cloud(account) -> Cloud:
    """An account at AWS with the tables, schedules and settings of template.yaml, and nothing in them."""
    from toritsugi.foundation import api_keys
    from toritsugi.receptions import records

    for table in account.schemas:
        empty(account, table)
    for filled in (
        account.events,
        *account.buckets.named.values(),
        *(q.messages for q in account.queues.named.values()),
    ):
        filled.clear()
    for schedule in account.scheduler.list_schedules()["Schedules"]:
        account.scheduler.delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])
    if getattr(account, "resettled", False):
        for name, value in SETTINGS.items():
            set_setting(account, name, value)
    account.resettled = False
    api_keys._remembered_keys.clear()
    records.forget_documents()
    switch.forget_limits()
    charges.forget_charges()
    return account


def empty(cloud: Cloud, table: str) -> None:
    names = [key["AttributeName"] for key in cloud.schemas[table]["KeySchema"]]
    for item in cloud.dynamodb.scan(TableName=table)["Items"]:
        cloud.dynamodb.delete_item(TableName=table, Key={name: item[name] for name in names})


def set_setting(cloud: Cloud, name: str, value: str) -> None:
    """Another value for a setting, which a process that starts now reads."""
    from toritsugi.foundation import config

    path = f"{cloud.template.environment['SETTINGS_PATH']}/{name}"
    cloud.ssm.put_parameter(Name=path, Value=value, Type="SecureString", Overwrite=True)
    cloud.resettled = True
    config.forget_settings()


@pytest.fixture
def wire(cloud):
    """Every call of an AWS API, to be counted, lost or refused, of a process that has answered before."""
    config.settings()
    switch.remembered_limits()
    charges.remembered_charges()
    with Wire() as wire:
        yield wire


@pytest.fixture
def clock(cloud):
    """Time stands still at noon, and moves by `clock.shift(seconds)`."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def twilio(cloud) -> Twilio:
    return Twilio()


@pytest.fixture
def client(cloud) -> Client:
    """The official SDK with a key of the exchange."""
    from toritsugi.foundation import api_keys

    api_keys.create_key("SK" + "a" * 32, "secret")
    client = Client("SK" + "a" * 32, "secret", ACCOUNT_SID, http_client=Door())
    client.proxy.base_url = BASE
    return client


@pytest.fixture
def service(client):
    """A service with three Japanese numbers, which have voice alone, as numbers in Japan do."""
    service = client.proxy.v1.services.create(unique_name="order-desk")
    give_numbers(service.sid, LINES)
    return client.proxy.v1.services(service.sid)


def give_numbers(service_sid: str, lines: list[str], *, reserved: bool = False, **able: bool) -> None:
    """Puts numbers into a pool, as if the carrier had said that the account owns them."""

    capabilities = {"voice": True, "sms": False, "mms": False} | able
    for line in lines:
        owned = {"sid": "PN" + line[1:].zfill(32), "phone_number": line, "friendly_name": line}
        pool.add_to_pool(service_sid, owned | {"capabilities": capabilities, "webhooks": {}}, reserved)


def people(*numbers: str) -> list[str]:
    return [
        {"Identifier": number, "FriendlyName": name} for number, name in zip(numbers, ("Aiko", "Ben"), strict=False)
    ]


def parse(answer: dict[str, Any]) -> Any:
    return json.loads(answer["body"])


@pytest.fixture
def logged():
    """Everything that is written into the log."""
    from toritsugi.foundation.logs import log

    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.handlers[0].formatter)
    log.addHandler(handler)
    yield stream.getvalue
    log.removeHandler(handler)


@pytest.fixture
def desk(cloud, service):
    """A client of our own REST API, and three lines from which it may call."""
    from tests.integration.calls import Desk

    return Desk()
