"""What people write to a line of a reception, and what the exchange answers and keeps."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree
from typing import Any

from tests.conftest import ACCOUNT_SID, BASE
from tests.integration.conftest import AIKO, Twilio

LINE, VOICE_LINE = "+12025550101", "+815010000001"
DOCUMENT = {
    "language": "ja-JP",
    "timezone": "Asia/Tokyo",
    "start": "goodbye",
    "steps": {"goodbye": {"kind": "hangup", "hangup": True}},
    "texts": [
        {
            "keywords": ["予約", "book"],
            "answer": {"ja-JP": "{name}様、{time}に承りました。", "en-US": "Book <here> & now"},
        },
        {"otherwise": "ありがとうございます。"},
    ],
}


def give_line(number: str = LINE, document: dict[str, Any] | None = DOCUMENT) -> None:
    """A line at which a reception answers; without a document one that serves a masked service alone."""
    from toritsugi.lines.lines import Line, line_key

    has = {"reception": "desk", "version": 1, "document": document} if document else {"service_sid": "KS" + "1" * 32}
    Line(*line_key(number), number_sid="PN" + "1" * 32, former={}, **has).save()


def know(number: str = AIKO, **known: Any) -> None:
    """Keeps this of a caller, and nothing of what was known before."""
    from toritsugi.callers.caller import Caller, caller_key
    from toritsugi.lines.directory import look_up_entries

    for former in look_up_entries([caller_key(number)]).values():
        former.delete()
    Caller(*caller_key(number), date_created=1, date_updated=1, **known).save()


_numbers = itertools.count(1)


def form(body: str, number: str = AIKO, line: str = LINE, **more: str) -> dict[str, str]:
    """What Twilio tells of a text that came in."""
    sid = f"SM{next(_numbers):032x}"
    sids = {"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "AccountSid": ACCOUNT_SID}
    said = {"From": number, "To": line, "Body": body, "NumMedia": "0", "NumSegments": "1", "SmsStatus": "received"}
    return {**sids, **said, "ToCity": "", "FromCountry": "JP", "ApiVersion": "2010-04-01", **more}


def send(twilio: Twilio, fields: dict[str, str], **changes: Any) -> dict[str, Any]:
    import sms

    return twilio.send(sms.handler, "/sms", fields, **changes)


def read(answer: dict[str, Any]) -> str | None:
    """The one message in an answer, if there is one."""
    assert answer["statusCode"] == 200, answer
    response = ElementTree.fromstring(answer["body"])
    assert response.tag == "Response"
    assert [one.tag for one in response] in ([], ["Message"])
    return response[0].text if len(response) else None


def writes(twilio: Twilio, body: str, **more: str) -> str | None:
    """What somebody is answered who writes this."""
    return read(send(twilio, form(body, **more)))


def kept(sid: str) -> Any:
    from toritsugi.messages import records

    return records.find_message(sid)


def reports(twilio: Twilio, message_id: str, status: str, sid: str = "SM" + "f" * 32, **more: str) -> int:
    fields = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "SmsStatus": status, **more}
    return twilio.reports(f"{BASE}/status/messages/{message_id}", fields | {"AccountSid": ACCOUNT_SID})
