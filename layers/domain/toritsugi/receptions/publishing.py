"""How a reception is written down, given to lines, taken from them, and deleted. What a call hears is steps' business.

A line keeps a copy of the version that counts, so that a call is one read; the reception knows its lines. Both change
in one transaction. A version is never changed, and its number never used again: who has read it may keep it.
"""

import json
import time
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.preconditions import NO_PRECONDITION, Precondition
from toritsugi.foundation.transactions import MAX_TRIES, refusals, write_transaction
from toritsugi.lines.directory import look_up_entries
from toritsugi.lines.lines import Line, find_line, find_lines, line_key, tag_of
from toritsugi.receptions.records import (
    DocumentDict,
    Reception,
    ReceptionName,
    Version,
    current_key,
    get_document,
    list_receptions,
    name_key,
    version_entry,
)

MAX_LINES_AT_ONCE, MAX_BYTES_AT_ONCE = 95, 3_000_000  # a transaction takes a hundred items, and 4 MB


# ---- receptions ------------------------------------------------------------------------------------------------------


def find_reception(name: str) -> Reception | None:
    """The reception of this name, which may be deleted."""
    try:
        return Reception.get(*current_key(name), consistent_read=True)
    except Reception.DoesNotExist:
        return None


def get_reception(name: str) -> Reception:
    """The reception of this name. Raises RequestRefused 20404."""
    found = find_reception(name)
    if not found or found.deleted_at:
        raise RequestRefused(20404, f"There is no reception {name}", 404)
    return found


def get_version(name: str, number: int | None = None) -> Version:
    """A version of a reception; the one that counts, if none is named. Raises RequestRefused 20404."""
    number = number or int(get_reception(name).version)
    try:
        return Version.get(name, version_entry(number), consistent_read=True)
    except Version.DoesNotExist:
        raise RequestRefused(20404, f"The reception {name} has no version {number}", 404) from None


def save_reception(
    name: str, source: str, content_type: str, document: DocumentDict, expected: Precondition = NO_PRECONDITION
) -> tuple[Reception, bool]:
    """The reception, which says this from now on; and whether there was none before. The same again is no new version.

    Raises RequestRefused 20409 where others are changing it all the time, and 20412.
    """
    for _ in range(MAX_TRIES):
        before = find_reception(name)
        expected.check(before.tag if before else None)
        if before and not before.deleted_at and is_same(before, source, document):
            bring(before, document, behind(before))
            return before, False
        lines = sorted(before.lines or ()) if before else []
        reception = Reception(*current_key(name), version=int(before.version) + 1 if before else 1)
        most = fitting(document)
        if add_version(reception, before, source, content_type, document, lines[:most]):
            saved = find_reception(name) or reception  # perhaps deleted since, and still saved
            saved.version = reception.version  # whatever somebody else has saved since
            bring(saved, document, sorted(set(saved.lines or ()).difference(lines[:most])))  # also who came meanwhile
            return saved, before is None or bool(before.deleted_at)
    raise reception_overtaken()


def is_same(reception: Reception, source: str, document: DocumentDict) -> bool:
    """Whether the version that counts says this very thing; the same text may mean more holidays a year later."""
    version = get_version(reception.name, int(reception.version))
    return version.source == source and version.document == document


def add_version(
    reception: Reception,
    before: Reception | None,
    source: str,
    content_type: str,
    document: DocumentDict,
    lines: list[str],
) -> bool:
    """Writes a version down, and has it count, also at these lines; False if somebody was before us."""
    now, name, number = int(time.time()), reception.name, int(reception.version)
    version = Version(name, version_entry(number), version=number, date_created=now)
    version.source, version.content_type, version.document = source, content_type, document
    changes: list[Action] = [
        Reception.kind.set(Reception),
        Reception.version.set(number),
        Reception.date_created.set(Reception.date_created | now),
        Reception.date_updated.set(now),
        Reception.deleted_at.remove(),
    ]
    seen = reception_is_as_seen(before) if before else Reception.entry.does_not_exist()
    with refusals() as places, write_transaction() as transaction:
        transaction.save(version, condition=Version.entry.does_not_exist())
        transaction.save(ReceptionName(*name_key(name), named=name))
        transaction.update(reception, changes, condition=seen)
        for line in lines:
            transaction.update(Line(*line_key(line)), copied(number, document), condition=Line.reception == name)
    return not places


