"""What is built for: a Lambda runtime and an architecture."""

import os
import re
from dataclasses import dataclass

PLATFORMS = {"arm64": "aarch64-manylinux2014", "x86_64": "x86_64-manylinux2014"}


class Unbuildable(Exception):
    """Nothing can be built like that; the text says why, for a person to read."""


@dataclass(frozen=True)
class Target:
    """`version` is Python's, as in 3.13; `platform` is what wheels for that architecture are called by uv."""

    version: str
    architecture: str

    @property
    def platform(self) -> str:
        return PLATFORMS[self.architecture]

    @property
    def runtime(self) -> str:
        return f"python{self.version}"


def read() -> Target:
    """What RUNTIME and ARCHITECTURE say, else what template.yaml has as defaults. Raises Unbuildable."""
    runtime, architecture = os.environ.get("RUNTIME", "python3.13"), os.environ.get("ARCHITECTURE", "arm64")
    if not re.fullmatch(r"python3\.\d+", runtime):
        raise Unbuildable(f"RUNTIME is the name of a Python runtime of Lambda, like python3.13, not {runtime!r}.")
    if architecture not in PLATFORMS:
        raise Unbuildable(f"ARCHITECTURE is {' or '.join(PLATFORMS)}, not {architecture!r}.")
    return Target(runtime.removeprefix("python"), architecture)
