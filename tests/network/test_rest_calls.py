"""Facts of calls in the REST API, through Twilio's own library: https://www.twilio.com/docs/voice/api/call-resource"""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.responses import Response
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.network.running import Local
from tests.network.town import AIKO, ALL_EVENTS, BEN, CARLA, ENDED, LINE, OTHER_LINE, SORRY, STANDARD, TOLD, refusal

HELLO = "<Response><Say>Hello</Say></Response>"
LONG = '<Response><Pause length="600"/></Response>'
EVENTS = ALL_EVENTS.split()


def create(town, to=BEN, **wishes):
    """A call made by REST, which has left the queue."""
    wishes = {"from_": LINE} | (wishes if {"url", "twiml"} & set(wishes) else {"twiml": LONG} | wishes)
    call = town.twilio.calls.create(to=to, **wishes)
    town.forward(0)
    return call


# ---- create ---------------------------------------------------------------------------------------------------------


def test_a_new_call_is_queued_and_looks_like_twilios(town):
    call = town.twilio.calls.create(to=BEN, from_=LINE, twiml=HELLO)
    assert (call.status, call.direction, call.to, call._from) == ("queued", "outbound-api", BEN, LINE)
    assert (call.account_sid, call.api_version) == (town.world.account_sid, "2010-04-01")
    assert (call.duration, call.price, call.end_time, call.parent_call_sid) == (None, None, None, None)
    assert call.queue_time == "0"
    assert call.phone_number_sid == town.twilio.incoming_phone_numbers.list()[0].sid


def test_the_resource_has_every_documented_field(town):
    call = create(town)
    fields = """sid date_created date_updated parent_call_sid account_sid to to_formatted from from_formatted
        phone_number_sid status start_time end_time duration price price_unit direction answered_by api_version
        forwarded_from group_sid caller_name queue_time trunk_sid uri subresource_uris"""
    assert set(town.rest("GET", f"/Calls/{call.sid}.json").json()) == set(fields.split())


def test_the_url_is_asked_for_when_the_person_has_answered(town):
    town.answers("/hello", "<Say>Hello</Say>")
    call = create(town, url=town.at("/hello"))
    assert (town.ben.state, town.ben.seen["shows"], town.asked("/hello")) == ("ringing", LINE, [])
    town.ben.answers()
    (asked,) = town.asked("/hello")
    assert set(asked.params) == STANDARD
    assert (asked["CallSid"], asked["CallStatus"], asked["Direction"]) == (call.sid, "in-progress", "outbound-api")
    assert (asked["From"], asked["To"], asked["Caller"], asked["Called"]) == (LINE, BEN, LINE, BEN)
    assert (asked.method, town.ben.words) == ("POST", ["Hello"])


def test_the_method_of_the_url_may_be_get(town):
    create(town, url=town.at("/hello"), method="GET")
    town.ben.answers()
    assert town.asked("/hello")[0].method == "GET"


def test_inline_twiml_is_executed_without_a_request(town):
    create(town, twiml=HELLO)
    town.ben.answers()
    assert (town.ben.words, town.log()) == (["Hello"], [])


@pytest.mark.parametrize("verb", ["<Redirect>/x</Redirect>", "<Play>/x.wav</Play>"])
def test_what_a_verb_of_inline_twiml_leads_to_relatively_is_an_error_in_the_call(town, verb):
    create(town, twiml=f"<Response>{verb}</Response>")
    town.ben.answers()
    town.forward(20)
    assert any(event["event"] == "error" for event in town.leg_to(BEN)["timeline"])


def test_inline_twiml_has_absolute_addresses(town):
    town.ben.behaves("at once", presses="5")
    create(town, twiml=f'<Response><Gather numDigits="1" action="{town.at("/keys")}"/></Response>')
    assert town.asked("/keys")[0]["Digits"] == "5"


