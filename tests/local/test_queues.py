"""SQS on the clock: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""

import os

import pytest

from tests.local.lab import BATCHES, LINES, LOST, START, TIMERS, now, timer


def broken(_event):
    raise RuntimeError("not today")


def test_a_message_wakes_the_function_when_its_delay_is_over(lab):
    lab.send("announce", delay=90)
    lab.forward(89.9)
    assert timer.woken == []
    lab.forward(1000)
    assert timer.bodies == [(90, "announce")]


def test_without_a_delay_of_its_own_a_message_has_the_queues(lab):
    lab.send("usual")
    lab.send("at once", delay=0)
    lab.forward(10)
    assert timer.bodies == [(0, "at once"), (5, "usual")]


def test_the_event_is_the_one_that_lambda_gets(lab):
    said = {"lang": {"DataType": "String", "StringValue": "ja"}}
    sent = lab.sqs.send_message(QueueUrl=TIMERS, MessageBody="三分前です", DelaySeconds=0, MessageAttributes=said)
    lab.forward(0)
    ((_, event),) = timer.woken
    (record,) = event["Records"]
    assert record.pop("receiptHandle")
    assert record == {
        "messageId": sent["MessageId"],
        "body": "三分前です",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": f"{START}000",
            "SenderId": "123456789012:local",
            "ApproximateFirstReceiveTimestamp": f"{START}000",
        },
        "messageAttributes": {"lang": {"dataType": "String", "stringValue": "ja"}},
        "md5OfBody": sent["MD5OfMessageBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:ap-northeast-1:123456789012:Timers",
        "awsRegion": "ap-northeast-1",
    }


def test_the_environment_names_the_queue_as_cloudformation_would(lab):
    assert (os.environ["LAB_TIMERS"], os.environ["LAB_NAME"]) == (TIMERS, "Timers")


def test_a_message_that_fails_comes_again_and_then_goes_to_the_dead_letters(lab):
    timer.does = broken
    lab.send("announce", delay=10)
    lab.forward(49)
    assert timer.bodies == [(10, "announce"), (30, "announce")]
    assert lab.dead() == []
    lab.forward(2)
    assert lab.dead() == ["announce"]
    lab.forward(600)
    assert len(timer.woken) == len(lab.failures()) == 2


def test_a_message_that_is_managed_the_second_time_is_gone(lab):
    timer.does = lambda event: broken(event) if len(timer.woken) == 1 else None
    lab.send("announce", delay=0)
    lab.forward(600)
    assert [at for at, _ in timer.woken] == [0, 20]
    counts = [event["Records"][0]["attributes"]["ApproximateReceiveCount"] for _, event in timer.woken]
    assert counts == ["1", "2"]
    assert len(lab.failures()) == 1
    assert lab.dead() == []


def test_messages_of_the_same_moment_come_in_batches_no_larger_than_asked_for(lab):
    entries = [{"Id": body, "MessageBody": body, "DelaySeconds": 7} for body in "abcde"]
    answer = lab.sqs.send_message_batch(QueueUrl=BATCHES, Entries=entries)
    lab.forward(7)
    assert [one["Id"] for one in answer["Successful"]] == list("abcde")
    assert [len(event["Records"]) for _, event in timer.woken] == [3, 2]
    assert timer.bodies == [(7, body) for body in "abcde"]


def test_of_a_batch_only_what_failed_comes_again(lab):
    def not_b(event):
        bad = [record["messageId"] for record in event["Records"] if record["body"] == "b"]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in bad if len(timer.woken) == 1]}

    timer.does = not_b
    entries = [{"Id": body, "MessageBody": body} for body in "abc"]
    lab.sqs.send_message_batch(QueueUrl=BATCHES, Entries=entries)
    lab.forward(100)
    assert timer.bodies == [(0, "a"), (0, "b"), (0, "c"), (30, "b")]


def test_a_report_that_makes_no_sense_fails_the_whole_batch(lab):
    timer.does = lambda _: {"batchItemFailures": [{"itemIdentifier": "nobody"}]} if len(timer.woken) == 1 else None
    lab.send("a", url=BATCHES)
    lab.forward(100)
    assert timer.bodies == [(0, "a"), (30, "a")]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"DelaySeconds": 901}, "Value 901 for parameter DelaySeconds is invalid"),
        ({"DelaySeconds": -1}, "Value -1 for parameter DelaySeconds is invalid"),
        ({"MessageBody": ""}, "MessageBody"),
        ({"MessageBody": "x" * 1_048_577}, "Message must be shorter than 1048576 bytes"),
        ({"MessageBody": "話" * 400_000}, "Message must be shorter than 1048576 bytes"),
        ({"QueueUrl": TIMERS + "s"}, "The specified queue does not exist"),
    ],
)
def test_what_sqs_refuses_is_refused(lab, wrong, sentence):
    with pytest.raises(lab.sqs.exceptions.ClientError, match=sentence):
        lab.sqs.send_message(**{"QueueUrl": TIMERS, "MessageBody": "announce"} | wrong)
    lab.forward(1000)
    assert timer.woken == []


def test_an_unknown_queue_is_refused_with_the_exception_that_clients_know(lab):
    with pytest.raises(lab.sqs.exceptions.QueueDoesNotExist) as refused:
        lab.send("announce", url=TIMERS + "s")
    assert refused.value.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"


def test_of_a_batch_what_is_wrong_is_refused_and_the_rest_sent(lab):
    entries = [{"Id": "good", "MessageBody": "a"}, {"Id": "bad", "MessageBody": "b", "DelaySeconds": 1000}]
    answer = lab.sqs.send_message_batch(QueueUrl=TIMERS, Entries=entries)
    assert [one["Id"] for one in answer["Failed"]] == ["bad"]
    lab.forward(10)
    assert timer.bodies == [(5, "a")]


def test_an_operation_that_is_not_built_says_so(lab):
    with pytest.raises(ValueError, match="PurgeQueue of SQS"):
        lab.sqs.purge_queue(QueueUrl=TIMERS)


def test_a_message_that_is_late_and_one_that_comes_twice(lab):
    lab.cloud.faults.messages.late(seconds=12, match="announce")
    lab.cloud.faults.messages.twice(match="release")
    for body in ("announce", "announce", "release"):
        lab.send(body, delay=900)
    lab.forward(1000)
    assert timer.bodies == [(900, "announce"), (900, "release"), (900, "release"), (912, "announce")]
    (first, second) = [event["Records"][0] for _, event in timer.woken if event["Records"][0]["body"] == "release"]
    assert first["messageId"] == second["messageId"]
    assert lab.cloud.faults.missed() == []


def test_a_fault_that_never_struck_is_told(lab):
    lab.cloud.faults.messages.late(seconds=12, match="anounce")
    lab.send("announce")
    assert lab.cloud.faults.missed() == ["a fault that was asked for did not strike: late 'anounce'"]


def test_messages_that_a_handler_sends_follow_their_own_delay(lab):
    def again(event):
        if now() < 30:
            lab.send("next", delay=10)

    timer.does = again
    lab.send("first", delay=10)
    lab.forward(100)
    assert timer.bodies == [(10, "first"), (20, "next"), (30, "next")]


# ---- chains ----------------------------------------------------------------------------------------------------------


def test_a_function_that_wakes_itself_is_stopped_after_sixteen_times(lab):
    timer.does = lambda _: lab.send("once more", delay=1)
    lab.send("once", delay=0)
    lab.forward(3600)
    assert len(timer.woken) == 16
    assert lab.dead() == ["once more"]
    assert lab.failures() == ["lab-local-timer was stopped: it has run 16 times in one chain"]


def test_one_that_may_do_so_is_not(lab):
    for function, _ in lab.cloud.queues.fed.values():
        function["RecursiveLoop"] = "Allow"
    timer.does = lambda _: lab.send("once more", delay=1) if len(timer.woken) < 40 else None
    lab.send("once", delay=0)
    lab.forward(3600)
    assert len(timer.woken) == lab.cloud.queues.longest["lab-local-timer"] == 40
    assert lab.dead() == []


def test_a_schedule_begins_another_chain(lab):
    timer.does = lambda _: lab.arm(f"next-{len(timer.woken)}", now() + 5, arn=lab.cloud.template.arn("Timers"))
    lab.send("once", delay=0)
    lab.forward(3600)
    assert len(timer.woken) > 20
    assert lab.cloud.queues.longest["lab-local-timer"] == 1


# ---- FIFO queues -----------------------------------------------------------------------------------------------------
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html


def failing(*bodies):
    """Reports these as not done, and all others as done."""
    return lambda event: {
        "batchItemFailures": [{"itemIdentifier": one["messageId"]} for one in event["Records"] if one["body"] in bodies]
    }


def test_a_message_that_is_not_done_holds_up_its_own_group_and_no_other(lab):
    timer.does = failing("a1")
    for body in ("a1", "a2", "b1", "b2"):
        lab.line_up(body, body[0])
    lab.forward(1)
    assert timer.bodies == [(0, "a1"), (0, "b1"), (0, "b2")]
    lab.forward(60)
    assert timer.bodies[3:] == [(20, "a1"), (40, "a2")]  # when a1 is a dead letter
    dead = lab.sqs.receive_message(QueueUrl=LOST)["Messages"]
    assert [(one["Body"], one["Attributes"]["MessageGroupId"]) for one in dead] == [("a1", "a")]


def test_one_that_is_hidden_for_longer_comes_again_when_that_is_over(lab):
    def hides(event):
        [one] = event["Records"]
        if one["attributes"]["ApproximateReceiveCount"] == "1":
            lab.sqs.change_message_visibility(
                QueueUrl=LINES, ReceiptHandle=one["receiptHandle"], VisibilityTimeout=3600
            )
            return {"batchItemFailures": [{"itemIdentifier": one["messageId"]}]}
        return None

    timer.does = hides
    lab.line_up("a1", "a")
    lab.forward(7200)
    assert timer.bodies == [(0, "a1"), (3600, "a1")]


def test_the_same_is_not_sent_twice_within_five_minutes(lab):
    first, again = (lab.line_up("a1", "a", "same") for _ in range(2))
    lab.forward(301)
    later = lab.line_up("a1", "a", "same")
    lab.forward(1)
    assert (first, later == first) == (again, False)
    assert timer.bodies == [(0, "a1"), (301, "a1")]


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ({"MessageDeduplicationId": "x"}, "MessageGroupId"),
        ({"MessageGroupId": "a"}, "MessageDeduplicationId"),
        ({"MessageGroupId": "\u96fb\u8a71", "MessageDeduplicationId": "x"}, "alphanumeric"),
        ({"MessageGroupId": "a" * 129, "MessageDeduplicationId": "x"}, "128 in length"),
        ({"MessageGroupId": "a", "MessageDeduplicationId": "x", "DelaySeconds": 3}, "DelaySeconds"),
    ],
)
def test_a_fifo_queue_refuses_what_has_no_place_in_it(lab, order, why):
    with pytest.raises(lab.sqs.exceptions.ClientError, match=why):
        lab.sqs.send_message(QueueUrl=LINES, MessageBody="a1", **order)
