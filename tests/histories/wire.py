"""The wire of histories: whatever a handler asks of AWS, of Twilio, of the clock or of chance goes over it."""

from __future__ import annotations

import io
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import botocore.client
import urllib3
from botocore.exceptions import ClientError
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

from tests.histories.actors import Died, Stage, acting
from tests.histories.aws import Aws
from tests.histories.choices import Choices
from tests.histories.faults import Call, faults_of

Ask = Callable[
    [str, str, dict[str, str]], tuple[int, Any]
]  # of Twilio: method, path, form -> status, and JSON or bytes


class Broken(BaseException):
    """Nobody's handler is to blame."""


class Wire:
    """Stands between the actors and the world; `trouble` is how likely each call goes wrong."""

    def __init__(self, stage: Stage, choices: Choices, aws: Aws, ask: Ask) -> None:
        self.stage, self.choices, self.aws, self.ask = stage, choices, aws, ask
        self.trouble = 0.0
        self.count: Counter[str] = Counter()
        self.made: Counter[str] = Counter()

    def carry(self, service: str, operation: str, request: Any, carry: Callable[[], Any]) -> Any:
        """The answer to an actor's call, when it is its turn, and unless something goes wrong."""
        actor = acting()
        if actor is None:  # the world itself sets something up, or looks
            return carry()
        if actor.dead:
            raise Died
        carry = self.sound(carry)
        actor.calls += 1
        call = Call(service, operation, request, carry)
        self.stage.stand_before(is_write=not call.is_read)
        self.count[f"{service}.{operation}"] += 1
        self.stage.tell(f"    {actor.name}/{actor.calls} {service}.{operation}{subject(request)}")
        faults = [None, *faults_of(call)]
        fault = self.choices.draw(f"{actor.name}/{actor.calls} fault", faults, self.trouble)
        if fault is None:
            return carry()
        self.count[f"fault {fault.__name__}"] += 1
        self.stage.tell(f"      !! {fault.__name__.replace('_', ' ')}")
        try:
            return fault(call)
        except Died:
            actor.dead = True
            raise

    def sound(self, carry: Callable[[], Any]) -> Callable[[], Any]:
        """The same, where an error that is neither AWS's nor Twilio's is ours, and not to be swallowed by a handler."""

        def carried() -> Any:
            try:
                return carry()
            except ClientError:
                raise
            except Exception as error:
                raise Broken("the machine itself is broken") from error

        return carried

    @contextmanager
    def open(self) -> Iterator[None]:
        """Inside, botocore, Twilio's SDK, urllib3, time.sleep and uuid4 are this wire's."""
        base, client, pool = botocore.client.BaseClient, TwilioHttpClient, urllib3.PoolManager
        kept = base._make_api_call, client.request, pool.request, time.sleep, uuid.uuid4

        def call(asking: Any, operation: str, request: dict[str, Any]) -> Any:
            service = asking.meta.service_model.service_name
            return self.carry(service, operation, request, lambda: self.aws.call(service, operation, request))

        def ask(_: Any, method: str, url: str, params: Any = None, data: Any = None, **more: Any) -> Response:
            status, said = self.to_twilio(method, url, (params or {}) | (data or {}))
            return Response(status, json.dumps(said))

        def fetch(_: Any, method: str, url: str, **more: Any) -> Any:
            status, said = self.to_twilio(method, url, {})
            body = io.BytesIO(said if isinstance(said, bytes) else b"")
            return urllib3.HTTPResponse(body, status=status, preload_content=False)

        base._make_api_call, client.request, pool.request = call, ask, fetch
        time.sleep, uuid.uuid4 = self.stage.sleep, self.make_uuid
        try:
            yield
        finally:
            base._make_api_call, client.request, pool.request, time.sleep, uuid.uuid4 = kept

    def to_twilio(self, method: str, url: str, form: dict[str, Any]) -> tuple[int, Any]:
        path = "/" + urlsplit(url).path.split("/", 4)[4]  # behind /2010-04-01/Accounts/AC...
        fields = {name: str(value) for name, value in form.items()}
        return self.carry("twilio", method, path, lambda: self.ask(method, path, fields))

    def make_uuid(self) -> uuid.UUID:
        """One that depends on who asks for the how manieth time, so that a shortened history has the same ones."""
        actor = acting()
        name = actor.name if actor else "the world"
        self.made[name] += 1
        return uuid.uuid5(uuid.NAMESPACE_OID, f"{name}/{self.made[name]}")


def subject(request: Any) -> str:
    """What a call is about, in a few words."""
    if isinstance(request, str):
        return f" {request}"
    if "TransactItems" in request:
        kinds = [(kind, said) for one in request["TransactItems"] for kind, said in one.items()]
        return " " + ", ".join(f"{kind.lower()} {key_of(said)}" for kind, said in kinds)
    return f" {key_of(request)}"


def key_of(said: dict[str, Any]) -> str:
    key = said.get("Key") or said.get("Item") or {}
    entry = key.get("entry", next(iter(key.values()), {})).get("S", "") if isinstance(key, dict) else key
    return f"{said.get('TableName', '')} {entry}".strip()
