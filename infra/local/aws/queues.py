"""SQS on this machine: messages become visible on the clock, and wake the function that the template feeds with them.

moto's own draws no line between a second and the next, and takes an empty message.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from local.aws.faults import Faults
from local.aws.functions import Functions
from local.aws.template import ACCOUNT, REGION, Template
from local.clock import ROUNDING, Clock

LARGEST = 1_048_576  # bytes of a message with its attributes, and of all messages of a batch
LONGEST_DELAY = 900
MOST_IN_A_BATCH = 10
PROPERTIES = {
    *("QueueName", "DelaySeconds", "VisibilityTimeout", "RedrivePolicy", "MessageRetentionPeriod"),
    *("SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "Tags"),
}


class Refused(Exception):
    """SQS says no: its code, its sentence, and how the client's exception is called."""

    def __init__(self, code: str, message: str, shape: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.shape = code, message, shape or code


@dataclass
class Message:
    """One message, or one of its copies."""

    body: str
    attributes: dict[str, Any]
    sent_at: float
    visible_at: float
    message_id: str
    received: int = 0
    first_received_at: float = 0
    receipts: list[str] = field(default_factory=list)

    @property
    def md5(self) -> str:
        return hashlib.md5(self.body.encode()).hexdigest()  # noqa: S324  what SQS says, not a secret

    @property
    def system_attributes(self) -> dict[str, str]:
        return {
            "ApproximateReceiveCount": str(self.received),
            "SentTimestamp": str(int(self.sent_at * 1000)),
            "SenderId": f"{ACCOUNT}:local",
            "ApproximateFirstReceiveTimestamp": str(int(self.first_received_at * 1000)),
        }


class Queue:
    """One queue. Raises ValueError for what is not built."""

    def __init__(self, name: str, arn: str, properties: dict[str, Any]) -> None:
        if strange := properties.keys() - PROPERTIES:
            raise ValueError(f"the local stack does not know {', '.join(sorted(strange))} of a queue")
        self.name, self.arn = name, arn
        self.url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
        self.delay = int(properties.get("DelaySeconds", 0))
        self.visibility_timeout = int(properties.get("VisibilityTimeout", 30))
        self.retention = int(properties.get("MessageRetentionPeriod", 345_600))
        self.redrive: dict[str, Any] = properties.get("RedrivePolicy", {})
        self.dead_letters: Queue | None = None
        self.messages: list[Message] = []
        self.lock = threading.RLock()  # handlers send in threads, the clock delivers in its own

    def put(self, message: Message) -> None:
        with self.lock:
            self.messages.append(message)

    def delete(self, *messages: Message) -> None:
        with self.lock:
            self.messages = [one for one in self.messages if all(one is not message for message in messages)]

    def receive(self, most: int, visibility_timeout: float) -> list[Message]:
        """The oldest messages that are visible now; who receives one has so many seconds to delete it.

        One that was received too often goes to the dead letters instead.
        """
        now, found = time.time(), []
        with self.lock:
            for message in [one for one in self.messages if one.visible_at <= now + ROUNDING]:
                if now - message.sent_at > self.retention:
                    self.delete(message)
                elif self.dead_letters and message.received >= int(self.redrive["maxReceiveCount"]):
                    self.delete(message)
                    self.dead_letters.put(message)
                elif len(found) < most:
                    message.received += 1
                    message.first_received_at = message.first_received_at or now
                    message.visible_at = now + visibility_timeout
                    message.receipts.append(uuid.uuid4().hex)
                    found.append(message)
        return found


class Queues:
    """The queues of a template: what their API answers, and whom their messages wake."""

    def __init__(self, template: Template, functions: Functions, faults: Faults) -> None:
        self.functions, self.faults = functions, faults
        self.clock: Clock | None = None
        declared = template.of_type("AWS::SQS::Queue").items()
        queues = [Queue(template.name(name), template.arn(name), properties) for name, properties in declared]
        self.named = {queue.name: queue for queue in queues}
        self.by_arn = {queue.arn: queue for queue in queues}
        for queue in queues:
            if queue.redrive:
                queue.dead_letters = self.by_arn[queue.redrive["deadLetterTargetArn"]]
        self.fed = {source["Queue"]: (function, source) for function, source in template.events("SQS")}
        if strange := self.fed.keys() - self.by_arn.keys():
            raise ValueError(f"The template has no queue {', '.join(strange)}, which is to feed a function.")

    def start(self, clock: Clock) -> None:
        """From now on messages wake functions. Call it in the loop in which the clock runs."""
        self.clock, self.loop = clock, asyncio.get_running_loop()
        for queue in self.named.values():
            for message in queue.messages:
                self.announce(queue, message)

    # ---- the API ---------------------------------------------------------------------------------------------------

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The answer of an operation. Raises Refused as SQS does, and ValueError for what is not built."""
        answers = {
            "SendMessage": self.send_message,
            "SendMessageBatch": self.send_message_batch,
            "ReceiveMessage": self.receive_message,
            "DeleteMessage": self.delete_message,
        }
        if operation not in answers:
            raise ValueError(f"the local stack does not know {operation} of SQS")
        name = str(request.get("QueueUrl", "")).rpartition("/")[2]
        if name not in self.named:
            code = "AWS.SimpleQueueService.NonExistentQueue"
            raise Refused(code, "The specified queue does not exist.", "QueueDoesNotExist")
        return answers[operation](self.named[name], request)

    def send_message(self, queue: Queue, request: dict[str, Any]) -> dict[str, Any]:
        message = self.send(queue, request.get("MessageBody"), request.get("DelaySeconds"), attributes_of(request))
        return {"MessageId": message.message_id, "MD5OfMessageBody": message.md5}

    def send_message_batch(self, queue: Queue, request: dict[str, Any]) -> dict[str, Any]:
        entries, done = request.get("Entries") or [], {"Successful": [], "Failed": []}
        check_batch(entries)
        for entry in entries:
            try:
                answer = self.send_message(queue, entry)
                done["Successful"].append({"Id": entry["Id"], **answer})
            except Refused as no:
                failed = {"Id": entry["Id"], "SenderFault": True, "Code": no.code, "Message": no.message}
                done["Failed"].append(failed)
        return done

    def receive_message(self, queue: Queue, request: dict[str, Any]) -> dict[str, Any]:
        """What is visible now; nobody waits here, whatever WaitTimeSeconds says."""
        timeout = request.get("VisibilityTimeout", queue.visibility_timeout)
        found = queue.receive(request.get("MaxNumberOfMessages", 1), timeout)
        for message in found:
            self.announce(queue, message)
        return {"Messages": [described(message) for message in found]} if found else {}

    def delete_message(self, queue: Queue, request: dict[str, Any]) -> dict[str, Any]:
        queue.delete(*(one for one in queue.messages if request["ReceiptHandle"] in one.receipts))
        return {}

    def send(self, queue: Queue, body: Any, delay: Any = None, attributes: dict[str, Any] | None = None) -> Message:
        """Puts a message into the queue. Raises Refused."""
        check_message(body, delay, attributes or {})
        what = f"{queue.name} {body}"
        late = self.faults.take("late", what)
        copies = 2 if self.faults.take("twice", what) else 1
        now, message_id = time.time(), str(uuid.uuid4())
        visible_at = now + (queue.delay if delay is None else delay) + (late.seconds if late else 0)
        for _ in range(copies):
            message = Message(body, attributes or {}, now, visible_at, message_id)
            queue.put(message)
            self.announce(queue, message)
        return message

    # ---- the functions that are fed --------------------------------------------------------------------------------

    def announce(self, queue: Queue, message: Message) -> None:
        """Has the queue's function, if it has one, look when the message is visible. May be called in any thread."""
        if self.clock and queue.arn in self.fed:
            due = message.visible_at
            self.loop.call_soon_threadsafe(self.clock.at, due, lambda: self.poll(queue), f"a message of {queue.name}")

    def poll(self, queue: Queue) -> Coroutine[Any, Any, None] | None:
        function, source = self.fed[queue.arn]
        messages = queue.receive(int(source.get("BatchSize", MOST_IN_A_BATCH)), queue.visibility_timeout)
        return self.deliver(queue, function, source, messages) if messages else None

    async def deliver(
        self, queue: Queue, function: dict[str, Any], source: dict[str, Any], messages: list[Message]
    ) -> None:
        """Hands messages to the function; what it does not manage comes again when it is visible again."""
        for message in messages:
            self.announce(queue, message)
        event = {"Records": [record(queue, message) for message in messages]}
        try:
            answer = await self.functions.invoke(function, event, on_the_clock=True)
        except Exception:
            return  # the functions have written it down
        failed = failed_of(answer, messages) if source.get("FunctionResponseTypes") else set()
        queue.delete(*(message for message in messages if message.message_id not in failed))


# ---- how a message looks ---------------------------------------------------------------------------------------------


def attributes_of(request: dict[str, Any]) -> dict[str, Any]:
    attributes: dict[str, Any] = request.get("MessageAttributes") or {}
    return attributes


def described(message: Message) -> dict[str, Any]:
    """A message as ReceiveMessage shows it."""
    return {
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipts[-1],
        "MD5OfBody": message.md5,
        "Body": message.body,
        "Attributes": message.system_attributes,
        "MessageAttributes": message.attributes,
    }


def record(queue: Queue, message: Message) -> dict[str, Any]:
    """A message as Lambda shows it to a function."""
    return {
        "messageId": message.message_id,
        "receiptHandle": message.receipts[-1],
        "body": message.body,
        "attributes": message.system_attributes,
        "messageAttributes": {
            name: {key[0].lower() + key[1:]: value for key, value in said.items()}
            for name, said in message.attributes.items()
        },
        "md5OfBody": message.md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": REGION,
    }


def failed_of(answer: Any, messages: list[Message]) -> set[str]:
    """The ids that a function reports as failed; all, where what it says makes no sense.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
    """
    ids = {message.message_id for message in messages}
    try:
        failed = {item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures") or []}
    except (AttributeError, KeyError, TypeError):
        return ids
    return failed if failed <= ids else ids


# ---- what SQS refuses ------------------------------------------------------------------------------------------------


def check_message(body: Any, delay: Any, attributes: dict[str, Any]) -> None:
    if body is None:
        raise Refused("MissingParameter", "The request must contain the parameter MessageBody.")
    if not isinstance(body, str) or not body:
        raise Refused("InvalidParameterValue", "Value for parameter MessageBody is invalid. Reason: Must not be empty.")
    size = len(body.encode()) + sum(
        len(str(part).encode()) for name, said in attributes.items() for part in (name, *said.values())
    )
    if size > LARGEST:
        sentence = f"One or more parameters are invalid. Reason: Message must be shorter than {LARGEST} bytes."
        raise Refused("InvalidParameterValue", sentence)
    if delay is not None and (type(delay) is not int or not 0 <= delay <= LONGEST_DELAY):
        sentence = f"Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
        raise Refused("InvalidParameterValue", sentence)


def check_batch(entries: list[dict[str, Any]]) -> None:
    prefix = "AWS.SimpleQueueService."
    if not entries:
        sentence = "There should be at least one SendMessageBatchRequestEntry in the request."
        raise Refused(f"{prefix}EmptyBatchRequest", sentence, "EmptyBatchRequest")
    if len(entries) > MOST_IN_A_BATCH:
        sentence = f"Maximum number of entries per request are {MOST_IN_A_BATCH}. You have sent {len(entries)}."
        raise Refused(f"{prefix}TooManyEntriesInBatchRequest", sentence, "TooManyEntriesInBatchRequest")
    if len({entry["Id"] for entry in entries}) < len(entries):
        shape = "BatchEntryIdsNotDistinct"
        raise Refused(f"{prefix}{shape}", "Two or more batch entries in the request have the same Id.", shape)
    if sum(len(str(entry.get("MessageBody")).encode()) for entry in entries) > LARGEST:
        sentence = f"Batch requests cannot be longer than {LARGEST} bytes."
        raise Refused(f"{prefix}BatchRequestTooLong", sentence, "BatchRequestTooLong")
