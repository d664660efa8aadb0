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
from dataclasses import replace
from typing import Any

from local.aws.faults import Faults
from local.aws.functions import Functions, current
from local.aws.messages import (
    LONGEST_HIDDEN,
    MOST_IN_A_BATCH,
    Message,
    Refused,
    check_batch,
    check_message,
    check_order,
    described,
    receipt,
    record,
)
from local.aws.template import Template
from local.clock import ROUNDING, Clock

PROPERTIES = {
    *("QueueName", "DelaySeconds", "VisibilityTimeout", "RedrivePolicy", "MessageRetentionPeriod"),
    *("SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "Tags"),
    *("FifoQueue", "DeduplicationScope", "FifoThroughputLimit"),
}


MOST_IN_A_CHAIN = 16
SAME_SECONDS = 300  # for which a FIFO queue knows what was sent: the same is not sent again


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
        self.in_order = bool(properties.get("FifoQueue"))
        if self.in_order != name.endswith(".fifo"):
            raise ValueError(f"the name of a FIFO queue, and of no other, ends with .fifo: {name}")
        self.sent: dict[tuple[str, str], Message] = {}  # what was sent lately, by group and deduplication id
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

        One that was received too often goes to the dead letters instead. In a FIFO queue one that is hidden hides all
        those behind it in its group.
        """
        now = time.time()
        found: list[Message] = []
        held_up: set[str] = set()
        with self.lock:
            for message in list(self.messages):
                if message.visible_at > now + ROUNDING or message.group in held_up:
                    held_up |= {message.group} - {""}
                elif now - message.sent_at > self.retention:
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
                if queue.dead_letters.in_order != queue.in_order:
                    raise ValueError(f"the dead letters of {queue.name} must lie in a queue of its kind")
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
            "ChangeMessageVisibility": self.hide_message,
        }
        if operation not in answers:
            raise ValueError(f"the local stack does not know {operation} of SQS")
        name = str(request.get("QueueUrl", "")).rpartition("/")[2]
        if name not in self.named:
            code = "AWS.SimpleQueueService.NonExistentQueue"
            raise Refused(code, "The specified queue does not exist.", "QueueDoesNotExist")
        return answers[operation](self.named[name], request)

    def send_message(self, queue: Queue, request: dict[str, Any]) -> dict[str, Any]:
        sent = self.put_in_order(queue, request) if queue.in_order else self.put_as_asked(queue, request)
        self.announce(queue, *sent)
        return receipt(sent[0])

    def put_as_asked(self, queue: Queue, request: dict[str, Any]) -> list[Message]:
        return self.put(queue, request.get("MessageBody"), request.get("DelaySeconds"), attributes_of(request))

    def put_in_order(self, queue: Queue, request: dict[str, Any]) -> list[Message]:
        """The message behind those of its group; the one of before, where the same was sent lately. Raises Refused."""
        group, same = check_order(request)
        now, key = time.time(), (group, same)
        with queue.lock:
            if (before := queue.sent.get(key)) and now - before.sent_at < SAME_SECONDS:
                return [before]
            [sent] = self.put(queue, request.get("MessageBody"), None, attributes_of(request), group, same)
            queue.sent[key] = sent
        return [sent]

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

    def hide_message(self, queue: Queue, request: dict[str, Any]) -> dict[str, Any]:
        """Hides a message from now on for so long; whoever looks after it announces when that is over."""
        seconds = request["VisibilityTimeout"]
        if not 0 <= seconds <= LONGEST_HIDDEN:
            said = f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for "
            raise Refused("InvalidParameterValue", f"{said}the message is beyond the limit [43200 seconds].")
        for message in queue.messages:
            if request["ReceiptHandle"] in message.receipts:
                message.visible_at = time.time() + seconds
                self.announce(queue, message)
        return {}

    def send(self, queue: Queue, body: str) -> None:
        """Sends a message from within AWS. Raises Refused."""
        self.announce(queue, *self.put(queue, body))

    def put(
        self,
        queue: Queue,
        body: Any,
        delay: Any = None,
        attributes: dict[str, Any] | None = None,
        group: str = "",
        same: str = "",
    ) -> list[Message]:
        """A message in the queue, or its copies; nobody looks for them yet. Raises Refused."""
        check_message(body, delay, attributes or {})
        what = f"{queue.name} {body}"
        late = self.faults.take("late", what)
        copies = 2 if not queue.in_order and self.faults.take("twice", what) else 1
        now, message_id = time.time(), str(uuid.uuid4())
        visible_at = now + (queue.delay if delay is None else delay) + (late.seconds if late else 0)
        chain = invocation.chain if (invocation := current.get()) else Counter()
        one = Message(body, attributes or {}, now, visible_at, message_id, chain=chain, group=group, same=same)
        sent = [replace(one, receipts=[]) for _ in range(copies)]
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
            answer = await self.functions.invoke(
                function, event, on_the_clock=True, chain=chain, lane=self.lane_of(queue, name)
            )
        except Exception:  # which the functions have written down
            self.announce(queue, *messages)
            return
        failed = failed_of(answer, messages) if source.get("FunctionResponseTypes") else set()
        self.announce(queue, *(message for message in messages if message.message_id in failed))
        queue.delete(*(message for message in messages if message.message_id not in failed))
        if queue.in_order and self.clock:  # those behind them are free
            self.clock.after(0, lambda: self.poll(queue), f"what is next in {queue.name}")

    def lane_of(self, queue: Queue, function: str) -> str:
        """Whose processes a function's queue has: here a second queue has its own, as on AWS each of them does."""
        queues = [arn for arn, (fed, _) in self.fed.items() if fed["FunctionName"] == function]
        return "" if queue.arn == queues[0] else queue.name


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
