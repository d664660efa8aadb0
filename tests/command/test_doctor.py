"""The doctor: one patient who is well, and one who has about everything that a newcomer gets wrong."""

import json

import httpx
import pytest

from tests.command.conftest import shell

LINE, MUTE, FORGOTTEN, GIVEN_BACK = "+815010000081", "+815010000082", "+815010000083", "+815010000084"
ANSWERED = "+815010000085"
STRANGER = "+14155550188"
OLD = "https://old.example.com/ivr"


def findings(said):
    """What the doctor found: states and sentences by check."""
    found = {}
    for finding in said.json["findings"]:
        found.setdefault(finding["check"], []).append(finding)
    return found


def asks(exchange, method, path, body=None):
    """Has the telephone network do what people's hands do there."""
    answer = httpx.request(method, exchange.network.url + path, json=body, trust_env=False, verify=False, timeout=300)
    assert answer.is_success, answer.text


@pytest.fixture(scope="module")
def well(exchange):
    """What the doctor says of an exchange with one number, where all is as it should be."""
    asks(exchange, "DELETE", "/world")  # with what Twilio's debugger has kept of others
    exchange.succeeds("numbers", "attach", exchange.buys("+815010000080"), "--yes")
    return exchange.types("doctor", "--json")


def test_an_exchange_that_is_well_is_found_well(well):
    states = {check: {one["state"] for one in found} for check, found in findings(well).items()}
    assert (well.code, well.json["well"]) == (0, True), well.out
    assert {check for check, state in states.items() if state != {"ok"}} == {"alarms"}, well.out  # nobody hears them


def test_everything_is_looked_at(well):
    assert {
        "AWS credentials",
        "stack",
        "address",
        "signatures",
        "clocks",
        "own secret",
        "auth tokens",
        "webhook rules",
        "Twilio account",
        "calls at once",
        "Twilio's debugger",
        "API keys",
        "tables",
        "schedules",
        "timers",
        "recordings",
        "events",
        "dead letters",
        "logs",
        "concurrency",
        "rate card",
        "release",
        "numbers",
        "webhooks",
        "voice",
        "dialing permissions",
        "region",
        "Twilio's region",
    } <= set(findings(well))


def test_a_signed_call_is_answered_and_a_forged_one_turned_away(well):
    said = [one["says"] for one in findings(well)["signatures"]]
    assert "a call signed with the current token is answered in" in said[0]
    assert said[1] == "a forged call is turned away (403)"


def test_no_secret_is_shown(exchange, well):
    assert exchange.tokens[0] not in well.out + well.err


def test_people_read_a_chart_without_colours_in_a_pipe(exchange):
    said = exchange.types("doctor")
    assert "ok    AWS credentials" in said.out
    assert "Calls will go through" in said.out
    assert "\x1b" not in said.out + said.err


# ---- the sick one ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sick(exchange, desk):
    """The same exchange after a bad week; mended when the doctor has seen it."""
    ssm, scheduler, sqs = (exchange.client(name) for name in ("ssm", "scheduler", "sqs"))
    dynamodb, logs, functions = (exchange.client(name) for name in ("dynamodb", "logs", "lambda"))
    s3, events = (exchange.client(name) for name in ("s3", "events"))
    permissions = exchange.twilio().voice.v1.dialing_permissions.bulk_country_updates
    numbers = [LINE, MUTE, FORGOTTEN, GIVEN_BACK]
    for number in numbers:
        exchange.buys(number)
    exchange.succeeds("numbers", "attach", *numbers, "--yes")
    exchange.buys(ANSWERED, capabilities={"voice": True, "sms": True, "mms": False})
    desk.writes("front", "{steps: {hello: {say: Hello}}}")
    desk.asks("PUT", f"/api/lines/{ANSWERED}", {"reception": "front"})
    (token,), right = exchange.tokens, exchange.settings_of(LINE).voice_url

    exchange.settings_of(LINE).update(voice_url=right.split("#")[0])
    exchange.settings_of(MUTE).update(voice_url=right, voice_method="GET")
    exchange.settings_of(FORGOTTEN).update(voice_url=OLD)
    exchange.settings_of(GIVEN_BACK).delete()
    exchange.settings_of(ANSWERED).update(sms_url=OLD)
    exchange.buys(STRANGER, voice_url=right)
    permissions.create(update_request=json.dumps([{"iso_code": "JP", "low_risk_numbers_enabled": "false"}]))
    exchange.twilio().routes.v2.phone_numbers(FORGOTTEN).update(voice_region="ie1")
    asks(exchange, "PUT", "/account", {"customer_profiles": {"individual": "twilio-approved"}})
    asks(exchange, "POST", "/phones/+819011110001/dial", {"to": FORGOTTEN})
    exchange.set("auth-tokens", f"{token},{'0' * 32}")
    sweep = scheduler.get_schedule(GroupName="toritsugi-command", Name="toritsugi-command-sweep")
    keep = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{name: sweep[name] for name in keep}, State="DISABLED")
    sqs.send_message(QueueUrl=exchange.resource("DeadLetters"), MessageBody="{}")
    mappings = [exchange.resource(name) for name in ("TimerDue", "RecordingCopy")]
    for mapping in mappings:
        functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    bucket = exchange.resource("RecordingsBucket")
    closed = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    s3.delete_public_access_block(Bucket=bucket)
    events.delete_event_bus(Name="toritsugi-command")
    off, on = ({"PointInTimeRecoveryEnabled": enabled} for enabled in (False, True))
    table = exchange.resource("KeysTable")
    dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=off)
    messages, ttl = exchange.resource("MessagesTable"), {"AttributeName": "forget_at", "Enabled": False}
    dynamodb.update_time_to_live(TableName=messages, TimeToLiveSpecification=ttl)
    logs.delete_retention_policy(logGroupName="/toritsugi/command/voice")

    yield exchange.types("doctor", "--json")

    logs.put_retention_policy(logGroupName="/toritsugi/command/voice", retentionInDays=30)
    dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=on)
    dynamodb.update_time_to_live(TableName=messages, TimeToLiveSpecification=ttl | {"Enabled": True})
    events.create_event_bus(Name="toritsugi-command")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=closed)
    for mapping in mappings:
        functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    sqs.purge_queue(QueueUrl=exchange.resource("DeadLetters"))
    scheduler.update_schedule(**{name: sweep[name] for name in keep}, State="ENABLED")
    ssm.put_parameter(Name="/toritsugi/command/auth-tokens", Value=token, Type="SecureString", Overwrite=True)
    permissions.create(update_request=json.dumps([{"iso_code": "JP", "low_risk_numbers_enabled": "true"}]))
    asks(exchange, "PUT", "/account", {"customer_profiles": {"business": "twilio-approved"}})
    asks(exchange, "DELETE", "/world")
    exchange.buys(GIVEN_BACK)
    exchange.types("numbers", "restore", "--all", "--yes")
    for number in exchange.twilio().incoming_phone_numbers.list():
        number.delete()


