"""What is shown and asked. Results go to standard output; questions and progress to standard error.

So `--json` can be piped on while people still see what happens. NO_COLOR and pipes are respected.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.prompt import Confirm, Prompt
from rich.table import Table
from rich.text import Text

from command.refusals import Refused
from toritsugi.foundation.visible import show_unseen

Item = TypeVar("Item")

WIDE = 200  # columns where nobody looks: a line of a pipe is never folded

AsJson = Annotated[bool, typer.Option("--json", help="Write the result as JSON, for other programs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: take what is given or known, and do it.")]


def console(stream: Any) -> Console:
    return Console(file=stream, highlight=False, width=None if stream.isatty() else WIDE, emoji=False)


def plain(value: object, but: str = "") -> str:
    """What somebody else has named or written, as markup that shows it, and does nothing to a terminal."""
    return escape(show_unseen(str(value), but))


def say(something: Any) -> None:
    """A line, or a table, for whoever watches."""
    console(sys.stderr).print(something)


def busy(text: str) -> AbstractContextManager[Any]:
    """Shows that something is going on for as long as it does; in a pipe, nothing."""
    return console(sys.stderr).status(text)


def each(items: Sequence[Item], text: str) -> Iterable[Item]:
    """The items one after the other, while a bar shows how far it is; in a pipe, nothing."""
    shown = console(sys.stderr)
    return track(items, text, console=shown, transient=True, disable=not shown.is_terminal or not items)


def show(result: Any, as_json: bool, *renderings: Any) -> None:
    """The result of a command: as JSON, or as what people like to read."""
    if as_json:
        sys.stdout.write(show_unseen(json.dumps(result, indent=2, ensure_ascii=False, default=list), "\n") + "\n")
        return
    for rendering in renderings:
        console(sys.stdout).print(rendering)


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> Table:
    """A table without boxes: it reads the same on paper, in a pipe and on a small screen. A cell is no markup."""
    made = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(show_unseen(cell)) for cell in row))
    return made


# ---- questions -------------------------------------------------------------------------------------------------------


def somebody_is_there() -> bool:
    """Whether there is anybody to ask."""
    return sys.stdin.isatty()


def ask(question: str, usual: str = "", secret: bool = False) -> str:
    """What is typed; where nothing is, the usual. A secret is not shown while it is typed."""
    asker = Prompt(Text.from_markup(question), console=console(sys.stderr), password=secret, show_default=bool(usual))
    return asker(default=usual).strip()


def confirm(question: str, yes: bool, usual: bool = False) -> None:
    """Goes on if the answer is yes. Raises Refused if it is no, or if nobody is there to ask and --yes is missing."""
    if yes:
        return
    if not somebody_is_there():
        raise Refused(f"{Text.from_markup(question).plain} Nobody is here to say so: add --yes.")
    if not Confirm(Text.from_markup(question), console=console(sys.stderr))(default=usual):
        raise Refused("Nothing was changed.")
