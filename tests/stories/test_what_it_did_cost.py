"""What calls and texts did cost is known some minutes after they have ended, and stands beside what was estimated."""

from decimal import Decimal

import pytest

from tests.stories.test_texts import DESK
from toritsugi.foundation import config

LINES = ("+815010000001", "+815010000002", "+815010000003")
TEXT_LINE, RECEPTION_LINE = "+12025550101", "+815010000009"


@pytest.fixture(autouse=True)
def follows_costs(monkeypatch):
    monkeypatch.setattr(config, "FOLLOW_COSTS", True)


def talk(clock, session, caller, callee, seconds=61):
    caller.dials(session.line_of(caller))
    clock.forward(seconds=5)
    callee.rings(showing=session.line_of(callee))
    callee.answers()
    clock.forward(seconds=seconds)
    caller.hangs_up()
    clock.forward(seconds=1)


def costs(desk, **about):
    query = "&".join(f"{name}={value}" for name, value in about.items())
    return desk.asks("GET", f"/api/costs?{query}")["costs"]


def total(found, of="amount"):
    return sum(Decimal(one[of]) for one in found)


@pytest.fixture
def session(desk, aiko, ben):
    desk.opens(*LINES)
    return desk.brings_together(aiko, ben)


def closes(session):
    session.sdk.update(status="closed")


def test_a_masked_call_costs_what_twilio_says_and_what_was_estimated(desk, box, clock, session, aiko, ben):
    talk(clock, session, aiko, ben)
    assert costs(desk) == []
    clock.forward(minutes=6)
    into, out = sorted(costs(desk, session=session.sdk.fetch().sid), key=lambda one: one["what"])
    assert (into["what"], into["quantity"], into["amount"]) == ("incoming-call", "2", "0.02")
    assert (out["what"], out["quantity"], out["amount"]) == ("outgoing-call", "2", "0.37")
    assert [one["difference"] for one in (into, out)] == ["0", "0"]
    assert (into["number"], out["number"]) == (aiko.number, ben.number)
    assert {one["of"] for one in (into, out)} == {session.interactions[0].sid}


def test_they_are_found_by_person_line_and_service(desk, clock, session, aiko, ben):
    talk(clock, session, aiko, ben)
    clock.forward(minutes=6)
    of_ben = costs(desk, number=f"%2B{ben.number[1:]}")
    over = costs(desk, line=f"%2B{session.line_of(aiko)[1:]}")
    assert [one["what"] for one in of_ben] == ["outgoing-call"]
    assert "incoming-call" in [one["what"] for one in over]
    assert len(costs(desk, service=of_ben[0]["service_sid"])) == 2
    assert costs(desk, service="KS" + "0" * 32) == []


def test_a_call_that_nobody_answers_costs_its_caller_alone(desk, clock, session, aiko, ben):
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=5)
    ben.rings(showing=session.line_of(ben))
    ben.rejects()
    clock.forward(minutes=7)
    assert "outgoing-call" not in [one["what"] for one in costs(desk)]


def test_a_price_that_comes_a_day_late_is_asked_for_until_it_is_there(desk, box, clock, session, aiko, ben):
    box.call("PUT", "/prices", {"delay": 20 * 3_600})
    talk(clock, session, aiko, ben)
    clock.forward(hours=19)
    assert costs(desk) == []
    clock.forward(hours=12)
    assert total(costs(desk)) == Decimal("0.39")


def test_a_price_that_never_comes_is_a_row_that_says_so(desk, box, clock, session, aiko, ben):
    box.call("PUT", "/prices", {"delay": 29 * 86_400})
    talk(clock, session, aiko, ben)
    clock.forward(hours=30)
    assert [(one["amount"], one["difference"]) for one in costs(desk)] == [(None, None)] * 2
    assert total(costs(desk), "estimate") == Decimal("0.39")


def test_a_conference_is_found_by_its_call(desk, clock, aiko, ben):
    desk.owns(LINES[0])
    call = desk.calls(aiko, ben, line=LINES[0], minutes=5)
    clock.forward(seconds=5)
    for person in (aiko, ben):
        person.rings(showing=LINES[0])
        person.answers()
    clock.forward(seconds=100)
    call.end()
    clock.forward(minutes=7)
    legs = costs(desk, call=call.sid)
    assert [one["what"] for one in legs] == ["outgoing-call"] * 2
    assert total(legs) == total(legs, "estimate") == Decimal("0.74")
    assert desk.request("GET", "/api/costs?call=KB" + "0" * 32).status_code == 404


def test_texts_cost_their_segments(desk, clock, aiko):
    desk.answers_at(TEXT_LINE, DESK, sms=True)
    aiko.texts(TEXT_LINE, "予約")
    clock.forward(minutes=10)
    found = {one["what"]: one for one in costs(desk, number=f"%2B{aiko.number[1:]}")}
    assert set(found) == {"incoming-text", "outgoing-text"}
    assert found["outgoing-text"]["amount"] is not None
    assert found["outgoing-text"]["unit"] == "segment"


