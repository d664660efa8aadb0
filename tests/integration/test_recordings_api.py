"""Recordings through a client's eyes: listed, listened to, marked, deleted; and what is past its time."""

import datetime
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.integration.calls import Desk
from tests.integration.conftest import AIKO, BEN, LINES
from tests.integration.tapes import CALL, SID, WAV, Messages, Tapes, files, report, row, served, source, told
from tests.integration.test_races import between
from tests.integration.wire import broken
from toritsugi.foundation import api_keys, config
from toritsugi.recordings import records

PATH = f"/api/recordings/{SID}"
DAY = 86_400


@pytest.fixture
def tapes(cloud):
    with served(Tapes()) as tapes:
        yield tapes


@pytest.fixture
def messages(cloud, clock) -> Messages:
    return Messages(cloud)


@pytest.fixture
def desk(cloud) -> Desk:
    api_keys.create_key("SK" + "a" * 32, "secret")
    return Desk()


@pytest.fixture
def voicemail(twilio, tapes, messages) -> str:
    """A voicemail that Aiko has left at noon."""
    return leave(twilio, tapes, messages)


def leave(twilio, tapes, messages, number: int = 0, caller: str = AIKO, kind: str = "voicemail", **fields: str) -> str:
    """The SID of one more recording."""
    sid = f"RE{number:032x}" if number else SID
    tapes.files[sid] = WAV
    assert report(twilio, told(sid, **fields), source(kind, caller).path) == 204
    assert messages.deliver() == [True]
    return sid


def sids(page) -> list[str]:
    return [one["sid"] for one in page["recordings"]]


# ---- one -------------------------------------------------------------------------------------------------------------


def test_a_recording_says_whose_it_is_and_how_long(desk, voicemail):
    status, seen = desk.asks("GET", PATH)
    assert status == 200
    checksum = seen.pop("checksum")
    assert seen == {
        "sid": SID,
        "kind": "voicemail",
        "status": "stored",
        "reception": "desk",
        "session_sid": None,
        "caller": AIKO,
        "line": LINES[0],
        "call_sid": CALL,
        "seconds": 12,
        "channels": 1,
        "size": len(WAV),
        "created_at": "2026-11-21T02:59:40Z",
        "heard_at": None,
        "expires_at": "2027-02-19T03:00:00Z",
    }
    assert len(checksum) == 64


