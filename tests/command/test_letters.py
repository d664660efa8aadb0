"""Dead letters: whoever has written them, they are read, and sent again to the function that they were for."""

import json
import time

import pytest

from command import letters
from command.letters import read_letter
from tests.deployed.processes import eventually

SESSION, BRIDGE, RECORDING = "KC" + "5" * 32, "KB" + "5" * 32, "RE" + "5" * 32
OVERDUE = "KC" + "6" * 32

SWEEP = {"sweep": {}}
TIMER = {"bridge": BRIDGE, "due": 1764201600.0, "spare": False}
REPORT = {"path": f"/recording/session/{SESSION}/x", "recording_sid": RECORDING, "call_sid": "", "status": "absent"}
REPORT |= {"seconds": 0, "channels": 1, "began": 1764201600}
DISMISSED = {"dismiss": {"call_sid": "CA" + "5" * 32, "sentence": "stopped", "line": "+815012345678"}}

DELIVERY = {"subscription": "KN" + "5" * 32, "delivery": "KD" + "5" * 32}
EVENT = {"event": {"sid": "KE" + "5" * 32, "type": "limit.reached", "subject": "calls_a_day", "at": 1.0, "data": {}}}


def of_lambda(said):
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    return {
        "version": "1.0",
        "timestamp": "2026-11-27T12:00:00.000Z",
        "requestContext": {
            "requestId": "e4b46cbf-b738-4000-8880-a18cdf61200e",
            "functionArn": "arn:aws:lambda:ap-northeast-1:123456789012:function:toritsugi-blue-cleanup:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": said,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "no way to +819012345678", "errorType": "ConnectTimeoutError"},
    }


def text(value):
    return {"StringValue": value, "DataType": "String"}


OF_SCHEDULER = {
    "ERROR_CODE": text("AWS.SimpleQueueService.NonExistentQueue"),
    "ERROR_MESSAGE": text("The specified queue does not exist."),
    "EXHAUSTED_RETRY_CONDITION": text("MaximumRetryAttempts"),
    "SCHEDULE_ARN": text(f"arn:aws:scheduler:ap-northeast-1:123456789012:schedule/toritsugi-blue/{BRIDGE}-timer-17"),
}


def message(body, **attributes):
    return {"MessageId": "1", "ReceiptHandle": "x", "Body": json.dumps(body), "MessageAttributes": attributes}


WRITTEN = {
    "Lambda": (message(of_lambda(SWEEP)), "cleanup", SWEEP),
    "the Scheduler": (message(TIMER, **OF_SCHEDULER), "timer", TIMER),
    "the Scheduler, as a request to a queue": (
        message({"MessageBody": json.dumps(TIMER), "QueueUrl": "https://sqs"}, **OF_SCHEDULER),
        "timer",
        TIMER,
    ),
    "the Scheduler, as a request to a function": (
        message({"Payload": json.dumps({"session_sid": SESSION}), "FunctionName": "x"}, **OF_SCHEDULER),
        "cleanup",
        {"session_sid": SESSION},
    ),
    "the queue of timers": (message(DISMISSED), "timer", DISMISSED),
    "the queue of recordings": (message(REPORT), "recording", REPORT),
    "the queue of notifications": (message(DELIVERY), "notification", DELIVERY),
    "the queue of notifications, an event": (message(EVENT), "notification", EVENT),
    "a stranger": (message({"hello": 1}), "", {"hello": 1}),
    "a stranger without JSON": ({"MessageId": "1", "ReceiptHandle": "x", "Body": "hello"}, "", {"text": "hello"}),
}


@pytest.mark.parametrize(("written", "function", "said"), WRITTEN.values(), ids=WRITTEN)
def test_whoever_has_written_a_letter_it_is_known_for_whom_it_was(written, function, said):
    letter = read_letter("https://sqs/dead", written)
    assert (letter.function, letter.said) == (function, said)


