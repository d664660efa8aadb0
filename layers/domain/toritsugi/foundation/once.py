"""Once: a client's Idempotency-Key, by which a request that comes again makes nothing more.

What is kept of a request is a hash of it and where that is which it has made; never what it said, for there are people
in it, who can be erased. A key is good for a day. https://docs.stripe.com/api/idempotent_requests
"""

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from toritsugi.foundation import config
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.transactions import carry_out, is_marked, make_mark

KEY_KEPT_SECONDS = 86_400
GIVEN_UP_SECONDS = 30  # after which nobody works at a request any more: API Gateway has told its client long ago
MAX_KEY = 255


@dataclass(frozen=True)
class KeyedRequest:
    """A request with a key of a client's; `asked` is a hash of all that it says."""

    key: str
    asked: str

    @property
    def seed(self) -> str:
        """32 hexadecimal digits, the same for the same key: of them the SID is made of what is made."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Turn:
    """Whose turn it is: `made` is the path of what was made, with its status. `again`: somebody has begun before."""

    status: int | None = None
    made: str | None = None
    again: bool = False


def read_request(client: str, key: str, path: str, body: bytes) -> KeyedRequest:
    """A request to a path, as this client has keyed it. Raises RequestRefused 20001 for what is no key."""
    if not key or len(key) > MAX_KEY or not key.isprintable():
        raise RequestRefused(20001, f"Idempotency-Key: it must be 1 to {MAX_KEY} characters that one can see")
    return KeyedRequest(f"{client} {key}", hashlib.sha256(path.encode() + b" " + body).hexdigest())


def begin_once(request: KeyedRequest) -> Turn:
    """Either what the request has made, or it is to be carried out now, and by nobody else meanwhile.

    Raises RequestRefused 20409: 422 for a key of another request, 409 while the same is being carried out.
    """
    now, mark = int(time.time()), make_mark()
    free = "attribute_not_exists(#scope) OR expires_at <= :now"
    left = "(asked = :asked AND attribute_not_exists(made) AND began < :left)"
    outcome = update_key(
        request,
        "SET asked = :asked, began = :now, expires_at = :until, mark = :mark REMOVE made, answered",
        {
            ":mark": {"S": mark},
            ":asked": {"S": request.asked},
            ":now": {"N": str(now)},
            ":until": {"N": str(now + KEY_KEPT_SECONDS)},
            ":left": {"N": str(now - GIVEN_UP_SECONDS)},
        },
        f"{free} OR {left}",
        ReturnValues="ALL_OLD",
    )
    row = outcome.row
    if outcome.held:
        return Turn(again=bool(row) and int(row["expires_at"]["N"]) > now)
    if is_marked(row, mark):  # our own answer was lost
        return Turn(again=True)
    if row["asked"]["S"] != request.asked:
        raise RequestRefused(20409, "This Idempotency-Key was used for another request", 422)
    if "made" not in row:
        raise RequestRefused(20409, "The same request is being carried out. Please try again", 409)
    return Turn(int(row["answered"]["N"]), row["made"]["S"])


def note_made(request: KeyedRequest, status: int, made: str) -> None:
    """What the request has made, and with which status it was answered, is what it gets again."""
    values = {":status": {"N": str(status)}, ":made": {"S": made}, ":asked": {"S": request.asked}}
    update_key(request, "SET answered = :status, made = :made", values, "asked = :asked")


def note_failed(request: KeyedRequest) -> None:
    """Nobody knows what was made: whoever asks again looks for it first."""
    update_key(request, "SET began = :never", {":never": {"N": "0"}, ":asked": {"S": request.asked}}, "asked = :asked")


def free_key(request: KeyedRequest) -> None:
    """Nothing was made: the key is as good as new."""
    values = {":past": {"N": "0"}, ":asked": {"S": request.asked}}
    update_key(request, "SET expires_at = :past", values, "asked = :asked AND attribute_not_exists(made)")


def update_key(request: KeyedRequest, actions: str, values: dict[str, Any], condition: str, **more: str) -> Any:
    """Changes the row of a key, which goes by itself a day later."""
    scope = hashlib.sha256(f"once {request.key}".encode()).hexdigest()
    return carry_out(
        "update_item",
        {
            "TableName": config.USAGE_TABLE,
            "Key": {"scope": {"S": f"once#{scope}"}, "day": {"S": "request"}},
            "UpdateExpression": actions,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **({"ExpressionAttributeNames": {"#scope": "scope"}} if "#scope" in condition else {}),
            **more,
        },
    )
