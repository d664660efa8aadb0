"""`toritsugi`: what an operator of the exchange types. Each command is a module of this folder."""

from __future__ import annotations

import sys

import typer
from rich.markup import escape

from command import keys, numbers, tokens
from command.delete import delete
from command.deploy import deploy
from command.doctor import doctor
from command.refusals import explain
from command.screen import say

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Toritsugi: a telephone exchange of your own. Start with: toritsugi deploy",
)
app.command()(deploy)
app.command()(doctor)
app.add_typer(numbers.app, name="numbers")
app.add_typer(keys.app, name="keys")
app.add_typer(tokens.app, name="tokens")
app.command()(delete)


def main() -> None:
    """Ends with 1 and one sentence where a command is not carried out."""
    try:
        app()
    except Exception as error:
        if (sentence := explain(error)) is None:
            raise
        say(f"[red]{escape(sentence)}[/]")
        sys.exit(1)


if __name__ == "__main__":
    main()
