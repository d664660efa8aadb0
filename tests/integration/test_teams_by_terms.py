"""A team in sessions whose calls go by terms, by PIN, or over a line that others share."""

import json

import pytest

from tests.integration import deeds
from tests.integration.books import check
from tests.integration.conftest import AIKO, BEN, EVE, LINES, give_numbers
from tests.integration.deeds import form
from tests.integration.test_choices import callee, digits, heard, presses, rings, sentence, settle, sid
from tests.integration.test_pins import WITHHELD, enters, program
from tests.integration.test_teams import KEN, MAI, NEW, RIO, TEAM, team
from tests.integration.test_terms_of_sessions import CALL, NOBODY, OTHER, TALKED, asks, deliver, said
from toritsugi.foundation.sealing import unseal
from toritsugi.masking import claims, telephones
from toritsugi.masking.sessions import read_session

program, sid = program, sid  # fixtures


def opens(service_sid, *people, **fields):
    """A session of these people: its SID, and the line that each number dials."""
    wanted = form(Participants=[json.dumps(one) for one in people], **fields)
    session, enrolled = claims.open_session(service_sid, wanted)
    return session.session_sid, {number: one.proxy_identifier for one in enrolled for number in one.numbers}


def with_aiko(service, dispatch=None, **fields):
    """The same of Aiko and a dispatch team."""
    return opens(service.fetch().sid, {"Identifier": AIKO}, dispatch or team(), **fields)


def dialed(twilio, lines, caller=AIKO):
    return twilio.calls(lines[caller], caller).find("Dial")


def numbers_of(twiml):
    return [number.text for number in twiml.iter("Number")]


# ---- terms -----------------------------------------------------------------------------------------------------------


def test_whoever_of_the_team_picks_up_hears_who_calls_and_presses_a_1(service, twilio):
    _, lines = with_aiko(service, Whisper="Somebody calls about {label}.", Label="order 17", AcceptByKey="true")
    for number in dialed(twilio, lines).findall("Number"):
        asked = asks(twilio, number.get("url"), lines[KEN], number.text, OTHER, ParentCallSid=CALL)
        assert said(asked)[0] == "Somebody calls about order 17."
        agreed = asked.find("Gather").get("action")
        answers = [asks(twilio, agreed, lines[KEN], number.text, OTHER, ParentCallSid=CALL, Digits=key) for key in "12"]
        assert [len(answer) for answer in answers] == [0, 2]
        stranger = asks(twilio, agreed, lines[KEN], EVE, OTHER, ParentCallSid=CALL, Digits="1")
        assert [verb.tag for verb in stranger] == ["Hangup"]


@pytest.mark.parametrize("caller", [AIKO, KEN, RIO])
def test_where_nobody_answers_the_caller_leaves_one_message_whoever_of_the_team_it_is(service, twilio, caller):
    session, lines = with_aiko(service, Voicemail="true")
    over = dialed(twilio, lines, caller).get("action")
    record = asks(twilio, over, caller, lines[caller], **NOBODY).find("Record")
    assert f"/recording/session-voicemail/{session}/" in record.get("recordingStatusCallback")


def test_a_call_of_the_team_counts_once_and_then_none_of_them_calls_any_more(service, twilio, cloud):
    session, lines = with_aiko(service, MaxCalls=1)
    over = dialed(twilio, lines, MAI).get("action")
    for told in (TALKED, TALKED, NOBODY):
        asks(twilio, over, MAI, lines[MAI], **told)
    deliver(cloud)
    assert len(read_session(service.fetch().sid, session)[0].calls_made) == 1
    for caller in (AIKO, *TEAM):
        assert "通話の回数" in said(twilio.calls(lines[caller], caller))[0]
    check(cloud)


