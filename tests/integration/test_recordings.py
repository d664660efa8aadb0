"""What Twilio tells of recordings, and what has become of each when all is told: one row, one file, one event."""

import itertools
import json
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.conftest import AUTH_TOKEN, NEXT_TOKEN
from tests.integration.conftest import AIKO, LINES, set_setting
from tests.integration.tapes import SID, WAV, Messages, Tapes, files, report, row, served, source, told
from tests.integration.wire import Died, broken, dying, refusing
from toritsugi.foundation import addresses
from toritsugi.recordings import records
from toritsugi.recordings.reports import read_report

KEY = f"recordings/{SID}.wav"


@pytest.fixture
def tapes(cloud):
    with served(Tapes()) as tapes:
        yield tapes


@pytest.fixture
def messages(cloud, clock) -> Messages:
    return Messages(cloud)


def deeds(tapes: Tapes) -> list[str]:
    return [asked.split()[0] for asked in tapes.asked]


def require_kept_once(cloud, tapes: Tapes) -> None:
    """The file is there and the row says so, of which an event tells; and Twilio's copy is gone."""
    assert files(cloud) == {KEY: WAV}
    assert row(cloud)["status"] == "stored"
    assert SID not in tapes.files


# ---- all goes well ---------------------------------------------------------------------------------------------------


def test_a_voicemail_is_copied_and_deleted_at_twilio(cloud, twilio, tapes, messages):
    assert report(twilio, told()) == 204
    assert messages.deliver() == [True]
    require_kept_once(cloud, tapes)
    kept = row(cloud)
    assert (kept["kind"], kept["reception"], kept["caller"], kept["line"]) == ("voicemail", "desk", AIKO, LINES[0])
    assert (kept["seconds"], kept["channels"], kept["size"]) == ("12", "1", str(len(WAV)))
    assert int(kept["expires_at"]) - int(kept["stored_at"]) == 90 * 86_400


def test_the_callback_costs_one_message_and_copying_three_writes(cloud, twilio, tapes, messages, wire):
    report(twilio, told())
    assert wire.calls == [("sqs", "SendMessage")]
    with wire.counting() as trips:
        messages.deliver()
    assert trips == ["UpdateItem"] * 3


def test_a_conversation_is_kept_like_a_voicemail(cloud, twilio, tapes, messages):
    report(twilio, told(RecordingChannels="2", RecordingSource="DialVerb"), source("conversation").path)
    assert messages.deliver() == [True]
    assert (row(cloud)["kind"], row(cloud)["channels"], row(cloud)["status"]) == ("conversation", "2", "stored")


def test_nobodys_number_stands_in_a_message_a_key_or_the_log(cloud, twilio, tapes, messages, logged):
    report(twilio, told())
    waiting = str(messages.waiting)
    tapes.troubles = [503]
    assert messages.deliver() == [False]
    written = logged() + waiting + str(files(cloud)) + str(tapes.asked)
    for number in (AIKO, LINES[0]):
        assert number not in written
        assert number[3:] not in written
    assert "recording waits" in logged()


def test_a_caller_who_hides_leaves_a_message_all_the_same(cloud, twilio, tapes, messages):
    report(twilio, told(), source(caller="").path)
    messages.deliver()
    assert row(cloud)["line"] == LINES[0]
    assert "caller" not in row(cloud)


def test_where_all_secrets_have_changed_meanwhile_it_is_kept_without_numbers(cloud, twilio, tapes, messages):
    path = source().path
    set_setting(cloud, "own-secrets", "another")
    report(twilio, told(), path)
    assert messages.deliver() == [True]
    assert "caller" not in row(cloud)
    require_kept_once(cloud, tapes)


def test_a_token_that_twilio_no_longer_takes_makes_room_for_the_next(cloud, twilio, tapes, messages):
    tapes.tokens = {NEXT_TOKEN}
    report(twilio, told())
    assert messages.deliver() == [True]
    require_kept_once(cloud, tapes)


def test_a_callback_leads_nowhere_but_to_twilio(cloud, twilio, tapes, messages):
    report(twilio, told(RecordingUrl="https://169.254.169.254/latest/meta-data"))
    assert messages.deliver() == [True]
    assert all(SID in asked for asked in tapes.asked)
    require_kept_once(cloud, tapes)


# ---- twice, late, and in any order -----------------------------------------------------------------------------------


def test_told_twice_is_told_once(cloud, twilio, tapes, messages):
    assert [report(twilio, told()), report(twilio, told())] == [204, 204]
    assert messages.deliver() == [True, True]
    require_kept_once(cloud, tapes)
    before = row(cloud)
    report(twilio, told())
    assert messages.deliver() == [True]
    require_kept_once(cloud, tapes)
    assert {**row(cloud), "claimed_until": None} == {**before, "claimed_until": None}
    assert deeds(tapes).count("GET") == 1


