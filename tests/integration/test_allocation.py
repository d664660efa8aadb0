"""Which number somebody is given: why none may do, whose turn it is, and how a crowd is spread over a pool."""

import random
from collections import Counter

import pytest

from tests.integration import deeds
from tests.integration.books import check, open_books
from tests.integration.conftest import AIKO, BEN, EVE, LINES, give_numbers
from tests.integration.test_proxy_api import AUTH, raw, refused

AMERICAN, ENGLISH, JERSEY, BAHAMAS = "+16175550100", "+442079460100", "+441534510100", "+12423570100"


@pytest.fixture
def new_service(client):
    """A service with exactly these numbers."""

    def make(lines=(), **able):
        sid = client.proxy.v1.services.create(unique_name=f"desk-{len(client.proxy.v1.services.list())}").sid
        if lines:
            give_numbers(sid, list(lines), **able)
        return client.proxy.v1.services(sid)

    return make


def sid_of(service):
    return service.fetch().sid


def line_of(cloud, number):
    [person] = [person for person in open_books(cloud).participants if person["identifier"] == number]
    return person["proxy_identifier"]


# ---- why none will do ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "able", "mode", "code"),
    [
        ([], {}, "voice-only", 80205),
        (LINES, {"voice": False, "sms": True}, "voice-only", 80201),
        (LINES, {"voice": False, "sms": True}, "voice-and-message", 80201),
        (LINES, {}, "message-only", 80202),
        (LINES, {}, "voice-and-message", 80202),
        ([AMERICAN], {}, "voice-only", 80203),
        (LINES, {"reserved": True}, "voice-only", 80207),
    ],
)
def test_why_no_number_will_do_is_told_by_its_code_and_nothing_is_left_behind(
    new_service, cloud, lines, able, mode, code
):
    service = new_service(lines, **able)
    assert refused(lambda: service.sessions.create(mode=mode, participants=[{"Identifier": AIKO}])) == (400, code)
    session = service.sessions.create(mode=mode)
    assert refused(lambda: service.sessions(session.sid).participants.create(identifier=AIKO)) == (400, code)
    assert len(check(cloud).sessions) == 1


def test_when_all_numbers_are_in_use_by_a_person_only_that_person_gets_none(service, cloud):
    sid = sid_of(service)
    for _ in LINES:
        deeds.create(sid, AIKO)
    assert deeds.outcome(lambda: deeds.create(sid, AIKO, BEN)) == 80208
    assert deeds.outcome(lambda: deeds.create(sid, BEN, EVE)) == 0
    assert len(check(cloud).live) == 5


def test_people_of_one_family_of_countries_share_numbers(new_service):
    service = new_service([ENGLISH, AMERICAN])
    assert deeds.outcome(lambda: deeds.create(sid_of(service), JERSEY, BAHAMAS)) == 0
    assert deeds.outcome(lambda: deeds.create(sid_of(service), AIKO)) == 80203


def test_a_line_of_ours_cannot_be_a_participant_whoever_it_works_for(new_service, service, cloud):
    other = new_service(["+815020000001"])
    for line in (LINES[0], "+815020000001"):
        assert deeds.outcome(lambda line=line: deeds.create(sid_of(service), AIKO, line)) == 80402
    assert deeds.outcome(lambda: deeds.create(sid_of(other), LINES[0])) == 80402
    assert check(cloud).routes == {}


def test_nobody_can_be_both_sides_of_a_session(service, cloud):
    sid = sid_of(service)
    assert deeds.outcome(lambda: deeds.create(sid, AIKO, AIKO)) == 80103
    session = deeds.create(sid, AIKO).session_sid
    assert deeds.outcome(lambda: deeds.add(sid, session, AIKO)) == 80103
    assert len(check(cloud).live) == 1


def test_a_third_person_is_refused_before_anything_is_made(service, cloud):
    sid = sid_of(service)
    assert deeds.outcome(lambda: deeds.create(sid, AIKO, BEN, EVE)) == 80609
    assert check(cloud).sessions == {}
    session = deeds.create(sid, AIKO, BEN).session_sid
    assert deeds.outcome(lambda: deeds.add(sid, session, EVE)) == 80609
    assert len(check(cloud).live) == 2


# ---- a number that the client has chosen -----------------------------------------------------------------------------


