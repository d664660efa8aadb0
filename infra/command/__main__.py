"""`toritsugi`: what an operator of the exchange types. Each command is a module of this folder."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from command import keys, letters, limits, migrate, numbers, rates, tokens
from command.delete import delete
from command.deploy import deploy
from command.doctor import doctor
from command.erase import erase
from command.price import price
from command.refusals import explain
from command.restore import restore
from command.screen import plain, say
from command.trace import trace
from toritsugi import __version__

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Toritsugi: a telephone exchange of your own. Start with: toritsugi deploy",
)


def say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"toritsugi {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=say_version, is_eager=True, help="Say which this is.")]


@app.callback()
def take_options(version: Version = False) -> None:
    """What stands before a command."""


app.command()(deploy)
app.command()(doctor)
app.add_typer(numbers.app, name="numbers")
app.add_typer(migrate.app, name="migrate")
app.add_typer(keys.app, name="keys")
app.add_typer(tokens.app, name="tokens")
app.add_typer(limits.app, name="limits")
app.add_typer(letters.app, name="letters")
app.command()(price)
app.add_typer(rates.app, name="rates")
app.command()(limits.stop)
app.command()(limits.start)
app.command()(trace)
app.command()(erase)
app.command()(restore)
app.command()(delete)


def main() -> None:
    """Ends with 1 and one sentence where a command is not carried out."""
    try:
        app()
    except Exception as error:
        if (sentence := explain(error)) is None:
            raise
        say(f"[red]{plain(sentence, chr(10))}[/]")
        sys.exit(1)


if __name__ == "__main__":
    main()
