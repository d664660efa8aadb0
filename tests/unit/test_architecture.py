"""The house: which room may know which, and what is deployed. Each rule of design and template stands here once."""

import ast
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.aws import Tag
from tests.conftest import ROOT

DOMAIN, FUNCTIONS, NETWORK = ROOT / "layers/domain/toritsugi", ROOT / "functions", ROOT / "infra/local/network"
CONFIG = DOMAIN / "foundation/config.py"

# The rooms from top to bottom, and which of those below it each may import. Adapters and foundation come after them.
NOUNS = {
    "subscriptions": {"costs", "masking", "bridges", "messages", "recordings", "limits", "lines"},
    "masking": {"bridges", "callers", "limits", "lines", "messages"},
    "bridges": {"limits", "lines"},
    "messages": {"receptions", "callers", "limits", "lines"},
    "receptions": {"callers", "limits", "lines", "recordings"},
    "recordings": set(),
    "callers": {"lines"},
    "costs": {"masking", "bridges", "messages", "money"},
    "limits": {"lines"},
    "lines": set(),
    "tariffs": {"limits", "lines", "money"},
    "money": set(),  # it computes, and knows nobody
}

WEBHOOKS = ("voice", "sms", "status", "recording")  # functions that answer Twilio: somebody waits for their cold start
HEAVY = ("boto3", "twilio.rest", "requests", "pydantic", "aws_lambda_powertools.event_handler", "phonenumbers")
HEAVY += ("toritsugi.bridges.state", "toritsugi.bridges.steps")  # timer.py thinks about bridges
HEAVY += ("toritsugi.receptions.authoring",)

PIN = re.compile(r"^([\w.-]+(?:\[[\w,-]+\])?)==([^\s;]+)", re.MULTILINE)


# ---- what imports what -----------------------------------------------------------------------------------------------


