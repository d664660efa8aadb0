"""Lists of calls, messages, recordings and callers by what is asked of them: pages are right under every filter."""

import itertools
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.integration import deeds
from tests.integration.conftest import AIKO, BEN, EVE, LINES, NOON
from tests.integration.test_sms import form
from tests.integration.texts import LINE, give_line, send
from toritsugi.adapters import event_bus
from toritsugi.bridges import commands
from toritsugi.bridges.records import Bridge, Party, party_key
from toritsugi.callers import changes, index
from toritsugi.callers.caller import Caller
from toritsugi.foundation import listings
from toritsugi.masking import in_conference
from toritsugi.masking.sessions import find_with_people
from toritsugi.messages.records import Message, new_message
from toritsugi.recordings.records import Recording

PEOPLE, SESSIONS = (AIKO, BEN, EVE), [f"KC{number:032x}" for number in range(2)]
TWO = LINES[:2]
# A little of everything, back over three months; what lives is of the last day.
MOMENTS = [NOON - timedelta(hours=hours) for hours in (0, 1, 1, 5, 20, 30, 200, 400, 500, 900, 1000, 1001, 1500, 1600)]

anything = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def walk(desk, noun, most=100, **asked):
    """All that is listed, page by page, by its SID or what else names it."""
    query = "&".join(f"{name}={quote(str(said))}" for name, said in asked.items() if said is not None)
    found, path = [], f"/api/{noun}?page_size={most}&{query}"
    while path:
        status, page = desk.asks("GET", path)
        assert status == 200, page
        assert len(page[noun]) <= most
        assert len(found) <= 200, "the pages have no end"
        found += [one.get("sid") or one.get("id") or one["number"] for one in page[noun]]
        path = (page["meta"]["next_page_url"] or "").partition(".com")[2]
    return found


