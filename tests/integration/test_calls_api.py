"""Calls through the exchange's own REST API: asked for, asked for again, listed, extended, spoken into, ended."""

from datetime import UTC, datetime

import pytest

from tests.integration.calls import NOBODY, WANTED, Desk
from tests.integration.conftest import AIKO, BEN, EVE, LINES, NOON
from tests.integration.texts import know
from tests.integration.wire import conflicting, refusing
from toritsugi.bridges import state
from toritsugi.foundation import api_keys


def failing(operation, code="ThrottlingException"):
    """One operation of AWS is refused, and everything else gets through."""

    def trouble(asked, request, carry):
        return refusing(code)(asked, request, carry) if asked == operation else carry()

    return trouble


# ---- asked for -------------------------------------------------------------------------------------------------------


def test_a_call_is_shown_as_it_was_asked_for(desk, clock):
    status, seen = desk.asks(
        "POST", "/api/calls", WANTED | {"announcements": [{"before_end": 60, "say": "あと一分です。"}]}
    )
    assert (status, seen["status"], seen["from"], seen["minutes"]) == (201, "ringing", LINES[0], 30)
    assert seen["created_at"] == NOON.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [(one["id"], one["number"], one["shows"]) for one in seen["participants"]] == [
        (1, AIKO, LINES[0]),
        (2, BEN, LINES[0]),
    ]
    assert [(one["before_end"], one["say"], one["language"]) for one in seen["announcements"]] == [
        (60, "あと一分です。", "ja-JP")
    ]
    assert desk.asks("GET", f"/api/calls/{seen['sid']}") == (200, seen)


def test_a_call_is_asked_for_with_numbers_as_people_write_them(desk):
    parties = ["090-1111-0001", {"number": "\u202d090 2222 0002\u202c", "shows": "050-1000-0001"}]
    status, seen = desk.asks("POST", "/api/calls", WANTED | {"parties": parties, "from": "tel:+81-50-1000-0001"})
    assert (status, seen["from"]) == (201, LINES[0])
    assert [(one["number"], one["shows"]) for one in seen["participants"]] == [(AIKO, LINES[0]), (BEN, LINES[0])]


def hears(desk, **wanted):
    """The language and the voice of each of the people of a call, and of its announcement."""
    sid = desk.calls(announcements=[{"before_end": 60, "say": "..."}], **wanted).sid
    known = state.get_state(sid)
    return [(one.language, one.voice) for one in (*known.parties, *known.announcements)]


def test_each_is_spoken_to_in_the_language_of_their_entry_or_else_of_their_number(desk):
    assert hears(desk, parties=[AIKO, BEN]) == [("ja-JP", None)] * 3
    know(AIKO, language="en-US")
    assert hears(desk, parties=[AIKO, BEN]) == [("en-US", None), ("ja-JP", None), ("en-US", None)]
    assert hears(desk, parties=[AIKO, BEN], language="ja-JP") == [("ja-JP", None)] * 3


def test_a_voice_chosen_for_the_call_speaks_no_language_that_only_the_directory_knew_of(desk):
    know(AIKO, language="en-US")
    know(BEN, language="ja-JP")
    takumi = "Polly.Takumi-Neural"
    assert hears(desk, parties=[AIKO, BEN], voice=takumi) == [("en-US", None), ("ja-JP", takumi), ("en-US", None)]
    assert hears(desk, parties=[AIKO, BEN], voice=takumi, language="ja-JP") == [("ja-JP", takumi)] * 3


def test_the_same_key_makes_the_same_call(desk):
    first, again = (desk.asks("POST", "/api/calls", WANTED, Idempotency_Key="parcel-1") for _ in range(2))
    assert first == again
    assert len(desk.asks("GET", "/api/calls")[1]["calls"]) == 1


def test_the_same_key_for_another_call_is_refused(desk):
    desk.asks("POST", "/api/calls", WANTED, Idempotency_Key="parcel-1")
    status, said = desk.asks("POST", "/api/calls", WANTED | {"minutes": 10}, Idempotency_Key="parcel-1")
    assert (status, said["detail"]) == (422, "This Idempotency-Key was used for another request")