def test_a_client_may_choose_the_number_by_itself_or_by_its_sid(service, cloud):
    sid = sid_of(service)
    deeds.create(sid, AIKO, lines=(LINES[2],))
    assert line_of(cloud, AIKO) == LINES[2]
    session = deeds.create(sid).session_sid
    chosen = deeds.add(sid, session, BEN, ProxyIdentifierSid="PN" + LINES[1][1:].zfill(32))
    assert chosen.proxy_identifier == LINES[1]


def test_a_chosen_number_must_be_in_the_pool_and_not_be_this_persons_already(service):
    sid = sid_of(service)
    session = deeds.create(sid).session_sid
    assert deeds.outcome(lambda: deeds.add(sid, session, AIKO, ProxyIdentifier="+815099999999")) == 80605
    assert deeds.outcome(lambda: deeds.add(sid, session, AIKO, ProxyIdentifierSid="PN" + "0" * 32)) == 80601
    deeds.create(sid, AIKO, lines=(LINES[0],))
    assert deeds.outcome(lambda: deeds.add(sid, session, AIKO, ProxyIdentifier=LINES[0])) == 80604
    assert deeds.outcome(lambda: deeds.add(sid, session, BEN, ProxyIdentifier=LINES[0])) == 0


def test_a_reserved_number_and_one_of_another_country_are_given_to_whoever_asks_for_them(new_service, cloud):
    service = new_service(["+815020000001", AMERICAN], reserved=True)
    deeds.create(sid_of(service), AIKO, BEN, lines=("+815020000001", AMERICAN))
    assert len(check(cloud).live) == 2


def test_one_chosen_number_and_one_found_leave_both_people_in_the_session(service, cloud):
    for _ in range(3):
        deeds.create(sid_of(service), AIKO, BEN, lines=(LINES[0],)) if not open_books(cloud).sessions else None
    assert {person["identifier"] for person in open_books(cloud).participants} == {AIKO, BEN}
    assert line_of(cloud, AIKO) == LINES[0]


# ---- whose turn it is ------------------------------------------------------------------------------------------------


def used_in_turn(service, cloud, clock, rounds):
    """The numbers that Aiko is given in sessions that come one after another, long after each other."""
    given = []
    for _ in range(rounds):
        session = deeds.create(sid_of(service), AIKO).session_sid
        [person] = [p for p in open_books(cloud).participants if p["session_sid"] == session]
        given.append(person["proxy_identifier"])
        deeds.close(sid_of(service), session)
        clock.shift(86_401)
    return given


def test_who_comes_back_is_given_the_number_they_know(service, cloud, clock):
    assert len(set(used_in_turn(service, cloud, clock, 4))) == 1


def test_where_the_service_avoids_it_they_are_given_one_that_they_have_not_had(service, cloud, clock):
    service.update(number_selection_behavior="avoid-sticky")
    assert set(used_in_turn(service, cloud, clock, 3)) == set(LINES)


def test_a_number_rests_after_a_session_while_there_is_another_and_not_when_there_is_none(service, cloud, clock):
    sid, given = sid_of(service), []
    for _ in range(4):
        session = deeds.create(sid, AIKO)
        given.append(next(p for p in open_books(cloud).participants if p["session_sid"] == session.session_sid))
        deeds.close(sid, session.session_sid)
        clock.shift(60)
    assert {person["proxy_identifier"] for person in given[:3]} == set(LINES)
    assert given[3]["proxy_identifier"] in LINES
    clock.shift(86_400)
    check(cloud)


def gets(service, cloud, *numbers, **fields):
    """The lines that these people are given in a new session, which is closed at once."""
    session = deeds.create(sid_of(service), *numbers, **fields).session_sid
    given = {
        person["identifier"]: person["proxy_identifier"]
        for person in open_books(cloud).participants
        if person["session_sid"] == session
    }
    deeds.close(sid_of(service), session)
    return given


@pytest.mark.parametrize("pause", [0, 1, 60])
def test_where_numbers_are_not_to_be_sticky_they_go_round_however_fast(service, cloud, clock, pause):
    service.update(number_selection_behavior="avoid-sticky")
    raw("POST", f"/v1/Services/{sid_of(service)}", "Quarantine=0", AUTH)
    given = []
    for _ in range(9):
        given.append(gets(service, cloud, AIKO)[AIKO])
        clock.shift(pause)
    assert set(given[:3]) == set(LINES)
    assert given == given[:3] * 3


@pytest.mark.parametrize("behavior", ["prefer-sticky", "avoid-sticky"])
def test_of_numbers_that_all_rest_the_one_is_taken_that_was_released_longest_ago(service, cloud, clock, behavior):
    service.update(number_selection_behavior=behavior)
    sid = sid_of(service)
    held = [(deeds.create(sid, AIKO, lines=(line,)).session_sid, line) for line in LINES]
    for session, _ in reversed(held):  # the last that was given is the first that is released
        clock.shift(3600)
        deeds.close(sid, session)
    assert gets(service, cloud, AIKO) == {AIKO: LINES[2]}


