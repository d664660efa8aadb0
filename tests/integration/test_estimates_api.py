"""What something will cost, asked of the REST API before it is: estimates, and dry runs of what would be made."""

import json
from decimal import Decimal

import pytest

from tests.integration.calls import WANTED
from tests.integration.conftest import AIKO, BEN, EVE, LINES

PHONES = ["mobile", "mobile"]


def prices(desk, **wanted):
    status, found = desk.asks("POST", "/api/estimates", wanted)
    assert status == 200, found
    return found


def refusal(desk, **wanted):
    status, found = desk.asks("POST", "/api/estimates", wanted)
    return status, found["errors"][0]["pointer"]


# ---- estimates -------------------------------------------------------------------------------------------------------


def test_a_call_is_priced_line_by_line_and_the_total_is_their_sum(desk):
    found = prices(desk, kind="masked-call", parties=PHONES, seconds=61, card="kddi-2021")
    assert (found["total"]["amount"], found["total"]["currency"]) == ("34.4", "JPY")
    assert [(line["what"], line["quantity"], line["rate"], line["amount"]) for line in found["lines"]] == [
        ("incoming-call", "2", "1", "2"),
        ("outgoing-call", "2", "16.2", "32.4"),
    ]
    assert all(line["source"] and line["as_of"] for line in found["lines"])
    assert "whole-minutes" in {one["name"] for one in found["assumptions"]}
    assert found["curve"][0] == {"minutes": 1, "amount": "17.2"}


KINDS = [
    {"kind": "masked-call", "parties": [AIKO, BEN]},
    {"kind": "v-call", "parties": ["mobile", "browser"], "detect": True},
    {"kind": "conference", "parties": [AIKO, "landline", "050"], "extension_seconds": [600, 600], "record": True},
    {"kind": "reception", "parties": ["mobile"], "seconds": 240, "transfer_to": "landline", "transfer_seconds": 180},
    {"kind": "reception", "voicemail_seconds": 45, "say": ["Please leave a message."], "line": "toll-free"},
    {"kind": "text", "parties": ["090-1111-0001"], "body": "山田様、明日の十時にお伺いします。"},
]


@pytest.mark.parametrize("wanted", KINDS)
def test_of_every_kind_there_is_an_estimate(desk, wanted):
    found = prices(desk, **wanted)
    assert found["kind"] == wanted["kind"]
    known = [Decimal(line["amount"]) for line in found["lines"] if line["amount"] is not None]
    assert Decimal(found["total"]["amount"]) == sum(known) > 0


def test_a_month_is_all_of_its_parts_and_its_numbers(desk):
    parts = [{**one, "count": 10} for one in KINDS]
    found = prices(desk, kind="month", parts=parts, numbers=[{"number": "050", "count": 3}], tax=False)
    alone = sum(Decimal(prices(desk, **one, tax=False)["total"]["amount"]) for one in KINDS)
    assert Decimal(found["total"]["amount"]) == alone * 10 + Decimal("4.75") * 3


def test_a_length_that_is_not_known_makes_a_range(desk):
    found = prices(desk, kind="v-call", seconds={"p10": 30, "p50": 100, "p90": 400}, tax=False)
    assert [found[name]["amount"] for name in ("low", "total", "high")] == ["0.37", "0.74", "2.59"]


def test_what_costs_less_is_said_with_what_it_saves(desk):
    ways = prices(desk, kind="conference", tax=False)["alternatives"]
    assert {"no-conference", "party-2-by-browser"} <= {way["name"] for way in ways}
    savings = [Decimal(way["saving"]) for way in ways]
    assert savings == sorted(savings, reverse=True)


def test_dollars_are_yen_by_the_rate_of_exchange_that_was_said(desk):
    exchange = {"base": "USD", "quote": "JPY", "rate": "150", "as_of": "2026-11-28"}
    found = prices(desk, kind="v-call", seconds=60, exchange=exchange, tax=False)
    assert (found["total"]["amount"], found["total"]["currency"]) == ("55.5", "JPY")
    assert "USD 1 is JPY 150, as of 2026-11-28." in [one["text"] for one in found["assumptions"]]


