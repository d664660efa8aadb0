"""A trial: the tests that could notice a mistake are run with it, until one does.

Each trial is a fork of a process that has imported everything but the exchange, so it begins at once; the mistake is
in its memory alone, and no file is touched.
"""

import ast
import re
import resource
import signal
import sys
import types
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from tests.mutation.footprints import Imports, Line, Patient, Test
from tests.mutation.mutants import ROOT, Mutant, files, source_of

MOST_MEMORY = 6 << 30  # bytes of addresses: who never ends should not take the machine along
PROBES = 25  # tests that are tried before all others: few seconds find most
COLLECTING_SECONDS = 120


class Witnesses:
    """Who could notice a mistake: the tests that run its line, or a line that speaks of what it changes."""

    def __init__(self, tests: list[Test]) -> None:
        self.tests = tests
        self.of_line: dict[Line, list[Test]] = defaultdict(list)
        self.of_file: dict[str, list[Test]] = defaultdict(list)
        for test in tests:
            for line in test.lines:
                self.of_line[line].append(test)
            for path in {path for path, _ in test.lines}:
                self.of_file[path].append(test)

    def find(self, mutant: Mutant) -> list[Test]:
        """Without an order. Of code that is run when it is imported: who uses the names that it gives."""
        path, line = mutant.path, mutant.change.statement
        function = enclosing_function(path, line)
        if function is None:
            found = {id(test): test for place in users(path, line) for test in self.of_line.get(place, [])}
            constants = [name for name in names_given(source_of(ROOT / path).tree, line) if name.isupper()]
            found |= {id(test): test for test in self.tests if any(speaks_of(test.file, name) for name in constants)}
            return [*found.values()] or self.of_file.get(path, [])
        if line < function.body[0].lineno:  # a default, or a decorator
            lines = range(function.body[0].lineno, (function.end_lineno or 0) + 1)
            found = {id(test): test for line in lines for test in self.of_line.get((path, line), [])}
            return [*found.values()]
        return self.of_line.get((path, line), [])


def enclosing_function(path: str, line: int) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The innermost function that this line is part of."""
    found = [
        node
        for node in ast.walk(source_of(ROOT / path).tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and is_within(node, line)
    ]
    return max(found, key=lambda node: node.lineno, default=None)


def is_within(node: ast.FunctionDef | ast.AsyncFunctionDef, line: int) -> bool:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return first <= line <= (node.end_lineno or 0)


def users(path: str, line: int) -> set[Line]:
    """The statements of functions that speak of what a statement outside of them names; or of what is made of that."""
    names, seen = names_given(source_of(ROOT / path).tree, line), set[str]()
    found: set[Line] = set()
    while new := names - seen:
        seen |= new
        for name in new:
            inside, outside = mentions(name)
            found |= inside
            names |= {given for other, number in outside for given in names_given(source_of(ROOT / other).tree, number)}
    return found


def names_given(tree: ast.AST, line: int) -> set[str]:
    """What the statement at this line, outside of all functions, gives a name to; for a class, itself."""
    names = set[str]()
    for node in getattr(tree, "body", []):
        if not node.lineno <= line <= node.end_lineno:
            continue
        if isinstance(node, ast.ClassDef):
            names |= names_given(node, line) or {node.name}
            if node.name == "Meta":
                names = set()
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            names |= {part.id for part in ast.walk(target or ast.Pass()) if isinstance(part, ast.Name)}
    return names


@cache
def mentions(name: str) -> tuple[set[Line], set[Line]]:
    """The statements that speak of a name: those in functions, and the others."""
    word, inside, outside = re.compile(rf"\b{re.escape(name)}\b"), set[Line](), set[Line]()
    for path in files():
        file = str(path.relative_to(ROOT))
        if not word.search(path.read_text()):
            continue
        for line, text in statements(file):
            if word.search(text):
                (inside if enclosing_function(file, line) else outside).add((file, line))
    return inside, outside


@cache
def speaks_of(test_file: str, name: str) -> bool:
    """Whether a file of tests compares a constant with something else, such as the template."""
    return re.search(rf"\b{name}\b", (ROOT / test_file).read_text()) is not None


@cache
def statements(path: str) -> list[tuple[int, str]]:
    """The line of each statement, and its text; of one with others in it only its head."""
    source, found = source_of(ROOT / path), list[tuple[int, str]]()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Import | ast.ImportFrom):
            text, body = source.text(node), getattr(node, "body", None)
            head = text[: text.find(source.text(body[0]))] if body else text
            found.append((node.lineno, head))
    return found


# ---- in which order --------------------------------------------------------------------------------------------------


def order(tests: Iterable[Test]) -> list[Test]:
    """The cheapest first, one of each kind; then all the others, file by file, for each needs an account of its own."""
    cheapest: dict[str, Test] = {}
    for test in sorted(tests, key=lambda test: test.seconds):
        cheapest.setdefault(function_of(test.name), test)
    probes = by_file(list(cheapest.values())[:PROBES])
    probed = {test.name for test in probes}
    return probes + by_file([test for test in tests if test.name not in probed])


def function_of(name: str) -> str:
    """The name of a test without what it is told: that may depend on the code."""
    return name.partition("[")[0]


def by_file(tests: list[Test]) -> list[Test]:
    seconds: dict[str, float] = defaultdict(float)
    for test in tests:
        seconds[test.file] += test.seconds
    return sorted(tests, key=lambda test: (seconds[test.file], test.file, test.seconds))


# ---- one trial, in a process of its own ------------------------------------------------------------------------------


class Trial(Patient):
    """A plugin of pytest: runs these tests and no others, in this order, and writes down which one is red.

    Who takes ten times as long as without a mistake is taken to run for ever: the process ends by SIGALRM.
    """

    def __init__(self, tests: list[Test], verdict: Path) -> None:
        self.place = {test.name: place for place, test in enumerate(tests)}
        self.seconds = {test.name: test.seconds for test in tests}
        self.verdict = verdict

    def pytest_sessionstart(self) -> None:
        super().pytest_sessionstart()
        signal.setitimer(signal.ITIMER_REAL, COLLECTING_SECONDS)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        gone = {function_of(name) for name in self.place.keys() - {item.nodeid for item in items}}
        last = len(self.place)
        chosen = [item for item in items if item.nodeid in self.place or function_of(item.nodeid) in gone]
        items[:] = sorted(chosen, key=lambda item: self.place.get(item.nodeid, last))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        signal.setitimer(signal.ITIMER_REAL, 20 + 10 * self.seconds.get(nodeid, 1))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.verdict.write_text(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.verdict.write_text(f"{report.nodeid} (when it is read)")

    def pytest_sessionfinish(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)


def put_to_trial(mutant: Mutant, tests: list[Test], verdict: Path, arguments: list[str]) -> int:
    """The exit code of pytest, whose process ends afterwards. Who made a test red stands in the file `verdict`."""
    path, text = mutant.path, mutant.source()

    def compiled(file: str, own: str) -> types.CodeType:
        return compile(text if file == path else own, str(ROOT / file), "exec")

    sys.meta_path.insert(0, Imports(compiled))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    test_files = list(dict.fromkeys(test.file for test in tests))
    return pytest.main([*test_files, "-x", *arguments], plugins=[Trial(tests, verdict)])
