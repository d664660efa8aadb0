"""An import of 100,000 callers, in the pieces in which a client sends them, beside one that puts row after row."""

import base64
import csv
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from botocore.endpoint import Endpoint

from local.aws import Context
from local.aws import rows as rows_of_tables
from tests.performance.calls import Json, event_of
from tests.performance.exchange import KEY
from tests.performance.meter import Meter

CALLERS, PIECE, METERED = 100_000, 10_000, 1_000
LAMBDAS_SHARE = (
    512 / 1769
)  # of a processor, at 512 MB: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
HEADINGS = "number,name,reading,company,tags,blocked"


@dataclass(frozen=True)
class Imported:
    """What an import took: with a DynamoDB that answers at once, so the seconds are those of our own process."""

    rows: int
    seconds: float
    cpu: float
    round_trips: int


@dataclass(frozen=True)
class Findings:
    ours: Imported
    ordinary: Imported
    metered: Meter


def measure() -> Findings:
    """Inside a cloud, for the keys and for what is metered."""
    from toritsugi.foundation import api_keys

    api_keys.create_key(*KEY)
    with Meter() as metered:
        send(sheet(0, METERED))
    pieces = [sheet(start, PIECE) for start in range(0, CALLERS, PIECE)]
    ours = take(len(pieces) * PIECE, lambda: [send(piece) for piece in pieces])
    ordinary = take(PIECE, lambda: put_row_after_row(pieces[0]))
    return Findings(ours, ordinary, metered)


def take(rows: int, work: Any) -> Imported:
    with rows_of_tables.by_requests(), at_once() as operations:
        start, cpu = time.perf_counter(), time.process_time()
        work()
        return Imported(rows, time.perf_counter() - start, time.process_time() - cpu, len(operations))


def sheet(start: int, rows: int) -> str:
    """So many callers as a shop in Japan keeps them."""
    lines = (
        f"090-{1000 + n // 10_000}-{n % 10_000:04},山田 {n},やまだ {n},山田商店,VIP;常連,no"
        for n in range(start, start + rows)
    )
    return "\n".join([HEADINGS, *lines, ""])


def send(piece: str) -> None:
    import api

    headers = {
        "authorization": "Basic " + base64.b64encode(":".join(KEY).encode()).decode(),
        "content-type": "text/csv",
    }
    event: Json = event_of("POST", "/api/callers/import", headers, "") | {"body": piece, "isBase64Encoded": False}
    answer = api.handler(event, Context("api", seconds=29))
    assert answer["statusCode"] == 200, answer["body"]


def put_row_after_row(piece: str) -> None:
    """What one writes first: boto3's own example, and nothing is checked."""
    import boto3

    from toritsugi.foundation import config

    table = boto3.resource("dynamodb").Table(config.DIRECTORY_TABLE)
    for row in csv.DictReader(io.StringIO(piece)):
        table.put_item(Item={**row, "entry": "caller"})


@contextmanager
def at_once() -> Iterator[list[str]]:
    """A DynamoDB that knows nobody, takes everything, and answers at once; gives what it was asked.

    Requests are made and signed as ever, but not sent: of HTTP, whose share is as large, nothing is counted.
    """
    from toritsugi.foundation import config

    untouched, operations = Endpoint._get_response, []
    nobody = {"Responses": {config.DIRECTORY_TABLE: []}, "UnprocessedKeys": {}}
    answers = {"BatchGetItem": nobody, "BatchWriteItem": {"UnprocessedItems": {}}, "PutItem": {}}

    def answer(endpoint: Endpoint, request: Any, operation: Any, context: Any) -> Any:
        if operation.name not in answers:
            return untouched(endpoint, request, operation, context)
        operations.append(operation.name)
        return (SimpleNamespace(status_code=200, headers={}), {**answers[operation.name], "ResponseMetadata": {}}), None

    Endpoint._get_response = answer
    try:
        yield operations
    finally:
        Endpoint._get_response = untouched
