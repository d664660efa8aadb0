"""The files that came with messages: where Twilio has them, for a while, for whoever knows the address.

Twilio asks for a password, and answers with another address that needs none, and is good for four hours.
https://www.twilio.com/docs/messaging/api/media-resource https://help.twilio.com/articles/223183748
"""

from urllib.parse import urlsplit

from toritsugi.adapters import twilio_recordings
from toritsugi.foundation import config
from toritsugi.foundation.errors import RequestRefused

NO_FILE = (404, 410)


def find_location(url: str) -> str | None:
    """Where the file of a message can be had without a password; None, where Twilio has it no more.

    Raises RequestRefused, Unanswered. The password goes to Twilio alone, whatever the address says.
    """
    path = urlsplit(url).path
    if not path.startswith(f"/2010-04-01/Accounts/{config.TWILIO_ACCOUNT_SID}/Messages/") or ".." in path:
        return None
    with twilio_recordings.ask_account("GET", config.CARRIER_URL + path, redirect=False) as answer:
        if answer.status in NO_FILE:
            return None
        location: str | None = answer.get_redirect_location() or None
    if location is None:
        raise RequestRefused(80613, f"Twilio does not say where a file is: it answers {answer.status}", 502)
    return location
