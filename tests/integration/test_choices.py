"""Several sessions of one person over one line: who gets a digit, what a caller is asked, and where each key leads."""

import re
import threading
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import pytest

import voice
from tests.conftest import BASE
from tests.integration import deeds
from tests.integration.books import check, open_books
from tests.integration.conftest import AIKO, BEN, EVE, OutgoingLeg, give_numbers, incoming
from tests.integration.test_proxy_api import refused
from tests.integration.texts import form, send
from toritsugi import words
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.sealing import unseal
from toritsugi.lines.lines import find_line
from toritsugi.masking import demand, erasure, pool, removal, routes, telephones

CHRIS, LINE, OTHER_LINE = "+819044440004", "+815010000001", "+815010000002"
CALL, DAY = "CA" + "1" * 32, 86_400


@pytest.fixture
def sid(client):
    """A service with one number, in which callers choose."""
    service = client.proxy.v1.services.create(unique_name="order-desk")
    give_numbers(service.sid, [LINE])
    settle(service.sid, SeveralSessions="choose")
    return service.sid


def settle(service_sid, **settings):
    from toritsugi.masking import services

    services.change_service(services.get_service(service_sid), deeds.form(**settings))


def orders(sid, *labels, others=(BEN, CHRIS), **options):
    """Aiko has an order with each of these others, of this label."""
    pairs = zip(labels, others, strict=False)
    return [deeds.create(sid, AIKO, other, Label=label, **options) for label, other in pairs]


def digits(cloud, number=AIKO):
    return {
        one["session_sid"]: int(one.get("digit", 1)) for one in open_books(cloud).participants
        if one["identifier"] == number
    }  # fmt: skip


def rings(twilio, caller=AIKO, **told):
    return ask(twilio, "/voice", caller, **told)


def ask(twilio, path, caller=AIKO, **told):
    answer = twilio.send(voice.handler, path.removeprefix(BASE), incoming(caller, LINE, CALL) | told)
    assert answer["statusCode"] == 200, answer
    return ElementTree.fromstring(answer["body"])


def presses(twilio, twiml, digit, **told):
    """What a caller hears who presses this key when asked; or none."""
    return ask(twilio, twiml.find("Gather").get("action"), Digits=digit, **told)


def callee(twiml):
    number = twiml.find("Dial/Number")
    return None if number is None else number.text


def heard(twiml):
    return [said.text for said in twiml.iter("Say")]


def sentence(name, **facts):
    return words.sentence(name, "ja-JP", **facts)


# ---- who gets a digit ------------------------------------------------------------------------------------------------


def test_without_the_setting_a_second_session_over_the_only_line_is_refused(sid):
    settle(sid, SeveralSessions="refuse")
    orders(sid, "order 17")
    assert deeds.outcome(lambda: deeds.create(sid, AIKO, CHRIS)) == 80208


def test_with_it_the_second_has_another_digit_and_a_tenth_is_refused(sid, cloud):
    for number in range(9):
        deeds.create(sid, AIKO, f"+8190555500{number:02}")
    assert sorted(digits(cloud).values()) == list(range(1, 10))
    assert deeds.outcome(lambda: deeds.create(sid, AIKO, CHRIS)) == 80208
    assert len(check(cloud).live) == 18


def test_the_forecast_counts_sessions_that_share_a_line(sid):
    orders(sid, "order 17", "order 18")
    _, numbers = pool.read_pool(sid)
    demands, _ = demand.forecast(sid, numbers, time.time())
    assert demands["JP voice-only"].most_now == 2


def test_a_line_of_their_own_is_given_as_long_as_there_is_one(sid, cloud):
    give_numbers(sid, [OTHER_LINE])
    orders(sid, "order 17", "order 18")
    assert set(digits(cloud).values()) == {1}
    third = deeds.create(sid, AIKO, EVE).session_sid
    assert digits(cloud)[third] == 2
    fourth = deeds.create(sid, AIKO, "+819055550005").session_sid
    assert digits(cloud)[fourth] == 2, "the line with fewer sessions"
    check(cloud)


