"""What `make build` makes: twice the same, nothing that Lambda never reads, and nothing missing."""

import ast
import hashlib
import importlib.util
import json
import marshal
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from package import sizes, stubs, target, wheels
from package.target import Target, Unbuildable
from package.template import layers_of
from tests.build import ARCHITECTURE, RUNTIME, build, built, make
from tests.conftest import ROOT

UNCHECKED = 1  # of the flags of bytecode that is checked by hash: https://peps.python.org/pep-0552/

HERE = Target(RUNTIME.removeprefix("python"), ARCHITECTURE)


def files(folder: Path) -> dict[str, Path]:
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}


def fingerprint(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Of every file: what is in it, its rights, its date."""
    found = {}
    for name, path in files(folder).items():
        about = path.stat()
        dated = 0 if path.suffix == ".yaml" else int(about.st_mtime)  # a template is not unpacked anywhere
        found[name] = hashlib.sha256(path.read_bytes()).hexdigest(), about.st_mode, dated
    return found


# ---- two builds ------------------------------------------------------------------------------------------------------


def test_two_builds_of_one_commit_are_the_same_to_the_last_byte(tmp_path):
    build(tmp_path / "elsewhere", TZ="Pacific/Kiritimati", PYTHONHASHSEED="17")
    assert fingerprint(tmp_path / "elsewhere") == fingerprint(built())


def test_no_path_of_this_machine_is_in_a_build():
    told = [name for name, path in files(built()).items() if str(ROOT).encode() in path.read_bytes()]
    assert not told


def test_the_makefiles_of_the_parts_ask_for_what_make_build_installs():
    asked = re.search(r"\$\(ROOT\)/(\.venv/\w+)\)", (ROOT / "infra/package/build.mk").read_text())
    makefile = (ROOT / "Makefile").read_text()
    assert f"RUNNABLE := {asked[1].replace('.venv', '$(VENV)')}" in makefile
    assert re.search(r"^build: \$\(RUNNABLE\)", makefile, re.MULTILINE)


# ---- what is in it ---------------------------------------------------------------------------------------------------


def test_a_function_ships_its_own_file_or_folder_and_nothing_else():
    for name in layers_of(built()):
        own = [*(ROOT / "functions").glob(f"{name.lower()}.py"), *(ROOT / "functions" / name.lower()).rglob("*.*")]
        sources = [path for path in own if path.suffix != ".pyc"]
        ours = {path.relative_to(ROOT / "functions").as_posix(): path.read_bytes() for path in sources}
        there = {file: path.read_bytes() for file, path in files(built() / name).items() if not file.endswith(".pyc")}
        assert there == ours


def test_our_own_layer_holds_our_own_code_and_nothing_else():
    ours = {name for name in files(ROOT / "layers/domain") if "__pycache__" not in name and name != "Makefile"}
    assert {name for name in files(built() / "DomainLayer/python") if not name.endswith(".pyc")} == ours


def test_no_two_layers_hold_the_same_file():
    layers = [set(files(built() / layer)) for layer in sizes.LAYERS]
    assert sum(map(len, layers)) == len(set().union(*layers))


def test_every_module_has_its_bytecode_which_is_not_checked_and_names_it_as_lambda_does():
    for part in [*sizes.LAYERS, *layers_of(built())]:
        folder, unpacked_at = built() / part, "/opt" if part in sizes.LAYERS else "/var/task"
        for name, path in files(folder).items():
            if path.suffix == ".py":
                compiled = Path(importlib.util.cache_from_source(str(path))).read_bytes()
                assert compiled[:4] == importlib.util.MAGIC_NUMBER, name
                assert int.from_bytes(compiled[4:8], "little") == UNCHECKED, name
                assert marshal.loads(compiled[16:]).co_filename == f"{unpacked_at}/{name}"


def test_everybodys_licence_is_kept():
    for layer in ("BaseLayer", "RestLayer"):
        for package in (built() / layer / "python").glob("*.dist-info"):
            assert [name for name in files(package) if re.search("LICEN[SC]E|COPYING", name)], package.name


def test_nothing_lies_there_that_lambda_never_reads():
    idle = [name for name in files(built()) if re.search(r"\.pyi$|/tests?/|/RECORD$|/bin/|geodata|aiohttp", name)]
    assert not idle


# ---- what is left is enough ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    """All layers in one folder, as in /opt/python."""
    folder = tmp_path_factory.mktemp("opt")
    subprocess.run(["cp", "-r", *(f"{built() / layer}/python" for layer in sizes.LAYERS), str(folder)], check=True)
    return folder / "python"


def run(unpacked: Path, program: str) -> str:
    """What a program prints that can import the layers, Python's own library, and nothing else."""
    start = f"import sys; sys.path.insert(0, {str(unpacked)!r})\n"
    command = [sys.executable, "-I", "-S", "-B", "-W", "error", "-c", start + program]
    process = subprocess.run(command, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_numbers_are_understood(unpacked):
    program = """
import phonenumbers as p
for text in ("+819011110001", "+81312345678", "+12025550123", "+442079460000"):
    n = p.parse(text)
    print(p.is_valid_number(n), p.region_code_for_number(n), p.number_type(n),
          p.format_number(n, p.PhoneNumberFormat.NATIONAL))
"""
    here = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert run(unpacked, program) == here
    assert "True JP 1 090-1111-0001" in here


def test_the_public_holidays_of_every_country_and_region_are_known(unpacked):
    program = """
from holidays import country_holidays, list_supported_countries
for country, regions in sorted(list_supported_countries().items()):
    for region in (None, *regions):
        print(country, region or "", *sorted(country_holidays(country, subdiv=region, years=2026)))
"""
    here = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert run(unpacked, program) == here
    assert "JP  2026-01-01 2026-01-12 2026-02-11" in here
    assert "GB ENG 2026-01-01 2026-04-03 2026-04-06" in here


def test_every_time_zone_is_known_where_the_machine_itself_knows_none(unpacked):
    program = """
from zoneinfo import ZoneInfo, available_timezones, reset_tzpath
reset_tzpath(to=[])
print(*sorted(ZoneInfo(name).key for name in available_timezones()))
"""
    assert {"Asia/Tokyo", "America/Argentina/Ushuaia", "UTC"} < set(run(unpacked, program).split())


def test_every_part_of_twilios_client_that_is_asked_for_is_there(unpacked):
    tree = ast.parse((ROOT / "layers/domain/toritsugi/adapters/twilio_api.py").read_text())
    asked = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value) == "twilio_client()"
    }
    assert asked
    run(
        unpacked,
        f"""
from twilio.rest import Client
client = Client("AC" + "0" * 32, "made up")
for name in {sorted(asked)}:
    getattr(client, name)
""",
    )


