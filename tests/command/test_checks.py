"""What checks say of what no stand-in can have: a stack that is stuck, a clock that is wrong, another server."""

import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from command import processes
from command.checks import cloud, door, telephones
from command.refusals import Refused
from tests.command.conftest import NOWHERE
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN


def found(check, **exchange):
    return [(finding.state, finding.says) for finding in check(SimpleNamespace(**exchange))]


@pytest.mark.parametrize(
    ("status", "state", "says"),
    [
        ("CREATE_COMPLETE", "ok", "CREATE_COMPLETE"),
        ("UPDATE_COMPLETE", "ok", "UPDATE_COMPLETE"),
        ("UPDATE_IN_PROGRESS", "warn", "just being changed"),
        ("UPDATE_ROLLBACK_COMPLETE", "warn", "the one before it works on"),
        ("ROLLBACK_COMPLETE", "fail", "the first deployment did not succeed"),
        ("UPDATE_ROLLBACK_FAILED", "fail", "in the state UPDATE_ROLLBACK_FAILED"),
    ],
)
def test_every_state_of_a_stack_means_something(status, state, says):
    stage = SimpleNamespace(name="trial", stack="toritsugi-trial", region="ap-northeast-1")
    ((is_, said),) = found(cloud.stack, stack={"StackStatus": status}, stage=stage)
    assert (is_, says in said) == (state, True), said


class OfAccount(SimpleNamespace):
    """An exchange in an account that runs so many functions at once, of which so many are each function's of calls."""

    def __init__(self, limit, parameters, **settings):
        stage = SimpleNamespace(name="trial", parameters=dict(settings))
        answer = {"ConcurrentExecutions": limit, "UnreservedConcurrentExecutions": limit}
        asked = SimpleNamespace(get_account_settings=lambda: {"AccountLimit": answer})
        super().__init__(parameters=parameters, stage=stage, aws=lambda _: asked)


@pytest.mark.parametrize(
    ("limit", "reserved", "state", "says"),
    [
        (10, "0", "warn", "callers hear an error"),
        (99, "0", "warn", "callers hear an error"),
        (170, "0", "warn", "too few to keep any for calls"),
        (1000, "0", "warn", "none kept for calls"),
        (1000, "100", "ok", "each function of calls has 100"),
        (10, "2", "warn", "callers hear an error"),
    ],
)
def test_an_account_may_run_too_few_functions_at_once_or_keep_none_for_calls(limit, reserved, state, says):
    [finding] = cloud.concurrency(OfAccount(limit, {"CallConcurrency": reserved}))
    assert (finding.state, says in finding.says) == (state, True), finding


@pytest.mark.parametrize(
    ("limit", "each"), [(10, None), (100, None), (179, None), (180, "10"), (500, "50"), (1000, "100"), (9000, "100")]
)
def test_what_an_account_can_spare_is_kept_for_calls(limit, each):
    exchange = OfAccount(limit, {})
    processes.choose(exchange)
    assert exchange.stage.parameters.get("CallConcurrency") == each
    assert limit - 4 * int(each or 0) >= 100 or each is None  # AWS keeps as many for the others


@pytest.mark.parametrize(("deployed", "said"), [({"CallConcurrency": "7"}, {}), ({}, {"CallConcurrency": "0"})])
def test_what_somebody_has_chosen_stays(deployed, said):
    exchange = OfAccount(1000, deployed, **said)
    processes.choose(exchange)
    assert exchange.stage.parameters.get("CallConcurrency") == said.get("CallConcurrency")


