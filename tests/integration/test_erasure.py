"""A person is erased: whatever is known under their number is gone, and what is not is named."""

import contextlib
import hashlib
import io
import json
import time

import pytest

from tests.integration.conftest import AIKO, BEN, EVE, OutgoingLeg, give_numbers, open_session
from tests.integration.tapes import CALL, SID, Messages, Tapes, files, report, served, source, told
from tests.integration.test_another_telephone import moves
from tests.integration.test_recorded_sessions import CONVERSATION, records
from tests.integration.texts import LINE, form, give_line, know, reports, send, writes
from tests.integration.wire import Died, dying
from toritsugi.adapters import storage
from toritsugi.foundation import config
from toritsugi.foundation.forms import Form
from toritsugi.limits import usage
from toritsugi.masking.services import change_service, get_service
from toritsugi.messages.records import reply_id
from toritsugi.recordings.records import Recording

TABLES = ("DIRECTORY", "SERVICES", "SESSIONS", "BRIDGES", "RECORDINGS", "MESSAGES", "USAGE", "COSTS")
KINDS = ("callers", "routes", "answers", "counters", "sessions", "calls", "messages", "recordings", "costs")
NOTHING = dict.fromkeys(KINDS, 0)


@pytest.fixture
def tapes():
    with served(Tapes()) as tapes:
        yield tapes


def erases(desk, number=AIKO):
    return desk.asks("POST", "/api/erasures", {"number": number})


def rows(cloud, name):
    return cloud.dynamodb.scan(TableName=getattr(config, f"{name}_TABLE"))["Items"]


def knowing(cloud, number):
    """Every row in which this number stands, by table."""
    found = {name: [row for row in rows(cloud, name) if number[1:] in json.dumps(row, default=list)] for name in TABLES}
    return {name: there for name, there in found.items() if there}


@pytest.fixture
def aiko(cloud, desk, service, twilio, tapes):
    """Aiko, of whom everything is known that can be; she has talked to Ben, and written; and was recorded."""
    know(AIKO, name="愛子")
    give_line()
    records(service, Record="true")
    session, lines = open_session(service, AIKO, BEN, unique_name="order-17")
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO], CALL)
    leg.reports("initiated", "completed")
    address = twilio.calls(lines[AIKO], AIKO, CALL)[1].get("recordingStatusCallback")
    kept = Messages(cloud)
    report(twilio, told(**CONVERSATION), address.removeprefix("https://exchange.example.com").partition("#")[0])
    voicemail = "RE" + "2" * 32
    tapes.files[voicemail] = tapes.files[SID]
    report(twilio, told(voicemail), source(caller=AIKO, call_sid=CALL).path)
    assert kept.deliver() == [True, True]
    session.update(status="closed")
    desk.calls(parties=[AIKO, BEN]).asks("DELETE", "")
    writes(twilio, "hello")
    writes(twilio, "STOP")
    usage.first_time(AIKO, "unusual", time.time())
    return session


# ---- everything goes -------------------------------------------------------------------------------------------------


def test_nothing_is_left_but_that_no_messages_are_wanted(cloud, desk, aiko):
    assert set(knowing(cloud, AIKO)) == {"DIRECTORY", "SESSIONS", "BRIDGES", "RECORDINGS", "MESSAGES", "USAGE"}
    status, receipt = erases(desk)
    assert (status, receipt["complete"], receipt["opted_out"]) == (200, True, True)
    counts = {"callers": 1, "routes": 1, "answers": 1, "counters": 1, "sessions": 1, "calls": 1, "recordings": 2}
    assert receipt["erased"] | {"messages": 0} == NOTHING | counts
    assert receipt["erased"]["messages"] >= 3
    (left,) = knowing(cloud, AIKO).pop("DIRECTORY")
    assert left["entry"]["S"] == "opt-out"
    assert files(cloud) == {}
    assert [row["entry"]["S"] for row in rows(cloud, "SERVICES") if "session-name" in row["entry"]["S"]] == []


def test_the_answer_names_what_twilio_still_knows_and_recordings_are_gone_there_too(desk, tapes, aiko):
    _, receipt = erases(desk)
    assert CALL in receipt["at_twilio"]["calls"]
    assert len(receipt["at_twilio"]["messages"]) >= 2
    assert all(sid.startswith("SM") for sid in receipt["at_twilio"]["messages"])
    assert tapes.files == {}


