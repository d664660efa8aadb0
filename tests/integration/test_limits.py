"""How much is too much, and how little too little: the last that is taken, and the first that is not."""

import json

import pytest
from pydantic import ValidationError

from tests.integration import deeds
from tests.integration.calls import Desk
from tests.integration.conftest import AIKO, BEN, EVE, LINES, give_numbers
from tests.integration.test_proxy_api import raw
from tests.unit.histories import NOW, party
from toritsugi.bridges import commands, state
from toritsugi.bridges.records import Announcement
from toritsugi.bridges.schemas import MAX_MINUTES, CallRequest
from toritsugi.foundation.errors import RequestRefused
from toritsugi.masking import pool, services
from toritsugi.messages import outbound, schemas
from toritsugi.messages.schemas import MessageRequest

LARGEST_BODY = 65_536

# ---- what a form says ------------------------------------------------------------------------------------------------

YEAR = 365 * 86_400

WHOLE = [
    ("DefaultTtl", 0, 2_147_483_646),
    ("Quarantine", 0, YEAR),
    ("WarnBeforeEnd", 0, 3600),
    ("ExtensionMinutes", 0, 240),
    ("ExtensionTimes", 1, 100),
]


def of_service(**fields):
    return deeds.outcome(lambda: services.new_service(deeds.form(**{"UniqueName": "clinic"} | fields)))


@pytest.mark.parametrize(("name", "least", "most"), WHOLE)
@pytest.mark.parametrize("edge", ["least", "most"])
def test_a_number_in_a_service_has_a_least_and_a_most(cloud, name, least, most, edge):
    last, beyond = (least, least - 1) if edge == "least" else (most, most + 1)
    assert of_service(**{name: beyond}) == 80701
    assert of_service(**{name: last}) == 0


@pytest.mark.parametrize(("name", "most"), [("UniqueName", 191), ("CallbackUrl", 4000)])
def test_a_text_in_a_service_has_a_most(cloud, name, most):
    start = "https://example.com/" if name == "CallbackUrl" else ""
    assert of_service(**{name: start + "x" * (most + 1 - len(start))}) == 80701
    assert of_service(**{name: start + "x" * (most - len(start))}) == 0


def test_a_session_has_a_longest_ttl_and_name(service):
    sid = service.fetch().sid
    assert deeds.outcome(lambda: deeds.create(sid, Ttl=2_147_483_647)) == 80701
    assert deeds.outcome(lambda: deeds.create(sid, Ttl=-1)) == 80701
    assert deeds.outcome(lambda: deeds.create(sid, Ttl=2_147_483_646)) == 0
    assert deeds.outcome(lambda: deeds.create(sid, UniqueName="x" * 192)) == 80701
    assert deeds.outcome(lambda: deeds.create(sid, UniqueName="x" * 191)) == 0


def test_a_changed_ttl_is_as_long_at_most(service):
    sid = service.fetch().sid
    session = deeds.create(sid).session_sid
    assert deeds.outcome(lambda: deeds.update(sid, session, Ttl=2_147_483_647)) == 80701
    assert deeds.outcome(lambda: deeds.update(sid, session, Ttl=2_147_483_646)) == 0


def test_a_session_ends_in_the_future(service, clock):
    sid = service.fetch().sid
    assert deeds.outcome(lambda: deeds.create(sid, DateExpiry="2026-11-21T03:00:00Z")) == 80701
    assert deeds.outcome(lambda: deeds.create(sid, DateExpiry="2026-11-21T03:00:01Z")) == 0


LINE_SID = "PN" + LINES[0][1:].zfill(32)


@pytest.mark.parametrize(
    ("name", "last", "beyond"),
    [("FriendlyName", "x" * 255, "x" * 256), ("ProxyIdentifierSid", LINE_SID, LINE_SID + "0")],
)
def test_a_participant_is_described_in_so_many_characters(service, name, last, beyond):
    sid = service.fetch().sid
    session = deeds.create(sid, AIKO).session_sid
    assert deeds.outcome(lambda: deeds.add(sid, session, BEN, **{name: beyond})) == 80701
    assert deeds.outcome(lambda: deeds.add(sid, session, BEN, **{name: last})) == 0


def test_a_pool_has_five_hundred_numbers_of_a_kind(client, cloud):
    sid = services.new_service(deeds.form(UniqueName="clinic")).service_sid
    with pool.PoolNumber.batch_write() as batch:
        for place in range(499):
            batch.save(pool_number(sid, place))
    give_numbers(sid, [LINES[0]])
    assert deeds.outcome(lambda: give_numbers(sid, [LINES[1]])) == 80622
    assert deeds.outcome(lambda: give_numbers(sid, [LINES[1]], reserved=True)) == 0


def pool_number(service_sid, place):
    able = {"voice": True, "sms": False, "mms": False}
    sid, number = f"PN{place:032}", f"+81501{place:07}"
    known = {"phone_number": number, "friendly_name": number, "country": "JP", "date_created": NOW, "date_updated": NOW}
    return pool.PoolNumber(service_sid, pool.pool_entry(sid), sid=sid, **known, **able)


# ---- how large a request is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("more", "status", "code"), [(0, 201, None), (1, 413, 20001)])
def test_a_form_is_so_large_at_most(client, more, status, code):
    body = "UniqueName=clinic".ljust(LARGEST_BODY + more, "&")
    answered, said = raw("POST", "/v1/Services", body, ("SK" + "a" * 32, "secret"))
    assert (answered, said.get("status", 201), said.get("code")) == (status, status, code)


