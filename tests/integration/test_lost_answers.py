"""A write was carried out and its answer lost: botocore writes again, and the first of the two is in the way.

Or another write is in the way, which is over in a moment.
"""

import time

import pytest

from tests.integration import deeds
from tests.integration.answers import after, answers, conflicting, lost, throttled
from tests.integration.books import check
from tests.integration.conftest import AIKO, BEN
from tests.integration.test_bridge_claims import END, now, person
from tests.unit.histories import NOW, SID, announcement, bridge, call_sid, party
from toritsugi.bridges import announcements, commands
from toritsugi.bridges.steps import Arm, Begin, Close, End, Limit, Prolong, Release, Ring, Settle
from toritsugi.callers import caller, changes
from toritsugi.foundation.errors import Contended
from toritsugi.foundation.sealing import seal
from toritsugi.lines.directory import look_up_entries
from toritsugi.messages import records as messages
from toritsugi.recordings import records as recordings
from toritsugi.recordings.reports import Report

RECORDING = "RE" + "1" * 32


def running():
    """A bridge of two people that runs until END, as somebody has just read it."""
    made = bridge(deadline=END, version=1, extension_minutes=10, extension_times=2, window=180)
    return commands.keep_bridge(made, [party(1), party(2)])


def doubted():
    """Somebody of whom it is not known whether they are called."""
    Ring(running(), person()).claim(NOW - 5)
    commands.note_call_doubt(person(), 1, NOW - 5)
    return person()


def report():
    sealed = seal(f"{AIKO}{BEN}", "CA" + "1" * 32)
    return Report(f"/recording/voicemail/clinic/{sealed}", RECORDING, "CA" + "1" * 32, "completed", 9, 1, NOW)


def copying():
    """The recording, as it is read by whoever has it for now; None, where somebody else has it."""
    try:
        return recordings.claim_recording(report())
    except recordings.Claimed:
        return None


def text():
    return messages.new_message("KM" + "1" * 32, NOW, direction="outbound-api", status="accepted", line=BEN)


# Of all who do this, seeing the same, one has done it.
CLAIMS = {
    "ring": lambda: Ring(running(), person()).claim,
    "settle": lambda: Settle(doubted()).claim,
    "limit": lambda: Limit((running(), person())[1], call_sid(2), 600, 1).claim,
    "prolong": lambda: Prolong(running()).claim,
    "arm": lambda: Arm(running(), ()).claim,
    "begin": lambda: Begin(commands.keep_bridge(bridge(), [party(1), party(2)]), END, END).claim,
    "end": lambda: End(running(), "time").claim,
    "close": lambda: Close(running(), "CF1").claim,
    "release": lambda: Release((running(), person())[1], call_sid(2), 1, None).claim,
    "extend": lambda: (lambda seen: lambda now: commands.prolong_bridge(seen, 10, now))(running()),
    "copy a recording": lambda: lambda _now: copying() is not None,
    "write down a caller": lambda: lambda _now: changes.keep_caller(AIKO, {"name": "Aiko"}),
}


@pytest.fixture(params=CLAIMS)
def claim(request, cloud, clock):
    """Something that one of many does, and knows of, in a moment that does not pass."""
    act = CLAIMS[request.param]()
    return lambda: act(NOW)


def test_whoever_was_not_told_that_it_is_done_knows_it_all_the_same_and_nobody_else_does_it(claim):
    with answers(lost) as sent:
        assert claim()
    assert [one for one in sent if one != "BatchGetItem"] in (["UpdateItem"] * 2, ["PutItem"] * 2)
    assert not claim()


def test_a_twin_who_writes_the_very_same_in_the_same_moment_is_somebody_else(claim):
    done = []
    with answers(after(lambda: done.append(claim()))):
        done.append(claim())
    assert done == [True, False]


def test_what_was_refused_for_a_moment_and_not_done_is_done(claim):
    with answers(throttled):
        assert claim()
    assert not claim()


def test_a_transaction_that_is_at_the_row_in_that_moment_is_waited_for(claim):
    with answers(conflicting, conflicting, conflicting):
        assert claim()
    assert not claim()


def test_one_that_stays_there_is_an_error_and_nothing_is_done(claim):
    with answers(*[conflicting] * 5), pytest.raises(Contended):
        claim()
    assert claim()


