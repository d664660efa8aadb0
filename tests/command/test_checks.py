"""What checks say of what no stand-in can have: a stack that is stuck, a clock that is wrong, another server."""

import threading
import time
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from command import account, processes
from command.checks import cloud, debugger, door, secrets, telephones
from command.lines import Line, Lines, Way
from command.refusals import Refused
from tests.command.conftest import NOWHERE
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN
from tests.network.town import LINE, alone


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
        (
            1000,
            {
                "CallConcurrency": "100",
                "TimersAtOnce": "100",
                "RecordingsAtOnce": "20",
                "NotificationsAtOnce": "20",
                "BusyProcesses": "800",
            },
        ),
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


# ---- what only Twilio knows ------------------------------------------------------------------------------------------

AFTER, BEFORE = datetime(2026, 2, 3, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)
POLICIES = {
    "RN1": "Primary Customer Profile of type Business",
    "RN2": "Primary Customer Profile of type Individual",
    "RN3": "Secondary Customer Profile of type Business",
}
HERE = "https://exchange.example.com"


def fetching(**facts):
    return SimpleNamespace(fetch=lambda: SimpleNamespace(**facts))


class AtTwilio(SimpleNamespace):
    """An exchange whose account has approved profiles of these policies, these alerts, and numbers in these regions."""

    def __init__(self, *policies, alerts=(), regions=None):
        profiles = [SimpleNamespace(policy_sid=sid) for sid in policies]
        named = {sid: fetching(friendly_name=name) for sid, name in POLICIES.items()}
        processed = {number: fetching(voice_region=region) for number, region in (regions or {}).items()}
        trusthub = SimpleNamespace(
            customer_profiles=SimpleNamespace(list=lambda status: profiles), policies=named.__getitem__
        )
        kept = SimpleNamespace(list=lambda start_date, limit: list(alerts))
        client = SimpleNamespace(
            trusthub=SimpleNamespace(v1=trusthub),
            monitor=SimpleNamespace(v1=SimpleNamespace(alerts=kept)),
            routes=SimpleNamespace(v2=SimpleNamespace(phone_numbers=processed.__getitem__)),
        )
        at = {"address": HERE, "addresses": [], "carrier_url": "https://api.twilio.com"}
        super().__init__(account_sid=ACCOUNT_SID, tokens=[], twilio=lambda: client, **at)


@pytest.mark.parametrize(
    ("policies", "state", "says"),
    [
        (["RN1"], "ok", "as many as there are"),
        (["RN2", "RN1"], "ok", "as many as there are"),
        (["RN2"], "warn", "has 3 at most, in and out together, which is one masked call"),
        (["RN3"], "warn", "has 2 at most"),
        ([], "warn", "has 2 at most"),
    ],
)
def test_how_many_calls_at_once_an_account_may_have_depends_on_its_owners_profile(policies, state, says):
    [finding] = debugger.calls_at_once(AtTwilio(*policies))
    assert (finding.state, says in finding.says) == (state, True), finding


@pytest.mark.parametrize(
    ("kind", "says", "may_be_older"),
    [
        ({"type": "Trial", "date_created": BEFORE}, "a trial has 5 at most", False),
        ({"type": "Full", "date_created": BEFORE}, "has 2 at most", True),
        ({"type": "Full", "date_created": AFTER}, "has 2 at most", False),
        ({"type": "Full", "date_created": AFTER, "owner_account_sid": "AC0"}, "the account belongs to AC0", False),
    ],
)
def test_how_many_it_may_have_depends_on_what_the_account_is_and_since_when(kind, says, may_be_older):
    found = SimpleNamespace(**{"sid": ACCOUNT_SID, "owner_account_sid": ACCOUNT_SID} | kind)
    finding = debugger.judge_calls_at_once(found, set())
    assert (finding.state, says in finding.says) == ("warn", True), finding
    assert finding.says.endswith(", unless it was upgraded before 2026-02-03") == may_be_older


class WithRules(SimpleNamespace):
    """An exchange with these rules of webhooks, each the prefix of addresses and the key with which Twilio signs."""

    def __init__(self, *rules, tokens=(), keys=("k1",), former=""):
        found = [self.rule(prefix, key) for prefix, key in rules]
        settings = {key: fetching(signature={"sharedKeyId": key}, connection=None) for _, key in rules}
        webhooks = SimpleNamespace(rules=SimpleNamespace(list=lambda: found), settings=settings.__getitem__)
        client = SimpleNamespace(webhooks=SimpleNamespace(v1=webhooks))
        known = {"DomainName": "exchange.example.com", "OtherDomainName": former}
        super().__init__(
            address=HERE, parameters=known, tokens=list(tokens), keys=lambda _: keys, twilio=lambda: client
        )

    def rule(self, prefix, key):
        return SimpleNamespace(match_type="PREFIX_MATCH", value=None, prefix=prefix, settings=[{"settingId": key}])