def test_a_line_that_was_asked_for_is_shared_as_well(sid, cloud):
    give_numbers(sid, [OTHER_LINE])
    sessions = [deeds.create(sid, AIKO, other, lines=(LINE,)).session_sid for other in (BEN, CHRIS)]
    assert [digits(cloud)[one] for one in sessions] == [1, 2]


def test_whoever_joins_shares_a_line_too(sid, cloud):
    orders(sid, "order 17")
    session = deeds.create(sid, CHRIS).session_sid
    assert deeds.add(sid, session, AIKO).digit == 2
    check(cloud)


@pytest.mark.parametrize("mode", ["voice-and-message", "message-only"])
def test_a_session_that_takes_texts_shares_no_line(client, cloud, mode):
    sid = client.proxy.v1.services.create(unique_name="texting").sid
    give_numbers(sid, [LINE], sms=True)
    settle(sid, SeveralSessions="choose")
    deeds.create(sid, AIKO, BEN, Mode="voice-only")
    assert deeds.outcome(lambda: deeds.create(sid, AIKO, CHRIS, Mode=mode)) == 80208
    assert deeds.outcome(lambda: deeds.create(sid, AIKO, CHRIS, Mode="voice-only")) == 0


def test_a_text_goes_to_the_one_session_that_takes_texts(client, cloud, twilio):
    sid = client.proxy.v1.services.create(unique_name="texting").sid
    give_numbers(sid, [LINE], sms=True)
    settle(sid, SeveralSessions="choose")
    deeds.create(sid, AIKO, BEN)
    deeds.create(sid, AIKO, CHRIS, Mode="voice-only")
    answer = send(twilio, form("I am here", AIKO, LINE))
    message = ElementTree.fromstring(answer["body"]).find("Message")
    assert (message.get("to"), rings(twilio).find("Gather") is None) == (BEN, False)


def test_the_setting_is_one_of_two(sid):
    with pytest.raises(RequestRefused) as refusal:
        settle(sid, SeveralSessions="ask")
    assert (refusal.value.code, "SeveralSessions" in str(refusal.value)) == (80701, True)


# ---- what a caller is asked ------------------------------------------------------------------------------------------


def test_a_caller_with_two_orders_hears_both_and_each_key_leads_to_one(sid, cloud, twilio):
    orders(sid, "order 17", "order 18")
    twiml = rings(twilio)
    assert heard(twiml) == [
        sentence("choose by name", about="order 17", key=1),
        sentence("choose by name", about="order 18", key=2),
    ]
    assert [callee(presses(twilio, twiml, digit)) for digit in "12"] == [BEN, CHRIS]


def test_no_number_stands_in_what_is_said_or_in_the_path(sid, twilio):
    deeds.create(sid, AIKO, BEN)
    session = deeds.create(sid).session_sid
    deeds.add(sid, session, AIKO)
    deeds.add(sid, session, CHRIS, FriendlyName="Chris, 090-4444-0004")
    twiml = rings(twilio)
    assert heard(twiml) == [sentence("choose by place", key=digit) for digit in (1, 2)]
    assert not re.search(r"\d{8}", re.sub(r"[1-9][0-9a-f]{12}", "", twiml.find("Gather").get("action")))
    assert not any(one[3:] in ElementTree.tostring(twiml, "unicode") for one in (AIKO, BEN, CHRIS))


def test_without_a_label_the_other_is_named(sid, twilio):
    session = deeds.create(sid, AIKO).session_sid
    deeds.add(sid, session, BEN, FriendlyName="Ben")
    deeds.create(sid, AIKO, CHRIS, Label="order 18")
    assert "Ben" in heard(rings(twilio))[0]


def test_a_label_is_heard_as_it_is_now(sid, twilio):
    _, second = orders(sid, "order 17", "order 18")
    deeds.update(sid, second.session_sid, Label="the blue parcel")
    assert "the blue parcel" in heard(rings(twilio))[1]


def test_the_other_is_not_asked_who_has_one_session_only(sid, twilio):
    orders(sid, "order 17", "order 18")
    assert [callee(rings(twilio, other)) for other in (BEN, CHRIS)] == [AIKO, AIKO]