def test_whoever_comes_to_the_team_after_the_last_call_calls_no_more_either(service, twilio, cloud):
    session, lines = with_aiko(service, MaxCalls=1)
    asks(twilio, dialed(twilio, lines).get("action"), AIKO, lines[AIKO], **TALKED)
    deliver(cloud)
    service_sid = service.fetch().sid
    [ken] = [one for one in read_session(service_sid, session)[1] if one.identifier == KEN]
    telephones.change_numbers(service_sid, session, ken.sid, form(MoreIdentifiers=[MAI, NEW]))
    assert "通話の回数" in said(twilio.calls(lines[KEN], NEW))[0]


def test_a_session_that_closes_after_a_call_ends_for_the_whole_team(service, twilio, cloud):
    session, lines = with_aiko(service, CloseAfterCall="true")
    asks(twilio, dialed(twilio, lines, RIO).get("action"), RIO, lines[RIO], **TALKED)
    deliver(cloud)
    assert read_session(service.fetch().sid, session)[0].closed_reason == "call-made"
    assert check(cloud).live == []
    assert [twilio.calls(lines[one], one).find("Dial") for one in (AIKO, *TEAM)] == [None] * 4


def test_one_way_each_of_the_team_calls_or_none_of_it(service, twilio):
    _, lines = with_aiko(service, OneWay="true")
    assert numbers_of(dialed(twilio, lines)) == list(TEAM)
    assert [dialed(twilio, lines, one) for one in TEAM] == [None] * 3
    _, lines = opens(service.fetch().sid, team(), {"Identifier": BEN}, OneWay="true")
    assert [numbers_of(dialed(twilio, lines, one)) for one in TEAM] == [[BEN]] * 3
    assert dialed(twilio, lines, BEN) is None


def test_in_turn_a_call_may_last_as_long_as_the_session_allows_whoever_answers(service, twilio, clock):
    _, lines = with_aiko(service, team(Rings="in-turn"), RingSeconds=40, MaxCallSeconds=60)
    dial = dialed(twilio, lines)
    assert (dial.get("timeout"), dial.get("timeLimit")) == ("40", "60")
    _, lines = with_aiko(service, team(Rings="in-turn"), RingSeconds=40, MaxCallSeconds=60, Ttl=100)
    dial = dialed(twilio, lines)
    assert (dial.get("timeout"), dial.get("timeLimit")) == ("33", "34")


# ---- by PIN ----------------------------------------------------------------------------------------------------------


def pin_of(person):
    return unseal(person.sealed_pin, person.sid)


def test_by_pin_aiko_rings_the_whole_team_and_the_team_has_one_pin_that_rings_her(program, twilio, cloud):
    session, lines = opens(program.sid, {"Identifier": AIKO}, team())
    aiko, ken = read_session(program.sid, session)[1]
    assert numbers_of(enters(twilio, pin_of(aiko), line=lines[AIKO])) == list(TEAM)
    for caller in (WITHHELD, EVE):
        assert numbers_of(enters(twilio, pin_of(ken), caller, lines[KEN])) == [AIKO]
    assert twilio.calls(lines[KEN], RIO).find("Gather") is None
    check(cloud)


def test_the_pin_of_a_team_goes_on_counting_while_its_telephones_change(program, twilio, cloud):
    session, lines = opens(program.sid, {"Identifier": AIKO}, team())
    ken = read_session(program.sid, session)[1][1]
    telephones.change_numbers(program.sid, session, ken.sid, form(Identifier=NEW, MoreIdentifiers=[RIO]))
    assert numbers_of(enters(twilio, pin_of(ken), line=lines[KEN])) == [AIKO]
    assert twilio.calls(lines[KEN], MAI).find("Dial") is None
    check(cloud)


# ---- over a line that others share -----------------------------------------------------------------------------------