@pytest.mark.parametrize(
    ("rules", "former", "says"),
    [
        ([(f"{HERE}/", "k1")], "", []),
        ([(f"{HERE}/", "k2")], "", ["which the exchange does not have: it takes those calls for forged"]),
        ([("https://shop.example.com/", "k2")], "", ["no rule has Twilio sign with a SharedKey"]),
        ([(f"{HERE}/", "k1")], "old.example.com", ["no rule has Twilio sign with a SharedKey"]),
        (
            [(f"{HERE}/", "k1"), ("https://old.example.com/", "k2")],
            "old.example.com",
            ["it takes those calls for forg"],
        ),
        ([("https://", "k1")], "old.example.com", []),
    ],
)
def test_what_rules_say_counts_at_every_address_to_which_twilio_may_still_send(rules, former, says):
    found = [one for one in secrets.webhook_rules(WithRules(*rules, former=former)) if one.state == "fail"]
    assert len(found) == len(says)
    assert all(said in one.says for said, one in zip(says, found, strict=True)), found


def alert(code, resource="", url=None, level="error"):
    return SimpleNamespace(error_code=code, resource_sid=resource, request_url=url, log_level=level)


def test_what_twilios_debugger_has_kept_is_summed_up_by_code_with_what_it_means():
    here, elsewhere = f"{HERE}/voice", "https://shop.example.com/voice"
    kept = [alert("11200", "CA1", here), alert("10004", "CA2"), alert("11200", "CA3", here), alert("99999", "CA4")]
    kept += [alert("11200", "CA5", elsewhere), alert("11200", "CA6", here, level="notice")]
    found = {finding.says[:5]: finding for finding in debugger.alerts(AtTwilio(alerts=kept))}
    assert found.keys() == {"11200", "10004", "99999"}
    assert found["11200"].says.startswith("11200 2 times in the last day (CA1): the exchange gave no answer of use")
    assert found["10004"].says.startswith("10004 once in the last day (CA2): there were as many calls as Twilio lets")
    assert found["99999"].mend == "https://www.twilio.com/docs/api/errors/99999"


def test_a_debugger_that_has_kept_nothing_is_well():
    [finding] = debugger.alerts(AtTwilio())
    assert (finding.state, finding.says) == ("ok", "Twilio's debugger has kept nothing of the last day")


def test_a_number_that_another_region_of_twilios_processes_is_found():
    near, far = "+815010000001", "+815010000002"
    lines = SimpleNamespace(attached=[SimpleNamespace(number=number) for number in (near, far)])
    [finding] = telephones.processing_regions(AtTwilio(regions={near: "us1", far: "ie1"}), lines)
    assert (finding.state, f"calls to {far} are processed in ie1" in finding.says) == ("fail", True)
    [finding] = telephones.processing_regions(AtTwilio(regions={near: "us1", far: None}), lines)
    assert (finding.state, finding.says) == ("ok", "calls to the attached numbers are processed in us1")


def test_of_an_account_in_a_box_the_doctor_sees_the_same_through_twilios_own_library():
    with alone() as town:
        town.has_line()
        town.sets(customer_profiles={"individual": "twilio-approved", "business": "in-review"})
        exchange = AtTwilio()
        exchange.account_sid, exchange.tokens = town.world.account_sid, [town.world.auth_token]
        exchange.carrier_url = town.world.address
        exchange.twilio = lambda: account.connect(exchange.account_sid, exchange.tokens[0], exchange.carrier_url)
        [most] = debugger.calls_at_once(exchange)
        assert (most.state, "has 3 at most, in and out together" in most.says) == ("warn", True), most
        assert [finding.state for finding in debugger.alerts(exchange)] == ["ok"]
        exchange.twilio().routes.v2.phone_numbers(LINE).update(voice_region="ie1")
        town.aiko.dials()
        [kept] = debugger.alerts(exchange)
        assert (kept.state, kept.says[:28]) == ("warn", "11100 once in the last day (")
        lines = SimpleNamespace(attached=[SimpleNamespace(number=LINE)])
        [away] = telephones.processing_regions(exchange, lines)
        assert (away.state, "are processed in ie1" in away.says) == ("fail", True)


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


# ---- numbers after a move --------------------------------------------------------------------------------------------

NOW_AT, ONCE_AT = "https://calls.example.com/voice", "https://before.example.com/voice"


@pytest.mark.parametrize(
    ("way", "state", "says"),
    [
        (Way(NOW_AT, "POST", "", ""), "ok", "right for 1 of 1"),
        (Way(ONCE_AT, "POST", "", ""), "warn", "come by an address of before: before.example.com"),
        (Way(ONCE_AT, "POST", "", "AP1"), "fail", "go to AP1, not here"),
        (Way("https://other.example.com/voice", "POST", "", ""), "fail", "go to https://other.example.com/voice"),
    ],
)
def test_a_number_that_leads_to_an_address_of_before_is_answered_and_to_be_moved(way, state, says):
    line = Line("PN1", "+815010000001", "JP", True, False, False, way, Way("", "POST", "", ""), service="shop")
    seen = Lines({"voice": NOW_AT, "sms": "https://calls.example.com/sms"}, [line], [])
    exchange = SimpleNamespace(former_hosts={"before.example.com"})
    [(finding_state, said)] = [(one.state, one.says) for one in telephones.webhooks(exchange, seen)]
    assert (finding_state, says in said) == (state, True)