@pytest.mark.parametrize(
    ("check", "state", "says", "mend"),
    [
        ("webhooks", "warn", f"{LINE} lacks the right retries", f"toritsugi numbers attach {LINE}"),
        ("webhooks", "fail", f"{MUTE} asks by GET", f"toritsugi numbers attach {MUTE}"),
        ("webhooks", "fail", f"calls to {FORGOTTEN} go to {OLD}, not here", f"toritsugi numbers attach {FORGOTTEN}"),
        ("webhooks", "fail", f"texts to {ANSWERED} go to {OLD}, not here", f"toritsugi numbers attach {ANSWERED}"),
        ("webhooks", "fail", f"{GIVEN_BACK} is not the account's any more", "buy it again"),
        ("numbers", "warn", f"{STRANGER} leads here but is in no pool", f"toritsugi numbers attach {STRANGER}"),
        ("dialing permissions", "fail", "calls to JP are forbidden", "geo-permissions"),
        ("Twilio's region", "fail", f"calls to {FORGOTTEN} are processed in ie1", "have them processed in us1"),
        ("calls at once", "warn", "the account has 3 at most", "Business Primary Customer Profile"),
        ("Twilio's debugger", "warn", "11100 once in the last day", "toritsugi numbers attach"),
        ("auth tokens", "fail", "Twilio refuses the next one", "toritsugi tokens remove"),
        ("schedules", "warn", "the hourly sweep is switched off", "toritsugi deploy"),
        ("timers", "fail", "nobody takes them out of their queue", "Triggers"),
        ("recordings", "fail", "nobody copies them", "Triggers"),
        ("recordings", "fail", "their bucket may be opened to the world", "Block all public access"),
        ("events", "fail", "the bus toritsugi-command is gone", "aws events create-event-bus"),
        ("dead letters", "warn", "holds 1", "letters list"),
        ("tables", "warn", "KeysTable cannot be brought back", "point-in-time recovery"),
        ("tables", "warn", "MessagesTable forgets nothing by itself", "time to live (forget_at)"),
        ("logs", "warn", "/toritsugi/command/voice is kept for ever", "Retention"),
    ],
)
def test_what_is_wrong_is_found_and_how_to_mend_it_is_said(sick, check, state, says, mend):
    assert sick.code == 1
    found = [one for one in findings(sick)[check] if says in one["says"]]
    assert [one["state"] for one in found] == [state], sick.out
    assert mend in found[0]["mend"]


# ---- where there is not even an exchange -----------------------------------------------------------------------------


def test_without_an_exchange_the_doctor_says_how_to_get_one(accounts, tmp_path):
    here = shell(tmp_path / "here", *accounts, "never")
    said = here.types("doctor", "--json")
    assert said.code == 1
    assert [one["state"] for one in said.json["findings"]] == ["ok", "fail"]
    assert said.json["findings"][1]["mend"].startswith("toritsugi deploy --stage never")


def test_without_credentials_that_is_all_the_doctor_says(bare):
    said = bare.types("doctor", "--region", "ap-northeast-1", "--json")
    (finding,) = said.json["findings"]
    assert (said.code, finding["check"], "There are no AWS credentials" in finding["says"]) == (
        1,
        "AWS credentials",
        True,
    )