def test_who_meets_the_same_person_again_does_so_over_the_same_numbers_within_a_minute(service, cloud, clock):
    first = gets(service, cloud, AIKO, BEN)
    clock.shift(60)
    assert gets(service, cloud, AIKO, BEN) == first
    assert gets(service, cloud, BEN, AIKO) == first


def test_a_number_rests_for_whoever_meets_somebody_else(service, cloud, clock):
    first = gets(service, cloud, AIKO, BEN)
    clock.shift(60)
    second = gets(service, cloud, AIKO, EVE)
    assert second[AIKO] != first[AIKO]
    clock.shift(60)
    assert gets(service, cloud, AIKO, BEN) == first


def test_where_numbers_are_not_to_be_sticky_the_same_person_is_met_over_others(service, cloud, clock):
    service.update(number_selection_behavior="avoid-sticky")
    first, second = (gets(service, cloud, AIKO, BEN) for _ in range(2))
    assert {first[who] == second[who] for who in (AIKO, BEN)} == {False}


def test_of_numbers_that_a_person_knows_the_latest_is_given(service, cloud, clock):
    sid = sid_of(service)
    for line in (LINES[1], LINES[2], LINES[0]):
        deeds.close(sid, deeds.create(sid, AIKO, lines=(line,)).session_sid)
        clock.shift(100_000)
    assert gets(service, cloud, AIKO) == {AIKO: LINES[0]}


# ---- where a number is at home ---------------------------------------------------------------------------------------

SEATTLE = "+12065550142"
NEW_YORK, BROOKLYN, NEW_YORKS_CELL = "+12125550142", "+17185550142", "+19175550142"
CUSTOMER, TOLL_FREE, SHIBUYA = "+12125550199", "+18005550199", "+81334567890"


@pytest.mark.parametrize(
    ("level", "who", "lines", "given"),
    [
        ("country", CUSTOMER, [SEATTLE], SEATTLE),
        ("area-code", CUSTOMER, [SEATTLE, NEW_YORK], NEW_YORK),
        ("area-code", CUSTOMER, [NEW_YORKS_CELL], None),
        ("overlay", CUSTOMER, [SEATTLE, NEW_YORKS_CELL], NEW_YORKS_CELL),
        ("overlay", CUSTOMER, [BROOKLYN], None),
        ("radius", CUSTOMER, [NEW_YORKS_CELL], NEW_YORKS_CELL),
        ("radius", CUSTOMER, [SEATTLE], None),
        ("extended-area-code", CUSTOMER, [NEW_YORKS_CELL], NEW_YORKS_CELL),
        ("area-code", TOLL_FREE, [SEATTLE], SEATTLE),
        ("area-code", SHIBUYA, LINES, LINES[0]),
        ("area-code", AIKO, LINES, LINES[0]),
    ],
)
def test_a_number_is_as_near_as_the_service_wants_it_where_numbers_tell_of_places(
    new_service, level, who, lines, given
):
    service = new_service(lines[:1] if given == LINES[0] else lines)
    service.update(geo_match_level=level)
    if given is None:
        assert deeds.outcome(lambda: deeds.create(sid_of(service), who)) == 80206
        assert deeds.outcome(lambda: deeds.create(sid_of(service), who, lines=(lines[0],))) == 0
    else:
        session = deeds.create(sid_of(service), who).session_sid
        [person] = service.sessions(session).participants.list()
        assert person.proxy_identifier == given


def test_where_all_numbers_of_the_area_are_in_use_another_area_is_no_way_out(new_service):
    service = new_service([NEW_YORK, SEATTLE])
    service.update(geo_match_level="area-code")
    deeds.create(sid_of(service), CUSTOMER)
    assert deeds.outcome(lambda: deeds.create(sid_of(service), CUSTOMER)) == 80206


# ---- what a session is for, if nobody says ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "lines", "mode"),
    [
        ((AIKO,), (), "voice-only"),
        ((CUSTOMER,), (), "voice-and-message"),
        ((AIKO, CUSTOMER), (), "voice-only"),
        ((), (), "voice-and-message"),
        ((AIKO,), (SEATTLE,), "voice-and-message"),
    ],
)
def test_a_session_is_for_what_its_peoples_numbers_can_do(new_service, people, lines, mode):
    service = new_service([SEATTLE], sms=True)
    give_numbers(sid_of(service), LINES)
    assert deeds.create(sid_of(service), *people, lines=lines).mode == mode