def maybe(*choices):
    return st.one_of(st.none(), st.none(), st.sampled_from(choices))


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def day_of(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


ENDS = maybe(*[written(one) for one in MOMENTS], *[day_of(one) for one in MOMENTS])
ORDERS, SIZES = st.sampled_from(["asc", "desc", None]), st.integers(1, 12)


def in_time(row, since, until):
    """Whether a row of the model was made in between; both ends count, a day whole."""
    after = since is None or (row["at"] >= since[:10] and (len(since) == 10 or row["at"] >= since))
    return after and (until is None or row["at"][: len(until)] <= until)


def right(made, order, since, until, **asked):
    """What a list has to have of what was made, in its order."""
    rows = [row for row in made if in_time(row, since, until)]
    rows = [row for row in rows if all(said is None or fits(row[name], said) for name, said in asked.items())]
    return [row["sid"] for row in sorted(rows, key=lambda row: row["place"], reverse=order != "asc")]


def fits(there, said):
    return said in there if isinstance(there, set) else there == said


def listed_and_right(desk, noun, made, since, until, order, most, **asked):
    """What pages of a list have, and what they should; nothing where it begins after its end, which is refused."""
    wanted = right(made, order, since, until, **asked)
    event(f"{min(len(wanted), 3)} found")
    if since and until and since[: len(until)] > until:
        status, problem = desk.asks("GET", f"/api/{noun}?from={since}&to={until}")
        return [(status, problem["errors"][0]["pointer"]), *wanted], [(422, "/from")]
    return walk(desk, noun, most, **{"from": since, "to": until}, order=order, **asked), wanted


def turn(*choices):
    """One after the other, and over again; of lists of different lengths all pairs come."""
    return itertools.cycle(choices)


# ---- calls -----------------------------------------------------------------------------------------------------------


def keep_call(line, numbers, session=None, status="ringing", over_at=None):
    bridge = commands.new_bridge(
        commands.make_sid(), through="conference", line=line, minutes=30, ring_seconds=30, if_unanswered="end",
        session_sid=session, version=0 if status == "ringing" else 1,
    )  # fmt: skip
    if status == "completed":
        bridge.ended_at, bridge.end_reason = over_at, "time"
    people = [
        Party(*party_key(bridge.bridge_sid, place), place=place, number=number, shows=line, language="ja-JP",
              date_created=0)
        for place, number in enumerate(numbers, 1)
    ]  # fmt: skip
    commands.keep_bridge(bridge, people)
    return bridge


@pytest.fixture
def calls(desk, clock):
    """Calls of two people or three, one of whom may have come a second time; what is known of each."""
    people = turn((AIKO, BEN), (BEN, EVE, BEN), (AIKO, EVE), (EVE, AIKO, BEN))
    lines, sessions, made = turn(*TWO), turn(None, *SESSIONS), []
    for moment in MOMENTS:
        clock.move_to(moment)
        ages = ("ringing", "in-progress", "completed") if NOON - moment < timedelta(days=1) else ("completed",)
        for status in ages:
            numbers, line, session = next(people), next(lines), next(sessions)
            bridge = keep_call(line, numbers, session, status, time.time() + 60)
            made.append(
                {"sid": bridge.bridge_sid, "place": bridge.listed_as, "at": written(moment), "number": set(numbers),
                 "line": line, "session": session, "status": status}
            )  # fmt: skip
    clock.move_to(NOON)
    return made


@anything
@given(
    number=maybe(*PEOPLE), session=maybe(*SESSIONS), line=maybe(*TWO),
    status=maybe("ringing", "in-progress", "completed"), since=ENDS, until=ENDS, order=ORDERS, most=SIZES,
)  # fmt: skip
def test_calls_are_listed_as_asked(desk, calls, since, until, order, most, **asked):
    listed, wanted = listed_and_right(desk, "calls", calls, since, until, order, most, **asked)
    assert listed == wanted


def test_a_call_is_found_by_everybody_in_it_also_by_who_came_later(desk):
    call = desk.calls()
    assert call.asks("POST", "/participants", {"number": EVE})[0] == 201
    for number in PEOPLE:
        assert walk(desk, "calls", number=number) == [call.sid]
    assert walk(desk, "calls", number="+819044440004") == []
    assert walk(desk, "calls", number="090-1111-0001") == [call.sid]


def test_a_masked_call_is_found_by_its_session_and_by_both(desk, service, clock):
    session = deeds.create(service.fetch().sid, AIKO, BEN).session_sid
    caller = find_with_people(session)[1][0]
    begun = in_conference.begin_bridge("CA" + "7" * 32, session, caller.sid, time.time(), event_bus.tell)
    asked = desk.calls(session_sid=session, parties=None, **{"from": None}).sid
    assert set(walk(desk, "calls", session=session)) == {begun, asked}
    assert set(walk(desk, "calls", number=BEN)) == {begun, asked}


# ---- messages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def messages(desk, clock):
    """Messages both ways, over two lines, with three people."""
    people, lines, made = turn(*PEOPLE), turn(*TWO), []
    ways = turn(("inbound", "received"), ("outbound-api", "sent"), ("outbound-reply", "delivered"),
                ("outbound-api", "failed"), ("outbound-api", "delivered"))  # fmt: skip
    for number, moment in enumerate(MOMENTS * 3):
        clock.move_to(moment)
        direction, status = next(ways)
        one = new_message(
            f"KM{number:032x}", time.time(), direction=direction, status=status, line=next(lines), person=next(people)
        )
        one.save()
        made.append(
            {"sid": one.message_id, "place": one.listed_as, "at": written(moment), "number": one.person,
             "line": one.line, "direction": direction, "status": status}
        )  # fmt: skip
    clock.move_to(NOON)
    return made


@anything
@given(
    number=maybe(*PEOPLE), line=maybe(*TWO), direction=maybe("inbound", "outbound-api", "outbound-reply"),
    status=maybe("received", "sent", "delivered", "failed", "queued"), since=ENDS, until=ENDS, order=ORDERS, most=SIZES,
)  # fmt: skip
def test_messages_are_listed_as_asked(desk, messages, since, until, order, most, **asked):
    listed, wanted = listed_and_right(desk, "messages", messages, since, until, order, most, **asked)
    assert listed == wanted


def test_what_comes_in_is_found_by_its_line(desk, twilio):
    give_line()
    fields = form("hello")
    send(twilio, fields)
    assert walk(desk, "messages", line=LINE, direction="inbound") == [fields["MessageSid"]]
    assert walk(desk, "messages", line=LINES[0]) == []


def test_for_a_rare_message_a_page_looks_at_so_many_and_says_where_to_go_on(desk, clock, wire, monkeypatch):
    monkeypatch.setattr(listings, "MAX_LOOKED_AT", 100)
    with Message.batch_write() as batch:
        for number in range(250):
            batch.save(
                new_message(f"KM{number:032x}", time.time() + number / 1000, direction="outbound-api",
                            status="failed" if number == 0 else "sent", line=LINES[0], person=AIKO)
            )  # fmt: skip
    with wire.counting() as asked:
        status, page = desk.asks("GET", "/api/messages?status=failed&page_size=10")
    assert (status, page["messages"], bool(page["meta"]["next_page_url"])) == (200, [], True)
    assert [one for one in asked if one != "GetItem"] == ["Query", "BatchGetItem"] * 2
    assert walk(desk, "messages", 10, status="failed") == [f"KM{0:032x}"]


# ---- recordings ------------------------------------------------------------------------------------------------------


@pytest.fixture
def recordings(desk, clock):
    people, lines, sessions, made = turn(*PEOPLE), turn(*TWO), turn(None, *SESSIONS), []
    states, heard = turn("stored", "failed", "copying", "stored"), turn(True, False, False)
    for number, moment in enumerate(MOMENTS * 2):
        session, at = next(sessions), int(moment.timestamp())
        one = Recording(
            f"RE{number:032x}", status=next(states), caller=next(people), line=next(lines), session_sid=session,
            kind="conversation" if session else "voicemail", reception=None if session else "desk",
            heard_at=at if next(heard) else None, date_created=at, month=f"{moment:%Y-%m}",
            listed_as=f"{at}#RE{number:032x}",
        )  # fmt: skip
        one.save()
        known = {name: getattr(one, name) for name in ("line", "kind", "reception", "status")}
        made.append(
            {"sid": one.recording_sid, "place": one.listed_as, "at": written(moment), "number": one.caller,
             "session": session, "heard": str(one.heard_at is not None).lower()} | known
        )  # fmt: skip
    return made


@anything
@given(
    number=maybe(*PEOPLE), session=maybe(*SESSIONS), line=maybe(*TWO), kind=maybe("voicemail", "conversation"),
    reception=maybe("desk", "other"), status=maybe("stored", "failed", "copying", "elsewhere"),
    heard=maybe("true", "false"), since=ENDS, until=ENDS, order=ORDERS, most=SIZES,
)  # fmt: skip
def test_recordings_are_listed_as_asked(desk, recordings, since, until, order, most, **asked):
    listed, wanted = listed_and_right(desk, "recordings", recordings, since, until, order, most, **asked)
    assert listed == wanted


# ---- callers ---------------------------------------------------------------------------------------------------------


TAGS = ("VIP", "常連", "1", "is in jajp")


@pytest.fixture
def callers(desk):
    """Callers of every kind; every fifth was put into the index by a former version, which said nothing of them."""
    names, languages = turn("あい", "Bob", "", "ちえ"), turn("ja-JP", "en-US", None)
    tags, made = turn([], ["VIP"], ["常連", "VIP"], ["1"], ["is in jajp"]), []
    for number in range(40):
        said = {"name": next(names), "tags": next(tags), "language": next(languages), "blocked": number % 4 == 0}
        at = f"+81902222{number:04}"
        changes.keep_caller(at, said)
        if number % 7 == 0:
            changes.opt_out(at)
        one = changes.find_caller(at)
        if number % 5 == 0:
            one.update([Caller.found_by.set(one.found_by.split("\n", 1)[1])])
        made.append(
            {"sid": at, "place": one.listed_as, "tag": set(said["tags"]), "language": said["language"],
             "blocked": str(said["blocked"]).lower(), "opted_out": str(number % 7 == 0).lower(), "name": said["name"]}
        )  # fmt: skip
    return made


@anything
@given(
    tag=maybe(*TAGS, "vip", "IS"), language=maybe("ja-JP", "en-US"), blocked=maybe("true", "false"),
    opted_out=maybe("true", "false"), search=maybe("あい", "bob", "0900"), descending=st.booleans(),
    most=st.integers(3, 30),
)  # fmt: skip
def test_callers_are_listed_as_asked(desk, callers, search, descending, most, **asked):
    rows = [row for row in callers if search is None or search in f"{row['name'].lower()} {row['sid'][3:]}"]
    rows = [row for row in rows if all(said is None or fits(row[name], said) for name, said in asked.items())]
    wanted = [row["sid"] for row in sorted(rows, key=lambda row: row["place"], reverse=descending)]
    order = "desc" if descending else None
    event(f"{min(len(wanted), 3)} found")
    assert walk(desk, "callers", most, search=search, order=order, **asked) == wanted


@pytest.mark.parametrize("search", ["is", "IS", "blocked", "BLOCKED", "injajp", "of", "VIP", "1", "常連"])
def test_no_search_finds_what_the_filters_go_by(desk, search):
    changes.keep_caller("+82233445566", {"tags": ["1", "VIP", "常連"], "language": "ja-JP", "blocked": True})
    assert walk(desk, "callers", search=search) == []


def test_whoever_has_opted_out_is_looked_for_among_so_many_to_a_page(desk, wire, monkeypatch):
    monkeypatch.setattr(index, "MAX_LOOKED_AT", 50)
    for number in range(80):
        changes.keep_caller(f"+8190{number:08}", {"name": ""})
    changes.opt_out(f"+8190{79:08}")
    with wire.counting() as asked:
        page = desk.asks("GET", "/api/callers?opted_out=true&page_size=10")[1]
    assert (page["callers"], bool(page["meta"]["next_page_url"])) == ([], True)
    assert asked.count("BatchGetItem") == 2
    assert walk(desk, "callers", 10, opted_out="true") == [f"+8190{79:08}"]


# ---- what cannot be asked --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("calls?status=busy", "/status"),
        ("calls?direction=inbound", "/direction"),
        ("calls?session=order-17", "/session"),
        ("calls?number=hello", "/number"),
        ("calls?line=hello", "/line"),
        ("calls?from=yesterday", "/from"),
        ("calls?to=2026-11-31", "/to"),
        ("calls?from=2026-11-21T09:30:00+09:00", "/from"),
        ("calls?order=newest", "/order"),
        ("calls?status=ringing&status=completed", "/status"),
        ("messages?status=stored", "/status"),
        ("messages?session=" + SESSIONS[0], "/session"),
        ("messages?month=2026-11&to=2026-11-21", "/month"),
        ("recordings?heard=maybe", "/heard"),
        ("recordings?from=2020-01-01", "/from"),
        ("callers?language=tlh", "/language"),
        ("callers?blocked=perhaps", "/blocked"),
        ("callers?tag=", "/tag"),
        ("callers?from=2026-11-21", "/from"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(desk, asked, named):
    status, problem = desk.asks("GET", f"/api/{asked}")
    assert status == 422, problem
    assert [one["pointer"] for one in problem["errors"]] == [named]


def test_while_an_upgrade_builds_an_index_its_list_is_refused_and_the_others_are_not(desk, wire):
    def building(operation, request, carry):
        if request.get("IndexName") == "under":
            said = "Cannot read from backfilling global secondary index: under"
            raise ClientError({"Error": {"Code": "ValidationException", "Message": said}}, operation)
        return carry()

    with wire.has(building):
        status, problem = desk.asks("GET", f"/api/calls?number={quote(AIKO)}")
        assert (status, "a few minutes" in problem["detail"]) == (503, True)
        assert desk.asks("GET", "/api/calls")[0] == 200


def test_a_call_is_written_with_one_entry_for_each_of_its_people_and_one_for_its_session(cloud, desk):
    keep_call(LINES[0], (AIKO, BEN), SESSIONS[0])
    rows = cloud.dynamodb.scan(TableName=Bridge.Meta.table_name)["Items"]
    assert {row["listed_under"]["S"] for row in rows} == {AIKO, BEN, SESSIONS[0]}
    assert len({row["listed_as"]["S"] for row in rows}) == 1


def test_days_are_by_utc(desk, clock):
    clock.move_to(datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC))
    late = keep_call(LINES[0], (AIKO, BEN)).bridge_sid
    clock.move_to(NOON)
    assert walk(desk, "calls", to="2026-11-20") == [late]
    assert walk(desk, "calls", **{"from": "2026-11-21"}) == []
    assert walk(desk, "calls", **{"from": "2026-11-21T08:59:59+09:00"}) == [late]
