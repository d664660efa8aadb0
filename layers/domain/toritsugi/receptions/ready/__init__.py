"""Receptions that are ready: take one, change its words and numbers, and give it to a line."""

from pathlib import Path

FOLDER = Path(__file__).parent
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def text(name: str) -> str:
    """What one of NAMES says, in YAML, as its owner would write it."""
    return (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")


def title(name: str) -> str:
    """What one of NAMES is for: its first line."""
    return text(name).partition("\n")[0].removeprefix("# ")