@pytest.mark.parametrize(("more", "status"), [(0, 422), (1, 413)])
def test_a_document_is_so_large_at_most(client, more, status):
    body = json.dumps({"x": ""})
    body = json.dumps({"x": "y" * (LARGEST_BODY + more - len(body))}).encode()
    assert Desk().send("POST", "/api/calls", body)["statusCode"] == status


# ---- a call ----------------------------------------------------------------------------------------------------------

SAID = {"say": "Soon.", "language": "en-US", "before_end": 60}
TEN = [f"+8190111100{n:02}" for n in range(10)]

CALLS = [
    ("minutes", {"minutes": MAX_MINUTES}, {"minutes": MAX_MINUTES + 1}),
    ("no minutes", {"minutes": 1}, {"minutes": 0}),
    ("ringing", {"ring_seconds": 600}, {"ring_seconds": 601}),
    ("hardly ringing", {"ring_seconds": 5}, {"ring_seconds": 4}),
    ("people", {"parties": TEN}, {"parties": [*TEN, EVE]}),
    ("hardly people", {"parties": TEN[:2]}, {"parties": TEN[:1]}),
    ("announcements", {"announcements": [SAID] * 80}, {"announcements": [SAID] * 81}),
    ("words", {"whisper": "x" * 1000}, {"whisper": "x" * 1001}),
    ("no words", {"whisper": "x"}, {"whisper": ""}),
    (
        "name",
        {"parties": [AIKO, {"number": BEN, "name": "x" * 64}]},
        {"parties": [AIKO, {"number": BEN, "name": "x" * 65}]},
    ),
    ("times", {"extension": {"minutes": 1, "times": 100}}, {"extension": {"minutes": 1, "times": 101}}),
    ("no times", {"extension": {"minutes": 1, "times": 1}}, {"extension": {"minutes": 1, "times": 0}}),
    ("extension", {"extension": {"minutes": 1}}, {"extension": {"minutes": 0}}),
    (
        "all in all",
        {"minutes": MAX_MINUTES - 10, "extension": {"minutes": 5, "times": 2}},
        {"minutes": MAX_MINUTES - 9, "extension": {"minutes": 5, "times": 2}},
    ),
    ("before", {"announcements": [SAID | {"before_end": 1}]}, {"announcements": [SAID | {"before_end": 0}]}),
    (
        "long before",
        {"announcements": [SAID | {"before_end": 86400}]},
        {"announcements": [SAID | {"before_end": 86401}]},
    ),
    (
        "waiting",
        {"waiting": "https://example.com/".ljust(1000, "x")},
        {"waiting": "https://example.com/".ljust(1001, "x")},
    ),
]


@pytest.mark.parametrize(("last", "beyond"), [call[1:] for call in CALLS], ids=[call[0] for call in CALLS])
def test_a_call_has_its_limits(last, beyond):
    usual = {"parties": [AIKO, BEN], "from": LINES[0]}
    CallRequest.model_validate(usual | last)
    with pytest.raises(ValidationError):
        CallRequest.model_validate(usual | beyond)


def test_ten_people_are_in_a_call_however_they_came(desk, clock):
    seen = state.get_state(desk.calls(parties=TEN[:9]).sid)
    sid = seen.bridge.bridge_sid
    commands.add_party(seen, numbered(sid, 10))
    assert deeds.outcome(lambda: commands.add_party(state.get_state(sid), numbered(sid, 11))) == 20409


def numbered(bridge_sid, place):
    joined = party(place)
    joined.bridge_sid = bridge_sid
    return joined


def test_an_announcement_may_be_added_to_eighty(desk, clock):
    """The eighty are of the request; somebody may add more while the call runs."""
    sid = desk.calls(announcements=[SAID] * 80).sid
    added = commands.add_announcement(state.get_state(sid), Announcement(at=NOW, words="hi", language="en-US"))
    assert added.id == 81


# ---- a star ----------------------------------------------------------------------------------------------------------

END = NOW + 600


@pytest.mark.parametrize(
    ("at", "done"),
    [(END - 181, "back"), (END - 180, "extended"), (END - 1, "extended"), (END, "back")],
)
def test_a_star_counts_from_the_first_warning_until_the_end(cloud, at, done):
    kept = keep_running()
    assert commands.extend_by_star(kept, party(1), at)[1] == done


@pytest.mark.parametrize(("after", "extensions"), [(14, 1), (15, 2)])
def test_a_second_star_a_quarter_of_a_minute_later_is_another_wish(cloud, after, extensions):
    kept = keep_running(window=10_000)
    kept, _ = commands.extend_by_star(kept, party(1), NOW)
    assert commands.extend_by_star(kept, party(2), NOW + after)[0].extensions == extensions


def keep_running(**more):
    from tests.unit.histories import bridge

    settings = {"deadline": END, "version": 1, "extension_minutes": 10, "extension_times": 2, "window": 180} | more
    return commands.keep_bridge(bridge(**settings), [party(1), party(2)])


# ---- a text ----------------------------------------------------------------------------------------------------------


def message(said):
    return schemas.new_requested_message(MessageRequest(**{"to": AIKO, "from": LINES[0]} | said), None)


@pytest.mark.parametrize(
    ("last", "beyond", "code"),
    [
        ({"body": "x" * 1600}, {"body": "x" * 1601}, 21617),
        ({"media": ["https://example.com/a"] * 10}, {"media": ["https://example.com/a"] * 11}, 21623),
        ({"body": "x"}, {"body": " "}, 21602),
    ],
)
def test_a_text_is_so_long_and_brings_so_many_files(last, beyond, code):
    outbound.check_size(message(last))
    with pytest.raises(RequestRefused) as refusal:
        outbound.check_size(message(beyond))
    assert refusal.value.code == code
