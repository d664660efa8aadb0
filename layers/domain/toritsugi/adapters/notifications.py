"""The queues of notifications: what the owner's other systems are still to be told, each subject's in its order.

There is one that everything comes by, and one for what is passed on from there to receivers that are slow.
Both are FIFO queues. A message that is not done yet holds up those behind it in its group, and nobody else's, so a
group is one subscription, or one service, and one subject. Who has received a message and cannot do it says for how
long it is to be hidden: that is the back-off. After so many tries it is a dead letter.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagegroupid-property.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
"""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from toritsugi.foundation import clients, config
from toritsugi.foundation.events import Event
from toritsugi.foundation.types import Json


def send_event(event: Event) -> None:
    """Has notification.py tell everybody who wants to know of an event that no table shows."""
    enqueue({"event": asdict(event)}, event.subject, event.sid)


def send_delivery(subscription_sid: str, delivery_sid: str, subject: str, times: int = 0) -> None:
    """Has notification.py deliver; the `times`th time that somebody wants that."""
    said = {"subscription": subscription_sid, "delivery": delivery_sid, "times": times}
    enqueue(said, f"{subscription_sid} {subject}", f"{delivery_sid}-{times}")


def send_callback(service_sid: str, parameters: dict[str, str]) -> None:
    """Has notification.py tell a service's CallbackUrl of a state of a call or text; each state is told once."""
    said = {"callback": service_sid, "parameters": parameters}
    subject, state = parameters["interactionSid"], parameters["outboundResourceStatus"]
    enqueue(said, f"{service_sid} {subject}", f"{subject}-{state}")


def enqueue(said: dict[str, Any], group: str, once: str) -> None:
    """Sends a message behind those of its group; within five minutes the same, by `once`, is not sent again.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html
    """
    clients.aws_client("sqs").send_message(
        QueueUrl=config.NOTIFICATIONS_URL,
        MessageBody=json.dumps(said, ensure_ascii=False),
        MessageGroupId=hashlib.sha256(group.encode()).hexdigest(),  # which knows 128 characters, and no Japanese
        MessageDeduplicationId=once,
    )


def is_in_slow_lane(message: Json) -> bool:
    """Whether a message, as Lambda shows it, was received from the queue for receivers that are slow."""
    name: str = message["eventSourceARN"].rpartition(":")[2]
    return name == config.SLOW_NOTIFICATIONS_URL.rpartition("/")[2]


def pass_on(message: Json) -> None:
    """Sends a message that was received on to the slow lane, as it is."""
    clients.aws_client("sqs").send_message(
        QueueUrl=config.SLOW_NOTIFICATIONS_URL,
        MessageBody=message["body"],
        MessageGroupId=message["attributes"]["MessageGroupId"],
        MessageDeduplicationId=message["attributes"]["MessageDeduplicationId"],
    )


def hide(message: Json, seconds: int) -> None:
    """Hides a message that was received from everybody for so long, and with it those behind it in its group."""
    queue = config.SLOW_NOTIFICATIONS_URL if is_in_slow_lane(message) else config.NOTIFICATIONS_URL
    clients.aws_client("sqs").change_message_visibility(
        QueueUrl=queue, ReceiptHandle=message["receiptHandle"], VisibilityTimeout=seconds
    )
