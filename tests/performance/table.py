"""The lines of what `make bench` prints."""

WIDTH, COLUMN = 46, 13


def row(name: str, *values: object) -> str:
    return f"  {name:<{WIDTH}}" + "".join(f"{value!s:>{COLUMN}}" for value in values)


def head(name: str, *columns: str) -> str:
    return f"\n{name:<{WIDTH + 2}}" + "".join(f"{column:>{COLUMN}}" for column in columns)
