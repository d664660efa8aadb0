"""What is noted of the numbers that people need at once, what it costs, and what the forecast says of it."""

import json

import pytest

from tests.integration.conftest import AIKO, BEN, EVE, LINES, give_numbers
from tests.integration.test_proxy_api import AUTH, raw
from tests.integration.wire import broken, refusing
from toritsugi.masking import demand

pytestmark = pytest.mark.usefixtures("clock")

CUSTOMERS = [f"+8190700000{number}" for number in range(10, 30)]


@pytest.fixture(autouse=True)
def another_process():
    """Nothing is remembered of what others have noted."""
    demand._noted.clear()


def meet(service, *numbers, **options):
    return service.sessions.create(participants=[json.dumps({"Identifier": one}) for one in numbers], **options)


def forecast_of(service):
    status, said = raw("GET", f"/v1/Services/{service.fetch().sid}/PoolForecast", "", AUTH)
    assert status == 200, said
    return said


def test_one_session_at_a_time_costs_no_request_more(service, wire):
    with wire.counting() as operations:
        meet(service, AIKO, BEN)
    assert "UpdateItem" not in operations
    assert operations[-3:] == ["Query", "BatchGetItem", "TransactWriteItems"]


def test_more_at_once_cost_a_write_where_they_are_more_than_on_that_day_before(service, wire):
    costs = []
    first = meet(service, AIKO, BEN)
    for customer in (EVE, CUSTOMERS[0]):
        with wire.counting() as operations:
            meet(service, AIKO, customer)
        costs.append(operations.count("UpdateItem"))
    service.sessions(first.sid).update(status="closed")
    with wire.counting() as operations:
        meet(service, AIKO, CUSTOMERS[1])
    assert costs == [1, 2]  # the third uses all of them, which is told as well
    assert operations.count("UpdateItem") == 0


@pytest.mark.parametrize("trouble", [refusing("ThrottlingException"), refusing("AccessDeniedException"), broken])
def test_a_session_is_made_although_that_cannot_be_noted(service, wire, trouble):
    def in_the_way(operation, request, carry):
        return trouble(operation, request, carry) if operation == "UpdateItem" else carry()

    meet(service, AIKO, BEN)
    with wire.has(in_the_way):
        made = meet(service, AIKO, EVE)
    assert service.sessions(made.sid).fetch().status == "open"


def test_a_number_that_a_client_has_chosen_says_nothing_of_what_is_needed(service):
    for line, customer in zip(LINES, CUSTOMERS, strict=False):
        pair = [{"Identifier": AIKO, "ProxyIdentifier": line}, {"Identifier": customer}]
        service.sessions.create(participants=[json.dumps(one) for one in pair])
    assert [one["days"] for one in forecast_of(service)["forecasts"]] == [[]]
    assert forecast_of(service)["forecasts"][0]["most_at_once_now"] == len(LINES)


def test_what_has_ended_counts_no_more_though_the_index_has_it_still(service, clock):
    meet(service, AIKO, BEN, ttl=60)
    meet(service, AIKO, EVE)
    assert forecast_of(service)["forecasts"][0]["most_at_once_now"] == 2
    clock.shift(61)
    assert forecast_of(service)["forecasts"][0]["most_at_once_now"] == 1


def test_who_joins_later_is_counted_too(service):
    meet(service, AIKO, BEN)
    later = meet(service)
    service.sessions(later.sid).participants.create(identifier=AIKO)
    [seen] = forecast_of(service)["forecasts"]
    assert (seen["most_at_once"], seen["numbers_needed"]) == (2, 2)


def test_who_is_in_a_session_that_is_opened_again_is_counted_on_that_day_too(service, clock):
    sids = [meet(service, AIKO, customer).sid for customer in CUSTOMERS[:2]]
    for status in ("closed", "in-progress"):
        for sid in sids:
            service.sessions(sid).update(status=status)
        clock.shift(86_400)
    [seen] = forecast_of(service)["forecasts"]
    assert [day["most_at_once"] for day in seen["days"]] == [2, 2]


