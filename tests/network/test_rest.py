"""Twilio's REST API as the official library sees it, with nothing changed but the host."""

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.network.conftest import AIKO, BEN, CARLA, LINE, SECOND_LINE
from tests.network.running import Local

HELLO = "<Response><Say>Hello</Say></Response>"


@pytest.fixture
def twilio(network):
    network.line()
    return network.twilio


def refused(call, *args, **settings):
    with pytest.raises(TwilioRestException) as refusal:
        call(*args, **settings)
    return refusal.value.status, refusal.value.code


def test_a_call_is_made_rings_and_runs_its_twiml(network, app, twilio, ben):
    app.on("/outgoing", "<Say>A message for you</Say>")
    made = twilio.calls.create(to=BEN, from_=LINE, url=network.url("/outgoing"))
    assert (made.status, made.direction, made.queue_time) == ("queued", "outbound-api", "0")
    network.settle()
    assert ben.seen()["shows"] == LINE
    network.forward(2)
    ben.answers()
    assert ben.words == ["say A message for you"]
    (params,) = app.asked("/outgoing")
    assert (params["CallStatus"], params["Direction"], params["From"], params["To"]) == (
        "in-progress",
        "outbound-api",
        LINE,
        BEN,
    )
    network.forward(2)
    fetched = twilio.calls(made.sid).fetch()
    assert (fetched.status, fetched.duration, fetched.price) == ("completed", "1", None)
    assert fetched._from == LINE
    assert (fetched.end_time - fetched.start_time).total_seconds() == pytest.approx(3, abs=1)