def test_a_key_is_a_clients_own(desk):
    api_keys.create_key("SK" + "b" * 32, "other")
    sids = {
        one.asks("POST", "/api/calls", WANTED, Idempotency_Key="parcel-1")[1]["sid"]
        for one in (desk, Desk("SK" + "b" * 32, "other"))
    }
    assert len(sids) == 2


def test_two_that_ask_in_the_same_moment_get_one_call(desk, wire):
    with wire.has(conflicting(1)):
        status, seen = desk.asks("POST", "/api/calls", WANTED, Idempotency_Key="parcel-1")
    assert (status, desk.asks("POST", "/api/calls", WANTED, Idempotency_Key="parcel-1")) == (201, (201, seen))


def test_whoever_is_overtaken_gets_the_call_of_the_other(desk, wire):
    """The same request arrives twice, and both are about to write."""

    def overtaken(operation, request, carry):
        if operation == "TransactWriteItems":
            carry()
        return carry()

    with wire.has(overtaken):
        status, seen = desk.asks("POST", "/api/calls", WANTED, Idempotency_Key="parcel-1")
    assert status == 201
    assert [one["sid"] for one in desk.asks("GET", "/api/calls")[1]["calls"]] == [seen["sid"]]


# ---- when AWS fails --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["TransactWriteItems", "SendMessage", "Query"])
def test_a_client_learns_that_aws_fails_and_asking_again_makes_it_ring(desk, wire, operation):
    with wire.has(failing(operation)):
        assert desk.asks("POST", "/api/calls", WANTED, Idempotency_Key="parcel-1")[0] == 500
    with wire.counting("sqs") as sent:
        assert desk.asks("POST", "/api/calls", WANTED, Idempotency_Key="parcel-1")[0] == 201
    assert sent == ["SendMessage"]
    assert len(desk.asks("GET", "/api/calls")[1]["calls"]) == 1


def test_a_call_that_could_not_be_kept_rings_nobody(desk, wire):
    with wire.has(failing("TransactWriteItems")), wire.counting("sqs") as sent:
        assert desk.asks("POST", "/api/calls", WANTED)[0] == 500
    assert not sent


# ---- listed ----------------------------------------------------------------------------------------------------------


def test_there_may_be_no_calls(desk):
    status, page = desk.asks("GET", "/api/calls")
    assert (status, page["calls"], page["meta"]["next_page_url"]) == (200, [], None)


def test_pages_lead_back_over_the_months_and_show_each_call_once(desk, clock):
    made = []
    for day in (datetime(2026, 9, 30, 23, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), NOON):
        clock.move_to(day)
        for _ in range(2):
            clock.shift(1)
            made.append(desk.calls().sid)
    found, path = [], "/api/calls?page_size=1"
    while path:
        page = desk.asks("GET", path)[1]
        found += [one["sid"] for one in page["calls"]]
        path = (page["meta"]["next_page_url"] or "").partition(".com")[2]
    assert found == made[::-1]
    assert [one["sid"] for one in desk.asks("GET", "/api/calls?month=2026-10")[1]["calls"]] == made[1::-1]


@pytest.mark.parametrize("token", ["x", "PTx", "PT%2F%2F", "PTMjAyNi0xMXwj", "PTMjAyNi0xMXxhI2I", "PT" + "A" * 190])
def test_a_token_that_somebody_has_made_up_is_refused_or_leads_to_an_empty_page(desk, token):
    status, said = desk.asks("GET", f"/api/calls?page_token={token}")
    assert status == 400 or said["calls"] == []


# ---- while it runs ---------------------------------------------------------------------------------------------------


def test_what_happens_stands_in_the_timeline(desk, twilio, clock):
    call = desk.calls()
    call.begins(twilio)
    clock.shift(60)
    call.happens(twilio, 4, "participant-leave", CallSid=call.leg(2))
    seen = call.seen
    told = [(one["event"], one["participant"]) for one in seen["timeline"]]
    assert ("participant-join", 1) in told
    assert told[-1] == ("participant-leave", 2)
    assert [one["in_conference"] for one in seen["participants"]] == [True, False]
    assert call.asks("GET", "/participants") == (200, {"participants": seen["participants"]})