def test_twiml_is_ignored_when_there_is_a_url(town):
    town.answers("/hello", "<Say>From the address</Say>")
    create(town, url=town.at("/hello"), twiml=HELLO)
    town.ben.answers()
    assert town.ben.words == ["From the address"]


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"to": "", "twiml": HELLO}, 21201),
        ({"to": "hello", "twiml": HELLO}, 21211),
        ({"to": "+8190", "twiml": HELLO}, 21211),
        ({"to": BEN}, 21205),
        ({"to": BEN, "url": "/relative"}, 21205),
        ({"to": BEN, "url": "voice"}, 21205),
        ({"to": BEN, "url": "http://["}, 21205),
        ({"to": BEN, "twiml": "<Response><Say>Hello"}, 12100),
        ({"to": BEN, "twiml": f"<Response><Say>{'a' * 4000}</Say></Response>"}, 32018),
        ({"to": BEN, "twiml": '<Response><Gather action="/keys"/></Response>'}, 11100),
        ({"to": BEN, "twiml": HELLO, "from_": CARLA}, 21210),
        ({"to": BEN, "twiml": HELLO, "send_digits": "1" * 33}, 21206),
        ({"to": BEN, "twiml": HELLO, "status_callback": "nowhere"}, 21609),
        ({"to": BEN, "twiml": HELLO, "status_callback": "http://my_app:5000/status"}, 21609),
        ({"to": BEN, "twiml": HELLO, "status_callback_event": ["begun"]}, 21626),
        ({"to": BEN, "twiml": f'<Response><Dial action="/x">{CARLA}</Dial></Response>'}, 11100),
    ],
)
def test_what_twilio_refuses_is_refused_in_its_way_and_nobody_is_called(town, wishes, code):
    assert refusal(town.twilio.calls.create, **({"from_": LINE} | wishes)) == (400, code)
    town.forward(5)
    assert (town.ben.state, town.twilio.calls.list()) == ("idle", [])


def test_errors_have_twilios_body(town):
    answer = town.rest("POST", "/Calls.json", data={"To": "x", "From": LINE})
    assert set(answer.json()) == {"code", "message", "more_info", "status"}
    assert (answer.json()["code"], answer.json()["status"]) == (21211, 400)
    assert answer.json()["more_info"].endswith("/21211")


@pytest.mark.parametrize(("account", "token"), [(None, "wrong"), ("AC" + "f" * 32, None)])
def test_a_wrong_token_or_account_is_401(town, account, token):
    stranger = Client(
        account or town.world.account_sid, token or town.world.auth_token, http_client=Local(town.world.address)
    )
    assert refusal(stranger.calls("CA" + "0" * 32).fetch) == (401, 20003)
    stranger.http_client.session.close()


def test_without_credentials_it_is_401(town):
    answer = town.rest("GET", "/Calls.json", auth=None)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", [b"Basic \xe9", b"Basic ====", b"Basic QQ==", b"Bearer x", b"Basic", b"\xff"])
def test_credentials_that_are_none_are_401(town, header):
    assert town.rest("GET", "/Calls.json", auth=None, headers={"authorization": header}).status_code == 401


def test_a_call_that_is_not_there_is_404(town):
    assert refusal(town.twilio.calls("CA" + "0" * 32).fetch) == (404, 20404)


@pytest.mark.parametrize("wishes", [{"record": True}, {"application_sid": "AP" + "0" * 32}])
def test_what_is_not_built_yet_says_so_by_name(town, wishes):
    with pytest.raises(TwilioRestException, match="does not build it yet") as caught:
        town.twilio.calls.create(to=BEN, from_=LINE, url=town.at("/hello"), **wishes)
    assert (caught.value.status, caught.value.code) == (501, 501)


def test_resources_that_are_not_built_yet_say_so_by_name_and_nonsense_is_not_found(town):
    yet = "exists at Twilio, but this network does not build it yet"
    for name, create_one in (("Queues", town.twilio.queues.create), ("Applications", town.twilio.applications.create)):
        with pytest.raises(TwilioRestException, match=f"{name} {yet}") as caught:
            create_one(friendly_name="Desk")
        assert (caught.value.status, caught.value.code) == (501, 501)
    assert refusal(town.twilio.api.accounts(town.world.account_sid).update, friendly_name="Ours") == (501, 501)
    assert refusal(town.twilio.calls("CA0").recordings.create) == (501, 501)
    answer = town.rest("GET", "/Nonsense.json")
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_a_parameter_that_twilio_does_not_know_is_not_ignored(town):
    answer = town.rest("POST", "/Calls.json", data={"To": BEN, "From": LINE, "Twiml": HELLO, "TimeOut": "5"})
    assert answer.status_code == 400
    assert "TimeOut" in answer.json()["message"]