def modules(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


@cache
def imports(path: Path) -> set[str]:
    """Every dotted name that a file imports, wherever in it: `from a import b` is a and a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.relative_to(ROOT)} imports relatively, which nobody here does"
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def breaches(files: Iterable[Path], forbidden: Iterable[str]) -> list[str]:
    """Who imports what must not be imported, in words."""
    names = tuple(forbidden)
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in sorted(imports(path))
        if any(name == one or name.startswith(f"{one}.") for one in names)
    ]


def functions() -> list[str]:
    """The names of the functions: of each its file, or its folder."""
    return sorted(path.stem for path in FUNCTIONS.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists())


def room(*names: str) -> list[Path]:
    """The files of these rooms."""
    return modules(*(DOMAIN / name for name in names))


def rooms(names: Iterable[str]) -> list[str]:
    return [f"toritsugi.{name}" for name in sorted(names)]


def test_every_module_is_in_a_room():
    assert {path.name for path in DOMAIN.glob("*.py")} == {"__init__.py"}
    there = {path.name for path in DOMAIN.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert there == {*NOUNS, "words", "adapters", "foundation"}


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_imports_no_adapter_and_only_nouns_that_stand_below_it(noun):
    below = {*NOUNS[noun], noun}
    assert not breaches(room(noun), rooms(NOUNS.keys() - below))
    assert not breaches(room(noun), rooms(["adapters"]))


def test_adapters_import_no_noun():
    assert not breaches(room("adapters"), rooms(NOUNS))


def test_words_and_foundation_import_neither_nouns_nor_adapters():
    assert not breaches(room("words", "foundation"), rooms([*NOUNS, "adapters"]))


def test_words_imports_no_other_room_and_no_library():
    assert not breaches(room("words"), [*rooms(["foundation"]), "twilio", "pynamodb", "aws_lambda_powertools", *HEAVY])


def test_answering_imports_nothing_of_authoring():
    assert not breaches(room("receptions/answering"), rooms(["receptions.authoring"]))


def test_nothing_that_is_deployed_knows_the_local_world():
    assert not breaches(modules(ROOT / "layers", FUNCTIONS), ["local", "infra", "tests", "moto"])


def test_money_is_written_by_babel_at_a_terminal_alone():
    assert not breaches(modules(ROOT / "layers", FUNCTIONS), ["babel"])


def test_what_we_know_never_imports_what_can_happen():
    assert not breaches(modules(DOMAIN), functions())


def test_functions_never_import_each_other():
    for path in modules(FUNCTIONS):
        own = path.relative_to(FUNCTIONS).parts[0].removesuffix(".py")
        assert not breaches([path], set(functions()) - {own})


def test_the_network_and_its_tests_know_nothing_of_the_exchange():
    assert not breaches(modules(NETWORK, ROOT / "tests/network"), ["toritsugi", "functions", *functions()])


def test_the_network_knows_of_the_local_world_only_the_clock():
    local = {name for path in modules(NETWORK) for name in imports(path) if name.split(".")[0] == "local"}
    others = {name for name in local if not re.match(r"local\.(network|clock)\b", name)} - {"local"}
    assert not breaches(modules(NETWORK), others)


def test_only_one_adapter_imports_twilios_rest_client():
    way = {DOMAIN / "adapters" / name for name in ("twilio_api.py", "twilio_bills.py", "twilio_http.py")}
    assert not breaches(set(modules(ROOT / "layers", FUNCTIONS)) - way, ["twilio.rest", "twilio.http", "twilio.base"])
    assert not breaches([DOMAIN / "adapters/twilio_bills.py", DOMAIN / "adapters/twilio_http.py"], ["twilio.rest"])


@pytest.mark.parametrize("function", WEBHOOKS)
def test_a_webhook_imports_nothing_heavy_not_even_through_others(function):
    program = f"import sys, {function}; print(*[name for name in {HEAVY} if name in sys.modules])"
    path = os.pathsep.join(str(ROOT / folder) for folder in ("layers/domain", "functions"))
    process = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.split() == [], f"{function}.py imports {process.stdout}"


@pytest.mark.parametrize("path", modules(ROOT / "layers", FUNCTIONS), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text())), f"{path.relative_to(ROOT)} has no docstring"


# ---- what it is called -----------------------------------------------------------------------------------------------

MAX_HOMONYMS = 60


def names_of(path: Path) -> dict[str, bool]:
    """What a module defines at its top level, and whether that is a type: a class, or a name in CapWords for one."""
    found: dict[str, bool] = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = isinstance(node, ast.ClassDef)
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
        found |= {name: re.fullmatch("[A-Z][a-z]\\w*", name) is not None for name in names}
    return found


def test_a_name_is_found_without_knowing_its_file(capsys):
    homes: dict[str, list[str]] = defaultdict(list)
    types: Counter[str] = Counter()
    for path in modules(DOMAIN, FUNCTIONS):
        for name, is_type in names_of(path).items():
            homes[name].append(str(path.relative_to(ROOT)))
            types[name] += is_type
    several = {name: there for name, there in sorted(homes.items()) if len(there) > 1}
    with capsys.disabled():
        print(f"\n{len(several)} names are defined in more than one module: {', '.join(several)}")
    assert len(several) < MAX_HOMONYMS, several
    assert [name for name, count in types.items() if count > 1] == []


# ---- what is deployed ------------------------------------------------------------------------------------------------

Json = dict[str, Any]

TEMPLATE: Json = yaml.load((ROOT / "template.yaml").read_text(), Tag)
GLOBALS: Json = TEMPLATE["Globals"]["Function"]
ENVIRONMENT: Json = GLOBALS["Environment"]["Variables"]


def of_type(kind: str) -> dict[str, Json]:
    return {name: one["Properties"] for name, one in TEMPLATE["Resources"].items() if one["Type"] == kind}


DEPLOYED = of_type("AWS::Serverless::Function")


def test_the_configuration_reads_exactly_what_the_template_sets():
    calls = [
        node
        for node in ast.walk(ast.parse((DOMAIN / "foundation/config.py").read_text()))
        if isinstance(node, ast.Call)
    ]
    read = {call.args[0].value for call in calls if isinstance(call.func, ast.Name) and call.func.id == "read_env"}
    assert read == {name for name in ENVIRONMENT if not name.startswith("POWERTOOLS_")}


def test_nobody_but_the_configuration_reads_the_environment():
    others = [path for path in modules(ROOT / "layers", FUNCTIONS) if path != CONFIG]
    assert not breaches(others, ["os"])


def test_every_function_has_its_own_file_or_folder_and_each_of_those_is_a_function():
    handlers = sorted(function["Handler"] for function in DEPLOYED.values())
    assert handlers == [f"{name}.handler" for name in functions()]


def test_only_who_calls_twilio_has_the_layer_that_does():
    layers = {name: GLOBALS["Layers"] + function.get("Layers", []) for name, function in DEPLOYED.items()}
    assert [name for name, has in layers.items() if {"Ref": "RestLayer"} in has] == ["Timer", "Costs", "Proxy", "Api"]


# ---- what is installed -----------------------------------------------------------------------------------------------

LAYERS = sorted((ROOT / "layers").glob("*/requirements.txt"))


@pytest.mark.parametrize("path", LAYERS, ids=lambda path: path.parent.name)
def test_a_layer_has_the_very_versions_that_are_tested(path):
    tested = dict(PIN.findall((ROOT / "requirements.txt").read_text()))
    different = {name: version for name, version in PIN.findall(path.read_text()) if tested.get(name) != version}
    assert not different, f"{path.relative_to(ROOT)} differs from requirements.txt in {different}"


@pytest.mark.parametrize(
    "path",
    [ROOT / "requirements.txt", *ROOT.glob("infra/tools/*.txt"), *LAYERS],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_requirements_are_hashed_and_name_no_registry(path):
    text = path.read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links|@ ", text), (
        f"{path.relative_to(ROOT)} names a registry"
    )
    assert text.count("==") <= text.count("--hash=sha256:"), f"{path.relative_to(ROOT)} pins without a hash"