@pytest.mark.parametrize(
    ("limit", "chosen"),
    [
        (10, {"BusyProcesses": "8"}),
        (1000, {"CallConcurrency": "100", "TimersAtOnce": "100", "RecordingsAtOnce": "20", "BusyProcesses": "800"}),
    ],
)
def test_queues_and_alarms_are_fitted_to_the_account_and_to_nothing_that_somebody_has_said(limit, chosen):
    untold, told = OfAccount(limit, {}), OfAccount(limit, {}, TimersAtOnce="7", BusyProcesses="9")
    elsewhere = OfAccount(limit, {"TimersAtOnce": "7", "BusyProcesses": "9", "RecordingsAtOnce": "2"})
    for exchange in (untold, told, elsewhere):
        processes.choose(exchange)
    assert untold.stage.parameters == chosen
    assert told.stage.parameters == chosen | {"TimersAtOnce": "7", "BusyProcesses": "9"}
    assert not {"TimersAtOnce", "BusyProcesses"} & set(elsewhere.stage.parameters)


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (10, {"CallConcurrency": "2"}),
        (1000, {"CallConcurrency": "226"}),
        (1000, {"CallConcurrency": "200", "ApiConcurrency": "51"}),
        (10, {"CallConcurrency": "0", "WarmCalls": "1"}),
    ],
)
def test_more_than_the_account_has_is_a_sentence_before_anything_is_deployed(limit, said):
    with pytest.raises(Refused, match=f"CallConcurrency={said['CallConcurrency']} and ApiConcurrency=.+Ask for more"):
        processes.choose(OfAccount(limit, {}, **said))


def test_processes_that_wait_for_calls_are_some_of_those_that_are_kept_for_them():
    with pytest.raises(Refused, match="WarmCalls=11 are some of those that CallConcurrency keeps, which are 10"):
        processes.choose(OfAccount(1000, {}, CallConcurrency="10", WarmCalls="11"))


def test_what_this_exchange_has_kept_already_counts_as_its_own():
    exchange = OfAccount(1000, {"CallConcurrency": "200", "ApiConcurrency": "0"}, CallConcurrency="225")
    exchange.aws("lambda").get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] -= 800
    processes.choose(exchange)
    assert exchange.stage.parameters["CallConcurrency"] == "225"
    exchange.stage.parameters["CallConcurrency"] = "226"
    with pytest.raises(Refused, match="can keep 900"):
        processes.choose(exchange)


@pytest.mark.parametrize(("busy", "states"), [("800", ["ok"]), ("8", ["warn", "ok"]), ("1000", ["warn", "ok"])])
def test_an_alarm_of_processes_that_does_not_fit_the_account_is_found(busy, states):
    exchange = OfAccount(1000, {"CallConcurrency": "100", "BusyProcesses": busy})
    assert [finding.state for finding in cloud.concurrency(exchange)] == states


class OfFunction(SimpleNamespace):
    """An exchange with one function, whose callers are with one version, and of which another was deployed last."""

    def __init__(self, **configurations):
        class NotThere(Exception):
            pass

        def configured(FunctionName, Qualifier):
            if Qualifier not in configurations:
                raise NotThere
            return configurations[Qualifier]

        exceptions = SimpleNamespace(ResourceNotFoundException=NotThere)
        client = SimpleNamespace(get_function_configuration=configured, exceptions=exceptions)
        stage = SimpleNamespace(name="trial")
        super().__init__(aws=lambda _: client, stage=stage, of_type=lambda _: {"Voice": "toritsugi-trial-voice"})


@pytest.mark.parametrize(
    ("live", "state", "says"),
    [
        ({"MemorySize": 512, "Description": "A call comes in"}, "ok", "everybody is with the version"),
        ({"MemorySize": 256}, "warn", "toritsugi-trial-voice were changed, and callers are with the version before"),
        (None, "fail", "without the alias"),
    ],
)
def test_a_change_that_callers_do_not_get_is_found(live, state, says):
    known = {"$LATEST": {"MemorySize": 512}} | ({} if live is None else {"live": live})
    (finding,) = cloud.release(OfFunction(**known))
    assert (finding.state, says in finding.says) == (state, True), finding


