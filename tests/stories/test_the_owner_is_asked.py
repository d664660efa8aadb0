"""The owner's system is asked before somebody is put through, and what becomes of those whom no session knows."""

import json

import pytest

from tests.stories.owners import opening
from tests.stories.people import Session

LINES = ["+815010000009", "+815010000010", "+815010000011"]
NOT_PUT_THROUGH = "この電話はおつなぎできません"


@pytest.fixture
def shop():
    """The owner's system: it takes whatever it is asked, and says nothing."""
    with opening() as opens:
        yield opens()


@pytest.fixture
def service(desk):
    """A service whose numbers have voice, texts and pictures."""
    desk.opens(*LINES, sms=True, mms=True)
    return desk.service


def statuses(session) -> list[tuple[str, str]]:
    return [(one.type, one.outbound_resource_status) for one in session.interactions]


# ---- before somebody is put through ----------------------------------------------------------------------------------


def test_a_call_that_the_owner_forbids_rings_nobody_and_the_desk_sees_it(desk, service, shop, aiko, ben, clock):
    session = desk.brings_together(aiko, ben)
    desk.sets(InterceptCallbackUrl=shop.address)
    shop.says = lambda _: 403
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=20)
    aiko.hears(NOT_PUT_THROUGH)
    ben.is_idle()
    assert statuses(session) == [("voice", "canceled")]
    assert session.status == "open"


def test_a_text_that_the_owner_forbids_arrives_nowhere_and_its_writer_knows(desk, service, shop, aiko, ben, clock):
    session = desk.brings_together(aiko, ben)
    desk.sets(InterceptCallbackUrl=shop.address, CallbackUrl=f"{shop.address}/told")
    shop.says = lambda said: 403 if "outboundResourceStatus" not in said and "090" in said["interactionData"] else 200
    aiko.texts(session.line_of(aiko), "直接 090-1111-0001 にかけてください")
    aiko.texts(session.line_of(aiko), "玄関の前です")
    clock.forward(seconds=20)
    ben.receives("玄関の前です", showing=session.line_of(ben))
    aiko.has_read("申し訳ございませんが、メッセージをお届けできませんでした。")
    bodies = {json.loads(one.data)["body"]: one.outbound_resource_status for one in session.interactions}
    assert bodies == {"直接 090-1111-0001 にかけてください": "canceled", "玄関の前です": "delivered"}
    told = [one["outboundResourceStatus"] for one in shop.asked if "outboundResourceStatus" in one]
    assert "canceled" in told


def test_through_a_conference_the_owner_is_asked_too(desk, shop, aiko, ben, clock):
    desk.opens(*LINES, Through="conference", InterceptCallbackUrl=shop.address)
    session = desk.brings_together(aiko, ben)
    shop.says = lambda _: 403
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=20)
    aiko.hears(NOT_PUT_THROUGH)
    ben.is_idle()


# ---- those whom no session knows -------------------------------------------------------------------------------------


def test_a_stranger_hears_what_the_owners_twiml_says(desk, service, shop, eve, clock):
    desk.sets(OutOfSessionCallbackUrl=shop.address)
    shop.says = lambda _: ("application/xml", "<Response><Say>本日は休業日です。</Say></Response>".encode())
    eve.dials(LINES[0])
    clock.forward(seconds=20)
    eve.hears("本日は休業日です。")


def test_a_stranger_presses_an_order_number_and_reaches_whom_the_owner_names(desk, service, shop, eve, ben, clock):
    desk.sets(OutOfSessionCallbackUrl=shop.address)
    gather = "<Response><Gather numDigits='2'><Say>ご注文番号を押してください。</Say></Gather></Response>"

    def answer(said):
        if said.get("Digits") == "17":
            return {"participantIdentifier": ben.number, "ttl": 3600}
        return "text/xml", gather.encode()

    shop.says = answer
    eve.dials(LINES[0])
    clock.forward(seconds=5)
    eve.hears("ご注文番号を押してください。")
    eve.presses("17")
    clock.forward(seconds=5)
    [made] = service.sessions.list()
    session = Session(service.sessions(made.sid))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    eve.talks_with(ben)
    ben.hangs_up()
    clock.forward(seconds=5)
    assert (session.line_of(eve), statuses(session)) == (LINES[0], [("voice", "completed")])


@pytest.mark.parametrize(
    "fault",
    [{"duplicate": {"match": "/sms$", "times": 1}}, {"connection_refused": {"match": "/sms$", "times": 2}}],
    ids=["asked twice", "not reached at first"],
)
def test_the_first_text_of_a_stranger_arrives_once_in_one_session(desk, service, shop, eve, ben, box, clock, fault):
    desk.sets(OutOfSessionCallbackUrl=shop.address)
    shop.says = lambda _: {"participantIdentifier": ben.number}
    box.call("PUT", "/faults", fault)
    eve.texts(LINES[0], "まだ開いていますか")
    clock.forward(seconds=30)
    [made] = service.sessions.list()
    session = Session(service.sessions(made.sid))
    ben.receives("まだ開いていますか", showing=session.line_of(ben))
    ben.texts(session.line_of(ben), "はい、どうぞ")
    clock.forward(seconds=10)
    eve.receives("はい、どうぞ", showing=LINES[0])
    assert statuses(session) == [("message", "delivered")] * 2


def test_a_call_that_is_told_of_twice_has_one_session(desk, service, shop, eve, ben, box, clock):
    desk.sets(OutOfSessionCallbackUrl=shop.address)
    shop.says = lambda _: {"participantIdentifier": ben.number}
    box.call("PUT", "/faults", {"duplicate": {"match": "/voice$", "times": 1}})
    eve.dials(LINES[0])
    clock.forward(seconds=5)
    [made] = service.sessions.list()
    ben.rings(showing=Session(service.sessions(made.sid)).line_of(ben))
    ben.rejects()
    clock.forward(seconds=5)
    assert len(service.sessions.list()) == 1


def test_who_calls_a_day_late_is_asked_about_with_the_session_that_was(desk, service, shop, aiko, ben, clock):
    desk.sets(OutOfSessionCallbackUrl=shop.address)
    session = desk.brings_together(aiko, ben, ttl=600, unique_name="order-17")
    shop.says = lambda said: ("text/xml", f"<Response><Say>{said['sessionUniqueName']}</Say></Response>".encode())
    line = session.line_of(aiko)
    clock.forward(hours=24)
    aiko.dials(line)
    clock.forward(seconds=10)
    aiko.hears("order-17")
    assert shop.asked[0]["outboundParticipantIdentifier"] == ben.number
    ben.is_idle()


def test_where_the_owners_system_is_down_a_stranger_hears_a_sentence(desk, service, shop, eve, clock):
    desk.sets(OutOfSessionCallbackUrl=shop.address)
    shop.says = lambda _: 500
    eve.dials(LINES[0])
    clock.forward(seconds=10)
    eve.hears("おつなぎできません")


def test_where_the_owners_system_is_down_the_reception_of_the_line_answers(desk, service, shop, eve, clock):
    desk.writes("desk", "steps: {hello: {say: 受付でございます。}}\nlanguage: ja-JP\n")
    desk.asks("PUT", f"/api/lines/{LINES[0].replace('+', '%2B')}", {"reception": "desk"})
    desk.sets(OutOfSessionCallbackUrl=shop.address)
    for says, words in (
        ({}, "受付でございます。"),
        (("text/xml", b"<Response><Say>Closed.</Say></Response>"), "Closed."),
    ):
        shop.says = lambda _, says=says: says
        eve.dials(LINES[0])
        clock.forward(seconds=20)
        eve.hears(words)