def test_a_call_is_extended_as_often_as_it_may(desk, twilio, clock):
    call = desk.calls(extension={"minutes": 10, "times": 1})
    assert call.asks("POST", "/extend")[1]["detail"].startswith("The call has not begun")
    call.begins(twilio)
    before = call.seen["ends_at"]
    status, seen = call.asks("POST", "/extend")
    assert (status, before[11:16], seen["ends_at"][11:16], seen["extensions"]) == (200, "03:30", "03:40", 1)
    assert call.asks("POST", "/extend")[0] == 409


def test_a_call_without_an_extension_or_that_has_ended_is_not_extended(desk, twilio, clock):
    call = desk.calls()
    call.begins(twilio)
    assert call.asks("POST", "/extend")[1]["detail"] == "The call was made without an extension"
    call.asks("DELETE", "")
    assert call.asks("POST", "/extend")[1]["detail"] == "The call has ended"


def test_words_are_heard_while_somebody_can_hear_them(desk, twilio, clock):
    call, said = desk.calls(), {"say": "Two minutes left.", "language": "en-US"}
    assert call.asks("POST", "/announce", said)[0] == 409
    call.begins(twilio)
    status, seen = call.asks("POST", "/announce", said | {"to": 2})
    assert (status, seen["say"], seen["to"], seen["due_at"]) == (200, said["say"], 2, "2026-11-21T03:00:00Z")
    assert call.asks("POST", "/announce", said | {"to": 3})[0] == 404
    call.happens(twilio, 4, "participant-leave", CallSid=call.leg(2))
    assert call.asks("POST", "/announce", said)[0] == 200
    assert call.asks("POST", "/announce", said | {"to": 2})[0] == 409
    call.asks("DELETE", "")
    assert call.asks("POST", "/announce", said)[0] == 409


def test_people_are_added_once_and_removed_once(desk):
    call = desk.calls()
    status, eve = call.asks("POST", "/participants", {"number": EVE, "name": "Eve"})
    assert (status, eve["id"], eve["name"], eve["shows"], eve["removed"]) == (201, 3, "Eve", LINES[0], False)
    assert call.asks("POST", "/participants", {"number": EVE})[0] == 409
    assert [call.asks("DELETE", "/participants/3") for _ in range(2)] == [(204, None)] * 2
    assert call.asks("GET", "/participants/3")[1]["removed"]
    assert call.asks("GET", "/participants/4")[0] == 404
    assert call.asks("POST", "/participants", {"number": EVE})[1]["id"] == 4


def test_who_is_not_in_the_room_can_be_neither_muted_nor_held(desk):
    assert desk.calls().asks("PATCH", "/participants/1", {"muted": True})[0] == 409
    assert desk.calls().asks("PATCH", "/participants/9", {"muted": True})[0] == 404


def test_a_call_ends_once(desk, clock):
    call = desk.calls()
    assert call.asks("DELETE", "") == (204, None)
    ended = call.seen
    assert (ended["status"], ended["end_reason"]) == ("completed", "api")
    clock.shift(60)
    assert (call.asks("DELETE", ""), call.seen) == ((204, None), ended)
    assert call.asks("POST", "/participants", {"number": EVE})[0] == 409


# ---- round trips -----------------------------------------------------------------------------------------------------


def test_how_often_each_operation_goes_to_the_database(desk, wire):
    desk.asks("GET", "/api/calls")  # which reads the key, that is remembered
    call = desk.calls()
    taken = {}
    for name, method, path, body in (
        ("create", "POST", "/api/calls", WANTED),
        ("list", "GET", "/api/calls", None),
        ("fetch", "GET", call.path, None),
        ("participants", "GET", f"{call.path}/participants", None),
        ("end", "DELETE", call.path, None),
    ):
        with wire.counting() as trips:
            desk.asks(method, path, body)
        taken[name] = len(trips)
    assert taken["create"] <= 5  # the line, what is counted of it and of all, the transaction, the whole call
    assert (taken["fetch"], taken["participants"]) == (1, 1)
    assert taken["end"] <= 4


def test_nobody_is_found_under_a_sid_that_is_nobodys(desk):
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/extend"), ("GET", "/participants")):
        status, said = desk.asks(method, NOBODY + path)
        assert (status, said["code"], said["detail"]) == (404, 20404, "There is no such call")
