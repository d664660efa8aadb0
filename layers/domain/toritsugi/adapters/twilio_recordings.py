"""The files that Twilio has recorded, fetched and deleted by plain HTTP, for recording.py has no REST client.

https://www.twilio.com/docs/voice/api/recording
"""

import hashlib
from functools import cache
from typing import IO, Any

import urllib3

from toritsugi.foundation import config
from toritsugi.foundation.connections import KeptConnections
from toritsugi.foundation.errors import RequestRefused, Unanswered
from toritsugi.foundation.sids import in_path

CHUNK = 65_536  # bytes

OK, NO_CONTENT, WRONG_TOKEN, NOT_THERE = 200, 204, 401, 404


class NotReady(Exception):
    """Twilio gives no file now."""


class NotThereYet(NotReady):
    """Twilio has no file yet: we are told before every server of Twilio's has it."""


def fetch_audio(recording_sid: str, file: IO[bytes]) -> str:
    """Writes a recording's file, a WAV, and returns its SHA-256 in hexadecimal. Raises NotReady, or Unanswered.

    The address is made of the SID: a callback cannot lead anywhere else, whatever it says.
    """
    with ask_twilio("GET", f"{in_path(recording_sid, 'RE')}.wav") as answer:
        if answer.status == NOT_THERE:
            raise NotThereYet(recording_sid)
        if answer.status != OK:
            raise NotReady(f"Twilio answers {answer.status}")
        return write_audio(answer, file)


def write_audio(answer: urllib3.BaseHTTPResponse, file: IO[bytes]) -> str:
    """Writes the body of an answer into the file, and returns its SHA-256 in hexadecimal. Raises Unanswered."""
    checksum = hashlib.sha256()
    try:
        for part in answer.stream(CHUNK):
            checksum.update(part)
            file.write(part)
    except urllib3.exceptions.HTTPError as failure:
        raise no_answer(failure) from failure
    return checksum.hexdigest()


def delete_copy(recording_sid: str) -> None:
    """Deletes Twilio's copy of a recording; one that is gone is gone. Raises RequestRefused 80613, or Unanswered."""
    with ask_twilio("DELETE", f"{in_path(recording_sid, 'RE')}.json") as answer:
        if answer.status not in (NO_CONTENT, NOT_THERE):
            raise RequestRefused(80613, f"Twilio did not delete the recording: it answers {answer.status}", 502)


def ask_twilio(method: str, path: str) -> Any:
    """Twilio's answer about a recording, whose body is still to be read. Raises Unanswered."""
    url = f"{config.CARRIER_URL}/2010-04-01/Accounts/{config.TWILIO_ACCOUNT_SID}/Recordings/{path}"
    return ask_account(method, url)


def ask_account(method: str, url: str, redirect: bool = True) -> Any:
    """Twilio's answer, whose body is still to be read. Where it takes a key or token no more, the next is tried.

    Raises Unanswered.
    """
    answer: Any = None
    for doubtful in (False, True):
        for user, password in config.settings(doubtful).twilio_logins:
            if answer:
                answer.close()
            answer = send_request(method, url, urllib3.make_headers(basic_auth=f"{user}:{password}"), redirect)
            if answer.status != WRONG_TOKEN:
                return answer
    return answer


def send_request(method: str, url: str, headers: dict[str, str], redirect: bool) -> Any:
    """The answer of whoever is there; what fails is tried twice more, for it may be done twice. Raises Unanswered."""
    pool, connections = http()
    connections.prepare()
    try:
        return pool.request(method, url, headers=headers, redirect=redirect, preload_content=False)
    except urllib3.exceptions.HTTPError as failure:
        raise no_answer(failure) from failure


def no_answer(failure: Exception) -> Unanswered:
    return Unanswered(f"Twilio did not answer for a recording ({type(failure).__name__})", may_be_done=True)


@cache
def http() -> tuple[urllib3.PoolManager, KeptConnections]:
    """The connections to Twilio, one pool for the life of this process."""
    pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=10), retries=urllib3.Retry(2, redirect=3))
    return pool, KeptConnections(pool.clear)
