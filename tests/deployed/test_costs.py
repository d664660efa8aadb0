"""An estimate, and after the fact what it did cost: the stream, the queue, Twilio's prices, and who may do what."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.deployed.processes import eventually


@pytest.fixture(autouse=True)
def prices_come_soon(deployment, scene):
    """Prices are there at once, and asked for after some seconds, as nobody wants to wait for five minutes here."""
    scene.call("PUT", "/prices", {"delay": 0})
    queue = deployment.resource("Inquiries")
    deployment.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "5"})
    role, before = deployment.resource("CostsRole"), len(deployment.refusals())
    yield
    assert [line for line in deployment.refusals()[before:] if f"/{role}" in line] == []


def test_a_call_costs_what_was_estimated_and_its_day_is_summed_up(desk, deployment, scene, aiko, ben):
    line = scene.line(1)
    desk.owns(line)
    asked = {"kind": "v-call", "line": line, "parties": [aiko.number, ben.number], "seconds": 5, "tax": False}
    estimate = Decimal(desk.asks("POST", "/api/estimates", asked)["total"]["amount"])
    call = desk.calls(aiko, ben, line=line, through="dial")
    for person in (aiko, ben):
        eventually(lambda person=person: person.telephone["state"] == "ringing")
        person.rings(showing=line)
        person.answers()
    call.end()

    def found():
        costs = desk.asks("GET", f"/api/costs?call={call.sid}")["costs"]
        return costs if len(costs) == 2 else None

    eventually(found)
    assert sum(Decimal(one["amount"]) for one in found()) == estimate
    assert {one["difference"] for one in found()} == {"0"}
    assert {one["number"] for one in found()} == {aiko.number, ben.number}

    function = deployment.function("Costs")["FunctionName"]
    deployment.client("lambda").invoke(FunctionName=function, Payload=b'{"days": {}}')
    yesterday = (datetime.now(UTC) - timedelta(1)).date()

    def paid():
        report = desk.request("GET", f"/api/costs/{yesterday:%Y-%m}")  # 404 until one of the days is summed up
        days = report.json()["days"] if report.status_code == 200 else []
        return {one["day"]: one["amount"] for one in days}.get(yesterday.isoformat())

    eventually(paid)
    assert paid() is not None
