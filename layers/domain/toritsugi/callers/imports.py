"""Imports: what a sheet says of thousands of callers, written in the seconds that a request has, and told exactly."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from toritsugi.callers import changes, index
from toritsugi.callers.caller import OptOut, caller_key, opt_out_key
from toritsugi.callers.sheets import Row
from toritsugi.callers.views import CallerPreview, Counts
from toritsugi.foundation import clients, config
from toritsugi.foundation.logs import THREAD, log
from toritsugi.lines.directory import Entry, look_up_entries

MAX_SHOWN = 100  # callers of a preview
READ_BATCH, WRITE_BATCH = (
    100,
    25,
)  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
BATCHES_AT_ONCE = 6
MAX_BATCH_TRIES, FIRST_PAUSE, MAX_PAUSE = 8, 0.05, 1.6

Kind = Literal["created", "changed", "unchanged"]
IMPORT_KINDS: tuple[Kind, ...] = ("created", "changed", "unchanged")

Put = dict[str, Any]


@dataclass
class ImportOutcome:
    """How many callers have become what, and the lines of those of whom it is not certain."""

    counts: Counts = field(default_factory=lambda: Counts(created=0, changed=0, unchanged=0))
    unwritten: list[int] = field(default_factory=list)
    kinds: dict[str, Kind] = field(default_factory=dict)  # by number

    def add(self, other: "ImportOutcome") -> None:
        """Adds what has become of other rows."""
        for kind in IMPORT_KINDS:
            self.counts[kind] += other.counts[kind]
        self.unwritten += other.unwritten
        self.kinds |= other.kinds


class Import:
    """Writes the rows of a sheet, until a moment of the monotonic clock or until DynamoDB refuses.

    Nothing is written in one transaction: rows are read and written a hundred at a time, several hundreds at once.
    A dry run writes nothing, and tells what would become of each row.
    """

    def __init__(self, until: float, dry_run: bool = False) -> None:
        self.until, self.dry_run, self.failed = until, dry_run, False

    def write(self, rows: list[Row]) -> ImportOutcome:
        """What has become of each row. Whoever is unwritten may be written again, which changes nothing more."""
        outcome = ImportOutcome()
        with ThreadPoolExecutor(BATCHES_AT_ONCE, initializer=THREAD.set, initargs=(THREAD.get(),)) as pool:
            for part in pool.map(self.write_part, pieces(rows, READ_BATCH)):
                outcome.add(part)
        return outcome

    def write_part(self, rows: list[Row]) -> ImportOutcome:
        """What has become of these rows: nothing, if time has run out or another part has failed."""
        if self.failed or time.monotonic() >= self.until:
            return ImportOutcome(unwritten=[row.line for row in rows])
        try:
            return self.write_rows(rows)
        except PynamoDBException:
            log.exception("callers could not be read")
            self.failed = True
            return ImportOutcome(unwritten=[row.line for row in rows])

    def write_rows(self, rows: list[Row]) -> ImportOutcome:
        """What has become of these rows. Raises PynamoDBException when they cannot be looked up."""
        opting = [opt_out_key(row.number) for row in rows if row.said.get("opted_out")]
        known = look_up_entries([*(caller_key(row.number) for row in rows), *opting])
        entries = {row.number: list(merge_row(row, known)) for row in rows}
        puts = [] if self.dry_run else [put_batch(entry) for one in entries.values() for entry in one]
        lost = {number for some in pieces(puts, WRITE_BATCH) for number in self.put(some)}
        outcome = ImportOutcome()
        for row in rows:
            if row.number in lost:
                outcome.unwritten.append(row.line)
            else:
                kind: Kind = "changed" if caller_key(row.number) in known else "created"
                outcome.kinds[row.number] = kind if entries[row.number] else "unchanged"
                outcome.counts[outcome.kinds[row.number]] += 1
        return outcome

    def put(self, puts: list[Put]) -> set[str]:
        """The numbers of those that DynamoDB has not taken, or may not have taken."""
        for tried in range(MAX_BATCH_TRIES):
            if time.monotonic() >= self.until:
                break
            try:
                answer = clients.aws_client("dynamodb").batch_write_item(RequestItems={config.DIRECTORY_TABLE: puts})
                puts = answer.get("UnprocessedItems", {}).get(config.DIRECTORY_TABLE, [])
            except (ClientError, BotoCoreError) as error:
                log.warning("callers were not written", error=type(error).__name__)
            if not puts:
                return set()
            time.sleep(min(MAX_PAUSE, FIRST_PAUSE * 2**tried))
        self.failed = True
        return {one["PutRequest"]["Item"]["number"]["S"] for one in puts}


def merge_row(row: Row, known: dict[tuple[str, str], Entry]) -> Iterator[Entry]:
    """The entries that a row makes or changes, whole: a batch can only put."""
    said = dict(row.said)
    if said.pop("opted_out", None) and opt_out_key(row.number) not in known:
        yield OptOut(*opt_out_key(row.number), at=int(time.time()))
    caller = known.get(caller_key(row.number)) or changes.new_caller(row.number)
    differs = ((getattr(caller, name) or None) != (value or None) for name, value in said.items())  # blank is nothing
    if caller_key(row.number) not in known or any(differs) or index.is_out_of_date(caller):  # type: ignore[arg-type]
        changes.filled_in(caller, said)  # type: ignore[arg-type]
        caller.edition = (caller.edition or 0) + 1  # type: ignore[attr-defined]  # whoever changes it now looks again
        yield caller


def show_preview(rows: list[Row], kinds: dict[str, Kind]) -> list[CallerPreview]:
    """What would be written of the first rows, and what would become of each: created, changed, unchanged."""
    return [
        cast("CallerPreview", {"line": row.line, "number": row.number, "becomes": kinds[row.number], **row.said})
        for row in rows[:MAX_SHOWN]
        if row.number in kinds
    ]


def put_batch(entry: Entry) -> Put:
    """An entry as BatchWriteItem puts it."""
    return {"PutRequest": {"Item": entry.serialize()}}


def pieces(items: Iterable[Any], most: int) -> Iterator[list[Any]]:
    """The items in lists of `most`; the last may be shorter."""
    whole = list(items)
    return (whole[at : at + most] for at in range(0, len(whole), most))
