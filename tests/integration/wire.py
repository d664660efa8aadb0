"""The wire to AWS: what goes over it is counted, and may be lost, refused or held up there, as on a bad day."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.client
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.conftest import ROOT

FUNCTIONS, TESTS = f"{ROOT / 'functions'}/", f"{ROOT / 'tests'}/"

Carry = Callable[[], Any]
Trouble = Callable[[str, dict[str, Any], Carry], Any]


class Died(BaseException):
    """The process is gone, in the middle of what it did."""


class Wire:
    """Stands between botocore and the account. `trouble` is asked about every call, and carries it out or does not."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.trouble: Trouble | None = None

    def __enter__(self) -> Wire:
        self.untouched, wire = botocore.client.BaseClient._make_api_call, self

        def call(client: Any, operation: str, request: dict[str, Any]) -> Any:
            wire.calls.append((client.meta.service_model.service_name, operation))

            def carry() -> Any:
                return wire.untouched(client, operation, request)

            return wire.trouble(operation, request, carry) if wire.trouble else carry()

        botocore.client.BaseClient._make_api_call = call
        return self

    def __exit__(self, *_: object) -> None:
        botocore.client.BaseClient._make_api_call = self.untouched

    @contextlib.contextmanager
    def has(self, trouble: Trouble) -> Iterator[None]:
        """In this block the wire has this trouble."""
        self.trouble = trouble
        try:
            yield
        finally:
            self.trouble = None

    @contextlib.contextmanager
    def counting(self, service: str = "dynamodb") -> Iterator[list[str]]:
        """The operations of a service that are called in this block."""
        before, operations = len(self.calls), []
        yield operations
        operations += [operation for name, operation in self.calls[before:] if name == service]


def broken(_operation: str, _request: dict[str, Any], _carry: Carry) -> Any:
    """Nothing gets through."""
    raise EndpointConnectionError(endpoint_url="https://dynamodb.example.com")


def refusing(code: str) -> Trouble:
    """AWS answers every call with this error."""

    def refuse(operation: str, _request: dict[str, Any], _carry: Carry) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "on purpose"}}, operation)

    return refuse


def canceled(*codes: str) -> ClientError:
    """A transaction that was canceled, for each of its items with the reason why; moto never has conflicts."""
    answer = {
        "Error": {"Code": "TransactionCanceledException", "Message": "on purpose"},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return ClientError(answer, "TransactWriteItems")


def conflicting(times: int, place: int = 0) -> Trouble:
    """So many transactions meet another one on the item at this place; later ones get through."""
    left = [times]

    def conflict(operation: str, request: dict[str, Any], carry: Carry) -> Any:
        if operation == "TransactWriteItems" and left[0] > 0:
            left[0] -= 1
            codes = ["None"] * len(request["TransactItems"])
            codes[place] = "TransactionConflict"
            raise canceled(*codes)
        return carry()

    return conflict


def dying(at: int, *, after: bool) -> Trouble:
    """The process dies at the call of this number, before it has an effect or after."""
    seen = [0]

    def die(_operation: str, _request: dict[str, Any], carry: Carry) -> Any:
        seen[0] += 1
        if seen[0] != at:
            return carry()
        if after:
            carry()
        raise Died

    return die


def whose_handler() -> str | None:
    """The function in which this call is made; None where a test itself makes it, whose role is nobody's."""
    frame = sys._getframe(1)
    while frame:
        file = frame.f_code.co_filename
        if file.startswith(FUNCTIONS):
            return Path(file.removeprefix(FUNCTIONS)).parts[0].removesuffix(".py")
        if file.startswith(TESTS) and file != __file__:
            return None
        frame = frame.f_back
    return None