def delete_reception(name: str, expected: Precondition = NO_PRECONDITION) -> None:
    """There is no such reception any more; a call that is at it goes on. Raises RequestRefused 20404, 20409, 20412."""
    for _ in range(MAX_TRIES):
        reception = get_reception(name)
        expected.check(reception.tag)
        if reception.lines:
            what = f"{len(reception.lines)} lines have" if len(reception.lines) > 1 else f"{min(reception.lines)} has"
            raise RequestRefused(20409, f"{what} the reception {name}: give them another one first", 409)
        with refusals() as places, write_transaction() as transaction:
            transaction.delete(ReceptionName(*name_key(name)))
            unused = reception_is_as_seen(reception) & Reception.lines.does_not_exist()
            transaction.update(reception, [Reception.deleted_at.set(int(time.time()))], condition=unused)
        if not places:
            return
    raise reception_overtaken()


def reception_is_as_seen(reception: Reception) -> Condition:
    """The reception has the version that it was seen to have, and was not deleted since, or brought back."""
    gone = reception.deleted_at
    there = Reception.deleted_at == gone if gone else Reception.deleted_at.does_not_exist()
    return (Reception.version == reception.version) & there


# ---- lines -----------------------------------------------------------------------------------------------------------


def give_line(
    number: str,
    owned: dict[str, Any],
    name: str,
    unconfirmed_callers: str | None = None,
    expected: Precondition = NO_PRECONDITION,
) -> None:
    """The reception answers at this line from now on. `owned` is what Twilio knows of the number.

    What becomes there of `unconfirmed_callers` stays as it is where that is not said. Raises RequestRefused 20404
    without such a reception, 21211 if it transfers to a line of ours, or another one to this line, 20409 where others
    are changing it all the time, and 20412.
    """
    check_uncalled(number)
    for _ in range(MAX_TRIES):
        line, reception = find_line(number), get_reception(name)
        expected.check(tag_of(line))
        version = int(reception.version)
        document = get_document(name, version)
        if ours := called_by(document) & {number, *find_lines(called_by(document))}:
            raise RequestRefused(21211, f"The reception {name} transfers to {min(ours)}, which would call itself")
        with refusals() as places, write_transaction() as transaction:
            if line:
                changes = [
                    Line.reception.set(name),
                    Line.former.set(former_webhooks(line, owned)),
                    *copied(version, document),
                ]
                if unconfirmed_callers:
                    changes.append(Line.unconfirmed_callers.set(unconfirmed_callers))
                transaction.update(line, changes, condition=line_is_as_seen(line))
            else:
                line = Line(*line_key(number), number_sid=owned["sid"], former=owned["webhooks"], reception=name)
                line.version, line.document = version, document
                line.unconfirmed_callers = unconfirmed_callers
                transaction.save(line, condition=Line.entry.does_not_exist())
            if line.reception not in (None, name):
                transaction.update(Reception(*current_key(line.reception)), [Reception.lines.delete({number})])
            counts = (Reception.version == version) & Reception.deleted_at.does_not_exist()
            transaction.update(reception, [Reception.lines.add({number})], condition=counts)
        if not places:
            return
    raise reception_overtaken()