def test_a_number_that_rests_and_is_forgotten_in_that_moment_is_given_all_the_same(service, cloud, clock, wire):
    """What rests is only taken where nothing else is left; the dustman of DynamoDB may come before that."""
    sid = sid_of(service)
    for line in LINES:
        session = deeds.create(sid, AIKO, lines=(line,))
        deeds.close(sid, session.session_sid)

    def sweep(operation, _request, carry):
        if operation == "TransactWriteItems":
            for item in cloud.dynamodb.scan(TableName="DirectoryTable")["Items"]:
                if item["kind"]["S"] == "route":
                    key = {name: item[name] for name in ("number", "entry")}
                    wire.untouched(cloud.dynamodb, "DeleteItem", {"TableName": "DirectoryTable", "Key": key})
        return carry()

    with wire.has(sweep), wire.counting() as operations:
        session = deeds.create(sid, AIKO)
    assert operations.count("TransactWriteItems") == 1
    [route] = check(cloud).live
    assert (route["session_sid"], route["number"]) == (session.session_sid, AIKO)


def test_a_crowd_is_spread_evenly_over_the_pool(new_service, cloud):
    from toritsugi.masking.candidates import compatible
    from toritsugi.masking.pool import read_pool
    from toritsugi.masking.requests import ParticipantRequest

    service = new_service(f"+8150200000{n:02}" for n in range(20))
    _, pool = read_pool(sid_of(service))
    chance = random.Random(7)
    crowd = [ParticipantRequest(f"+8190{chance.randrange(10**8):08}") for _ in range(2000)]
    first = Counter(compatible(pool, person, "voice-only")[0].phone_number for person in crowd)
    assert len(first) == 20
    assert sum((count - 100) ** 2 / 100 for count in first.values()) < 43.8  # chi-square, 19 degrees, one in a thousand


def test_a_person_whose_first_fifty_numbers_are_taken_is_given_one_of_the_rest(new_service, cloud, wire):
    from toritsugi.masking.candidates import compatible
    from toritsugi.masking.pool import read_pool
    from toritsugi.masking.requests import ParticipantRequest

    service = new_service(f"+81502000{n:04}" for n in range(52))
    _, pool = read_pool(sid_of(service))
    order = [number.phone_number for number in compatible(pool, ParticipantRequest(AIKO), "voice-only")]
    template = deeds.create(sid_of(service), AIKO, lines=(order[0],))
    [route] = cloud.dynamodb.scan(
        TableName="DirectoryTable",
        FilterExpression="kind = :route",
        ExpressionAttributeValues={":route": {"S": "route"}},
    )["Items"]
    for line in order[1:50]:
        cloud.dynamodb.put_item(TableName="DirectoryTable", Item=route | {"entry": {"S": f"route#{line}"}})
    with wire.counting() as operations:
        session = deeds.create(sid_of(service), AIKO, BEN)
    assert operations.count("BatchGetItem") == 2
    given = [
        person["proxy_identifier"]
        for person in open_books(cloud).participants
        if person["session_sid"] == session.session_sid
    ]
    assert len(given) == 2
    assert any(line in order[50:] for line in given)
    assert template.session_sid != session.session_sid


# ---- numbers in use --------------------------------------------------------------------------------------------------


def test_a_number_says_in_how_many_sessions_it_is_in_use(service, clock):
    sid = sid_of(service)
    session = deeds.create(sid, AIKO, BEN, lines=(LINES[0], LINES[0]))
    deeds.create(sid, EVE, lines=(LINES[0],), Ttl=60)
    in_use = lambda: {number.phone_number: number.in_use for number in service.phone_numbers.list()}  # noqa: E731
    assert in_use() == {LINES[0]: 2, LINES[1]: 0, LINES[2]: 0}
    clock.shift(60)
    assert in_use()[LINES[0]] == 1
    deeds.close(sid, session.session_sid)
    assert in_use()[LINES[0]] == 0


def test_a_number_in_use_is_not_taken_out_of_its_pool(service, cloud):
    deeds.create(sid_of(service), AIKO, lines=(LINES[0],))
    number = next(n for n in service.phone_numbers.list() if n.phone_number == LINES[0])
    assert refused(lambda: service.phone_numbers(number.sid).delete()) == (400, 80611)
    assert len(service.phone_numbers.list()) == 3
