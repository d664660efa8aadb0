"""Which interpreter compiles: it must be of the very version, and start."""

import sys
from pathlib import Path

import pytest

from package import bytecode, interpreters
from package.target import Target

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
ELSEWHERE = "3.99"


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Path:
    """A machine with nothing on its PATH and nothing in its home."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    return tmp_path


def put(path: Path, program: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{program}\n")
    path.chmod(0o755)
    return path


def claims_to_be(version: str) -> str:
    return f"echo cpython {version} final"


def test_the_one_that_runs_this_is_taken_where_it_fits(machine):
    found = interpreters.find(HERE)
    assert found == Path(sys.executable).resolve()


def test_one_on_the_path_is_found(machine):
    python = put(machine / "bin" / f"python{ELSEWHERE}", claims_to_be(ELSEWHERE))
    assert interpreters.find(ELSEWHERE) == python


@pytest.mark.parametrize(
    "program",
    ["echo 'pyenv: python3.99: command not found' >&2; exit 127", claims_to_be("3.98"), "echo pypy 3.99 final"],
    ids=["a dead shim", "another version", "another Python"],
)
def test_one_that_only_has_the_name_is_not_taken(machine, program):
    put(machine / "bin" / f"python{ELSEWHERE}", program)
    assert interpreters.find(ELSEWHERE) is None


def test_one_in_a_version_managers_folder_is_found_beside_its_dead_shim(machine, monkeypatch):
    put(machine / "pyenv/shims" / f"python{ELSEWHERE}", "exit 127")
    python = put(machine / f"pyenv/versions/{ELSEWHERE}.1/bin/python{ELSEWHERE}", claims_to_be(ELSEWHERE))
    monkeypatch.setenv("PATH", str(machine / "pyenv/shims"))
    assert interpreters.find(ELSEWHERE) == python


@pytest.mark.parametrize("folder", [".pyenv/versions/{0}.1", ".asdf/installs/python/{0}.1"])
def test_one_in_the_home_of_somebody_is_found(machine, folder):
    python = put(machine / "home" / folder.format(ELSEWHERE) / f"bin/python{ELSEWHERE}", claims_to_be(ELSEWHERE))
    assert interpreters.find(ELSEWHERE) == python


def test_where_there_is_none_nothing_is_compiled(machine):
    (machine / "voice.py").write_text("")
    assert not bytecode.compile_all(machine, "/var/task", Target(ELSEWHERE, "arm64"))
    assert not list(machine.rglob("*.pyc"))
