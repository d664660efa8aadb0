"""Draws the three receptions that are ready: `PYTHONPATH=layers/domain:infra .venv/bin/python -m docs.receptions` after
one of them changes.
"""

from pathlib import Path

FOLDER = Path(__file__).parent


def draw() -> dict[Path, str]:
    """Each picture, by the file in which it is."""
    from toritsugi.receptions import ready
    from toritsugi.receptions.authoring import checks, picture

    return {
        FOLDER / f"reception-{name}.svg": picture.draw(checks.compile(ready.text(name)), name, "en-US")
        for name in ready.NAMES
    }


if __name__ == "__main__":
    import tests.conftest  # noqa: F401  the environment of template.yaml

    for path, drawn in draw().items():
        path.write_text(drawn)