def test_it_is_heard_by_a_link_that_is_good_for_five_minutes(cloud, desk, voicemail, clock):
    status, link = desk.asks("GET", f"{PATH}/audio")
    assert (status, link["expires_at"]) == (200, "2026-11-21T03:05:00Z")
    parts = urlsplit(link["url"])
    said = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert said["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256", "an older one does not open what KMS has closed"
    assert said["X-Amz-Expires"] == "300"
    name = "voicemail-desk-20261121T025940Z.wav"
    assert said["response-content-disposition"] == f'attachment; filename="{name}"'
    assert AIKO[1:] not in link["url"]
    bucket, key = parts.path.removeprefix("/s3/").split("/", 1)
    assert cloud.buckets.follow(bucket, key, parts.query)[0].content == WAV
    clock.shift(301)
    with pytest.raises(Exception, match="AccessDenied"):
        cloud.buckets.follow(bucket, key, parts.query)


def test_what_is_not_there_yet_cannot_be_heard_and_says_so(desk, twilio, tapes, messages):
    report(twilio, told(RecordingStatus="failed"))
    messages.deliver()
    status, problem = desk.asks("GET", f"{PATH}/audio")
    assert (status, problem["code"]) == (409, 20409)
    assert "failed" in problem["detail"]


def test_a_recording_of_an_exchange_before_this_one_is_known_as_such(cloud, desk, tapes, voicemail):
    assert row(cloud)["bucket"] == cloud.template.environment["RECORDINGS_BUCKET"]
    records.Recording(SID).update([records.Recording.bucket.set("of-before")])
    assert desk.asks("GET", PATH)[1]["status"] == "elsewhere"
    for method, path in (("GET", f"{PATH}/audio"), ("DELETE", PATH)):
        status, problem = desk.asks(method, path)
        assert (status, "lies in the bucket of-before" in problem["detail"]) == (409, True)
    assert row(cloud)["status"] == "stored"
    erased = desk.asks("POST", "/api/erasures", {"number": AIKO})[1]
    assert erased["files_elsewhere"] == [f"s3://of-before/recordings/{SID}.wav"]
    assert (erased["erased"]["recordings"], row(cloud)["status"]) == (1, "deleted")


def test_it_is_marked_as_heard_and_as_not_heard_after_all(desk, voicemail, clock):
    clock.shift(60)
    assert desk.asks("PATCH", PATH, {"heard": True})[1]["heard_at"] == "2026-11-21T03:01:00Z"
    clock.shift(60)
    assert desk.asks("PATCH", PATH, {"heard": True})[1]["heard_at"] == "2026-11-21T03:01:00Z"
    assert desk.asks("PATCH", PATH, {"heard": False})[1]["heard_at"] is None


@pytest.mark.parametrize("wish", [{}, {"heard": "yes"}, {"heard": True, "caller": BEN}, {"heard": None}])
def test_nothing_else_about_it_can_be_changed(desk, voicemail, wish):
    status, problem = desk.asks("PATCH", PATH, wish)
    assert status == 422
    assert problem["errors"]


@pytest.mark.parametrize("path", [f"/api/recordings/RE{'0' * 32}", f"/api/recordings/RE{'0' * 32}/audio"])
def test_what_never_was_is_not_found(desk, path):
    status, problem = desk.asks("GET", path)
    assert (status, problem["code"]) == (404, 20404)
    assert desk.asks("PATCH", f"/api/recordings/RE{'0' * 32}", {"heard": True})[0] == 404
    assert desk.asks("DELETE", f"/api/recordings/RE{'0' * 32}")[0] == 404


@pytest.mark.parametrize(("method", "scope"), [("GET", "recordings:read"), ("DELETE", "recordings:write")])
def test_a_key_needs_the_scope_of_recordings(cloud, voicemail, method, scope):
    api_keys.create_key("SK" + "b" * 32, "secret", ("calls:read", "calls:write"))
    status, problem = Desk("SK" + "b" * 32).asks(method, PATH)
    assert (status, problem["code"]) == (403, 20003)
    assert scope in problem["detail"]


# ---- all of them -----------------------------------------------------------------------------------------------------


def test_the_newest_come_first_page_by_page_and_across_months(desk, twilio, tapes, messages, clock):
    made = []
    for number in range(1, 8):
        moment = datetime.datetime.now(datetime.UTC)
        began = moment.strftime("%a, %d %b %Y %H:%M:%S +0000")
        made.append(leave(twilio, tapes, messages, number, RecordingStartTime=began))
        clock.shift(5 * DAY)
    found, path = [], "/api/recordings?page_size=3"
    while path:
        _, page = desk.asks("GET", path)
        found.append(sids(page))
        following = page["meta"]["next_page_url"]
        path = following and following.removeprefix("https://exchange.example.com")
    assert [len(one) for one in found] == [3, 3, 1]
    assert [sid for one in found for sid in one] == made[::-1]
    _, november = desk.asks("GET", "/api/recordings?month=2026-11")
    assert sids(november) == made[1::-1]


@pytest.mark.parametrize(
    ("wish", "those"),
    [
        ("kind=conversation", [3]),
        ("kind=voicemail", [2, 1]),
        ("reception=desk", [3, 2, 1]),
        ("reception=other", []),
        (f"number={quote(BEN)}", [3, 2]),
        (f"number={quote(BEN)}&kind=voicemail", [2]),
        (f"line={quote(LINES[0])}", [3, 2, 1]),
        (f"line={quote(LINES[1])}", []),
    ],
)
def test_only_some_of_them(desk, twilio, tapes, messages, wish, those):
    leave(twilio, tapes, messages, 1)
    leave(twilio, tapes, messages, 2, BEN)
    leave(twilio, tapes, messages, 3, BEN, "conversation")
    _, page = desk.asks("GET", f"/api/recordings?{wish}")
    assert sids(page) == [f"RE{number:032x}" for number in those]


def test_the_next_page_is_of_the_same_kind(desk, twilio, tapes, messages):
    for number in range(1, 7):
        leave(twilio, tapes, messages, number, kind="voicemail" if number % 2 else "conversation")
    _, first = desk.asks("GET", "/api/recordings?kind=voicemail&page_size=2")
    following = first["meta"]["next_page_url"].removeprefix("https://exchange.example.com")
    _, second = desk.asks("GET", following)
    assert sids(first) + sids(second) == [f"RE{number:032x}" for number in (5, 3, 1)]


@pytest.mark.parametrize(
    "wish", ["kind=fax", "number=%2B81x", "number= 8190", "caller=%2B819022220002", "month=2026-13", "page_token=PTx"]
)
def test_a_wrong_wish_is_told(desk, wish):
    assert desk.asks("GET", "/api/recordings?" + wish.replace(" ", "%20"))[0] in (400, 422)


# ---- deleted ---------------------------------------------------------------------------------------------------------


def test_deleted_is_deleted_on_both_sides_and_everybody_forgets_whose_it_was(cloud, desk, twilio, tapes, messages):
    leave(twilio, tapes, messages)
    tapes.files[SID] = WAV  # as with KeepAtTwilio
    assert desk.send("DELETE", PATH, b"")["statusCode"] == 204
    assert not files(cloud)
    assert SID not in tapes.files
    assert row(cloud).keys() == {"recording_sid", "status", "expires_at", "mark"}
    assert desk.asks("GET", PATH)[0] == desk.asks("GET", f"{PATH}/audio")[0] == 404
    assert desk.asks("PATCH", PATH, {"heard": True})[0] == 404
    assert sids(desk.asks("GET", "/api/recordings")[1]) == []


def test_deleted_twice_is_deleted_once(desk, voicemail):
    assert [desk.send("DELETE", PATH, b"")["statusCode"] for _ in range(2)] == [204, 204]


def test_a_callback_that_comes_after_that_brings_nothing_back(cloud, desk, twilio, tapes, messages, voicemail):
    desk.send("DELETE", PATH, b"")
    tapes.files[SID] = WAV
    report(twilio, told())
    assert messages.deliver() == [True]
    assert not files(cloud)
    assert row(cloud)["status"] == "deleted"


@pytest.mark.parametrize("side", ["here", "at Twilio"])
def test_a_deletion_that_was_interrupted_is_gone_on_with(cloud, desk, twilio, tapes, messages, wire, side):
    leave(twilio, tapes, messages)
    tapes.files[SID] = WAV

    def no_s3(operation, request, carry):
        return broken(operation, request, carry) if operation == "DeleteObject" else carry()

    if side == "here":
        with wire.has(no_s3):
            assert desk.asks("DELETE", PATH)[0] == 500
    else:
        tapes.troubles = [503]
        status, problem = desk.asks("DELETE", PATH)
        assert (status, problem["code"]) == (502, 80613)
    assert desk.asks("GET", PATH)[0] == 404, "nobody sees it any more, whatever is left of it"
    assert desk.send("DELETE", PATH, b"")["statusCode"] == 204
    assert not files(cloud)
    assert SID not in tapes.files


@pytest.mark.parametrize("before", [[], ["failed"]])
def test_what_is_being_copied_is_deleted_only_when_that_is_over(cloud, desk, twilio, tapes, messages, clock, before):
    for status in before:
        report(twilio, told(RecordingStatus=status))
        assert messages.deliver() == [True]
    report(twilio, told())
    tapes.troubles = [503]
    messages.deliver()
    status, problem = desk.asks("DELETE", PATH)
    assert (status, problem["code"]) == (409, 20409)
    clock.shift(311)
    assert desk.send("DELETE", PATH, b"")["statusCode"] == 204
    assert messages.deliver() == [True]
    assert not files(cloud)


@pytest.mark.parametrize("heard", [True, False])
def test_what_is_deleted_while_somebody_hears_it_stays_deleted(cloud, desk, voicemail, wire, heard):
    with wire.has(between(2, lambda: records.forget_recording(SID))):
        status, problem = desk.asks("PATCH", PATH, {"heard": heard})
    assert (status, problem["code"]) == (404, 20404)
    assert set(row(cloud)) == {"recording_sid", "status", "expires_at", "mark"}


def test_where_twilio_takes_no_token_what_is_deleted_is_told_to_be_still_there(cloud, desk, tapes, voicemail):
    tapes.tokens = set()
    status, problem = desk.asks("DELETE", PATH)
    assert (status, problem["code"]) == (502, 80613)
    assert "it answers 401" in problem["detail"]


@pytest.mark.parametrize(("seconds", "status"), [(309, 409), (310, 204)])
def test_a_claim_of_whoever_died_while_copying_is_over_after_310_seconds(
    cloud, desk, twilio, tapes, messages, clock, seconds, status
):
    report(twilio, told())
    tapes.troubles = [503]
    messages.deliver()
    clock.shift(seconds)
    assert desk.send("DELETE", PATH, b"")["statusCode"] == status


# ---- past its time ---------------------------------------------------------------------------------------------------


def test_nothing_is_shown_after_its_time_though_it_may_still_lie_there(cloud, desk, voicemail, clock):
    clock.shift(90 * DAY - 1)
    assert desk.asks("GET", PATH)[0] == 200
    clock.shift(1)
    assert files(cloud)
    assert desk.asks("GET", PATH)[0] == desk.asks("GET", f"{PATH}/audio")[0] == 404
    assert sids(desk.asks("GET", "/api/recordings")[1]) == []


def test_where_nothing_is_ever_forgotten_it_is_there_after_years(desk, twilio, tapes, messages, clock, monkeypatch):
    monkeypatch.setattr(config, "RECORDING_RETENTION", 0)
    leave(twilio, tapes, messages)
    clock.shift(1000 * DAY)
    status, seen = desk.asks("GET", PATH)
    assert (status, seen["expires_at"]) == (200, None)


def test_where_less_is_kept_from_now_on_older_ones_are_over_as_well(desk, voicemail, clock, monkeypatch):
    monkeypatch.setattr(config, "RECORDING_RETENTION", 7)
    clock.shift(8 * DAY)
    assert desk.asks("GET", PATH)[0] == 404


def test_what_is_to_stay_at_twilio_stays_there(cloud, twilio, tapes, messages, monkeypatch):
    monkeypatch.setattr(config, "KEEP_AT_TWILIO", True)
    leave(twilio, tapes, messages)
    assert files(cloud)
    assert SID in tapes.files