@pytest.mark.parametrize(("wished", "rings"), [({}, 65), ({"timeout": 20}, 25), ({"timeout": 900}, 605)])
def test_it_rings_for_sixty_seconds_by_default_at_most_six_hundred_and_about_five_more(town, wished, rings):
    call = create(town, **wished)
    town.forward(rings - 0.5)
    assert town.ben.state == "ringing"
    town.forward(1)
    assert (town.ben.state, call.fetch().status, call.fetch().duration) == ("idle", "no-answer", "0")


def test_digits_are_keyed_after_the_answer_and_before_the_twiml(town):
    create(town, twiml=HELLO, send_digits="ww12#")
    town.ben.answers()
    assert town.ben.heard == []
    town.forward(1)
    assert [item["text"] for item in town.ben.heard] == ["12#", "Hello"]


def test_the_time_limit_ends_the_call(town):
    call = create(town, time_limit=30)
    town.ben.answers()
    town.forward(29)
    assert town.ben.state == "talking"
    town.forward(1)
    assert (town.ben.state, call.fetch().status, call.fetch().duration) == ("idle", "completed", "30")


def test_the_fallback_url_is_asked_with_the_error(town):
    town.answers("/hello", Response(status_code=500))
    town.answers("/fallback", "<Say>Hello all the same</Say>")
    create(town, url=town.at("/hello"), fallback_url=town.at("/fallback"))
    town.ben.answers()
    (asked,) = town.asked("/fallback")
    assert (asked["ErrorCode"], asked["ErrorUrl"]) == ("11200", town.at("/hello"))
    assert town.ben.words == ["Hello all the same"]


def test_without_a_fallback_the_person_hears_an_application_error(town):
    town.answers("/hello", Response(status_code=500))
    create(town, url=town.at("/hello"))
    town.ben.answers()
    assert town.ben.words == [SORRY]


# ---- status callbacks -----------------------------------------------------------------------------------------------