def test_status_callbacks_come_for_the_events_asked_for(network, app, twilio, ben):
    events = ["initiated", "ringing", "answered", "completed"]
    ben.behaves(answers="at once", after=1)
    settings = {"status_callback": network.url("/status"), "status_callback_event": events}
    twilio.calls.create(to=BEN, from_=LINE, twiml=HELLO, **settings)
    network.forward(5)
    told = app.asked("/status")
    assert [params["CallStatus"] for params in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [params["SequenceNumber"] for params in told] == ["0", "1", "2", "3"]
    assert all("ParentCallSid" not in params for params in told)


@pytest.mark.parametrize(
    ("behaviour", "seconds", "status", "sip"),
    [({"answers": "busy"}, 0, "busy", "486"), ({"answers": "never"}, 65, "no-answer", "487")],
)
def test_a_call_that_is_not_answered_says_why(network, app, twilio, ben, behaviour, seconds, status, sip):
    ben.behaves(**behaviour)
    twilio.calls.create(to=BEN, from_=LINE, twiml=HELLO, status_callback=network.url("/status"))
    network.forward(seconds)
    (params,) = app.asked("/status")
    assert (params["CallStatus"], params["CallDuration"], params["Duration"]) == (status, "0", "0")
    assert params["SipResponseCode"] == sip


def test_calls_leave_the_queue_one_a_second(network, twilio):
    made = [twilio.calls.create(to=number, from_=LINE, twiml=HELLO) for number in (AIKO, BEN, CARLA)]
    assert [call.queue_time for call in made] == ["0", "1000", "2000"]
    network.settle()
    assert [network.phone(number).state for number in (AIKO, BEN, CARLA)] == ["ringing", "idle", "idle"]
    network.forward(2)
    assert [network.phone(number).state for number in (AIKO, BEN, CARLA)] == ["ringing", "ringing", "ringing"]


def test_a_call_canceled_in_the_queue_was_never_heard_of(network, app, twilio, ben):
    twilio.calls.create(to=AIKO, from_=LINE, twiml=HELLO)
    waiting = twilio.calls.create(to=BEN, from_=LINE, twiml=HELLO, status_callback=network.url("/status"))
    assert twilio.calls(waiting.sid).update(status="canceled").status == "canceled"
    network.forward(10)
    assert app.requests == []
    assert ben.state == "idle"


def test_a_ringing_call_is_canceled_and_a_running_one_is_not(network, app, twilio, ben):
    first = twilio.calls.create(to=BEN, from_=LINE, twiml=HELLO, status_callback=network.url("/status"))
    network.settle()
    twilio.calls(first.sid).update(status="canceled")
    network.settle()
    assert ben.state == "idle"
    assert app.asked("/status")[0]["CallStatus"] == "canceled"
    ben.behaves(answers="at once")
    second = twilio.calls.create(to=BEN, from_=LINE, twiml="<Response><Pause length='60'/></Response>")
    network.forward(1)
    assert twilio.calls(second.sid).update(status="canceled").status == "in-progress"
    assert twilio.calls(second.sid).update(status="completed").status == "completed"
    assert ben.state == "idle"


def test_a_running_call_is_redirected_away_from_its_dial(network, app, twilio, aiko, ben):
    app.on("/voice", f'<Dial action="/after">{BEN}</Dial>')
    app.on("/after", "<Say>Not executed</Say>")
    app.on("/elsewhere", "<Say>Somewhere else</Say>")
    sid = aiko.dials(LINE)
    ben.answers()
    twilio.calls(sid).update(url=network.url("/elsewhere"))
    network.settle()
    assert (aiko.state, ben.state) == ("talking", "idle")
    assert aiko.words == ["ring", "say Somewhere else"]
    assert app.asked("/after")[0]["DialCallStatus"] == "completed"


def test_the_called_leg_is_redirected_and_lives_on(network, app, twilio, aiko, ben):
    app.on("/voice", f'<Dial action="/after">{BEN}</Dial>')
    app.on("/after", "<Say>Goodbye</Say>")
    aiko.dials(LINE)
    ben.answers()
    leg = network.leg_to(BEN)["sid"]
    twilio.calls(leg).update(twiml="<Response><Say>Stay</Say><Pause length='10'/></Response>")
    network.settle()
    assert aiko.words == ["ring", "say Goodbye"]
    (params,) = app.asked("/after")
    assert (params["DialCallStatus"], params["DialBridged"], params["DialCallSid"]) == ("completed", "true", leg)
    assert "DialCallDuration" not in params
    network.forward(5)
    assert (aiko.state, ben.state) == ("idle", "talking")
    assert ben.words == ["say Stay"]


def test_the_time_limit_counts_from_the_answer_and_can_be_moved(network, twilio, ben):
    ben.behaves(answers="at once", after=5)
    made = twilio.calls.create(to=BEN, from_=LINE, twiml="<Response><Pause length='600'/></Response>", time_limit=60)
    network.forward(50)
    twilio.calls(made.sid).update(time_limit=90)
    network.forward(44)
    assert ben.state == "talking"
    network.forward(1)
    assert ben.state == "idle"


def test_a_handler_may_use_the_api_while_the_network_waits_for_it(network, app, twilio, aiko):
    def hangs_up_its_own_call(params):
        twilio.calls(params["CallSid"]).update(status="completed")
        return "<Say>Nobody hears this</Say>"

    app.on("/voice", hangs_up_its_own_call)
    sid = aiko.dials(LINE)
    assert aiko.words == []
    assert network.leg(sid)["executed"] == []


def test_calls_are_found_by_what_is_known_of_them(network, app, twilio, aiko, ben):
    app.on("/voice", f"<Dial>{BEN}</Dial>")
    parent = aiko.dials(LINE)
    ben.answers()
    network.forward(2)
    aiko.hangs_up()
    assert [call.to for call in twilio.calls.list()] == [BEN, LINE]
    assert [call.to for call in twilio.calls.list(parent_call_sid=parent)] == [BEN]
    assert [call.sid for call in twilio.calls.list(from_=AIKO, to=LINE, status="completed")] == [parent]
    assert len(twilio.calls.list(page_size=1)) == 2
    assert len(twilio.calls.list(limit=1)) == 1


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"to": "12", "from_": LINE, "twiml": HELLO}, (400, 21211)),
        ({"to": BEN, "from_": "+815099999999", "twiml": HELLO}, (400, 21210)),
        ({"to": BEN, "from_": LINE}, (400, 21205)),
        ({"to": BEN, "from_": LINE, "url": "voice"}, (400, 21205)),
        ({"to": BEN, "from_": LINE, "twiml": "<Response>"}, (400, 12100)),
        ({"to": BEN, "from_": LINE, "twiml": "<Response><Gather action='/x'/></Response>"}, (400, 11100)),
        ({"to": BEN, "from_": LINE, "twiml": f"<Response><Say>{'a' * 4000}</Say></Response>"}, (400, 32018)),
        ({"to": BEN, "from_": LINE, "twiml": HELLO, "record": True}, (501, 501)),
        ({"to": BEN, "from_": LINE, "twiml": HELLO, "machine_detection": "On"}, (400, 21234)),
    ],
)
def test_a_call_that_cannot_be_made_is_refused_with_twilios_code(twilio, settings, error):
    assert refused(twilio.calls.create, **settings) == error