def test_while_somebody_copies_it_another_waits(cloud, twilio, tapes, messages, clock):
    report(twilio, told())
    report(twilio, told())
    tapes.troubles = [503]
    assert messages.deliver() == [False, False]
    assert deeds(tapes) == ["GET"], "the second did not even ask Twilio"
    clock.shift(331)
    assert messages.deliver() == [True, True]
    require_kept_once(cloud, tapes)


@pytest.mark.parametrize("order", sorted(set(itertools.permutations(["failed", "completed", "completed"]))))
def test_whatever_is_told_first_a_file_that_is_there_is_kept(cloud, twilio, tapes, messages, order):
    for status in order:
        report(twilio, told(RecordingStatus=status))
    assert all(messages.deliver())
    require_kept_once(cloud, tapes)


def test_what_twilio_could_not_record_stands_in_the_list_as_failed(cloud, twilio, tapes, messages, logged):
    report(twilio, told(RecordingStatus="failed"))
    assert messages.deliver() == [True]
    assert row(cloud)["status"] == "failed"
    assert not files(cloud)
    assert "recording failed" in logged()


@pytest.mark.parametrize(
    "nothing", [{"RecordingStatus": "absent", "RecordingDuration": "0"}, {"RecordingDuration": "1"}]
)
def test_of_silence_nothing_is_kept_anywhere(cloud, twilio, tapes, messages, nothing, logged):
    for _ in range(2):
        report(twilio, told(**nothing))
    assert messages.deliver() == [True, True]
    assert row(cloud) is None
    assert not files(cloud)
    assert SID not in tapes.files
    assert "nothing was said" in logged()


# ---- a bad day -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 5))
def test_wherever_the_process_ends_the_next_one_goes_on(cloud, twilio, tapes, messages, wire, clock, at, after):
    report(twilio, told())
    with pytest.raises(Died), wire.has(dying(at, after=after)):
        messages.deliver()
    stored = row(cloud) is not None and row(cloud)["status"] == "stored"
    assert not stored or files(cloud) == {KEY: WAV}, "a row says stored only of a file that is there"
    assert SID in tapes.files or stored, "Twilio's copy is deleted last"
    clock.shift(331)
    assert messages.deliver() == [True]
    require_kept_once(cloud, tapes)


def test_that_is_every_call_there_is(cloud, twilio, tapes, messages, wire):
    report(twilio, told())
    before = len(wire.calls)
    messages.deliver()
    calls = [f"{service}.{operation}" for service, operation in wire.calls[before:]]
    assert calls == [
        *("dynamodb.UpdateItem", "s3.PutObject", "dynamodb.UpdateItem"),
        "dynamodb.UpdateItem",
    ]


@pytest.mark.parametrize("trouble", [broken, refusing("SlowDown"), refusing("KMS.DisabledException")])
def test_while_s3_is_down_nothing_is_lost(cloud, twilio, tapes, messages, wire, clock, trouble):
    def only_s3(operation, request, carry):
        return trouble(operation, request, carry) if operation == "PutObject" else carry()

    report(twilio, told())
    with pytest.raises(Exception, match=r"on purpose|connect"), wire.has(only_s3):
        messages.deliver()
    assert row(cloud)["status"] == "copying"
    assert SID in tapes.files
    clock.shift(331)
    assert messages.deliver() == [True]
    require_kept_once(cloud, tapes)


def test_what_arrives_otherwise_than_it_left_is_not_kept(cloud, twilio, tapes, messages, wire, clock):
    def garble(operation, request, carry):
        if operation == "PutObject":
            request["Body"] = request["Body"].read().replace(b"WAVE", b"WAVF")
        return carry()

    report(twilio, told())
    with pytest.raises(Exception, match="BadDigest"), wire.has(garble):
        messages.deliver()
    assert not files(cloud)
    assert row(cloud)["status"] == "copying"
    assert SID in tapes.files
    clock.shift(331)
    assert messages.deliver() == [True]
    require_kept_once(cloud, tapes)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_while_twilio_has_trouble_the_message_waits(cloud, twilio, tapes, messages, clock, status):
    report(twilio, told())
    tapes.troubles = [status]
    assert messages.deliver() == [False]
    assert row(cloud)["status"] == "copying"
    clock.shift(331)
    assert messages.deliver() == [True]
    require_kept_once(cloud, tapes)


def test_where_twilio_takes_no_token_the_message_waits_and_every_token_was_tried(cloud, twilio, tapes, messages, clock):
    report(twilio, told())
    tapes.tokens = set()
    assert messages.deliver() == [False]
    assert len(tapes.asked) == 4  # both tokens, and both once more as they are at SSM
    tapes.tokens = {AUTH_TOKEN}
    clock.shift(331)
    assert messages.deliver() == [True]
    require_kept_once(cloud, tapes)


def waits(messages: Messages) -> float:
    """The seconds until the message that waits is visible; none may be there besides."""
    (message,) = messages.queue.messages
    return message.visible_at - time.time()