def test_every_module_of_ours_can_be_imported(unpacked):
    paths = [name.removesuffix(".py") for name in files(ROOT / "layers/domain") if name.endswith(".py")]
    ours = [path.replace("/", ".").removesuffix(".__init__") for path in paths]
    environment = yaml.safe_load((built() / "template.yaml").read_text())["Globals"]["Function"]["Environment"]
    program = f"""
import importlib, os
os.environ |= dict.fromkeys({sorted(environment["Variables"])}, "1") | {{"AWS_DEFAULT_REGION": "ap-northeast-1"}}
for name in {ours}:
    print(importlib.import_module(name).__name__)
"""
    assert run(unpacked, program).split() == ours


def test_a_stub_that_stands_for_nothing_stops_the_build(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not in the wheel any more"):
        stubs.put_stubs(tmp_path)


def test_certificates_are_there(unpacked):
    program = """
import botocore, certifi, pathlib, ssl
for path in (pathlib.Path(botocore.__file__).with_name("cacert.pem"), certifi.where()):
    print(len(ssl.create_default_context(cafile=path).get_ca_certs()))
"""
    assert min(int(count) for count in run(unpacked, program).split()) > 0


# ---- for whom it is built --------------------------------------------------------------------------------------------


def test_the_usual_is_what_the_template_has_as_default():
    template = (ROOT / "template.yaml").read_text()
    for name, value in target.USUAL.items():
        assert re.search(rf"^  {name.title()}: .*Default: {re.escape(value)}\b", template, re.MULTILINE)


def test_a_build_can_be_deployed_only_for_what_it_was_built_for():
    parameters = yaml.safe_load((built() / "template.yaml").read_text())["Parameters"]
    assert parameters["Runtime"]["AllowedValues"] == [RUNTIME] == [parameters["Runtime"]["Default"]]
    assert parameters["Architecture"]["AllowedValues"] == [ARCHITECTURE] == [parameters["Architecture"]["Default"]]


@pytest.mark.parametrize(("architecture", "machine"), [("arm64", 0xB7), ("x86_64", 0x3E)])
def test_machine_code_is_that_of_the_architecture_whatever_this_machine_is(tmp_path, architecture, machine):
    wheels.install(ROOT / "layers/rest/requirements.txt", Target("3.13", architecture), tmp_path)
    libraries = list(tmp_path.rglob("*.so"))
    assert libraries
    for library in libraries:
        assert "cpython-313" in library.name
        assert library.read_bytes()[18] == machine  # e_machine: https://man7.org/linux/man-pages/man5/elf.5.html


@pytest.mark.parametrize(
    ("runtime", "architecture", "sentence"),
    [
        ("ruby3.4", "arm64", "RUNTIME names a Python runtime of Lambda, as python3.13 does, not 'ruby3.4'."),
        ("python3.9", "arm64", "RUNTIME is python3.9, but Toritsugi needs Python 3.11 or later."),
        ("python3.13", "mips", "ARCHITECTURE is arm64 or x86_64, not 'mips'."),
    ],
)
def test_an_impossible_target_is_answered_with_a_sentence(tmp_path, runtime, architecture, sentence):
    process = make(tmp_path / "build", runtime, architecture)
    assert process.returncode != 0
    assert process.stdout.splitlines()[0] == sentence


def test_a_wheel_that_is_not_the_pinned_one_is_not_built_with(tmp_path):
    forged = re.sub("(?<=sha256:)[0-9a-f]{8}", "0" * 8, (ROOT / "layers/rest/requirements.txt").read_text())
    (tmp_path / "requirements.txt").write_text(forged)
    with pytest.raises(Unbuildable, match="cannot be installed for Python"):
        wheels.install(tmp_path / "requirements.txt", HERE, tmp_path / "python")


# ---- how large it is -------------------------------------------------------------------------------------------------


@pytest.fixture
def small_build(tmp_path) -> Path:
    """A build with little in it."""
    function = {"Type": "AWS::Serverless::Function", "Properties": {}}
    template = {
        "Globals": {"Function": {"Layers": [{"Ref": name} for name in sizes.LAYERS]}},
        "Resources": {"Voice": function},
    }
    for name in (*sizes.LAYERS, "Voice"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "module.py").write_text("answer = 42\n")
    (tmp_path / "template.yaml").write_text(json.dumps(template))
    return tmp_path


def test_a_build_says_how_large_everything_is(small_build):
    (small_build / "Voice/module.pyc").write_bytes(b"")
    said = sizes.report(small_build, HERE)
    assert re.findall(r"^  (?:  )?(\w+) ", said, re.MULTILINE) == [*sizes.LAYERS, "Voice", "with"]
    assert "ATTENTION" not in said


def test_a_build_that_has_grown_too_large_fails_and_says_what_it_was(small_build):
    (small_build / "BaseLayer/data").write_bytes(bytes(sizes.LAYERS["BaseLayer"][1] * sizes.KB))
    with pytest.raises(Unbuildable, match=r"Too large: BaseLayer\. See infra/package/sizes\.py"):
        sizes.report(small_build, HERE)


def test_a_build_without_bytecode_says_so_loudly(small_build):
    said = sizes.report(small_build, Target("3.99", "arm64"))
    assert "NO BYTECODE. No Python 3.99 is on this machine" in said
    assert "uv python install 3.99" in said
