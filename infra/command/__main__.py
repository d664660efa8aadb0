"""`toritsugi`: what an operator of the exchange types. Each command is a module of this folder."""

import typer

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def main_options() -> None:
    """Toritsugi: a telephone exchange of your own."""


def main() -> None:
    app()


if __name__ == "__main__":
    main()