def test_a_file_that_is_not_there_yet_is_looked_for_again_and_nobody_waits_for_it(
    cloud, twilio, tapes, messages, clock
):
    report(twilio, told())
    tapes.troubles = [404] * 6
    for seconds in (1, 2, 4, 8, 15, 30):
        assert messages.deliver() == [True]
        assert waits(messages) == pytest.approx(seconds, abs=0.5)
        assert row(cloud)["status"] == "copying"
        clock.shift(seconds)
    assert messages.deliver() == [True]
    require_kept_once(cloud, tapes)
    assert not messages.waiting


def test_after_six_times_the_message_waits_like_any_other_whose_time_has_not_come(
    cloud, twilio, tapes, messages, clock
):
    report(twilio, told())
    tapes.troubles = [404] * 7
    assert [messages.deliver() for _ in range(6)] == [[True]] * 6
    assert messages.deliver() == [False]
    clock.shift(331)
    assert messages.deliver() == [True]
    require_kept_once(cloud, tapes)


def test_who_looks_for_a_file_gives_nobody_elses_claim_away(cloud, twilio, tapes, messages, clock):
    report(twilio, told())
    first = records.claim_recording(read_report(source().path, told()))
    clock.shift(311)
    records.claim_recording(read_report(source().path, told()))
    records.release_claim(first)
    assert messages.deliver() == [False]
    assert not tapes.asked


def test_where_twilio_does_not_delete_it_is_asked_again_and_the_news_is_not_told_again(
    cloud, twilio, tapes, messages, clock
):
    report(twilio, told())
    tapes.troubles = [200, 503]
    with pytest.raises(Exception, match="did not delete"):
        messages.deliver()
    clock.shift(331)
    assert messages.deliver() == [True]
    require_kept_once(cloud, tapes)


def test_a_callback_that_could_not_be_remembered_is_sent_again_by_twilio(cloud, twilio, wire):
    with wire.has(broken):
        assert report(twilio, told()) == 500
    assert report(twilio, told()) == 204
    assert "#rc=2&rp=4xx,5xx" in addresses.public_url(source().path)


def test_a_large_file_needs_no_memory(cloud, twilio, tapes, messages):
    tapes.files[SID] = WAV * 10_000  # 20 MB
    report(twilio, told())
    kept = []
    cloud.buckets.put, put = (lambda _files, request: kept.append(size_of(request["Body"])) or {}), cloud.buckets.put
    tracemalloc.start()
    try:
        assert messages.deliver() == [True]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        cloud.buckets.put = put
    assert kept == [len(WAV) * 10_000]
    assert most < 5_000_000


def size_of(file) -> int:
    return sum(len(part) for part in iter(lambda: file.read(65_536), b""))


# ---- what makes no sense ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nonsense",
    [
        {"RecordingSid": ""},
        {"RecordingSid": "../../etc/passwd"},
        {"RecordingSid": "RE" + "1" * 33},
        {"RecordingStatus": "in-progress"},
        {"RecordingStatus": ""},
    ],
)
def test_nonsense_is_written_into_the_log_and_nothing_else(cloud, twilio, messages, nonsense, logged):
    assert report(twilio, told(**nonsense)) == 204
    assert not messages.waiting
    assert "callback refused" in logged()


def test_a_forged_callback_leaves_nothing(cloud, twilio, messages, wire):
    twilio.token = "wrong"
    assert report(twilio, told()) == 403
    assert not [call for call in wire.calls if call[0] != "ssm"]


FIELDS = ["CallSid", "RecordingDuration", "RecordingChannels", "RecordingStartTime", "RecordingUrl", "ErrorCode"]


@pytest.mark.thorough
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=40) | st.integers().map(str)), st.booleans())
def test_however_strange_a_form_what_was_recorded_is_kept(cloud, clock, twilio, tapes, garbage, signed_only):
    cloud.buckets.named["recordingsbucket"].clear()
    cloud.dynamodb.delete_item(TableName="RecordingsTable", Key={"recording_sid": {"S": SID}})
    tapes.files[SID] = WAV
    messages = Messages(cloud)
    fields = told(**garbage)
    seconds = fields["RecordingDuration"]
    is_short = seconds.isascii() and seconds.isdigit() and len(seconds) < 10 and int(seconds) < 2
    fields = {name: fields[name] for name in fields if not signed_only or name in ("RecordingSid", "RecordingStatus")}
    assert report(twilio, fields) == 204
    assert messages.deliver() == [True]
    event("kept" if files(cloud) else "too short")
    if signed_only or not is_short:
        assert files(cloud) == {KEY: WAV}
        assert row(cloud)["month"] == "2026-11"


def test_a_message_of_ours_is_what_it_says(cloud, twilio, messages):
    """So that messages of one version are understood by the next."""
    report(twilio, told())
    (body,) = messages.waiting
    assert json.loads(body) == {
        "path": source().path,
        "recording_sid": SID,
        "call_sid": told()["CallSid"],
        "status": "completed",
        "seconds": 12,
        "channels": 1,
        "began": int(time.time()) - 20,
    }