def test_who_gets_a_number_by_which_they_are_in_another_session_is_counted_as_whoever_joins(service):
    for line, person, other in ((LINES[0], AIKO, BEN), (LINES[1], EVE, CUSTOMERS[0])):
        pair = [{"Identifier": person, "ProxyIdentifier": line}, {"Identifier": other}]
        made = service.sessions.create(participants=[json.dumps(one) for one in pair])
    [eve] = [one for one in service.sessions(made.sid).participants.list() if one.identifier == EVE]
    assert forecast_of(service)["forecasts"][0]["days"] == []
    path = f"/v1/Services/{service.fetch().sid}/Sessions/{made.sid}/Participants/{eve.sid}"
    assert raw("POST", path, f"Identifier={AIKO}".replace("+", "%2B"), AUTH)[0] == 200
    assert [day["most_at_once"] for day in forecast_of(service)["forecasts"][0]["days"]] == [2]


def test_who_is_in_one_session_again_costs_three_reads_more_and_no_write(service, wire):
    sid = meet(service, AIKO, BEN).sid
    service.sessions(sid).update(status="closed")
    with wire.counting() as operations:
        service.sessions(sid).update(status="in-progress")
    after = operations[operations.index("TransactWriteItems") + 1 :]
    assert after == ["Query", "Query", "Query", "Query"]  # the pool, each one's routes, and what is answered


@pytest.mark.parametrize("trouble", [refusing("ThrottlingException"), refusing("AccessDeniedException"), broken])
@pytest.mark.parametrize("lost", ["UpdateItem", "Query"])
def test_a_session_is_opened_again_although_that_cannot_be_noted(service, wire, trouble, lost):
    first, second = meet(service, AIKO, BEN), meet(service, AIKO, EVE)
    service.sessions(first.sid).update(status="closed")
    demand._noted.clear()

    def in_the_way(operation, request, carry):
        noting = operation == lost and request["TableName"] in ("UsageTable", "DirectoryTable")
        return trouble(operation, request, carry) if noting else carry()

    with wire.has(in_the_way):
        assert service.sessions(first.sid).update(status="in-progress").status == "in-progress"
    assert second.status == "open"


def test_what_is_refused_is_told_by_the_country_and_mode_that_lacked_a_number(service):
    for _ in range(2):
        status, said = raw(
            "POST",
            f"/v1/Services/{service.fetch().sid}/Sessions",
            'Participants={"Identifier": "%2B16175550100"}&Mode=voice-only',
            AUTH,
        )
        assert (status, said["code"]) == (400, 80203)
    seen = {one["iso_country"]: one for one in forecast_of(service)["forecasts"]}
    assert {name: seen["US"][name] for name in ("mode", "numbers", "numbers_needed", "refused")} == {
        "mode": "voice-only",
        "numbers": 0,
        "numbers_needed": 1,
        "refused": 2,
    }
    assert seen["JP"]["refused"] == 0


def test_a_pool_that_is_too_large_to_be_looked_at_says_so(service, monkeypatch):
    monkeypatch.setattr(demand, "MAX_LINES_LOOKED_AT", 2)
    assert forecast_of(service)["complete"] is False


def test_nobody_is_told_the_forecast_of_a_service_that_is_not_there(service):
    missing = "KS" + "0" * 32
    assert raw("GET", f"/v1/Services/{missing}/PoolForecast", "", AUTH)[0] == 404


def test_numbers_that_can_do_more_are_counted_for_each_mode(client):
    made = client.proxy.v1.services.create(unique_name="clinic")
    give_numbers(made.sid, LINES[:2], sms=True)
    seen = forecast_of(client.proxy.v1.services(made.sid))["forecasts"]
    assert [(one["mode"], one["numbers"]) for one in seen] == [
        ("message-only", 2),
        ("voice-and-message", 2),
        ("voice-only", 2),
    ]