def test_what_was_written_in_a_session_goes_too_and_twilios_names_of_it_are_told(
    cloud, desk, client, twilio, clock, tapes
):
    made = client.proxy.v1.services.create(unique_name="letters")
    give_numbers(made.sid, ["+815010000021", "+815010000022"], sms=True)
    session, lines = open_session(client.proxy.v1.services(made.sid), AIKO, BEN)
    fields, back = form("着きました", AIKO, lines[AIKO]), form("今行きます", BEN, lines[BEN])
    for one, sid in ((fields, "SM" + "e" * 32), (back, "SM" + "f" * 32)):
        send(twilio, one)
        reports(twilio, reply_id(one["MessageSid"]), "delivered", sid)
    session.update(status="closed")
    _, receipt = erases(desk)
    both = {fields["MessageSid"], back["MessageSid"], "SM" + "e" * 32, "SM" + "f" * 32}
    assert set(receipt["at_twilio"]["messages"]) == both
    assert (knowing(cloud, AIKO), rows(cloud, "MESSAGES"), rows(cloud, "SESSIONS")) == ({}, [], [])


def test_the_answer_does_not_repeat_the_number(desk, aiko):
    assert AIKO[1:] not in json.dumps(erases(desk)[1])


def test_no_log_says_who_it_was_and_it_has_the_receipt(desk, aiko, logged):
    _, receipt = erases(desk)
    [line] = [json.loads(line) for line in logged().splitlines() if receipt["sid"] in line]
    assert line["message"] == "a person was erased"
    assert {name: line[name] for name in KINDS} == receipt["erased"]
    assert AIKO[3:] not in logged()


def test_each_receipt_is_one_of_its_own(desk):
    receipts = [erases(desk)[1] for _ in range(2)]
    assert [receipt["sid"][:2] for receipt in receipts] == ["KR", "KR"]
    assert receipts[0]["sid"] != receipts[1]["sid"]


def test_pins_of_the_person_and_of_the_other_are_gone_with_the_session(cloud, desk, service):
    change_service(get_service(service.fetch().sid), Form("PinEntry=true"))
    session, _ = open_session(service, AIKO, BEN)
    assert pins_in(cloud) == 2
    session.update(status="closed")
    assert erases(desk)[1]["erased"] == NOTHING | {"sessions": 1, "routes": 1}
    assert (pins_in(cloud), knowing(cloud, AIKO)) == (0, {})


def pins_in(cloud):
    return sum(row["kind"]["S"] == "pin" for row in rows(cloud, "DIRECTORY"))


def test_twice_is_once(cloud, desk, aiko):
    erases(desk)
    before = {name: rows(cloud, name) for name in TABLES}
    status, receipt = erases(desk)
    assert (status, receipt["complete"], receipt["erased"]) == (200, True, NOTHING)
    assert receipt["at_twilio"] == {"calls": [], "messages": []}
    assert {name: rows(cloud, name) for name in TABLES} == before


def test_of_somebody_unknown_nothing_is_erased(desk):
    assert erases(desk, EVE)[1]["erased"] == NOTHING


def test_others_keep_what_is_theirs(cloud, desk, service, twilio, aiko):
    know(EVE, name="Eve")
    session, _ = open_session(service, EVE, BEN)
    writes(twilio, "hello", number=EVE)
    erases(desk)
    assert session.fetch().status == "open"
    assert desk.asks("GET", f"/api/callers/%2B{EVE[1:]}")[1]["name"] == "Eve"
    assert desk.asks("GET", f"/api/messages?number=%2B{EVE[1:]}")[1]["messages"]


def test_sessions_whose_routes_have_moved_on_are_found_all_the_same(cloud, desk, service, clock):
    for _ in range(3):  # over the same lines, one after the other
        session, _ = open_session(service, AIKO, BEN)
        session.update(status="closed")
        clock.shift(2 * 86_400)
    assert erases(desk)[1]["erased"]["sessions"] == 3
    assert knowing(cloud, AIKO) == {}


def test_one_that_has_expired_and_was_not_cleaned_up_goes_as_well(cloud, desk, service, clock):
    open_session(service, AIKO, BEN, ttl=600)
    clock.shift(600)
    assert erases(desk)[0] == 200
    assert knowing(cloud, AIKO) == {}


# ---- not now, and not this -------------------------------------------------------------------------------------------


def test_who_is_in_a_session_is_not_erased_and_the_session_is_named(cloud, desk, service):
    know(AIKO, name="愛子")
    session, _ = open_session(service, AIKO, BEN)
    before = knowing(cloud, AIKO)
    status, problem = erases(desk)
    assert (status, session.fetch().sid in problem["detail"]) == (409, True)
    assert knowing(cloud, AIKO) == before
    session.update(status="closed")
    assert erases(desk)[0] == 200


