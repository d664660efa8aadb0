"""Finds an interpreter of the version that is built for, on whatever machine this is: only it writes its bytecode."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from package.target import ROOT

FETCHED = ROOT / ".tools/python"  # where an interpreter is put that was nowhere else
UV = Path(sys.executable).with_name("uv")

PATIENCE = 120  # seconds for a download; one that cannot begin fails at once
NAMES = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2], sys.version_info.releaselevel)"


def find(version: str) -> Path | None:
    """A CPython of this version (3.13, say) that starts, or nothing."""
    return next((path for path in candidates(version) if is_python(path, version)), None)


def find_or_fetch(version: str) -> Path | None:
    """The same; where there is none, one is downloaded into .tools, if that can be done."""
    return find(version) or (find(version) if fetch(version) else None)


def candidates(version: str) -> Iterator[Path]:
    """Whatever might be it, the nearest first. A version manager's shim may name a version that was never installed."""
    yield Path(sys.executable).resolve()
    name, folders = f"python{version}", [Path(folder) for folder in os.get_exec_path()]
    yield from (folder / name for folder in folders)
    managers = [Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"]
    managers += [folder.parent / "versions" for folder in folders if folder.name == "shims"]
    managers += [Path.home() / ".asdf/installs/python", Path.home() / ".local/share/mise/installs/python", FETCHED]
    for versions in managers:
        yield from sorted(versions.glob(f"*{version}*/bin/{name}"), reverse=True)
    if found := ask("python", "find", "--no-project", "--no-python-downloads", version):
        yield Path(found)


def is_python(path: Path, version: str) -> bool:
    """Whether this file is a released CPython of the version; it is started to see."""
    if not shutil.which(path):
        return False
    try:
        process = subprocess.run([path, "-I", "-S", "-c", NAMES], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return process.returncode == 0 and process.stdout.split() == ["cpython", version, "final"]


def fetch(version: str) -> bool:
    return ask("python", "install", "--no-bin", "--install-dir", str(FETCHED), version) is not None


def ask(*words: str) -> str | None:
    """What uv prints, or nothing where it fails or takes too long."""
    quickly = {"UV_HTTP_TIMEOUT": "10", "UV_HTTP_RETRIES": "0", "UV_CACHE_DIR": str(ROOT / ".tools/wheels")}
    try:
        process = subprocess.run(
            [UV, "--quiet", *words], env=os.environ | quickly, capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return None
    return None if process.returncode else process.stdout.strip()
