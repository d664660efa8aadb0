"""The wire from a function to AWS and Twilio: each call goes over it, and its process may end there.

Most of AWS is moto, which is not safe under threads: https://github.com/getmoto/moto/pull/7166. So one lock stands
around every call of an API.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import botocore.client
import botocore.session
import requests
import urllib3
from botocore.signers import RequestSigner

from local.aws.functions import current

Operation = Callable[[Any, str, dict[str, Any]], Any]  # client, its name, the request -> the answer

SUBJECTS = ("TableName", "QueueUrl", "Bucket", "Name")  # the parameter that says what a call is about
ACCOUNT_PATH = re.compile(r"^/[\d-]+/Accounts/\w+?(?=[/.])")

lock = threading.RLock()


@cache
def session() -> Any:
    """One session for all clients: each would read botocore's data anew."""
    return botocore.session.get_session()


@contextmanager
def open_wire(answer: Callable[[Operation], Operation], lead: Callable[[str], str]) -> Iterator[None]:
    """Inside, AWS's APIs answer as `answer` makes them of what moto answers, and links to S3 go where `lead` has them
    go.
    """
    base, http, plain = botocore.client.BaseClient, requests.Session, urllib3.PoolManager
    unlocked, send, ask, sign = base._make_api_call, http.send, plain.request, RequestSigner.generate_presigned_url

    def sign_for_here(signer: Any, *args: Any, **settings: Any) -> str:
        return lead(sign(signer, *args, **settings))

    base._make_api_call = wired_to_aws(answer(unlocked))
    http.send = wired_to_twilio(send)  # type: ignore[method-assign]  # mypy lets nobody set a method of a class
    plain.request = wired_for_a_file(ask)  # type: ignore[method-assign]
    RequestSigner.generate_presigned_url = sign_for_here
    try:
        yield
    finally:
        base._make_api_call = unlocked
        http.send, plain.request = send, ask  # type: ignore[method-assign]
        RequestSigner.generate_presigned_url = sign


def wired_to_aws(answered: Operation) -> Operation:
    """How a client calls an API of AWS: one at a time."""

    def call(client: Any, operation: str, request: dict[str, Any]) -> Any:
        said = next((str(request[name]).rpartition("/")[2] for name in SUBJECTS if name in request), "")
        name = f"{client.meta.service_model.service_name}.{operation} {said}".rstrip()
        pass_by("before", name)
        with lock:
            result = answered(client, operation, request)
        pass_by("after", name)
        return result

    return call


def wired_to_twilio(send: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
    """How Twilio's own client sends a request."""

    def send_to_twilio(
        connection: requests.Session, request: requests.PreparedRequest, **settings: Any
    ) -> requests.Response:
        name = name_at_twilio(str(request.method), str(request.url))
        pass_by("before", name)
        result = send(connection, request, **settings)
        pass_by("after", name)
        return result

    return send_to_twilio


def wired_for_a_file(ask: Callable[..., urllib3.BaseHTTPResponse]) -> Callable[..., urllib3.BaseHTTPResponse]:
    """How urllib3 asks Twilio, for the file of a recording."""

    def ask_twilio(
        pool: urllib3.PoolManager, method: str, url: str, *args: Any, **settings: Any
    ) -> urllib3.BaseHTTPResponse:
        name = name_at_twilio(method, url)
        pass_by("before", name)
        result = ask(pool, method, url, *args, **settings)
        try:
            pass_by("after", name)
        except BaseException:
            result.close()  # as a process closes, when it ends, whatever it has open
            raise
        return result

    return ask_twilio


def name_at_twilio(method: str, url: str) -> str:
    return f"twilio {method} {ACCOUNT_PATH.sub('', urlsplit(url).path)}"


def pass_by(moment: str, name: str) -> None:
    """The process that makes this call, if a function does, may go no further."""
    if invocation := current.get():
        invocation.reach(moment, name)
