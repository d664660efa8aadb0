"""What the network refuses, and why. The control API and the REST API each write it in their own way."""

from __future__ import annotations


class Refused(Exception):
    """A request that is not carried out: HTTP status, what is wrong and what to do, and Twilio's code if it has one."""

    def __init__(self, status: int, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code or status


class Failure(Exception):
    """TwiML that cannot be had or executed, with the code that Twilio's debugger would show.

    https://www.twilio.com/docs/api/errors
    """

    def __init__(self, code: int, message: str, url: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.url = code, message, url


def not_built(what: str) -> str:
    """The sentence for whatever Twilio has and this network does not have yet."""
    return f"{what} exists at Twilio, but this network does not build it yet."
