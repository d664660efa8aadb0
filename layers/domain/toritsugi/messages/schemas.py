"""What a request for a text message may say. Only the REST API reads this: it is heavy."""

import hashlib
import json
import time
from typing import Annotated

from pydantic import ConfigDict, Field

from toritsugi.foundation.request_types import Strict, Url
from toritsugi.lines.schemas import Number
from toritsugi.messages import records
from toritsugi.messages.outbound import MAX_BODY, MAX_MEDIA
from toritsugi.messages.records import Message


class MessageRequest(Strict):
    """A text, or pictures, or both."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"to": "+819011110001", "from": "+12025550101", "body": "Until tomorrow!"}]}
    )

    to: Annotated[Number, Field(description="Who gets it")]
    from_: Annotated[Number, Field(alias="from", description="A number of yours that can text")]
    body: Annotated[str, Field(max_length=10 * MAX_BODY, description=f"At most {MAX_BODY} characters")] = ""
    media: Annotated[list[Url], Field(max_length=100, description=f"Files to go with it, {MAX_MEDIA} at most")] = []


class PreviewRequest(Strict):
    """A text whose size is of interest."""

    body: Annotated[str, Field(max_length=10 * MAX_BODY)]


def new_requested_message(wanted: MessageRequest, seed: str | None) -> Message:
    """The message that is asked for, which is not kept yet; the same id for the same seed."""
    asked = json.dumps(wanted.model_dump(), sort_keys=True)
    return records.new_message(
        records.make_id(seed),
        time.time(),
        direction="outbound-api",
        status="accepted",
        line=wanted.from_,
        person=wanted.to,
        body=wanted.body,
        media=[{"url": url, "kind": ""} for url in wanted.media] or None,
        asked=hashlib.sha256(asked.encode()).hexdigest(),
    )
