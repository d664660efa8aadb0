"""What is told of lines: for what they work from now on."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from toritsugi.foundation.events import News
from toritsugi.lines.directory import Entry
from toritsugi.lines.lines import Line


@dataclass(frozen=True)
class LineNews:
    """A line, by Twilio's SID of the number, and what it works for."""

    sid: str
    line: str
    service_sid: str | None
    reception: str | None
    path: str


EVENTS_OF_LINES = {
    "line.given": "A line works for a service or a reception, or for another one than before",
    "line.released": "A line works for nobody here any more",
}


def news_of_line(before: Entry | None, now: Entry | None) -> Iterator[News]:
    """What the change of a line tells."""
    was, use = uses_of(before), uses_of(now)
    line = now if isinstance(now, Line) else before
    if was == use or not isinstance(line, Line):
        return
    facts = LineNews(line.number_sid, line.number, *(use or (None, None)), path=f"/api/lines/{quote(line.number)}")
    yield News("line.given" if use else "line.released", line.number_sid, facts)


def uses_of(entry: Entry | None) -> tuple[str | None, str | None] | None:
    """The service and the reception for which a line works; None: for neither."""
    if not isinstance(entry, Line) or not (entry.service_sid or entry.reception):
        return None
    return entry.service_sid, entry.reception
