"""How the network is built: its map, which way its imports point, and that it can be taken out with these tests."""

import ast
import re
from itertools import accumulate
from pathlib import Path

from local import network

ROOT, HERE = Path(network.__file__).parent, Path(__file__).parent
MAX_CIRCLE = 3


def imports(path: Path) -> set[str]:
    """Every dotted name that a file imports, wherever in it, for types alone too: `from a import b` is a and a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


FILES = {path: path.relative_to(ROOT.parent).with_suffix("").parts for path in sorted(ROOT.rglob("*.py"))}
NAMES = {path: ".".join(("local", *parts)).removesuffix(".__init__") for path, parts in FILES.items()}


def test_the_map_is_complete_and_imports_point_down_it():
    rows = re.findall(r"^    (\w+(?:, \w+)*)  ", (ROOT / "__init__.py").read_text(), re.MULTILINE)
    row = {name: number for number, names in enumerate(rows) for name in names.split(", ")}
    assert {parts[1] for parts in FILES.values()} - {"__init__"} == row.keys() - {"page"}
    for path, parts in FILES.items():
        known = {name.split(".")[2] for name in imports(path) if name.startswith("local.network.")}
        above = sorted(name for name in known if row[name] < row[parts[1]])
        assert not above, f"{NAMES[path]} imports {', '.join(above)} from above"


def test_no_circle_of_imports_has_more_than_three_files():
    """Whoever wants to understand one file of a circle has to read all of it."""
    known = {}
    for path, name in NAMES.items():
        opened = {package for one in imports(path) for package in accumulate(one.split("."), "{}.{}".format)}
        known[name] = opened & {*NAMES.values()}
    reached = {name: reachable(known, name) for name in known}
    circles = {frozenset(other for other in reached[name] if name in reached[other]) for name in known}
    assert not [sorted(circle) for circle in circles if len(circle) > MAX_CIRCLE]


def reachable(known: dict[str, set[str]], start: str) -> set[str]:
    """Whatever this file imports, directly or through others; itself only if it lies in a circle."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        new = known[ahead.pop()] - found
        found |= new
        ahead += new
    return found


def test_nothing_else_of_this_repository_is_needed_but_the_clock_and_for_tests_a_web_server():
    assert {name for path in FILES for name in of_this_repository(path)} == {"local.clock"}
    assert {name for path in HERE.glob("*.py") for name in of_this_repository(path)} <= {"local.clock", "local.web"}


def of_this_repository(path: Path) -> set[str]:
    """The modules of local and of tests that this file imports, apart from the network's own."""
    names = {".".join(name.split(".")[:2]) for name in imports(path) if name.split(".")[0] in ("local", "tests")}
    return names - {"local", "local.network", "tests", "tests.network"}