def test_who_is_in_a_call_is_not_erased_and_the_call_is_named(cloud, desk):
    call = desk.calls(parties=[AIKO, BEN])
    status, problem = erases(desk)
    assert (status, call.sid in problem["detail"]) == (409, True)
    assert call.asks("GET", "")[0] == 200


def test_a_line_of_ours_is_nobody(desk):
    give_line()
    status, problem = erases(desk, LINE)
    assert (status, "line of yours" in problem["detail"]) == (400, True)


def test_a_person_is_erased_by_their_number_as_people_write_it(cloud, desk):
    know(AIKO)
    status, receipt = erases(desk, "090-1111-0001")
    assert (status, receipt["erased"]["callers"]) == (200, 1)


@pytest.mark.parametrize("body", [{}, {"number": "090-1111"}, {"number": 81}, {"number": AIKO, "more": 1}])
def test_a_request_that_names_nobody_says_what_is_wrong(desk, body):
    assert desk.asks("POST", "/api/erasures", body)[0] == 422


def test_a_key_for_callers_alone_erases_nobody(cloud, desk):
    from tests.integration.calls import Desk
    from toritsugi.foundation import api_keys

    api_keys.create_key("SK" + "b" * 32, "other", ("callers:write", "recordings:write"))
    assert erases(Desk("SK" + "b" * 32, "other"))[0] == 403


# ---- more than fits, and crashes -------------------------------------------------------------------------------------


def test_what_does_not_fit_into_a_request_is_gone_on_with_by_the_next(cloud, desk, aiko, monkeypatch):
    from api import erasures

    monkeypatch.setattr(erasures, "SPARE_ERASURE_SECONDS", 1_000_000)  # there is no time at all
    status, receipt = erases(desk)
    assert (status, receipt["complete"]) == (200, False)
    assert "caller" in {row["entry"]["S"] for row in knowing(cloud, AIKO)["DIRECTORY"]}
    monkeypatch.undo()
    assert erases(desk)[1]["complete"]
    assert set(knowing(cloud, AIKO)) == {"DIRECTORY"}


@pytest.mark.thorough
@pytest.mark.parametrize("after", [False, True])
def test_a_process_may_die_anywhere_and_the_next_request_finishes(
    cloud, desk, service, twilio, tapes, wire, clock, after
):
    """Before every second of its writes and reads, or after each of the others, for as long as there is one more."""
    erased, at = False, int(after)
    while not erased:
        at += 2
        know(AIKO, name="愛子")
        session, lines = open_session(service, AIKO, BEN)
        OutgoingLeg(twilio, AIKO, lines[AIKO], CALL).reports("initiated", "completed")
        session.update(status="closed")
        desk.calls(parties=[AIKO, BEN]).asks("DELETE", "")
        Recording(SID, status="stored", caller=AIKO, month="2026-11", listed_as=f"1#{SID}").save()
        storage.store_file(SID, io.BytesIO(b""), hashlib.sha256().hexdigest())
        with wire.has(dying(at, after=after)), contextlib.suppress(Died):
            erased = erases(desk)[1]["complete"]
        assert erases(desk)[1]["complete"]
        assert (knowing(cloud, AIKO), files(cloud)) == ({}, {})
        clock.shift(2 * 86_400)
    assert at > 20  # so many there are at least


def test_hundreds_of_texts_are_found_by_an_index_and_no_table_is_scanned(cloud, desk, wire):
    from toritsugi.messages.records import Message, new_message

    said = {"direction": "inbound", "status": "received", "line": LINE, "person": AIKO}
    with Message.batch_write() as batch:
        for sid in (f"SM{n:032}" for n in range(450)):
            batch.save(new_message(sid, time.time(), sid=sid, **said))
    gone, sids = 0, set()
    with wire.counting() as operations:
        receipt = {"complete": False}
        while not receipt["complete"]:  # on a machine with much to do it may take several
            receipt = erases(desk)[1]
            gone, sids = gone + receipt["erased"]["messages"], sids | set(receipt["at_twilio"]["messages"])
    assert (gone, len(sids), rows(cloud, "MESSAGES")) == (450, 450, [])
    assert "Scan" not in operations


def test_a_telephone_that_somebody_had_before_is_erased_with_the_session(cloud, desk, service, tapes):
    session, _ = open_session(service, AIKO, BEN)
    moves(session, AIKO, EVE)
    assert erases(desk)[0] == 409
    session.update(status="closed")
    assert erases(desk)[1]["erased"]["sessions"] == 1
    assert (knowing(cloud, AIKO), rows(cloud, "SESSIONS")) == ({}, [])