def test_a_rate_of_ones_own_counts_and_is_marked(desk):
    own = [{"what": "outgoing-call", "rate": "0.1", "destination_prefix": "8190"}]
    found = prices(desk, kind="v-call", parties=[AIKO, "+8180"], seconds=60, discounts=own, tax=False)
    assert [(line["rate"], line["is_overridden"]) for line in found["lines"]] == [("0.1", True), ("0.185", False)]


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"kind": "masked-call", "extension_seconds": [60]}, "/extension_seconds"),
        ({"kind": "masked-call", "parties": ["mobile"]}, "/parties"),
        ({"kind": "v-call", "parties": ["mobile"] * 3}, "/parties"),
        ({"kind": "text", "body": "a", "segments": 2}, "/segments"),
        ({"kind": "text", "parties": ["landline"]}, "/parties"),
        ({"kind": "text", "seconds": {"p10": 1, "p50": 2, "p90": 3}}, "/seconds"),
        ({"kind": "masked-call", "line": "browser"}, "/line"),
        ({"kind": "v-call", "kept_months": "3"}, "/kept_months"),
        ({"kind": "month"}, "/parts"),
        ({"kind": "month", "seconds": 60, "numbers": [{}]}, "/seconds"),
        ({"kind": "month", "numbers": [{"number": "browser"}]}, "/numbers"),
        ({"kind": "v-call", "card": "plivo"}, "/card"),
        ({"kind": "v-call", "card": "kddi-2021", "exchange": {"rate": "150", "as_of": "2026-11-28"}}, "/exchange/base"),
        ({"kind": "v-call", "exchange": {"rate": "0", "as_of": "2026-11-28"}}, "/exchange/rate"),
        ({"kind": "v-call", "discounts": [{"what": "speech", "percent": "5"}]}, "/discounts/0"),
        ({"kind": "v-call", "seconds": {"p10": 3, "p50": 2, "p90": 1}}, "/seconds"),
    ],
)
def test_what_says_nothing_or_contradicts_itself_is_refused_by_its_name(desk, wanted, pointer):
    assert refusal(desk, **wanted) == (400, pointer)


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"kind": "campaign"}, "/kind"),
        ({"kind": "v-call", "parties": ["mobile", "fax"]}, "/parties/1"),
        ({"kind": "v-call", "seconds": -1}, "/seconds"),
        ({"kind": "v-call", "exchange": {"rate": "150", "as_of": "2026-13-28"}}, "/exchange/as_of"),
        ({"kind": "v-call", "exchange": {"rate": 150, "as_of": "2026-11-28"}}, "/exchange/rate"),
        ({"kind": "text", "history": True}, "/"),
        ({"kind": "v-call", "numbers": [{}]}, "/"),
    ],
)
def test_what_has_the_wrong_form_is_refused_by_its_place(desk, wanted, pointer):
    status, found = refusal(desk, **wanted)
    assert (status, found.startswith(pointer)) == (422, True), found


def test_whoever_has_no_such_scope_gets_no_estimate(desk):
    from tests.integration.calls import Desk
    from toritsugi.foundation import api_keys

    api_keys.create_key("SK" + "c" * 32, "reader", ("calls:write",))
    status, said = Desk("SK" + "c" * 32, "reader").asks("POST", "/api/estimates", {"kind": "text"})
    assert (status, said["scope"]) == (403, "estimates:write")


def test_a_number_whose_calls_are_priced_stands_in_no_log(desk, logged):
    prices(desk, kind="masked-call", parties=[AIKO, BEN])
    refusal(desk, kind="masked-call", parties=[AIKO])
    desk.asks("POST", "/api/estimates", {"kind": "masked-call", "parties": [AIKO, "fax"]})
    said = logged()
    assert "request refused" in said
    assert AIKO.removeprefix("+") not in said


# ---- by what was pulled ----------------------------------------------------------------------------------------------


@pytest.fixture
def history(desk, twilio, clock):
    """Eleven conferences that took one minute, two, and so on."""
    for minutes in range(1, 12):
        call = desk.calls()
        call.begins(twilio)
        clock.shift(minutes * 60)
        desk.asks("DELETE", call.path)


