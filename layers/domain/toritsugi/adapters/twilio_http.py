"""How a request reaches Twilio's REST API: where that is, with which key, over which connection, and how often.

Twilio has no key by which it would know a request again. What it says of asking again holds here: reading, deleting and
changing may be done twice, but calls and messages are made as often as it is asked for them, and an announcement heard.
https://www.twilio.com/docs/errors/20500
"""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from requests.exceptions import ProxyError, ReadTimeout, RequestException
from twilio.http.http_client import TwilioHttpClient
from urllib3.exceptions import ConnectTimeoutError

from toritsugi.foundation import config
from toritsugi.foundation.connections import KeptConnections
from toritsugi.foundation.errors import Unanswered

TWILIO_CONNECT_SECONDS, TWILIO_READ_SECONDS = 2, 10
RETRY_PAUSES = (0.2, 0.5, 1.0)  # seconds between attempts: https://www.twilio.com/docs/api/errors/20429
TOO_MANY_REQUESTS = 429


class RedirectedHttpClient(TwilioHttpClient):
    """Twilio's own HTTP client, sent to the configured address: the SDK can only change parts of the host name.

    Where Twilio has done nothing, for it has too much to do or cannot be reached, it is asked again; after a connection
    that broke only for what may be done twice. Where it takes a key or token no more, the next is tried: they change
    while this process lives.
    """

    def __init__(self) -> None:
        super().__init__()
        self.timeout = (TWILIO_CONNECT_SECONDS, TWILIO_READ_SECONDS)
        self.connections = KeptConnections(self.session.close)

    def request(self, method: str, url: str, params: Any = None, data: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Twilio's answer; after the last pause also one that says that it has too much to do. Raises Unanswered."""
        there = urlunsplit(urlsplit(config.CARRIER_URL)[:2] + urlsplit(url)[2:])
        for seconds in (*RETRY_PAUSES, None):
            try:
                answer = self.ask(method, there, params, data, *args, **kwargs)
            except RequestException as failure:
                if seconds is None or not may_be_asked_again(failure, method, there, data or {}):
                    raise unanswered(failure) from failure
            else:
                if seconds is None or answer.status_code != TOO_MANY_REQUESTS:
                    return answer
            time.sleep(seconds)
        raise AssertionError

    def ask(self, method: str, there: str, *args: Any, **kwargs: Any) -> Any:
        """Twilio's answer under the first of our keys and tokens that it takes; its 401, if it takes none."""
        for doubtful in (False, True):
            for login in config.settings(doubtful).twilio_logins:
                self.connections.prepare()
                answer = super().request(method, there, *args, **kwargs | {"auth": login})
                if answer.status_code != 401:
                    return answer
        return answer


def may_be_asked_again(failure: RequestException, method: str, url: str, form: Mapping[str, Any]) -> bool:
    """Whether a request that has failed may be made again: not if it may be done, and twice would be once too often.

    Nor if Twilio was waited for in vain, for there is not the time to do so twice.
    """
    return was_not_sent(failure) or not (isinstance(failure, ReadTimeout) or makes_something(method, url, form))


def was_not_sent(failure: RequestException) -> bool:
    """Whether there was no connection yet, on which a request could have been sent."""
    reason = getattr(failure.args[0], "reason", None) if failure.args else None  # of urllib3's MaxRetryError
    return isinstance(failure, ProxyError) or isinstance(reason, ConnectTimeoutError)


def makes_something(method: str, url: str, form: Mapping[str, Any]) -> bool:
    """Whether a request makes a call or a message, or has an announcement heard."""
    return method.upper() == "POST" and (url.endswith(("/Calls.json", "/Messages.json")) or "AnnounceUrl" in form)


def unanswered(failure: RequestException) -> Unanswered:
    """The error that tells a client of it, without the address, which has the account in it."""
    name = type(failure).__name__
    if was_not_sent(failure):
        return Unanswered(f"Twilio cannot be reached ({name})", may_be_done=False)
    return Unanswered(f"Twilio did not answer a request that was made on your behalf ({name})", may_be_done=True)
