"""The tests themselves: how they are called, so that they can be read in a list."""

import ast
from collections.abc import Iterator

from tests.conftest import ROOT

MAX_NAME = 90  # characters, of which a line of a report holds so many


def all_tests() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every test there is, and where it stands: tests/stories/test_texts.py:44."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_a_test_has_a_name_that_fits_a_line():
    assert [f"{where} {test.name}" for where, test in all_tests() if len(test.name) > MAX_NAME] == []