def test_whoever_has_one_left_is_put_through_at_once_whichever_it_is(sid, twilio):
    first, second = orders(sid, "order 17", "order 18")
    deeds.close(sid, first.session_sid)
    assert callee(rings(twilio)) == CHRIS
    deeds.close(sid, second.session_sid)
    assert heard(rings(twilio)) == [sentence("session ended")]


def test_a_session_that_nobody_else_has_joined_is_not_offered(sid, twilio):
    orders(sid, "order 17")
    deeds.create(sid, AIKO, Label="order 18")
    assert callee(rings(twilio)) == BEN


def test_a_wrong_key_or_none_is_asked_again_twice_and_then_a_sentence_ends_the_call(sid, twilio):
    orders(sid, "order 17", "order 18")
    twiml = rings(twilio)
    for wrong in ("7", ""):
        twiml = presses(twilio, twiml, wrong)
        assert heard(twiml)[0] == sentence("try again")
        assert callee(presses(twilio, twiml, "2")) == CHRIS
    assert heard(presses(twilio, twiml, "0")) == [sentence("nothing chosen")]


def test_of_two_that_were_offered_one_closes_its_key_tells_so_and_the_other_leads_on(sid, twilio):
    first, _ = orders(sid, "order 17", "order 18")
    twiml = rings(twilio)
    deeds.close(sid, first.session_sid)
    assert heard(presses(twilio, twiml, "1")) == [sentence("session ended")]
    assert callee(presses(twilio, twiml, "2")) == CHRIS
    assert heard(presses(twilio, twiml, "3"))[1:] == [sentence("choose by name", about="order 18", key=2)]


def test_a_session_that_took_the_key_after_it_was_offered_is_not_reached_by_it(sid, cloud, twilio):
    settle(sid, Quarantine=0)
    first, _ = orders(sid, "order 17", "order 18")
    twiml = rings(twilio)
    deeds.close(sid, first.session_sid)
    third = deeds.create(sid, AIKO, EVE).session_sid
    assert digits(cloud)[third] == 1
    assert heard(presses(twilio, twiml, "1")) == [sentence("session ended")]


def test_when_both_have_expired_the_caller_hears_that_the_time_is_over(sid, twilio, clock):
    orders(sid, "order 17", "order 18", Ttl=600)
    twiml = rings(twilio)
    clock.shift(601)
    assert heard(presses(twilio, twiml, "2")) == [sentence("session ended")]
    assert heard(presses(twilio, twiml, "")) == [sentence("session ended")]
    assert heard(rings(twilio)) == [sentence("session ended")]


def test_strangers_and_whoever_hides_are_told_as_at_any_line(sid, twilio):
    orders(sid, "order 17", "order 18")
    assert heard(rings(twilio, EVE)) == [sentence("no session")]
    assert heard(rings(twilio, "anonymous")) == [sentence("caller withheld")]


def test_a_path_that_we_have_not_made_leads_nowhere(sid, twilio):
    orders(sid, "order 17", "order 18")
    for path in ("/voice/choices/1", "/voice/choices/4/1" + "a" * 12, "/voice/choices/1/0" + "a" * 12):
        assert heard(ask(twilio, path, Digits="1")) == [sentence("cannot be connected")]
    assert heard(ask(twilio, "/voice/choices/1/1" + "a" * 12, Digits="1")) == [sentence("session ended")]


# ---- what holds of every call holds of these -------------------------------------------------------------------------


def test_a_caller_who_is_not_confirmed_is_refused_before_anything_is_said_of_the_sessions(sid, twilio):
    orders(sid, "order 17", "order 18")
    twiml = rings(twilio, StirVerstat="TN-Validation-Failed-C")
    assert heard(twiml) == [sentence("caller unconfirmed")]


def test_one_who_is_to_be_announced_still_is_after_the_choice(sid, twilio):
    settle(sid, UnconfirmedCallers="announce")
    orders(sid, "order 17", "order 18")
    twiml = rings(twilio, StirVerstat="TN-Validation-Failed-C")
    number = presses(twilio, presses(twilio, twiml, ""), "2").find("Dial/Number")
    assert "unconfirmed" in number.get("url")
    assert presses(twilio, rings(twilio), "2").find("Dial/Number").get("url") is None


