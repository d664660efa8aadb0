"""SQS on this machine: messages become visible on the clock, and wake the function that the template feeds with them.

moto's own draws no line between a second and the next, and takes an empty message.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html

As Lambda does, a function is run no more when it has run 16 times in one chain of messages, unless its RecursiveLoop
is Allow. https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from local.aws.faults import Faults
from local.aws.functions import Functions, current
from local.aws.messages import MOST_IN_A_BATCH, Message, Refused, check_batch, check_message, described, receipt, record
from local.aws.template import Template
from local.clock import ROUNDING, Clock

PROPERTIES = {
    *("QueueName", "DelaySeconds", "VisibilityTimeout", "RedrivePolicy", "MessageRetentionPeriod"),
    *("SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "Tags"),
}


MOST_IN_A_CHAIN = 16


class Queue:
    """One queue. Raises ValueError for what is not built."""

    def __init__(self, name: str, arn: str, properties: dict[str, Any]) -> None:
        if strange := properties.keys() - PROPERTIES:
            raise ValueError(f"the local stack does not know {', '.join(sorted(strange))} of a queue")
        self.name, self.arn = name, arn
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

    def stop(self, messages: list[Message]) -> None:
        """Hands these to nobody any more: they go to the dead letters, if there are any."""
        self.delete(*messages)
        for message in messages:
            if self.dead_letters:
                self.dead_letters.put(message)

    def receive(self, most: int, visibility_timeout: float) -> list[Message]:
        """The oldest messages that are visible now; who receives one has so many seconds to delete it.

        One that was received too often goes to the dead letters instead.
        """
        now = time.time()
        found: list[Message] = []
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
        self.longest: Counter[str] = Counter()  # of each function, how often it has run in one chain at most
        declared = template.of_type("AWS::SQS::Queue").items()
        queues = [Queue(template.name(name), template.arn(name), properties) for name, properties in declared]
        self.named = {queue.name: queue for queue in queues}
        self.by_arn = {queue.arn: queue for queue in queues}
        for queue in queues:
            if queue.redrive:
                queue.dead_letters = self.by_arn[queue.redrive["deadLetterTargetArn"]]
        self.fed = {source["Queue"]: (function, source) for function, source in template.events("SQS")}
        for arn, (function, _) in self.fed.items():
            if arn not in self.by_arn:
                raise ValueError(f"the template has no queue {arn}, which is to feed {function['FunctionName']}")
            if self.by_arn[arn].visibility_timeout < function["Timeout"]:  # AWS refuses such a source, too
                raise ValueError(
                    f"the VisibilityTimeout of {arn} is less than the Timeout of {function['FunctionName']}"
                )

    def start(self, clock: Clock) -> None:
        """From now on messages wake functions. Call it in the loop in which the clock runs."""
        self.clock, self.loop = clock, asyncio.get_running_loop()
        for queue in self.named.values():
            self.announce(queue, *queue.messages)

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
        sent = self.put(queue, request.get("MessageBody"), request.get("DelaySeconds"), attributes_of(request))
        self.announce(queue, *sent)
        return receipt(sent[0])

    def send_message_batch(self, queue: Queue, request: dict[str, Any]) -> dict[str, Any]:
        entries, successful, failed = request.get("Entries") or [], [], []
        check_batch(entries)
        together: list[Message] = []
        for entry in entries:
            try:
                sent = self.put(queue, entry.get("MessageBody"), entry.get("DelaySeconds"), attributes_of(entry))
            except Refused as no:
                failed.append({"Id": entry["Id"], "SenderFault": True, "Code": no.code, "Message": no.message})
            else:
                successful.append({"Id": entry["Id"], **receipt(sent[0])})
                together += sent
        self.announce(queue, *together)
        return {"Successful": successful, "Failed": failed}

    def receive_message(self, queue: Queue, request: dict[str, Any]) -> dict[str, Any]:
        """What is visible now; nobody waits here, whatever WaitTimeSeconds says."""
        timeout = request.get("VisibilityTimeout", queue.visibility_timeout)
        found = queue.receive(request.get("MaxNumberOfMessages", 1), timeout)
        self.announce(queue, *found)
        return {"Messages": [described(message) for message in found]} if found else {}

    def delete_message(self, queue: Queue, request: dict[str, Any]) -> dict[str, Any]:
        queue.delete(*(one for one in queue.messages if request["ReceiptHandle"] in one.receipts))
        return {}

    def send(self, queue: Queue, body: str) -> None:
        """Sends a message from within AWS. Raises Refused."""
        self.announce(queue, *self.put(queue, body))

    def put(
        self, queue: Queue, body: Any, delay: Any = None, attributes: dict[str, Any] | None = None
    ) -> list[Message]:
        """A message in the queue, or its copies; nobody looks for them yet. Raises Refused."""
        check_message(body, delay, attributes or {})
        what = f"{queue.name} {body}"
        late = self.faults.take("late", what)
        copies = 2 if self.faults.take("twice", what) else 1
        now, message_id = time.time(), str(uuid.uuid4())
        visible_at = now + (queue.delay if delay is None else delay) + (late.seconds if late else 0)
        chain = invocation.chain if (invocation := current.get()) else Counter()
        sent = [Message(body, attributes or {}, now, visible_at, message_id, chain=chain) for _ in range(copies)]
        for message in sent:
            queue.put(message)
        return sent

    # ---- the functions that are fed --------------------------------------------------------------------------------

    def announce(self, queue: Queue, *messages: Message) -> None:
        """Has the queue's function, if any, look when each of these is visible. May be called in any thread."""
        if self.clock and queue.arn in self.fed:
            for message in messages:
                self.loop.call_soon_threadsafe(
                    self.clock.at, message.visible_at, lambda: self.poll(queue), f"a message of {queue.name}"
                )

    def poll(self, queue: Queue) -> Coroutine[Any, Any, None] | None:
        function, source = self.fed[queue.arn]
        messages = queue.receive(int(source.get("BatchSize", MOST_IN_A_BATCH)), queue.visibility_timeout)
        return self.deliver(queue, function, source, messages) if messages else None

    async def deliver(
        self, queue: Queue, function: dict[str, Any], source: dict[str, Any], messages: list[Message]
    ) -> None:
        """Hands messages to the function; what it does not manage comes again when it is visible again."""
        event = {"Records": [record(message, queue.arn) for message in messages]}
        name, chain = function["FunctionName"], messages[0].chain
        if chain[name] >= MOST_IN_A_CHAIN and function.get("RecursiveLoop") != "Allow":
            queue.stop(messages)
            self.functions.failures.append(f"{name} was stopped: it has run {chain[name]} times in one chain")
            return
        self.longest[name] = max(self.longest[name], chain[name] + 1)
        try:
            answer = await self.functions.invoke(function, event, on_the_clock=True, chain=chain)
        except Exception:  # which the functions have written down
            self.announce(queue, *messages)
            return
        failed = failed_of(answer, messages) if source.get("FunctionResponseTypes") else set()
        self.announce(queue, *(message for message in messages if message.message_id in failed))
        queue.delete(*(message for message in messages if message.message_id not in failed))


def attributes_of(request: dict[str, Any]) -> dict[str, Any]:
    attributes: dict[str, Any] = request.get("MessageAttributes") or {}
    return attributes


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
