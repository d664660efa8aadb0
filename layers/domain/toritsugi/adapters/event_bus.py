"""The exchange's own bus at EventBridge, where the owner's other systems hear of what has happened.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events.html
"""

import json
from typing import Any

from toritsugi.foundation import clients, config
from toritsugi.foundation.logs import log


def publish(what: str, detail: dict[str, Any]) -> None:
    """Puts an event on the bus. Raises RuntimeError when the bus does not take it."""
    entry = {
        "EventBusName": config.EVENT_BUS,
        "Source": "toritsugi",
        "DetailType": what,
        "Detail": json.dumps(detail, ensure_ascii=False),
    }
    answer = clients.aws_client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"the bus did not take an event: {answer['Entries'][0].get('ErrorCode')}")


def tell(what: str, facts: dict[str, Any]) -> None:
    """Has the owner hear of something: in the log, where an alarm waits for it, and on the bus if that takes it."""
    log.warning(what, **facts)
    try:
        publish(what, facts)
    except Exception:
        log.exception("the bus did not hear of it", what=what)