def test_of_who_is_erased_the_cost_stays_without_the_number(desk, clock, session, aiko, ben):
    talk(clock, session, aiko, ben)
    clock.forward(minutes=6)
    closes(session)
    erased = desk.asks("POST", "/api/erasures", {"number": ben.number})
    assert erased["erased"]["costs"] == 1
    assert {one["number"] for one in costs(desk)} == {aiko.number, None}
    assert total(costs(desk)) == Decimal("0.39")


def test_who_is_erased_before_the_price_is_known_stands_in_no_cost(desk, clock, session, aiko, ben):
    talk(clock, session, aiko, ben)
    closes(session)
    desk.asks("POST", "/api/erasures", {"number": ben.number})
    clock.forward(minutes=20)
    assert [one["number"] for one in costs(desk) if one["number"]] == []


def test_where_costs_are_not_followed_twilio_is_asked_nothing(desk, clock, monkeypatch, session, aiko, ben):
    monkeypatch.setattr(config, "FOLLOW_COSTS", False)
    talk(clock, session, aiko, ben)
    clock.forward(hours=1)
    assert costs(desk) == []


# ---- a day, and a month ----------------------------------------------------------------------------------------------

RECEPTION = """
language: ja-JP
steps:
  goodbye: {say: "本日は終了しました。"}
"""


@pytest.fixture
def day_passes(clock):
    """The next day comes, and once more; each is summed up."""
    import costs as function

    def pass_days(days=1):
        for _ in range(days):
            clock.forward(hours=24)
            function.handler({"days": {}}, None)
            clock.forward(seconds=10)

    return pass_days


def test_a_month_comes_to_what_twilio_sums_up_and_nothing_is_unexplained(desk, clock, session, aiko, ben, day_passes):
    talk(clock, session, aiko, ben)
    call = desk.calls(aiko, ben, line=LINES[0], minutes=5)
    clock.forward(seconds=5)
    for person in (aiko, ben):
        person.rings(showing=LINES[0])
        person.answers()
    clock.forward(seconds=61)
    call.end()
    day_passes()
    month = desk.asks("GET", "/api/costs/2026-11")
    lines = {line["name"]: line for line in month["lines"]}
    assert Decimal(month["total"]) == total(month["lines"])
    assert Decimal(month["total"]) == total(month["days"][17:18])
    assert (month["gap"], lines["unknown"]["amount"]) == ("0", "0")
    assert (lines["outgoing-call"]["amount"], lines["outgoing-call"]["told"]) == ("1.11", "1.11")
    assert (lines["conference"]["amount"], lines["conference"]["told"]) == ("0.0072", None)
    assert lines["number"]["amount"] == lines["number"]["told"] == lines["number"]["estimate"] == "14.25"


def test_calls_to_a_reception_are_found_in_the_sums_and_have_a_line_and_no_caller(desk, clock, aiko, day_passes):
    desk.answers_at(RECEPTION_LINE, RECEPTION)
    aiko.dials(RECEPTION_LINE)
    clock.forward(minutes=10)
    assert costs(desk) == []
    day_passes()
    (into,) = costs(desk, what="incoming-call")
    assert (into["line"], into["number"], into["of"]) == (RECEPTION_LINE, None, None)
    month = desk.asks("GET", "/api/costs/2026-11")
    assert month["gap"] == "0"
    assert [one["name"] for one in month["over_lines"]] == [RECEPTION_LINE]


def test_a_month_is_a_sheet_and_a_page_for_who_has_a_key(desk, clock, session, aiko, ben, day_passes):
    talk(clock, session, aiko, ben)
    day_passes()
    sheet = desk.request("GET", "/api/costs/2026-11/sheet")
    assert sheet.headers["content-type"] == "text/csv; charset=utf-8"
    assert "bill,outgoing-call,,2,0.37,0.37,0.37,,0,USD" in sheet.text.splitlines()
    page = desk.request("GET", "/api/costs/2026-11/page")
    assert "What 2026-11 did cost" in page.text
    assert aiko.number[1:] not in sheet.text + page.text
    desk.http.auth = None
    assert desk.request("GET", "/api/costs/2026-11/page").status_code == 401


def test_a_month_of_which_nothing_was_summed_up_is_not_there(desk):
    assert desk.request("GET", "/api/costs/2026-10").status_code == 404


def test_a_day_that_costs_several_times_the_usual_is_told_once_and_so_is_a_silent_one(
    desk, box, clock, session, aiko, ben, day_passes
):
    for _ in range(8):
        talk(clock, session, aiko, ben)
        day_passes()
    for _ in range(8):
        talk(clock, session, aiko, ben)
    day_passes(2)
    told = [one.detail["data"] for one in box.stack.cloud.events if one.what == "costs.unusual"]
    busy, silent = told
    assert (busy["day"], silent["day"]) == ("2026-11-26", "2026-11-27")
    assert Decimal(busy["amount"]) > Decimal(busy["high"])
    assert Decimal(silent["amount"]) < Decimal(silent["low"])