def test_while_the_exchange_is_stopped_nobody_is_asked_and_no_key_leads_on(sid, twilio):
    from toritsugi.limits import switch

    orders(sid, "order 17", "order 18")
    twiml = rings(twilio)
    switch.stop_exchange("a test", 1)
    assert heard(rings(twilio)) == heard(presses(twilio, twiml, "2")) == [sentence("exchange stopped")]


def test_a_recorded_session_is_recorded_after_the_choice(sid, twilio):
    settle(sid, Record="true")
    orders(sid, "order 17", "order 18")
    twiml = presses(twilio, rings(twilio), "2")
    assert (heard(twiml), callee(twiml)) == ([sentence("call recorded")], CHRIS)


def test_through_a_conference_the_choice_leads_into_the_room(sid, cloud, twilio):
    settle(sid, Through="conference")
    _, second = orders(sid, "order 17", "order 18")
    twiml = presses(twilio, rings(twilio), "2")
    assert twiml.find("Dial/Conference") is not None
    assert second.session_sid in str([queue.messages for queue in cloud.queues.named.values()])


def test_a_call_at_the_second_digit_slides_its_session_and_no_other(sid, cloud, twilio, clock):
    first, second = orders(sid, "order 17", "order 18", Ttl=600)
    clock.shift(100)
    path = presses(twilio, rings(twilio), "2").find("Dial/Number").get("statusCallback")
    leg = OutgoingLeg(twilio, CHRIS, LINE)  # who has one session, and is put through at once
    leg.reports("initiated", "completed")
    assert path.startswith(BASE + "/status/" + second.session_sid)
    ends = {one: float(session["expires_at"]) for one, session in check(cloud).sessions.items()}
    assert ends[second.session_sid] - ends[first.session_sid] == 100


def test_the_callers_own_call_slides_it_as_well(sid, cloud, twilio, clock):
    first, second = orders(sid, "order 17", "order 18", Ttl=600)
    clock.shift(100)
    leg = OutgoingLeg(Chosen(twilio, "2"), AIKO, LINE)
    leg.twilio = twilio
    leg.reports("initiated", "completed")
    ends = {one: float(session["expires_at"]) for one, session in check(cloud).sessions.items()}
    assert ends[second.session_sid] - ends[first.session_sid] == 100


class Chosen:
    """Calls like Twilio, and presses this key when asked."""

    def __init__(self, twilio, digit):
        self.twilio, self.digit = twilio, digit

    def calls(self, _line, caller, _call_sid):
        return presses(self.twilio, rings(self.twilio, caller), self.digit)


# ---- a session keeps its digit, and leaves it ------------------------------------------------------------------------


def test_a_digit_stays_while_others_come_and_go(sid, cloud, twilio):
    first, second = orders(sid, "order 17", "order 18")
    deeds.close(sid, first.session_sid)
    third = deeds.create(sid, AIKO, EVE, Label="order 19").session_sid
    assert (digits(cloud)[second.session_sid], digits(cloud)[third]) == (2, 3), "1 rests"
    twiml = rings(twilio)
    assert [callee(presses(twilio, twiml, digit)) for digit in "23"] == [CHRIS, EVE]
    check(cloud)


def test_when_all_digits_rest_the_one_that_was_left_first_is_taken(sid, cloud, clock):
    made = [deeds.create(sid, AIKO, f"+8190555500{number:02}").session_sid for number in range(9)]
    for one in (made[4], *made[:4], *made[5:8]):
        clock.shift(1)
        deeds.close(sid, one)
    again = deeds.create(sid, AIKO, BEN).session_sid
    assert digits(cloud)[again] == 5
    check(cloud)


def test_a_whole_line_rests_as_long_as_any_of_its_digits_does(sid, cloud, clock):
    first, second = orders(sid, "order 17", "order 18")
    deeds.close(sid, first.session_sid)
    clock.shift(DAY - 60)
    deeds.close(sid, second.session_sid)
    clock.shift(120)
    give_numbers(sid, [OTHER_LINE])
    again = deeds.create(sid, AIKO, EVE).session_sid
    people = [one for one in open_books(cloud).participants if one["session_sid"] == again]
    line = next(one["proxy_identifier"] for one in people if one["identifier"] == AIKO)
    assert line == OTHER_LINE, "over the other one a late caller would have reached Eve"