# ---- what follows from it --------------------------------------------------------------------------------------------


def test_a_recording_is_told_as_it_is_stored_to_whoever_has_claimed_it(cloud, clock):
    with answers(lost):
        claimed = copying()
    assert (claimed.status, claimed.caller, claimed.line, claimed.seconds) == ("copying", AIKO, BEN, 9)


def test_a_call_that_was_extended_is_so_once(cloud, clock):
    running()
    with answers(lost):
        assert commands.extend(SID, END - 60).extensions == 1
    assert (now().deadline, now().version, now().extensions) == (END + 600, 2, 1)


def test_the_sid_of_a_call_is_kept(cloud, clock):
    seen = (running(), person())[1]
    Ring(now(), seen).claim(NOW)
    with answers(lost):
        commands.note_call(seen, 1, call_sid(2))
    assert person().call_sid == call_sid(2)


def test_a_caller_is_written_down_changed_and_forgotten_and_each_is_answered_so(cloud, clock):
    with answers(lost):
        assert changes.keep_caller(AIKO, {"name": "Aiko"})
    with answers(lost):
        changes.change_caller(AIKO, {"notes": "likes tea"})
    assert (caller.find_caller(AIKO).notes, caller.find_caller(AIKO).edition) == ("likes tea", 2)
    with answers(lost):
        changes.forget_caller(AIKO)
    assert caller.find_caller(AIKO) is None


def test_nobody_who_was_never_there_was_forgotten(cloud):
    assert deeds.outcome(lambda: changes.forget_caller(AIKO)) == 20404


def test_somebody_who_opts_out_has_opted_out(cloud, clock):
    with answers(lost):
        changes.opt_out(AIKO)
    assert look_up_entries([caller.opt_out_key(AIKO)])


def test_a_text_has_come_as_far_as_was_told(cloud, clock):
    text().save()
    with answers(lost):
        messages.progress(text().message_id, "SM" + "1" * 32, "delivered")
    assert messages.find_message(text().message_id).status == "delivered"


def test_a_recording_that_was_heard_or_deleted_is_so(cloud, clock):
    recordings.keep_recording(copying(), 2048, "ab" * 32)
    with answers(lost):
        assert recordings.note_heard(RECORDING, True).heard_at == int(time.time())
    with answers(lost):
        recordings.forget_recording(RECORDING)
    assert recordings.Recording.get(RECORDING).status == "deleted"


def test_a_session_that_is_cleaned_up_is_over_with_its_routes(service, cloud, clock):
    sid = service.fetch().sid
    session = deeds.create(sid, AIKO, BEN, Ttl=60).session_sid
    clock.shift(61)
    with answers(lost):
        deeds.clean_up(session)
    books = check(cloud)
    assert books.sessions[session]["closed_reason"] == "ttl"
    assert all("live_on" not in route for route in books.routes.values())


def test_a_closed_session_that_is_deleted_is_gone(service, cloud, clock):
    sid = service.fetch().sid
    session = deeds.create(sid, AIKO, BEN).session_sid
    deeds.close(sid, session)
    with answers(lost):
        deeds.delete(sid, session)
    assert check(cloud).sessions == {}


# ---- several at once: the token of a transaction ---------------------------------------------------------------------


def test_an_announcement_whose_claim_was_not_answered_is_spoken_once(cloud, clock):
    seen, said = running(), announcement(before_end=180)
    with answers(lost) as sent:
        assert announcements.claim_announcement(said, seen, END - 180, END - 180)
    assert sent == ["TransactWriteItems", "TransactWriteItems"]
    assert not announcements.claim_announcement(said, seen, END - 180, END - 180)


@pytest.mark.parametrize("deed", ["create", "close", "reopen"])
def test_a_session_that_was_opened_or_closed_is_not_taken_for_somebody_elses(service, cloud, clock, deed):
    sid = service.fetch().sid
    session = None if deed == "create" else deeds.create(sid, AIKO, BEN).session_sid
    if deed == "reopen":
        deeds.close(sid, session)
    with answers(lost) as sent:
        done = {"create": lambda: deeds.create(sid, AIKO, BEN), "close": lambda: deeds.close(sid, session)}
        done.get(deed, lambda: deeds.reopen(sid, session))()
    assert sent.count("TransactWriteItems") == 2
    assert len(check(cloud).sessions) == 1