def check_uncalled(number: str) -> None:
    """Raises RequestRefused 21211 where a reception transfers to this number: as a line it would call itself."""
    after: str | None = None
    while True:
        page, after = list_receptions(after, 100)
        keys = [(one.name, version_entry(int(one.version))) for one in page]
        for version in Version.batch_get(keys, consistent_read=True) if keys else ():
            if number in called_by(version.document):
                raise RequestRefused(
                    21211, f"The reception {version.name} transfers to {number}, which would call itself"
                )
        if after is None:
            return


def called_by(document: DocumentDict) -> set[str]:
    """Whom a reception transfers to."""
    return {number for step in document["steps"].values() for number in step.get("transfer", ())}


def take_line(number: str) -> None:
    """No reception answers at this line any more; without a service it is none of ours then.

    Raises RequestRefused 20409 where others are changing it all the time.
    """
    for _ in range(MAX_TRIES):
        line = find_line(number)
        if not line or not line.reception or take_line_as_seen(line):
            return
    raise reception_overtaken()


def take_line_as_seen(line: Line) -> bool:
    """Whether the line has lost its reception; not if that, or its service, has changed since it was seen."""
    with refusals() as places, write_transaction() as transaction:
        if line.service_sid:
            of_reception = (Line.reception, Line.version, Line.document, Line.unconfirmed_callers)
            forgotten: list[Action] = [attribute.remove() for attribute in of_reception]
            transaction.update(line, forgotten, condition=line_is_as_seen(line))
        else:
            transaction.delete(line, condition=line_is_as_seen(line))
        transaction.update(Reception(*current_key(str(line.reception))), [Reception.lines.delete({line.number})])
    return not places


def line_is_as_seen(line: Line) -> Any:
    """The line has the reception that it was seen to have, or none; and the service; and treats callers alike."""
    same = Line.reception == line.reception if line.reception else Line.reception.does_not_exist()
    served = Line.service_sid == line.service_sid if line.service_sid else Line.service_sid.does_not_exist()
    how = line.unconfirmed_callers
    alike = Line.unconfirmed_callers == how if how else Line.unconfirmed_callers.does_not_exist()
    return Line.entry.exists() & same & served & alike


def former_webhooks(line: Line, owned: dict[str, Any]) -> dict[str, str]:
    """Where a line's webhooks went before they came to us: its texts may have come for a service, or never yet."""
    texts = {name: url for name, url in owned["webhooks"].items() if name.startswith("sms_")}
    return line.former if line.reception else texts | line.former


# ---- the copies that lines have --------------------------------------------------------------------------------------


def bring(reception: Reception, document: DocumentDict, lines: list[str]) -> None:
    """Has these lines say what counts now; repeatable. One that has moved on meanwhile is left alone."""
    version, most = int(reception.version), fitting(document)
    while lines:
        batch, lines = lines[:most], lines[most:]
        with refusals() as places, write_transaction() as transaction:
            for line in batch:
                older = (Line.reception == reception.name) & (Line.version < version)
                transaction.update(Line(*line_key(line)), copied(version, document), condition=older)
        if places:
            lines = [line for place, line in enumerate(batch) if place not in places] + lines


def behind(reception: Reception) -> list[str]:
    """The lines to which what counts has not come yet, for somebody died on the way."""
    lines = sorted(reception.lines or ())
    found = [
        one for at in range(0, len(lines), 100) for one in look_up_entries(map(line_key, lines[at : at + 100])).values()
    ]
    return [one.number for one in found if isinstance(one, Line) and one.version < reception.version]


def copied(version: int, document: DocumentDict) -> list[Action]:
    """What gives a line this version of the document."""
    return [Line.version.set(version), Line.document.set(document)]


def fitting(document: DocumentDict) -> int:
    """How many copies of a document fit into a transaction."""
    return min(MAX_LINES_AT_ONCE, MAX_BYTES_AT_ONCE // len(json.dumps(document)))


def reception_overtaken() -> RequestRefused:
    """The refusal (20409) of a change which others were faster with, several times over."""
    return RequestRefused(20409, "Others are changing this at the same time. Please try again", 409)
