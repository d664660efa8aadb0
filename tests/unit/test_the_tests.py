"""The tests themselves: each has a name that can be read in a list, and asserts something that one can see in it."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

MAX_NAME = 90  # characters, of which a line of a report holds so many

# Verbs that assert, by where they are defined. Those of a test's own file count there, the others in STORIES.
STORIES = ("stories", "deployed", "attacks")
VERBS = {
    "stories/people.py": "rings was_called hears hears_nothing reads has_read is_recorded talks_with is_idle",
    "stories/pages.py": "has_state hears",
    "stories/test_calls_end_with_their_session.py": "is_over",
    "stories/test_voicemail.py": "has_one_message is_empty",
    "deployed/processes.py": "eventually",
    "network/test_other_application.py": "hears talks_with",
}
ASSERTING = {"raises", "expect"}  # pytest's and Playwright's


def all_tests() -> Iterator[tuple[Path, ast.FunctionDef]]:
    """Every test there is, and the file in which it stands."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for function in functions(path):
            if function.name.startswith("test_"):
                yield path.relative_to(ROOT / "tests"), function


def functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in nodes_of(path) if isinstance(node, ast.FunctionDef)]


@functools.cache
def nodes_of(path: Path) -> list[ast.AST]:
    """Everything that is written in a file; to read all of them takes seconds."""
    return list(ast.walk(ast.parse(path.read_text())))


def name_of(function: ast.expr) -> str:
    """What is called, without what it belongs to."""
    return str(getattr(function, "attr", getattr(function, "id", "")))


def verbs_at(path: Path) -> set[str]:
    """The verbs with which a test in this file asserts."""
    shared = [verbs for home, verbs in VERBS.items() if not Path(home).name.startswith("test_")]
    told = shared if path.parts[0] in STORIES else []
    return ASSERTING.union(VERBS.get(str(path), "").split(), *(verbs.split() for verbs in told))


def asserts(function: ast.FunctionDef, verbs: set[str]) -> bool:
    """Whether there is an assertion in it, or one of these verbs."""
    nodes = list(ast.walk(function))
    called = {name_of(node.func) for node in nodes if isinstance(node, ast.Call)}
    return any(isinstance(node, ast.Assert) for node in nodes) or not called.isdisjoint(verbs)


def test_a_test_has_a_name_that_fits_a_line():
    assert [f"{path} {test.name}" for path, test in all_tests() if len(test.name) > MAX_NAME] == []


def test_a_test_asserts_something_that_one_can_see_in_it():
    assert [f"{path} {test.name}" for path, test in all_tests() if not asserts(test, verbs_at(path))] == []


def test_nobody_waits_for_an_answer_only_as_long_as_httpx_does():
    """That is five seconds, which a busy machine may need."""
    asks = {"get", "post", "put", "patch", "delete", "request", "stream", "Client", "AsyncClient"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and name_of(node.func) in asks
        if ast.unparse(node.func).startswith("httpx.")
        if not {"timeout", "transport"} & {keyword.arg for keyword in node.keywords}
    ]
    assert found == []


def test_a_verb_that_counts_as_an_assertion_asserts():
    for home, verbs in VERBS.items():
        found = functions(ROOT / "tests" / home)
        really = {one.name for one in found if asserts(one, verbs_at(Path(home)) - {one.name})}
        assert set(verbs.split()) <= really, home
