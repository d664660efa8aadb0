"""Which test runs which line: the tests are run once, and every statement of a function leaves its line behind.

Kept by test file, until something changes that its tests have run, or have imported of tests/.
"""

import ast
import hashlib
import importlib.abc
import importlib.machinery
import json
import sys
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.mutation.mutants import FOLDERS, ROOT

KEPT = ROOT / ".mutants"
QUICK, STORIES = ("tests/unit", "tests/integration"), ("tests/stories",)
# These start processes of their own, in which there is no mutant, or look at pages; or they are about mutants.
ELSEWHERE = ("test_make_run.py", "test_page", "test_the_page", "test_mutants.py")

Line = tuple[str, int]


@dataclass
class Test:
    """A test that is green without a mistake: how long it takes, and the lines that it runs."""

    name: str
    seconds: float
    lines: set[Line] = field(repr=False)

    @property
    def file(self) -> str:
        return self.name.partition("::")[0]


def test_files(folders: tuple[str, ...]) -> list[str]:
    found = sorted(str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).glob("test_*.py"))
    return [name for name in found if not Path(name).name.startswith(ELSEWHERE)]


# ---- code that is imported differently -------------------------------------------------------------------------------


class Imports(importlib.abc.MetaPathFinder):
    """Has modules of ours compiled by somebody else, who is handed their path and their source."""

    def __init__(self, compiled: Callable[[str, str], types.CodeType], more: dict[str, Any] | None = None) -> None:
        self.compiled, self.more = compiled, more or {}
        self.folders = tuple(f"{ROOT / folder}/" for folder in FOLDERS)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec and spec.origin and spec.origin.startswith(self.folders):
            spec.loader = Loader(name, spec.origin, self)
            return spec
        return None


class Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, imports: Imports) -> None:
        super().__init__(name, path)
        self.imports = imports

    def get_code(self, fullname: str) -> types.CodeType:
        path = Path(self.path)
        return self.imports.compiled(str(path.relative_to(ROOT)), path.read_text())

    def exec_module(self, module: types.ModuleType) -> None:
        module.__dict__.update(self.imports.more)
        super().exec_module(module)


def leaving_footprints(path: str, text: str) -> types.CodeType:
    """The code in which each statement of a function begins by saying where it is."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            tread(path, node)
    return compile(ast.fix_missing_locations(tree), str(ROOT / path), "exec")


def tread(path: str, node: ast.AST) -> None:
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
            setattr(node, name, [one for statement in body for one in trodden(path, statement)])
    for branch in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
        tread(path, branch)


def trodden(path: str, statement: ast.stmt) -> Iterable[ast.stmt]:
    is_docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    if not is_docstring:
        step = ast.parse(f"_footprint(({path!r}, {statement.lineno}))").body[0]
        for node in ast.walk(step):
            ast.copy_location(node, statement)
        yield step
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        tread(path, statement)
    yield statement


class Patient:
    """A plugin of pytest: nothing is red because others use this machine as well."""

    def pytest_sessionstart(self) -> None:
        settings.register_profile("patient", settings(settings(), deadline=None))
        settings.load_profile("patient")


class Recorder(Patient):
    """A plugin of pytest: what each test treads on, how long it takes, and whether it is green."""

    def __init__(self) -> None:
        self.lines: set[Line] = set()
        self.tests: dict[str, dict[str, Any]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        self.lines.clear()
        self.tests[item.nodeid] = {"seconds": 0.0, "green": True, "red": False}
        answer = yield
        trodden: dict[str, list[int]] = {}
        for path, line in sorted(self.lines):
            trodden.setdefault(path, []).append(line)
        self.tests[item.nodeid]["lines"] = trodden
        return answer

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = self.tests[report.nodeid]
        test["seconds"] += report.duration
        test["green"] &= report.passed
        test["red"] |= report.failed


def record(test_file: str, _verdict: Path, arguments: list[str]) -> int:
    """Runs a file of tests, in a process that ends afterwards; keeps what they tread on. The exit code of pytest."""
    recorder = Recorder()
    sys.meta_path.insert(0, Imports(leaving_footprints, {"_footprint": recorder.lines.add}))
    status = pytest.main([test_file, *arguments], plugins=[recorder])
    if status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        kept = kept_at(test_file)
        kept.parent.mkdir(parents=True, exist_ok=True)
        trodden = {path for test in recorder.tests.values() for path in test["lines"]}
        kept.write_text(json.dumps({"of": digests(trodden | imported_tests()), "tests": recorder.tests}))
    return status


# ---- what is kept ----------------------------------------------------------------------------------------------------


def kept_at(test_file: str) -> Path:
    return KEPT / "footprints" / f"{test_file.replace('/', '.')}.json"


def imported_tests() -> set[str]:
    """The files of tests/ that this process has imported, but for those here, which only look on."""
    found = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    paths = {str(Path(path).relative_to(ROOT)) for path in found if path and path.startswith(f"{ROOT / 'tests'}/")}
    return {path for path in paths if not path.startswith("tests/mutation/")}


def digests(paths: Iterable[str]) -> dict[str, str]:
    return {path: digest(path) for path in sorted(paths) if (ROOT / path).exists()}


@cache
def digest(path: str) -> str:
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()


def is_kept(test_file: str) -> bool:
    kept = kept_at(test_file)
    return kept.exists() and (of := json.loads(kept.read_text())["of"]) == digests(of)


def known_tests(folders: tuple[str, ...]) -> tuple[list[Test], list[str]]:
    """All in these folders that are green, with what they tread on; and the names of those that are red."""
    green, red = list[Test](), list[str]()
    for test_file in test_files(folders):
        for name, test in json.loads(kept_at(test_file).read_text())["tests"].items():
            lines = {(path, line) for path, numbers in test["lines"].items() for line in numbers}
            if test["green"]:
                green.append(Test(name, test["seconds"], lines))
            elif test["red"]:
                red.append(name)
    return green, red
