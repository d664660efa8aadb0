"""What is built for: a Lambda runtime and an architecture."""

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
USUAL = {"RUNTIME": "python3.13", "ARCHITECTURE": "arm64"}  # the defaults of template.yaml too, says a test
PLATFORMS = {"arm64": "aarch64-manylinux2014", "x86_64": "x86_64-manylinux2014"}


class Unbuildable(Exception):
    """Nothing can be built like that; the text says why, for a person to read."""


@dataclass(frozen=True)
class Target:
    """`version` is Python's, as in 3.13; `architecture` is called as Lambda calls it."""

    version: str
    architecture: str

    @property
    def platform(self) -> str:
        """What uv calls the wheels of that architecture that run on every Lambda runtime."""
        return PLATFORMS[self.architecture]

    def __str__(self) -> str:
        return f"Python {self.version} on {self.architecture}"


def read() -> Target:
    """What RUNTIME and ARCHITECTURE say, else the usual. Raises Unbuildable where that is nothing to build for."""
    runtime, architecture = (os.environ.get(name) or usual for name, usual in USUAL.items())
    if not re.fullmatch(r"python3\.\d+", runtime):
        raise Unbuildable(f"RUNTIME names a Python runtime of Lambda, as python3.13 does, not {runtime!r}.")
    if architecture not in PLATFORMS:
        raise Unbuildable(f"ARCHITECTURE is {' or '.join(PLATFORMS)}, not {architecture!r}.")
    version = runtime.removeprefix("python")
    if tuple(map(int, version.split("."))) < tuple(map(int, oldest().split("."))):
        raise Unbuildable(f"RUNTIME is {runtime}, but Toritsugi needs Python {oldest()} or later.")
    return Target(version, architecture)


def oldest() -> str:
    """The first Python that our code runs on, as in 3.11."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["requires-python"].removeprefix(">="))
