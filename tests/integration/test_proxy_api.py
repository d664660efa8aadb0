"""The REST API through Twilio's own SDK: what it creates, finds, changes and lists, and what is refused."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

import proxy
from local.aws import Context
from tests.conftest import ACCOUNT_SID, BASE
from tests.integration.conftest import (
    AIKO,
    BEN,
    EVE,
    LINES,
    Door,
    OutgoingLeg,
    event_of,
    give_numbers,
    open_session,
    people,
)
from toritsugi.foundation import api_keys

SPEC = Path(__file__).parents[3] / "shared/specs/twilio_proxy_v1.json"
NOWHERE = "KS" + "0" * 32
AUTH = ("SK" + "a" * 32, "secret")


def refused(request) -> tuple[int, int]:
    """The HTTP status and the code with which a request is refused."""
    with pytest.raises(TwilioException) as refusal:
        request()
    if isinstance(refusal.value, TwilioRestException):
        return refusal.value.status, refusal.value.code
    found = re.search(r'HTTP (\d+) {"code":(\d+)', str(refusal.value))  # so the SDK says it of a list
    return int(found[1]), int(found[2])


def ask(method, path, body="", auth=("SK" + "a" * 32, "secret"), **headers):
    return (
        Door().request(method, BASE + path, auth=auth, headers=headers) if not body else raw(method, path, body, auth)
    )


def raw(method, path, body, auth):
    import base64

    basic = base64.b64encode(":".join(auth).encode()).decode()
    answer = proxy.handler(event_of(method, BASE + path, body, {"Authorization": f"Basic {basic}"}), Context("proxy"))
    return answer["statusCode"], json.loads(answer["body"])


# ---- services --------------------------------------------------------------------------------------------------------


def test_a_service_is_created_fetched_by_sid_and_by_name_and_listed(client, cloud):
    services = client.proxy.v1.services
    created = services.create(unique_name="order-desk", default_ttl=600, callback_url="https://8.8.8.8/told")
    for found in (services(created.sid).fetch(), services("order-desk").fetch(), *services.list()):
        assert found.sid == created.sid
        assert (found.default_ttl, found.callback_url) == (600, "https://8.8.8.8/told")
        assert found.geo_match_level == "country"
        assert found.number_selection_behavior == "prefer-sticky"
    assert created.date_created.tzinfo == UTC


def test_a_name_works_wherever_the_sid_of_a_service_or_session_does(client, service):
    services = client.proxy.v1.services
    named = services(service.fetch().unique_name)
    session = named.sessions.create(unique_name="parcel-7", participants=people(AIKO, BEN))
    assert [one.sid for one in named.phone_numbers.list()] == [one.sid for one in service.phone_numbers.list()]
    assert named.sessions("parcel-7").fetch().sid == session.sid
    assert len(named.sessions("parcel-7").participants.list()) == 2
    assert named.sessions("parcel-7").interactions.list() == []
    assert named.sessions("parcel-7").update(status="closed").status == "closed"
    assert named.sessions("parcel-7").delete()
    assert refused(lambda: services("nobody").sessions.create()) == (404, 20404)
    assert refused(lambda: services("x" * 1500).phone_numbers.list()) == (404, 20404)


def test_the_name_of_a_service_is_its_own_and_free_again_when_it_is_changed(client):
    services = client.proxy.v1.services
    first = services.create(unique_name="first")
    second = services.create(unique_name="second")
    assert refused(lambda: services.create(unique_name="first")) == (400, 80602)
    assert refused(lambda: second.update(unique_name="first")) == (400, 80602)
    first.update(unique_name="third")
    assert services("third").fetch().sid == first.sid
    assert refused(lambda: services("first").fetch()) == (404, 20404)
    assert second.update(unique_name="first").unique_name == "first"


def test_an_update_changes_what_it_names_and_nothing_else(client):
    service = client.proxy.v1.services.create(unique_name="desk", default_ttl=60, callback_url="https://8.8.8.8/a")
    changed = service.update(default_ttl=120, number_selection_behavior="avoid-sticky")
    assert (changed.default_ttl, changed.number_selection_behavior) == (120, "avoid-sticky")
    assert (changed.callback_url, changed.unique_name) == ("https://8.8.8.8/a", "desk")


# ---- sessions --------------------------------------------------------------------------------------------------------


def test_a_session_of_two_is_created_in_one_request(service):
    session = service.sessions.create(unique_name="parcel", participants=people(AIKO, BEN))
    assert (session.status, session.unique_name, session.closed_reason) == ("open", "parcel", None)
    assert session.date_started is session.date_ended is session.date_last_interaction is session.date_expiry is None
    found = {person.identifier: person for person in service.sessions(session.sid).participants.list()}
    assert {number: person.friendly_name for number, person in found.items()} == {AIKO: "Aiko", BEN: "Ben"}
    assert all(person.proxy_identifier in LINES for person in found.values())
    assert all(person.proxy_identifier_sid.startswith("PN") for person in found.values())


def test_a_session_may_begin_empty_and_people_join_one_by_one(service, twilio, clock):
    session, joined = service.sessions.create(), []
    for number in (AIKO, BEN):
        clock.shift(1)
        joined.append(service.sessions(session.sid).participants.create(identifier=number))
    assert service.sessions(session.sid).participants(joined[0].sid).fetch().identifier == AIKO
    assert [person.sid for person in service.sessions(session.sid).participants.list()] == [p.sid for p in joined]
    assert twilio.calls(joined[0].proxy_identifier, AIKO).find("Dial/Number").text == BEN
    assert twilio.calls(joined[1].proxy_identifier, BEN).find("Dial/Number").text == AIKO
    third = lambda: service.sessions(session.sid).participants.create(identifier=EVE)  # noqa: E731
    assert refused(third) == (400, 80609)


@pytest.mark.parametrize(
    "spelling", [("Identifier", "FriendlyName"), ("identifier", "friendlyName"), ("identifier", "friendly_name")]
)
def test_a_participants_keys_may_be_spelt_as_in_any_language(service, spelling):
    session = service.sessions.create(participants=[dict(zip(spelling, (AIKO, "Aiko"), strict=True))])
    [person] = service.sessions(session.sid).participants.list()
    assert (person.identifier, person.friendly_name) == (AIKO, "Aiko")


@pytest.mark.parametrize(
    ("person", "code"),
    [
        ({"Identifier": AIKO, "FreindlyName": "Aiko"}, 20001),
        ({"Identifier": AIKO, "identifier": BEN}, 20001),
        ({"Identifier": AIKO, "FriendlyName": "Aiko", "friendly_name": None}, 20001),
        ({"Identifier": AIKO, "Identifi\u00e9r": ""}, 20001),
        ({"Identifier": AIKO, "ProxyIdentifier": "x" * 256}, 80701),
        ({"Identifier": AIKO, "ProxyIdentifierSid": "x" * 35}, 80701),
        ({"Identifier": "+" + "1" * 191}, 80701),
    ],
)
def test_a_participant_in_json_says_nothing_that_one_in_a_form_could_not(service, person, code):
    assert refused(lambda: service.sessions.create(participants=[person])) == (400, code)
    assert service.sessions.list() == []


def test_a_participants_key_that_nobody_knows_is_named(service):
    body = urlencode({"Participants": json.dumps({"Identifier": AIKO, "FreindlyName": "Aiko"})})
    _, said = raw("POST", f"/v1/Services/{service.fetch().sid}/Sessions", body, AUTH)
    assert said["message"].startswith("Participants: FreindlyName: there is no such field here")


def test_what_hangs_on_a_service_or_a_session_is_listed_under_its_name_too(client, service, twilio):
    session = service.sessions.create(unique_name="parcel", participants=people(AIKO, BEN))
    lines = {p.identifier: p.proxy_identifier for p in service.sessions(session.sid).participants.list()}
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated")
    assert [found.sid for found in client.proxy.v1.services("order-desk").sessions.list()] == [session.sid]
    assert len(service.sessions("parcel").interactions.list()) == 1


def test_a_sessions_name_is_its_own_while_it_exists_even_when_closed(service):
    session = service.sessions.create(unique_name="parcel")
    assert service.sessions("parcel").fetch().sid == session.sid
    session.update(status="closed")
    assert refused(lambda: service.sessions.create(unique_name="parcel", participants=people(AIKO))) == (400, 80603)
    service.sessions(session.sid).delete()
    service.sessions.create(unique_name="parcel")


def test_another_service_may_use_the_same_name(client, service):
    other = client.proxy.v1.services.create(unique_name="other")
    sids = {
        s.create(unique_name="parcel").sid for s in (service.sessions, client.proxy.v1.services(other.sid).sessions)
    }
    assert len(sids) == 2


def test_ttl_and_date_are_both_stored_and_the_date_counts(service, clock):
    date = datetime(2026, 11, 22, tzinfo=UTC)
    session = service.sessions.create(ttl=60, date_expiry=date)
    assert (session.ttl, session.date_expiry) == (60, date)
    clock.shift(61)
    assert service.sessions(session.sid).fetch().status == "open"


def test_the_services_ttl_is_the_default_and_a_session_may_have_its_own(client):
    service = client.proxy.v1.services.create(unique_name="desk", default_ttl=600)
    sessions = client.proxy.v1.services(service.sid).sessions
    assert (sessions.create().ttl, sessions.create(ttl=0).ttl, sessions.create(ttl=30).ttl) == (600, 0, 30)


def test_a_date_of_expiry_in_the_past_is_refused(service, clock):
    past = datetime.now(UTC) - timedelta(seconds=1)
    assert refused(lambda: service.sessions.create(date_expiry=past)) == (400, 80701)
    session = service.sessions.create()
    assert refused(lambda: session.update(date_expiry=past)) == (400, 80701)


@pytest.mark.parametrize(
    ("able", "mode"),
    [
        ({"sms": False}, "voice-only"),
        ({"sms": True}, "voice-and-message"),
        ({"voice": False, "sms": True}, "message-only"),
    ],
)
def test_the_mode_is_what_the_pool_can_do_unless_the_client_says_another(client, able, mode):
    service = client.proxy.v1.services.create(unique_name="desk")
    give_numbers(service.sid, LINES, **able)
    sessions = client.proxy.v1.services(service.sid).sessions
    assert sessions.create(participants=people(AIKO, BEN)).mode == mode
    assert sessions.create(mode="message-only").mode == "message-only"


def test_a_session_that_expired_is_shown_closed_at_its_expiry_before_anybody_wrote_it_down(service, clock):
    session = service.sessions.create(ttl=60)
    dated = service.sessions.create(date_expiry=session.date_created + timedelta(seconds=90))
    clock.shift(100)
    shown = service.sessions(session.sid).fetch()
    assert (shown.status, shown.closed_reason) == ("closed", "ttl")
    assert shown.date_ended == session.date_created + timedelta(seconds=60)
    assert service.sessions(dated.sid).fetch().closed_reason == "date-expiry"
    assert {listed.status for listed in service.sessions.list()} == {"closed"}


# ---- closing, opening again, deleting --------------------------------------------------------------------------------


def test_a_session_is_closed_and_opened_again_with_the_same_people_and_numbers(service, twilio, clock):
    session, lines = open_session(service)
    closed = session.update(status="closed")
    assert (closed.status, closed.closed_reason) == ("closed", "api")
    assert closed.date_ended == datetime.now(UTC)
    clock.shift(100)
    opened = session.update(status="in-progress")
    assert (opened.status, opened.closed_reason, opened.date_ended) == ("in-progress", None, None)
    assert twilio.calls(lines[AIKO], AIKO).find("Dial/Number").text == BEN


def test_an_expired_session_is_opened_again_with_a_new_date(service, twilio, clock):
    session, lines = open_session(service, date_expiry=datetime.now(UTC) + timedelta(seconds=60))
    clock.shift(60)
    assert refused(lambda: session.update(status="in-progress")) == (400, 80701)
    session.update(status="in-progress", date_expiry=datetime.now(UTC) + timedelta(seconds=60))
    assert twilio.calls(lines[AIKO], AIKO).find("Dial") is not None


def test_a_session_is_not_opened_again_when_one_of_its_pairs_was_given_away(service):
    first, lines = open_session(service)
    first.update(status="closed")
    explicit = [{"Identifier": AIKO, "ProxyIdentifier": lines[AIKO]}, {"Identifier": EVE}]
    second = service.sessions.create(participants=explicit)
    assert refused(lambda: first.update(status="in-progress")) == (400, 80604)
    assert first.fetch().status == "closed"
    second.update(status="closed")
    assert first.update(status="in-progress").status == "in-progress"


def test_other_changes_of_status_are_refused(service):
    session, _ = open_session(service)
    assert refused(lambda: session.update(status="in-progress")) == (400, 80608)
    session.update(status="closed")
    assert refused(lambda: session.update(status="open")) == (400, 80608)
    assert refused(lambda: session.update(status="asleep")) == (400, 80701)


def test_a_closed_session_takes_no_other_change_and_nobody_joins_it(service):
    session, _ = open_session(service, AIKO)
    session.update(status="closed")
    assert refused(lambda: session.update(ttl=60)) == (400, 80607)
    assert refused(lambda: session.participants.create(identifier=BEN)) == (400, 80607)


@pytest.mark.parametrize("field", ["Ttl=5", "DateExpiry=2099-01-01T00:00:00Z", "Label=order 17"])
def test_a_session_is_not_closed_with_a_change_that_would_be_lost(service, field):
    session, _ = open_session(service, AIKO)
    path = f"/v1/Services/{service.fetch().sid}/Sessions/{session.fetch().sid}"
    status, said = raw("POST", path, f"Status=closed&{field}", AUTH)
    assert (status, said["code"]) == (400, 80701)
    assert said["message"].startswith(f"'{field.partition('=')[0]}' is invalid: ")
    assert session.fetch().status == "open"


def test_a_deleted_session_is_gone_with_all_that_was_in_it(service, twilio):
    session, lines = open_session(service, unique_name="parcel")
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated", "completed")
    assert session.delete() is True
    for request in (session.fetch, session.delete, session.participants.list, session.interactions.list):
        assert refused(request) == (404, 20404)
    assert refused(service.sessions("parcel").fetch) == (400, 80308)
    assert service.sessions.list() == []


# ---- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_list_is_the_same_however_small_its_pages_are(client, service, twilio, size):
    for name in ("a", "b"):
        client.proxy.v1.services.create(unique_name=name)
    sessions = [service.sessions.create(unique_name=f"parcel-{number}") for number in range(3)]
    session, lines = open_session(service)
    for digit in "12":
        OutgoingLeg(twilio, AIKO, lines[AIKO], "CA" + digit * 31 + "f").reports("initiated", "completed")
    assert [s.unique_name for s in client.proxy.v1.services.list(page_size=size)] == ["a", "b", "order-desk"]
    listed = [listed.sid for listed in service.sessions.list(page_size=size)]
    assert listed == [session.fetch().sid, *(created.sid for created in reversed(sessions))]
    assert {person.identifier for person in session.participants.list(page_size=size)} == {AIKO, BEN}
    assert len({interaction.sid for interaction in session.interactions.list(page_size=size)}) == 2
    [*_, last] = session.interactions.list(page_size=size)
    assert session.interactions(last.sid).fetch().inbound_resource_sid == last.inbound_resource_sid


@pytest.mark.parametrize("size", [1, 2, 3, 10])
@pytest.mark.parametrize("listing", ["services", "sessions", "participants", "interactions", "phone_numbers"])
def test_from_the_last_page_there_is_a_way_back_over_the_same_pages(client, service, twilio, clock, listing, size):
    for name in ("a", "b", "c", "d"):
        client.proxy.v1.services.create(unique_name=name)
        service.sessions.create(unique_name=name)
        clock.shift(1)
    session, lines = open_session(service)
    for digit in "123":
        OutgoingLeg(twilio, AIKO, lines[AIKO], "CA" + digit * 31 + "f").reports("initiated", "completed")
    lists = {"services": client.proxy.v1.services, "sessions": service.sessions, "phone_numbers": service.phone_numbers}
    page = getattr(session, listing, None) or lists[listing]
    page = page.page(page_size=size)
    there, back = [[one.sid for one in page]], []
    while page.next_page_url:
        page = page.next_page()
        there.append([one.sid for one in page])
    while page.previous_page_url:
        page = page.previous_page()
        back.insert(0, [one.sid for one in page])
    assert [sid for sids in back for sid in sids] == [sid for sids in there[:-1] for sid in sids]
    assert page.next_page_url or len(there) == 1


@pytest.mark.parametrize(
    "listing",
    [
        "Services",
        "Services/{}/Sessions",
        "Services/{}/Sessions/{}/Participants",
        "Services/{}/Sessions/{}/Interactions",
    ],
)
@pytest.mark.parametrize(
    "query",
    [
        "PageToken=nonsense",
        "PageToken=PT%FF",
        "PageToken=PTwrong%3D",
        "PageSize=0",
        "PageSize=-1",
        "PageSize=x",
        "PageSize=%C2%B2",
        "Page=x",
        "PageToken=PTwrI",
        "PageToken=x",
        "PageToken=PT",
        "PageToken=",
        "PageToken=%00",
        "PageToken=PT%E3%81%82",
        "PageSize=5&PageSize=5",
    ],
)
def test_a_page_that_was_never_linked_is_refused(service, listing, query):
    session = service.sessions.create()
    answer = ask("GET", f"/v1/{listing.format(session.service_sid, session.sid)}?{query}")
    assert (answer.status_code, json.loads(answer.text)["code"]) == (400, 20001)


def test_what_is_no_list_has_no_parameters_and_nothing_is_done_that_has_one(service):
    session, _ = open_session(service)
    path = f"/v1/Services/{service.fetch().sid}/Sessions/{session.fetch().sid}"
    for method, query in (
        ("GET", "Nothing=1"),
        ("DELETE", "DryRun=true"),
        ("POST", "Status=closed"),
        ("GET", "Page=0"),
    ):
        answer = ask(method, f"{path}?{query}")
        assert (answer.status_code, json.loads(answer.text)["code"]) == (400, 20001)
        assert json.loads(answer.text)["message"].startswith(query.partition("=")[0] + ": ")
    assert session.fetch().status == "open"


def test_pages_hold_a_hundred_at_most(service):
    answer = ask("GET", f"/v1/Services/{service.fetch().sid}/Sessions?PageSize=1000")
    assert json.loads(answer.text)["meta"]["page_size"] == 100


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_a_refusal_has_the_shape_of_twilios(service):
    answer = ask("GET", f"/v1/Services/{NOWHERE}")
    assert json.loads(answer.text) == {
        "code": 20404,
        "message": f"The requested resource /Services/{NOWHERE} was not found",
        "more_info": "https://www.twilio.com/docs/errors/20404",
        "status": 404,
    }
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "auth",
    [("SK" + "a" * 32, "wrong"), ("SK" + "b" * 32, "secret"), ("AC" + "a" * 32, ""), ("", ""), ("x" * 3000, "y")],
)
def test_wrong_credentials_are_refused_in_twilios_words(client, auth):
    answer = Door().request("GET", BASE + "/v1/Services", auth=auth, headers={})
    assert (answer.status_code, json.loads(answer.text)["code"]) == (401, 20003)


@pytest.mark.parametrize("header", [None, "", "Basic", "Basic !", "Basic /w==", "Bearer c2VjcmV0", "Basic U0s="])
def test_missing_or_unreadable_credentials_are_refused_for_every_address(client, wire, header):
    for path in ("/v1/Services", "/v1/nowhere"):
        headers = {} if header is None else {"Authorization": header}
        answer = proxy.handler(event_of("GET", BASE + path, "", headers), Context("proxy"))
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (401, 20003)


def test_a_key_does_only_what_it_is_scoped_for(client):
    api_keys.create_key("SK" + "b" * 32, "secret", ("services:read",))
    reader = Client("SK" + "b" * 32, "secret", ACCOUNT_SID, http_client=Door())
    reader.proxy.base_url = BASE
    assert reader.proxy.v1.services.list() == []
    assert refused(lambda: reader.proxy.v1.services.create(unique_name="desk")) == (403, 20003)


def test_what_belongs_to_another_service_does_not_exist(client, service):
    session, _ = open_session(service)
    sid = session.fetch().sid
    person = session.participants.list()[0].sid
    other = client.proxy.v1.services(client.proxy.v1.services.create(unique_name="other").sid).sessions(sid)
    requests = [
        other.fetch,
        other.delete,
        lambda: other.update(ttl=1),
        other.participants.list,
        other.interactions.list,
    ]
    requests += [other.participants(person).fetch, other.interactions("KI" + "0" * 32).fetch]
    requests += [lambda: other.participants.create(identifier=EVE)]
    for request in requests:
        assert refused(request) == (404, 20404)
    assert session.fetch().status == "open"


def test_what_does_not_exist_is_not_found(client, service):
    session, _ = open_session(service)
    nowhere = client.proxy.v1.services(NOWHERE)
    assert refused(nowhere.fetch) == (404, 20404)
    assert refused(nowhere.sessions.list) == (404, 20404)
    assert refused(nowhere.sessions.create) == (404, 20404)
    assert refused(service.sessions("KC" + "0" * 32).fetch) == (404, 20404)
    assert refused(session.participants("KP" + "0" * 32).fetch) == (404, 20404)
    assert refused(session.interactions("KI" + "0" * 32).fetch) == (404, 20404)
    assert ask("GET", "/v1/Elsewhere").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        "Ttl=-1",
        "Ttl=x",
        "Ttl=1.5",
        "Ttl=99999999999",
        "Mode=shouting",
        "Status=failed",
        "DateExpiry=tomorrow",
        "DateExpiry=9999-12-31T23:59:59-14:00",
        "UniqueName=" + "x" * 192,
        "Label=" + "x" * 61,
        "Label=order%0017",
        "Participants=x",
        "Participants=[]",
        "Participants=1",
        'Participants={"Identifier":1}',
        'Participants={"FriendlyName":"A"}',
        'Participants={"Identifier":"%2B819011110001","FriendlyName":"\\ud800"}',
        "Participants=" + "[" * 20_000,
        "Ttl=1&Ttl=2",
        "UniqueName=a&UniqueName=b",
    ],
)
def test_a_malformed_parameter_is_refused_and_named(service, body):
    status, refusal = raw("POST", f"/v1/Services/{service.fetch().sid}/Sessions", body, ("SK" + "a" * 32, "secret"))
    assert (status, refusal["code"]) == (400, 80701)
    assert re.match(f"'({body.partition('=')[0]}|Identifier)' is invalid: ", refusal["message"])
    assert service.sessions.list() == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "UniqueName=",
        "UniqueName=x&DefaultTtl=y",
        "UniqueName=x&CallbackUrl=ftp://x",
        "UniqueName=x&CallbackUrl=https://me:secret@example.com/",
        "UniqueName=x&InterceptCallbackUrl=https://example.com/%23told",
        "UniqueName=x&OutOfSessionCallbackUrl=https://example.com/%E5%B1%B1",
        "UniqueName=x&GeoMatchLevel=galaxy",
        "UniqueName=x&CloseEndsCalls=maybe",
    ],
)
def test_a_service_is_not_created_from_nonsense(client, body):
    status, refusal = raw("POST", "/v1/Services", body, ("SK" + "a" * 32, "secret"))
    assert (status, refusal["code"]) == (400, 80701)
    assert client.proxy.v1.services.list() == []


def test_a_friendly_name_has_255_characters_at_most_in_json_too(service):
    def begins_with(name):
        return service.sessions.create(participants=[{"Identifier": AIKO, "FriendlyName": name}])

    assert refused(lambda: begins_with("x" * 256)) == (400, 80701)
    assert begins_with("x" * 255).sid


@pytest.mark.parametrize(
    "number",
    ["0901111", "Aiko", "+81", "+99912345678", "whatsapp:+819011110001", "+8190111100011111", "+819011110ａ01"],
)
def test_somebody_who_cannot_be_reached_by_telephone_cannot_join(service, number):
    assert refused(lambda: service.sessions.create(participants=[{"Identifier": number}])) == (400, 80404)


def test_participants_may_be_given_as_people_write_their_numbers(service):
    made = service.sessions.create(participants=[{"Identifier": "090-1111-0001"}, {"Identifier": "tel:+819022220002"}])
    people = service.sessions(made.sid).participants.list()
    assert {one.identifier for one in people} == {AIKO, BEN}


def test_when_dynamodb_fails_a_client_is_told_so_in_json(service, wire):
    from tests.integration.wire import broken

    sid = service.fetch().sid
    api_keys._remembered_keys.clear()
    for _ in range(2):
        with wire.has(broken):
            answer = ask("GET", f"/v1/Services/{sid}")
        assert (answer.status_code, json.loads(answer.text)["code"]) == (400, 80504)
        service.fetch()  # and the key is remembered


# ---- what it costs, and whether it is what Twilio specifies ----------------------------------------------------------


def test_a_session_of_two_costs_three_round_trips_however_many_there_are(service, wire):
    service.fetch()
    for number in range(3):
        with wire.counting() as operations:
            two = people(f"+8190111100{number:02}", f"+8190222200{number:02}")
            service.sessions.create(participants=two, unique_name=f"parcel-{number}", ttl=600)
        assert operations == ["Query", "BatchGetItem", "TransactWriteItems"]


@pytest.mark.skipif(not SPEC.exists(), reason="Twilio's specification of Proxy is not on this machine")
def test_everything_shown_has_every_property_of_twilios_specification(service, twilio):
    schemas = json.loads(SPEC.read_text())["components"]["schemas"]
    session, lines = open_session(service, ttl=600, unique_name="parcel")
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated", "completed")
    base = f"/v1/Services/{session.fetch().service_sid}"
    for name, path, key in [
        ("proxy.v1.service", "/v1/Services", "services"),
        ("proxy.v1.service.session", f"{base}/Sessions", "sessions"),
        ("proxy.v1.service.session.participant", f"{base}/Sessions/{session.fetch().sid}/Participants", "participants"),
        ("proxy.v1.service.session.interaction", f"{base}/Sessions/{session.fetch().sid}/Interactions", "interactions"),
        ("proxy.v1.service.phone_number", f"{base}/PhoneNumbers", "phone_numbers"),
    ]:
        shown = json.loads(ask("GET", path).text)[key]
        assert shown
        for item in shown:
            for prop, schema in schemas[name]["properties"].items():
                assert prop in item, f"{name} lacks {prop}"
                assert fits(item[prop], schema, schemas), f"{name}.{prop} is {item[prop]!r}"


def fits(value, schema, schemas):
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if value is None:
        return schema.get("nullable", False)
    kinds = {"string": str, "integer": int, "object": dict, "boolean": bool}
    if not isinstance(value, kinds[schema["type"]]) or ("enum" in schema and value not in schema["enum"]):
        return False
    if schema.get("format") == "date-time" and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
        return False
    return re.fullmatch(schema.get("pattern", ".*"), value, re.S) is not None if isinstance(value, str) else True


def test_a_session_has_a_label_that_changes_while_it_is_open_and_when_it_is_opened_again(service):
    base = f"/v1/Services/{service.fetch().sid}/Sessions"
    session = raw("POST", base, "Label=order 17", AUTH)[1]

    def label_after(change):
        return raw("POST", f"{base}/{session['sid']}", change, AUTH)[1]["label"]

    assert session["label"] == "order 17"
    assert label_after("Ttl=600") == "order 17"
    assert label_after("Label=order 18") == "order 18"
    assert label_after("Status=closed") == "order 18"
    assert label_after("Status=in-progress&Label=the second order") == "the second order"
    assert label_after("Label=") is None


def test_a_session_without_a_name_of_its_own_has_none_also_where_that_was_left_blank(service):
    assert service.sessions.create(unique_name="").unique_name is None