@pytest.mark.parametrize(
    ("destinations", "says"),
    [
        ("", ["calls to JP are allowed"]),
        ("*", ["calls to JP are allowed"]),
        ("JP,US", ["calls to JP are allowed", "calls to US are forbidden: nobody there is put through"]),
        (
            "US",
            [
                "there are numbers of JP, and the exchange may call nobody there: it is not in Destinations",
                "calls to JP are allowed",
                "calls to US are forbidden: nobody there is put through",
            ],
        ),
    ],
)
def test_a_country_must_be_allowed_here_and_at_twilio(destinations, says):
    def countries(code):
        return SimpleNamespace(fetch=lambda: SimpleNamespace(low_risk_numbers_enabled=code == "JP"))

    permissions = SimpleNamespace(dialing_permissions=SimpleNamespace(countries=countries))
    exchange = SimpleNamespace(
        twilio=lambda: SimpleNamespace(voice=SimpleNamespace(v1=permissions)),
        environment={"DESTINATIONS": destinations, "COUNTRY": "JP"},
    )
    lines = SimpleNamespace(attached=[SimpleNamespace(country="JP")])
    assert [finding.says for finding in telephones.dialing_permissions(exchange, lines)] == says


@pytest.mark.parametrize(
    ("subscriptions", "says"),
    [([], "nobody hears them"), ([{"SubscriptionArn": "PendingConfirmation"}], "waits for a confirmation")],
)
def test_an_alarm_that_nobody_hears_is_found(subscriptions, says):
    topic = SimpleNamespace(list_subscriptions_by_topic=lambda TopicArn: {"Subscriptions": subscriptions})
    ringing = {"AlarmName": "toritsugi-trial-failed-webhooks", "StateValue": "ALARM"}
    pages = SimpleNamespace(paginate=lambda AlarmNamePrefix: [{"MetricAlarms": [ringing]}])
    watch = SimpleNamespace(get_paginator=lambda _: pages)
    exchange = {
        "aws": {"sns": topic, "cloudwatch": watch}.__getitem__,
        "of_type": lambda _: {"Alarms.Topic": "arn"},
        "stage": SimpleNamespace(stack="toritsugi-trial"),
    }
    (first, said), (second, rings) = found(cloud.alarms, **exchange)
    assert (first, says in said) == ("warn", True)
    assert (second, rings) == ("warn", "ringing: toritsugi-trial-failed-webhooks")


# ---- at the door -----------------------------------------------------------------------------------------------------


@pytest.fixture
def stranger():
    """A web server that is not the exchange; `ahead` is by how many seconds its clock is ahead of ours."""

    class Answers(BaseHTTPRequestHandler):
        ahead = 0

        def do_GET(self):
            self.send_response_only(200)
            self.send_header("Date", formatdate(time.time() + self.ahead, usegmt=True))
            self.end_headers()
            self.wfile.write(b"Welcome")

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield SimpleNamespace(address=f"http://127.0.0.1:{server.server_port}", clock=Answers)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("ahead", "state", "says"),
    [(0, "ok", "agree"), (60, "warn", "behind"), (-60, "warn", "ahead of"), (600, "fail", "behind")],
)
def test_a_clock_that_is_wrong_is_found(stranger, ahead, state, says):
    stranger.clock.ahead = ahead
    for is_, said in found(door.clocks, address=stranger.address, carrier_url=stranger.address):
        assert (is_, says in said) == (state, True), said


def test_a_stranger_at_the_door_is_not_taken_for_the_exchange(stranger):
    right, forged = found(
        door.signatures, address=stranger.address, signers=[("current token", "", AUTH_TOKEN)], account_sid=ACCOUNT_SID
    )
    assert right == ("fail", "something else than the exchange answers there")
    assert forged == ("fail", "a forged call is answered with 200, not 403")


def test_nobody_at_the_door_is_said_to_be_so():
    ((state, said),) = found(door.address, address=NOWHERE)
    assert (state, "cannot be reached from here" in said) == ("fail", True)