def test_what_is_over_cannot_be_changed(network, twilio, ben):
    ben.behaves(answers="busy")
    made = twilio.calls.create(to=BEN, from_=LINE, twiml=HELLO)
    network.settle()
    assert refused(twilio.calls(made.sid).update, twiml=HELLO) == (400, 21220)
    assert twilio.calls(made.sid).delete()
    assert refused(twilio.calls(made.sid).fetch) == (404, 20404)


def test_strangers_are_not_let_in(network):
    stranger = Client(network.world.account_sid, "wrong", http_client=Local(network.address))
    assert refused(stranger.calls("CA0").fetch) == (401, 20003)
    stranger.http_client.session.close()


def test_what_is_not_built_is_refused_by_its_name(twilio):
    with pytest.raises(TwilioRestException, match="Queues exists at Twilio, but this network does not build it yet"):
        twilio.queues.create(friendly_name="Desk")


def test_the_account_and_what_is_below_a_call_are_refused_by_name_and_nonsense_is_not_found(network, twilio):
    assert refused(twilio.api.accounts(network.world.account_sid).update, friendly_name="Ours") == (501, 501)
    assert refused(twilio.calls("CA0").recordings.create) == (501, 501)
    path = f"/2010-04-01/Accounts/{network.world.account_sid}/Nonsense.json"
    answer = network.http.get(path, auth=(network.world.account_sid, network.world.auth_token))
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_numbers_are_bought_found_set_up_and_given_back(twilio):
    number = twilio.incoming_phone_numbers.create(phone_number=SECOND_LINE, voice_url="https://example.com/voice")
    assert number.capabilities["voice"]
    assert not number.capabilities["sms"]
    assert [one.sid for one in twilio.incoming_phone_numbers.list(phone_number=SECOND_LINE)] == [number.sid]
    assert len(twilio.incoming_phone_numbers.list(page_size=1)) == 2
    settings = {"voice_method": "GET", "voice_fallback_url": "https://example.com/f", "friendly_name": "Desk"}
    settings |= {"status_callback": "https://example.com/s", "sms_url": "https://example.com/m"}
    updated = twilio.incoming_phone_numbers(number.sid).update(**settings)
    assert {name: getattr(updated, name) for name in settings} == settings
    assert updated.voice_url == "https://example.com/voice"
    assert twilio.incoming_phone_numbers(number.sid).fetch().friendly_name == "Desk"
    assert twilio.incoming_phone_numbers(number.sid).delete()
    assert refused(twilio.incoming_phone_numbers(number.sid).fetch) == (404, 20404)


def test_a_number_that_cannot_be_bought_is_refused(network, twilio):
    network.phone(AIKO).seen()
    assert refused(twilio.incoming_phone_numbers.create, phone_number=LINE) == (400, 21422)
    assert refused(twilio.incoming_phone_numbers.create, phone_number=AIKO) == (400, 21422)
    assert refused(twilio.incoming_phone_numbers.create, phone_number="+81") == (400, 21421)
    assert refused(twilio.incoming_phone_numbers.create, phone_number=SECOND_LINE, voice_url="x") == (400, 21502)
    assert len(twilio.incoming_phone_numbers.list()) == 1