def test_all_four_events_are_told_in_order(town):
    create(town, status_callback=town.at("/status"), status_callback_event=EVENTS)
    town.forward(3)
    town.ben.answers()
    town.forward(60)
    town.ben.hangs_up()
    told = town.asked("/status")
    assert [one["CallStatus"] for one in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [one["SequenceNumber"] for one in told] == ["0", "1", "2", "3"]
    assert [set(one.params) for one in told] == [STANDARD | TOLD] * 3 + [STANDARD | ENDED | {"SipResponseCode"}]
    assert (told[-1]["CallDuration"], told[-1]["Duration"]) == ("60", "1")
    assert not any("StatusCallbackEvent" in one.params for one in told)


def test_by_default_only_the_end_is_told(town):
    create(town, status_callback=town.at("/status"))
    town.ben.rejects()
    assert town.statuses() == ["busy"]


@pytest.mark.parametrize(
    ("behaviour", "status", "sip", "seconds", "minutes"),
    [
        ("busy", "busy", "486", "0", "0"),
        ("never", "no-answer", "487", "0", "0"),
        ("at once", "completed", "200", "1", "1"),
    ],
)
def test_the_end_says_how_it_went(town, behaviour, status, sip, seconds, minutes):
    town.ben.behaves(behaviour)
    call = create(town, twiml=HELLO, status_callback=town.at("/status"), timeout=5)
    town.forward(20)
    (told,) = town.asked("/status")
    assert (told["CallStatus"], told["SipResponseCode"], call.fetch().status) == (status, sip, status)
    assert (told["CallDuration"], told["Duration"]) == (seconds, minutes)
    assert town.call(call.sid)["billed_minutes"] == int(minutes)


# ---- fetch, list ----------------------------------------------------------------------------------------------------


def test_the_status_of_the_resource_goes_from_queued_to_completed(town):
    call = town.twilio.calls.create(to=BEN, from_=LINE, twiml=HELLO)
    town.forward(0)
    seen = [call.status, call.fetch().status]
    town.forward(2)
    town.ben.answers()
    seen.append(call.fetch().status)
    town.forward(1)
    done = call.fetch()
    assert [*seen, done.status] == ["queued", "ringing", "in-progress", "completed"]
    assert (done.duration, done.start_time.tzinfo, done.end_time - done.start_time) == ("1", UTC, timedelta(seconds=3))
    assert (done.price, done._from) == (None, LINE)


def test_incoming_calls_and_their_legs_are_calls_too(town):
    town.answers("/voice", f"<Dial>{BEN}</Dial>")
    sid = town.aiko.dials()
    child, parent = town.twilio.calls.list()
    assert (parent.sid, parent.direction, parent._from) == (sid, "inbound", AIKO)
    assert (child.direction, child.parent_call_sid, child.to) == ("outbound-dial", sid, BEN)
    assert [one.sid for one in town.twilio.calls.list(parent_call_sid=sid)] == [child.sid]


def test_calls_are_listed_the_latest_first_and_filtered(town):
    sids = [create(town, to).sid for to in (BEN, CARLA, AIKO)]
    town.forward(5)
    town.carla.rejects()
    assert [one.sid for one in town.twilio.calls.list()] == sids[::-1]
    assert [one.sid for one in town.twilio.calls.list(to=CARLA)] == [sids[1]]
    assert [one.sid for one in town.twilio.calls.list(from_=LINE, status="busy")] == [sids[1]]
    assert [one.sid for one in town.twilio.calls.list(from_=LINE, to=CARLA, status="busy")] == [sids[1]]
    assert town.twilio.calls.list(from_=OTHER_LINE) == []


def test_calls_are_filtered_by_the_time_when_they_began(town):
    create(town)
    town.forward(3600)
    later = create(town, CARLA).sid
    now = datetime.fromisoformat(town.get("/clock")["now"])
    assert [one.sid for one in town.twilio.calls.list(start_time_after=now - timedelta(minutes=5))] == [later]
    assert [one.to for one in town.twilio.calls.list(start_time_before=now - timedelta(minutes=5))] == [BEN]


@pytest.mark.parametrize(("size", "pages"), [(2, [2, 2, 1]), (5, [5]), (1000, [5])])
def test_a_list_comes_in_pages(town, size, pages):
    sids = [create(town, f"+8190123450{number:02}").sid for number in range(5)]
    seen, page = [], town.twilio.calls.page(page_size=size)
    while page:
        seen.append([one.sid for one in page])
        page = page.next_page()
    assert ([len(one) for one in seen], [sid for one in seen for sid in one]) == (pages, sids[::-1])
    assert [one.sid for one in town.twilio.calls.list(page_size=size, limit=3)] == sids[:1:-1]


# ---- the queue ------------------------------------------------------------------------------------------------------


def test_calls_leave_the_queue_one_a_second(town):
    calls = [town.twilio.calls.create(to=to, from_=LINE, twiml=LONG) for to in (BEN, CARLA, AIKO)]
    town.forward(0.5)
    assert [person.state for person in (town.ben, town.carla, town.aiko)] == ["ringing", "idle", "idle"]
    town.forward(1)
    assert [person.state for person in (town.ben, town.carla, town.aiko)] == ["ringing", "ringing", "idle"]
    town.forward(1)
    assert town.aiko.state == "ringing"
    assert [call.queue_time for call in calls] == ["0", "1000", "2000"]
    assert [round(int(call.fetch().queue_time), -3) for call in calls] == [0, 1000, 2000]


def test_an_incoming_call_does_not_wait_in_the_queue(town):
    for _ in range(3):
        town.twilio.calls.create(to=BEN, from_=LINE, twiml=LONG)
    town.aiko.dials()
    assert len(town.asked("/voice")) == 1


def test_a_call_canceled_in_the_queue_rings_nowhere_and_tells_nobody(town):
    create(town, CARLA)
    call = town.twilio.calls.create(
        to=BEN, from_=LINE, twiml=LONG, status_callback=town.at("/status"), status_callback_event=EVENTS
    )
    assert call.update(status="canceled").status == "canceled"
    town.forward(30)
    assert (call.fetch().status, town.application.requests, town.ben.state) == ("canceled", [], "idle")


# ---- update ---------------------------------------------------------------------------------------------------------


def test_canceling_stops_the_ringing(town):
    call = create(town, status_callback=town.at("/status"))
    call.update(status="canceled")
    assert (town.ben.state, call.fetch().status) == ("idle", "canceled")
    town.forward(0)
    assert town.statuses() == ["canceled"]


def test_canceling_does_not_end_a_call_that_was_answered(town):
    call = create(town)
    town.ben.answers()
    assert call.update(status="canceled").status == "in-progress"
    assert (town.ben.state, call.fetch().status) == ("talking", "in-progress")


def test_completing_ends_a_call_in_progress_and_one_that_rings(town):
    call = create(town)
    town.ben.answers()
    assert call.update(status="completed").status == "completed"
    assert (town.ben.state, call.fetch().status) == ("idle", "completed")
    another = create(town, CARLA)
    town.forward(2)
    another.update(status="completed")
    assert town.carla.state == "idle"


def test_an_inbound_call_can_be_completed_by_rest(town):
    town.has_line(status_callback=town.at("/status"))
    town.answers("/voice", '<Say>Hello</Say><Pause length="90"/>')
    sid = town.aiko.dials()
    town.forward(5)
    town.twilio.calls(sid).update(status="completed")
    town.forward(0)
    assert (town.aiko.state, town.statuses()) == ("idle", ["completed"])


def test_a_live_call_is_redirected_to_another_address(town):
    town.answers("/elsewhere", "<Say>Elsewhere</Say>")
    call = create(town, twiml="<Response><Say>Hello</Say><Say>Never heard</Say></Response>")
    town.ben.answers()
    call.update(url=town.at("/elsewhere"), method="GET")
    town.forward(0)
    assert (town.ben.words, town.ben.heard[0]["cut"]) == (["Hello", "Elsewhere"], True)
    assert (town.asked("/elsewhere")[0].method, town.asked("/elsewhere")[0]["CallSid"]) == ("GET", call.sid)
    town.forward(5)
    assert town.ben.state == "idle"


def test_a_live_call_is_given_new_twiml(town):
    call = create(town)
    town.ben.answers()
    call.update(twiml=HELLO)
    town.forward(0)
    assert town.ben.words == ["Hello"]


def test_a_url_and_twiml_exclude_each_other_in_an_update(town):
    call = create(town)
    town.ben.answers()
    assert refusal(call.update, url=town.at("/elsewhere"), twiml=HELLO)[0] == 400


@pytest.mark.parametrize(
    "wishes", [{"status": "completed"}, {"twiml": HELLO}, {"status": "canceled"}, {"time_limit": 90}]
)
def test_a_call_that_is_over_cannot_be_changed_but_deleted(town, wishes):
    call = create(town)
    town.ben.rejects()
    assert refusal(call.update, **wishes) == (400, 21220)
    assert call.delete()
    assert refusal(call.fetch) == (404, 20404)


def test_a_call_that_rings_cannot_be_redirected(town):
    assert refusal(create(town).update, twiml=HELLO) == (400, 21220)


def test_a_handler_may_use_the_api_while_the_network_waits_for_it(town):
    def hangs_up_its_own_call(asked):
        town.twilio.calls(asked["CallSid"]).update(status="completed")
        return "<Say>Nobody hears this</Say>"

    town.answers("/voice", hangs_up_its_own_call)
    sid = town.aiko.dials()
    assert (town.aiko.words, town.call(sid)["executed"]) == ([], [])


def test_an_unknown_status_is_refused(town):
    assert refusal(create(town).update, status="paused")[0] == 400


def test_a_live_call_is_given_another_status_callback(town):
    call = create(town, status_callback=town.at("/status"))
    call.update(status_callback=town.at("/other"))
    town.ben.rejects()
    assert (town.statuses(), town.statuses("/other")) == ([], ["busy"])
