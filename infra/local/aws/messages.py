"""The messages of SQS: how they look to whom, and what SQS refuses.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from local.aws.template import ACCOUNT, REGION

LARGEST = 1_048_576  # bytes of a message with its attributes, and of all messages of a batch
LONGEST_DELAY = 900
LONGEST_HIDDEN = 43_200
MOST_OF_A_NAME = 128  # characters of a group's id, and of a deduplication id
MOST_IN_A_BATCH = 10


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
    chain: Counter[str] = field(default_factory=Counter)  # which function has run how often to bring it about
    receipts: list[str] = field(default_factory=list)
    group: str = ""  # of a FIFO queue alone, like the following
    same: str = ""

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
        } | ({"MessageGroupId": self.group, "MessageDeduplicationId": self.same} if self.group else {})


# ---- how a message looks ---------------------------------------------------------------------------------------------


def receipt(message: Message) -> dict[str, str]:
    """What who has sent a message is told."""
    return {"MessageId": message.message_id, "MD5OfMessageBody": message.md5}


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


def record(message: Message, queue_arn: str) -> dict[str, Any]:
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
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


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


def check_order(request: dict[str, Any]) -> tuple[str, str]:
    """The group and the deduplication id of a message for a FIFO queue. Raises Refused."""
    group, same = request.get("MessageGroupId", ""), request.get("MessageDeduplicationId", "")
    if not group:
        raise Refused("MissingParameter", "The request must contain the parameter MessageGroupId.")
    if not same:
        sentence = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided"
        raise Refused("InvalidParameterValue", f"{sentence} explicitly")
    if request.get("DelaySeconds") is not None:
        sentence = (
            "Value for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid "
        )
        raise Refused("InvalidParameterValue", f"{sentence}for this queue type.")
    for name, value in (("MessageGroupId", group), ("MessageDeduplicationId", same)):
        if len(value) > MOST_OF_A_NAME or not all("!" <= letter <= "~" for letter in value):
            sentence = (
                f"{name} can only include alphanumeric and punctuation characters. 1 to {MOST_OF_A_NAME} in length."
            )
            raise Refused("InvalidParameterValue", f"Value {value} for parameter {name} is invalid. Reason: {sentence}")
    return group, same
