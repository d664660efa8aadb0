"""The exchange's own door: a call is announced there as Twilio would, to see whether it would be answered.

No telephone rings: whoever calls is nobody, and so is who is called. It is signed with what Twilio signs with.
"""

import http.client
import secrets
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from twilio.request_validator import SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER, RequestValidator

from toritsugi import words
from toritsugi.foundation import config
from toritsugi.foundation.errors import LineUnknown

# Numbers that are nobody's: https://en.wikipedia.org/wiki/555_(telephone_number)
CALLER, CALLED = "+12025550100", "+12025550199"
SETTINGS = ("public-base-url", "auth-tokens", "shared-keys")  # more is not needed here, nor allowed
ANSWER_SECONDS = 15  # as long as Twilio waits: https://www.twilio.com/docs/api/errors/11205
MAX_TWIML_BYTES = 65_536


def find_trouble() -> str | None:
    """Why a call would not be answered at the public address; None: it would."""
    settings = config.fetch_settings(SETTINGS)
    key_id, algorithm, secret = min(settings.signing_keys)  # a token before any key
    url = f"{settings.public_base_url}/voice"
    fields = {
        "AccountSid": config.TWILIO_ACCOUNT_SID,
        "CallSid": f"CA{secrets.token_hex(16)}",
        "CallStatus": "ringing",
        "Direction": "inbound",
        "From": CALLER,
        "To": CALLED,
    }
    headers = {SIGNATURE_HEADER: RequestValidator(secret).compute_signature(url, fields, algorithm)}
    if key_id:
        headers[SIGNATURE_SETTINGS_HEADER] = f"key={key_id},algorithm={algorithm}"
    try:
        with urlopen(Request(url, urlencode(fields).encode(), headers), timeout=ANSWER_SECONDS) as answer:  # noqa: S310
            said = answer.read(MAX_TWIML_BYTES).decode("utf-8", "replace")
    except HTTPError as refusal:
        return f"it answers {refusal.code}"
    except (URLError, TimeoutError, OSError, http.client.HTTPException) as silence:
        return f"it cannot be reached: {getattr(silence, 'reason', silence)}"
    if not any(sentence in said for sentence in words.translations(LineUnknown.sentence)):
        return "it apologises, or something else answers"
    return None