def test_who_has_given_up_and_why_is_known():
    assert read_letter("https://sqs/dead", message(of_lambda(SWEEP))).by == "Lambda"
    scheduled = read_letter("https://sqs/dead", message(TIMER, **OF_SCHEDULER))
    assert (scheduled.by, scheduled.why.partition(":")[0]) == ("Scheduler", "AWS.SimpleQueueService.NonExistentQueue")
    assert read_letter("https://sqs/dead", message(TIMER)).by == "queue"


def test_of_a_number_only_the_end_is_shown():
    shown = json.dumps(
        [letters.as_dict(read_letter("https://sqs/dead", message(one))) for one in (of_lambda(SWEEP), DISMISSED)]
    )
    assert "12345678" not in shown
    assert shown.count("...5678") == 2


# ---- of an exchange that is deployed ---------------------------------------------------------------------------------


@pytest.fixture
def overdue(exchange):
    """A session whose deletion died on its way: the sweep has to finish it. The answer is whether it is there."""
    table, dynamodb = exchange.resource("SessionsTable"), exchange.client("dynamodb")
    key = {"session_sid": {"S": OVERDUE}, "entry": {"S": "session"}}
    texts = {"kind": "session", "status": "closed", "closed_reason": "deleted", "service_sid": "KS0"}
    row = key | {name: {"S": value} for name, value in (texts | {"listed_as": "0", "mode": "voice-only"}).items()}
    dynamodb.put_item(TableName=table, Item=row | {name: {"N": "1"} for name in ("date_created", "date_updated")})
    return lambda: "Item" in dynamodb.get_item(TableName=table, Key=key)


@pytest.fixture
def queue(exchange):
    """The queue of the dead letters, with nothing in it, before and after."""
    sqs, url = exchange.client("sqs"), exchange.resource("DeadLetters")
    sqs.purge_queue(QueueUrl=url)
    yield lambda body, **attributes: sqs.send_message(
        QueueUrl=url, MessageBody=json.dumps(body), MessageAttributes=attributes
    )["MessageId"]
    sqs.purge_queue(QueueUrl=url)


def test_letters_are_looked_at_and_sent_again(exchange, queue, overdue):
    began = time.time()
    sweep, timer, report = queue(of_lambda(SWEEP)), queue(TIMER, **OF_SCHEDULER), queue(REPORT)
    stranger = queue({"hello": 1})
    for _ in range(2):  # looking changes nothing
        listed = exchange.succeeds("letters", "list")
        assert [one["id"] for one in listed] == [sweep, timer, report, stranger]
    assert [one["function"] for one in listed] == ["cleanup", "timer", "recording", "unknown"]
    assert listed[2]["about"] == f"{SESSION} {RECORDING}"

    asked = exchange.types("letters", "send", "--all")
    assert (asked.code, "Send 4 letters again?" in asked.err, "add --yes" in asked.err) == (1, True, True)
    assert exchange.succeeds("letters", "send", report, "--yes") == {"sent": [report]}
    assert exchange.succeeds("letters", "send", "--all", "--yes") == {"sent": [sweep, timer]}
    eventually(lambda: not overdue())
    eventually(lambda: any("nothing was said" in line and RECORDING in line for line in log(exchange, began)))

    assert [one["id"] for one in exchange.succeeds("letters", "list")] == [stranger]
    assert exchange.succeeds("letters", "drop", stranger, "--yes") == {"dropped": [stranger]}
    assert "There are none" in exchange.types("letters", "list").out


def log(exchange, since):
    return exchange.log("Recording", since)


def test_a_letter_that_is_not_there_or_not_named_is_refused(exchange, queue):
    queue(SWEEP)
    assert "There is no letter x" in exchange.types("letters", "send", "x", "--yes").err
    assert "name them" in exchange.types("letters", "send", "--yes").err
    assert len(exchange.succeeds("letters", "list")) == 1
