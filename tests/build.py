"""What `make build` makes, for the Python and the architecture of this machine: made once for what it is made of."""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

BUILDS = ROOT / ".aws-sam-test"
KEPT = 3  # of former builds: somebody else may be testing with one
INGREDIENTS = ("Makefile", "template.yaml", "functions", "layers", "infra/*.yaml", "infra/package", "infra/tools")

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
ARCHITECTURE = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")


@cache
def built() -> Path:
    """The folder of the build that fits the code as it is. Two processes that ask at once get the same one."""
    BUILDS.mkdir(exist_ok=True)
    with (BUILDS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = BUILDS / digest()
        if not folder.exists():
            builds = sorted((path for path in BUILDS.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
            for old in builds[:-KEPT]:
                shutil.rmtree(old)
            build(BUILDS / "unfinished")
            (BUILDS / "unfinished").rename(folder)
    return folder


def build(folder: Path, runtime: str = RUNTIME, architecture: str = ARCHITECTURE, **environment: str) -> str:
    """What `make build` says. Raises AssertionError with it where it fails."""
    process = make(folder, runtime, architecture, **environment)
    assert process.returncode == 0, process.stdout
    return process.stdout


def make(folder: Path, runtime: str, architecture: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`make build` into this folder, as somebody types it whose environment says this."""
    variables = [f"RUNTIME={runtime}", f"ARCHITECTURE={architecture}", f"BUILD_DIR={folder}"]
    return subprocess.run(
        ["make", "--no-print-directory", "build", *variables],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def digest() -> str:
    """Of everything that goes into a build, by name and content."""
    files = [
        path
        for pattern in INGREDIENTS
        for found in ROOT.glob(pattern)
        for path in (found.rglob("*") if found.is_dir() else [found])
        if path.is_file() and "__pycache__" not in path.parts
    ]
    said = hashlib.sha256(f"{RUNTIME} {ARCHITECTURE}".encode())
    for path in sorted(files):
        said.update(f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return said.hexdigest()[:16]