def test_a_team_has_one_digit_on_all_its_telephones_and_each_of_them_chooses(sid, cloud, twilio):
    first, _ = opens(sid, {"Identifier": BEN}, {"Identifier": RIO}, Label="order 17")
    second, _ = opens(sid, {"Identifier": AIKO}, team(), Label="order 18")
    assert (digits(cloud, RIO)[first], digits(cloud, KEN)[second]) == (1, 2)
    asked = rings(twilio, RIO)
    assert heard(asked) == [
        sentence("choose by name", about="order 17", key=1),
        sentence("choose by name", about="order 18", key=2),
    ]
    assert [callee(presses(twilio, asked, key, From=RIO)) for key in "12"] == [BEN, AIKO]
    assert [callee(rings(twilio, one)) for one in (KEN, MAI)] == [AIKO, AIKO]
    assert numbers_of(rings(twilio)) == list(TEAM)
    assert len(check(cloud).live) == 6


def test_who_has_two_teams_over_one_line_chooses_between_them(sid, cloud, twilio):
    others = team(BEN, first=EVE)
    opens(sid, {"Identifier": AIKO}, team(), Label="order 17")
    opens(sid, {"Identifier": AIKO}, others, Label="order 18")
    asked = rings(twilio)
    assert [numbers_of(presses(twilio, asked, key)) for key in "12"] == [list(TEAM), [EVE, BEN]]
    check(cloud)


def test_a_digit_that_any_of_a_team_has_is_given_to_none_of_it_and_after_nine_it_is_refused(sid, cloud):
    for number, one in enumerate([KEN, MAI, RIO] * 3):
        opens(sid, {"Identifier": f"+8190555500{number:02}"}, {"Identifier": one})
    session, _ = opens(sid, {"Identifier": AIKO}, team())
    assert digits(cloud, KEN)[session] == 4
    for number in range(9, 14):
        opens(sid, {"Identifier": f"+8190555500{number:02}"}, {"Identifier": RIO})
    refused = deeds.outcome(lambda: opens(sid, {"Identifier": BEN}, team()))
    assert refused == 80208
    check(cloud)


def test_whoever_comes_to_a_team_has_its_digit_or_is_refused(sid, cloud, twilio):
    opens(sid, {"Identifier": BEN}, {"Identifier": KEN}, Label="order 17")
    second, _ = opens(sid, {"Identifier": AIKO}, {"Identifier": KEN}, Label="order 18")
    ken = read_session(sid, second)[1][1]
    telephones.change_numbers(sid, second, ken.sid, form(MoreIdentifiers=[MAI]))
    assert (digits(cloud, KEN)[second], callee(rings(twilio, MAI))) == (2, AIKO)
    for number in range(2):
        opens(sid, {"Identifier": f"+8190555500{number:02}"}, {"Identifier": RIO})
    joining = deeds.outcome(lambda: telephones.change_numbers(sid, second, ken.sid, form(MoreIdentifiers=[MAI, RIO])))
    assert joining == 80604
    assert numbers_of(rings(twilio)) == [KEN, MAI]
    check(cloud)


def test_a_team_with_another_digit_ends_alone_and_comes_back_with_it(sid, cloud, twilio):
    opens(sid, {"Identifier": BEN}, {"Identifier": RIO}, Label="order 17")
    second, _ = opens(sid, {"Identifier": AIKO}, team(), Label="order 18", Ttl=600)
    deeds.update(sid, second, Ttl=900)
    deeds.close(sid, second)
    assert callee(rings(twilio, RIO)) == BEN
    assert len(check(cloud).live) == 2
    deeds.reopen(sid, second)
    assert [callee(presses(twilio, rings(twilio, RIO), key, From=RIO)) for key in "12"] == [BEN, AIKO]
    assert len(check(cloud).live) == 6


def test_a_team_in_a_session_that_takes_texts_shares_no_line(client, cloud):
    made = client.proxy.v1.services.create(unique_name="writing")
    give_numbers(made.sid, LINES[:1], sms=True)
    settle(made.sid, SeveralSessions="choose")
    opens(made.sid, {"Identifier": BEN}, {"Identifier": RIO})
    assert deeds.outcome(lambda: opens(made.sid, {"Identifier": AIKO}, team())) == 80208
    check(cloud)