def test_opened_again_a_session_has_the_digit_that_it_had_unless_that_is_anothers(sid, cloud, twilio):
    settle(sid, Quarantine=0)
    first, second = orders(sid, "order 17", "order 18")
    for one in (first, second):
        deeds.close(sid, one.session_sid)
        deeds.reopen(sid, one.session_sid)
    assert [callee(presses(twilio, rings(twilio), digit)) for digit in "12"] == [BEN, CHRIS]
    deeds.close(sid, second.session_sid)
    deeds.create(sid, AIKO, EVE)
    assert deeds.outcome(lambda: deeds.reopen(sid, second.session_sid)) == 80604
    check(cloud)


def test_a_number_that_has_left_its_pool_and_come_back_asks_again_for_whoever_is_opened_again(sid, cloud, twilio):
    sessions = orders(sid, "order 17", "order 18")
    for one in sessions:
        deeds.close(sid, one.session_sid)
    [number] = pool.list_all_numbers(sid)
    pool.remove_from_pool(number)
    give_numbers(sid, [LINE])
    assert find_line(LINE).has_choices is None
    for one in sessions:
        deeds.reopen(sid, one.session_sid)
    assert find_line(LINE).has_choices
    assert [callee(presses(twilio, rings(twilio), digit)) for digit in "12"] == [BEN, CHRIS]


@pytest.mark.parametrize("deed", [deeds.close, deeds.delete, deeds.take_out])
def test_closed_deleted_or_left_a_session_at_the_second_digit_ends_alone(sid, cloud, twilio, deed):
    _, second = orders(sid, "order 17", "order 18")
    deed(sid, second.session_sid)
    assert callee(rings(twilio)) == BEN
    assert {route["session_sid"] for route in check(cloud).live if route["number"] == AIKO} == {
        one for one in digits(cloud) if one != second.session_sid
    }


def test_expired_it_is_written_down_at_its_digit(sid, cloud, clock):
    orders(sid, "order 17")
    [second] = orders(sid, "order 18", others=(CHRIS,), Ttl=600)
    clock.shift(601)
    deeds.clean_up(second.session_sid)
    entries = {route["entry"]: "ended_at" in route for (who, _), route in check(cloud).routes.items() if who == AIKO}
    assert entries == {f"route#{LINE}": False, f"route#{LINE}#2": True}


def test_its_number_is_in_use_while_a_session_at_the_second_digit_lives(sid, client, cloud):
    first, second = orders(sid, "order 17", "order 18")
    deeds.close(sid, first.session_sid)
    number = client.proxy.v1.services(sid).phone_numbers("PN" + LINE[1:].zfill(32))
    assert (number.fetch().in_use, refused(number.delete)) == (1, (400, 80611))
    with pytest.raises(RequestRefused):
        routes.check_is_nobodys(AIKO, 1)
    deeds.close(sid, second.session_sid)
    assert number.fetch().in_use == 0


def test_whoever_is_erased_leaves_nothing_at_any_digit(sid, cloud):
    for one in orders(sid, "order 17", "order 18"):
        deeds.close(sid, one.session_sid)
        erasure.erase_session(one.session_sid)
    assert not any("partner" in route for route in open_books(cloud).routes.values())
    assert (erasure.forget_routes(AIKO), [who for who, _ in open_books(cloud).routes]) == (2, [BEN, CHRIS])


def test_nobody_is_asked_once_the_service_is_deleted(sid, twilio):
    orders(sid, "order 17", "order 18")
    twiml = rings(twilio)
    pool.cut_off(sid, 1)
    assert heard(rings(twilio)) == heard(presses(twilio, twiml, "2")) == [sentence("session ended")]


def test_a_service_that_refuses_again_gives_no_line_over_which_any_digit_leads_somewhere(sid, twilio):
    first, _ = orders(sid, "order 17", "order 18")
    settle(sid, SeveralSessions="refuse")
    deeds.close(sid, first.session_sid)
    assert deeds.outcome(lambda: deeds.create(sid, AIKO, EVE)) == 80208
    assert callee(rings(twilio)) == CHRIS