def test_a_conference_takes_as_long_as_ones_own_of_late(desk, history):
    found = prices(desk, kind="conference", history=True, tax=False)
    (spread,) = [one["facts"] for one in found["assumptions"] if one["name"] == "spread"]
    assert [round(int(spread[name]) / 60) for name in ("p10", "p50", "p90")] == [2, 6, 10]


def test_of_too_few_conferences_there_is_no_history(desk):
    assert refusal(desk, kind="conference", history=True) == (400, "/history")


# ---- dry runs --------------------------------------------------------------------------------------------------------


def test_a_call_that_is_only_tried_is_priced_and_nobody_is_called(desk):
    extension = {"minutes": 10, "times": 2}
    status, found = desk.asks("POST", "/api/calls?dry_run=true", WANTED | {"extension": extension})
    assert (status, found["kind"]) == (200, "conference")
    assert Decimal(found["high"]["amount"]) > Decimal(found["total"]["amount"]) == Decimal(found["low"]["amount"])
    assert desk.asks("GET", "/api/calls")[1]["calls"] == []
    assert "It lasts as long as it may: 30 minutes." in [one["text"] for one in found["assumptions"]]


def test_of_several_who_ring_by_dialing_the_dearest_answers(desk):
    wanted = WANTED | {"through": "dial", "parties": [AIKO, "+81312345678", BEN]}
    found = desk.asks("POST", "/api/calls?dry_run=true", wanted)[1]
    assert (found["kind"], [line["rate"] for line in found["lines"]][:2]) == ("v-call", ["0.185", "0.185"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"parties": [AIKO, AIKO]}, 21211), ({"parties": [AIKO, "+81570123456"]}, 21215), ({"minutes": 0}, 20001)],
)
def test_what_would_be_refused_is_refused_when_it_is_tried(desk, changes, code):
    real, tried = (desk.asks("POST", f"/api/calls{query}", WANTED | changes) for query in ("", "?dry_run=true"))
    assert tried == real
    assert tried[1]["code"] == code


def test_a_stopped_exchange_tries_nothing(desk):
    desk.asks("POST", "/api/limits/stop", {"why": "a strange bill"})
    assert desk.asks("POST", "/api/calls?dry_run=true", WANTED)[0] == 503


def test_a_key_that_was_used_for_another_call_is_refused_when_it_is_tried(desk):
    desk.asks("POST", "/api/calls", WANTED, Idempotency_Key="parcel-1")
    again = desk.asks("POST", "/api/calls?dry_run=true", WANTED | {"minutes": 10}, Idempotency_Key="parcel-1")
    assert again[0] == 422
    tried = desk.asks("POST", "/api/calls?dry_run=true", WANTED, Idempotency_Key="parcel-1")
    assert (tried[0], tried[1]["kind"]) == (200, "conference")


def test_one_more_person_is_priced_and_not_called(desk):
    call = desk.calls()
    status, found = call.asks("POST", "/participants?dry_run=true", {"number": EVE})
    assert (status, [line["what"] for line in found["lines"]][:2]) == (200, ["outgoing-call", "conference"])
    assert [one["quantity"] for one in found["lines"][:2]] == ["30", "30"]
    assert len(call.asks("GET", "/participants")[1]["participants"]) == 2


def test_nobody_is_priced_whom_an_ended_call_would_not_take(desk):
    call = desk.calls()
    desk.asks("DELETE", call.path)
    real, tried = (call.asks("POST", f"/participants{query}", {"number": EVE}) for query in ("", "?dry_run=true"))
    assert (tried[0], tried) == (409, real)


def test_a_dry_run_of_the_proxys_api_is_nothing_that_there_is(desk):
    document = json.loads(desk.send("GET", "/api/openapi.json", b"")["body"])
    tried = {
        path
        for path, methods in document["paths"].items()
        for one in methods.values()
        if "dry_run" in [parameter["name"] for parameter in one.get("parameters", ())]
    }
    assert tried == {
        *("/api/calls", "/api/calls/{sid}/participants", "/api/messages", "/api/callers/import"),
    }
    assert LINES
