"""What has a name is fetched by it, whatever is in the name; and what can be the name of nothing is not there."""

from urllib.parse import quote

import pytest

import voice
from tests.integration.conftest import AIKO, BEN, LINES, incoming, people
from tests.integration.test_conventions_of_the_api import HELLO
from tests.integration.test_proxy_api import AUTH, raw, refused

NAMES = {
    "quotation marks": 'order "17"',
    "emoji": "🚗 delivery",
    "a family": "👨‍👩‍👧",
    "combining": "か\u3099と e\u0301",
    "brackets": "[a]{b}<c>",
    "a backslash": "a\\b",
    "backticks": "`a`",
    "a percent sign": "50%25 off, %22",
    "of a query": "a;b=c&d#e",
    "a plus": "a+b c",
    "Devanagari": "हिन्दी",
    "what Powertools takes": "~()'!*:@,;=$|^",
    "of a path": "Sessions",
}


@pytest.fixture(params=NAMES.values(), ids=NAMES)
def name(request):
    return request.param


def test_a_service_and_a_session_can_be_asked_for_by_whatever_name_they_were_given(client, clock, name):
    made = client.proxy.v1.services.create(unique_name=name)
    service = client.proxy.v1.services(quote(name, safe=""))
    assert service.fetch().sid == made.sid
    assert service.update(default_ttl=60).default_ttl == 60
    sids = {service.sessions.create(unique_name=f"{name}{end}").sid for end in ("", "1", "2")}
    session = service.sessions(quote(name, safe=""))
    assert session.fetch().sid in sids
    assert session.participants.list() == session.interactions.list() == service.phone_numbers.list() == []
    assert session.update(status="closed").status == "closed"
    assert session.delete()
    assert refused(session.fetch) == (400, 80308)
    assert service.delete()
    assert refused(service.fetch) == (404, 20404)


def test_the_links_between_pages_lead_on_whatever_name_they_have_in_them(client, clock, name):
    client.proxy.v1.services.create(unique_name=name)
    sessions = client.proxy.v1.services(quote(name, safe="")).sessions
    sids = {sessions.create(unique_name=f"{number}").sid for number in range(3)}
    page, seen = sessions.page(page_size=2), []
    while page is not None:
        seen += [one.sid for one in page]
        page = page.next_page()
    assert sorted(seen) == sorted(sids)


def test_people_are_in_a_session_that_is_asked_for_by_such_a_name(service, clock, name):
    made = service.sessions.create(unique_name=name, participants=people(AIKO, BEN))
    session = service.sessions(quote(name, safe=""))
    [aiko, ben] = session.participants.list()
    assert (aiko.session_sid, session.participants(ben.sid).fetch().identifier) == (made.sid, BEN)


def test_a_reception_that_could_not_be_named_so_is_refused_where_it_would_be_made(desk, name):
    path = f"/api/receptions/{quote(name, safe='')}"
    if name == "Sessions":
        assert desk.asks("PUT", path, HELLO)[0] == 201
        return
    status, said = desk.asks("PUT", path, HELLO)
    assert (status, said["code"], said["errors"][0]["pointer"]) == (422, 20001, "/name")
    assert desk.asks("GET", path)[0] == desk.asks("DELETE", path)[0] == 404


@pytest.mark.parametrize("name", ["really?", "a/b", ".", ".."])
def test_a_name_that_would_not_come_through_an_address_is_refused_where_it_is_given(client, service, name):
    assert refused(lambda: client.proxy.v1.services.create(unique_name=name)) == (400, 80701)
    assert refused(lambda: service.sessions.create(unique_name=name)) == (400, 80701)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/api/calls/KB1",
            "/api/calls/nobody",
            "/api/calls/KB1/participants",
            f"/api/calls/KB{'0' * 32}/participants/x",
        ),
        *("/api/messages/KM1", "/api/recordings/RE1", "/api/subscriptions/KN1", "/api/subscriptions/KN1/deliveries"),
        *("/api/receptions/no%20name", "/api/ready-receptions/a.b", f"/api/calls/{'KB' + '0' * 31 + '%0A'}"),
    ],
)
def test_what_can_be_the_sid_or_name_of_nothing_is_not_there(desk, path):
    status, said = desk.asks("GET", path)
    assert (status, said["code"], said["title"]) == (404, 20404, "Not Found")
    assert said["detail"].startswith("There is no such thing. /")


# ---- bytes that are no characters ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", ["%FF%FE", "a%C3", "%ED%A0%80", "caf%E9", "%8E%52%93%63"])
def test_what_is_not_in_utf_8_is_refused_by_name_and_nothing_is_made(client, service, desk, sent):
    sessions = f"/v1/Services/{service.fetch().sid}/Sessions"
    for path, field in (("/v1/Services", "UniqueName"), (sessions, "UniqueName"), (sessions, "x" + sent)):
        status, said = raw("POST", path, f"{field}={sent}", AUTH)
        assert (status, said["code"]) == (400, 20001)
        assert said["message"].startswith(f"{field[:1]}")
        assert "it is not in UTF-8" in said["message"]
    assert service.sessions.list() == []
    assert raw("GET", f"{sessions}?PageToken={sent}", "", AUTH)[1]["message"].startswith(
        "PageToken: it is not in UTF-8"
    )
    status, said = desk.asks("GET", f"/api/callers?search={sent}")
    assert (status, said["code"]) == (400, 20001)
    assert said["detail"].startswith("search: it is not in UTF-8")


def test_a_form_may_have_its_characters_as_they_are(client, service):
    path = f"/v1/Services/{service.fetch().sid}/Sessions"
    assert raw("POST", path, "UniqueName=山田", AUTH)[1]["unique_name"] == "山田"


def test_a_signature_is_over_the_bytes_that_were_signed_whatever_they_are(twilio, service):
    answer = twilio.send(
        voice.handler, "/voice", incoming(AIKO, LINES[0], "CA" + "1" * 32) | {"CallerName": "caf\ufffd"}
    )
    assert answer["statusCode"] == 200