# ---- at the same time, and how much it costs -------------------------------------------------------------------------


def test_of_twelve_orders_at_once_over_one_line_nine_have_a_digit_each(sid, cloud):
    start = threading.Barrier(12)

    def order(number):
        start.wait()
        return deeds.outcome(lambda: deeds.create(sid, AIKO, f"+8190555500{number:02}"))

    with ThreadPoolExecutor(12) as crowd:
        outcomes = list(crowd.map(order, range(12)))
    made = outcomes.count(0)
    assert (made <= 9, set(outcomes) <= {0, 80208, 80623}) == (True, True)
    assert sorted(digits(cloud).values()) == list(range(1, made + 1))
    check(cloud)


def test_a_call_reads_once_and_at_a_line_with_choices_twice_and_once_more_to_ask(sid, twilio, wire):
    def reads(deed):
        with wire.counting() as operations:
            deed()
        return operations

    orders(sid, "order 17")
    assert reads(lambda: rings(twilio)) == ["BatchGetItem"]
    _, twiml = orders(sid, "order 18", others=(CHRIS,)), rings(twilio)
    assert reads(lambda: rings(twilio, BEN)) == ["BatchGetItem"] * 2
    assert reads(lambda: rings(twilio)) == ["BatchGetItem"] * 3
    assert reads(lambda: presses(twilio, twiml, "2")) == ["BatchGetItem"] * 2


def test_somebody_is_removed_while_the_caller_chooses(sid, twilio):
    _, second = orders(sid, "order 17", "order 18")
    twiml = rings(twilio)
    people = [one for one in deeds.read_session(sid, second.session_sid)[1] if one.identifier == CHRIS]
    removal.remove_participant(sid, second.session_sid, people[0].sid)
    assert heard(presses(twilio, twiml, "2")) == [sentence("partner missing")]


def test_a_pin_leads_to_the_session_whose_it_is_whichever_digit_it_has(sid, cloud, twilio):
    settle(sid, PinEntry="true")
    pool.note_asked(sid)
    orders(sid, "order 17", "order 18")
    pins = {
        one["session_sid"]: deeds.read_session(sid, one["session_sid"])[1]
        for one in open_books(cloud).participants
        if one["identifier"] == AIKO
    }
    reached = []
    for people in pins.values():
        [aiko] = [one for one in people if one.identifier == AIKO]
        twiml = rings(twilio, "anonymous")
        reached.append(callee(presses(twilio, twiml, unseal(aiko.sealed_pin, aiko.sid), From="anonymous")))
    assert sorted(reached) == [BEN, CHRIS]


def test_who_gets_another_telephone_gets_a_digit_of_their_own_there(sid, cloud, twilio):
    _, second = orders(sid, "order 17", "order 18")
    third = deeds.create(sid, EVE, "+819055550005", Label="order 19").session_sid
    [aiko] = [one for one in deeds.read_session(sid, second.session_sid)[1] if one.identifier == AIKO]
    telephones.change_numbers(sid, second.session_sid, aiko.sid, deeds.form(Identifier=EVE))
    assert digits(cloud, EVE) == {third: 1, second.session_sid: 2}
    assert [callee(presses(twilio, rings(twilio, EVE), digit, From=EVE)) for digit in "12"] == ["+819055550005", CHRIS]
    assert callee(rings(twilio)) == BEN
    check(cloud)


def test_words_before_and_after_the_ringing_go_with_the_session_that_was_chosen(sid, twilio):
    settle(sid, Greeting="about {label}", SayUnanswered="true")
    orders(sid, "order 17", "order 18")
    twiml = presses(twilio, rings(twilio), "2")
    assert (heard(twiml), callee(twiml)) == (["about order 18"], CHRIS)
    after = ask(twilio, twiml.find("Dial").get("action"), DialCallStatus="no-answer")
    assert heard(after) == [sentence("unanswered")]


def test_a_session_in_which_only_the_other_may_call_is_not_offered(sid, twilio):
    orders(sid, "order 17")
    deeds.create(sid, CHRIS, AIKO, Label="order 18", OneWay="true")
    assert callee(rings(twilio)) == BEN
