"""Installs what a layer's requirements.txt pins, as wheels of the target, whatever machine this is."""

import os
import subprocess
from pathlib import Path

from package.interpreters import UV
from package.target import ROOT, Target, Unbuildable


def install(requirements: Path, target: Target, into: Path) -> None:
    """Unpacks every pinned wheel into the folder, its hash checked. Raises Unbuildable where there is none that fits.

    Nothing is linked to uv's cache: a file that is changed here would be changed there, and in every later build.
    """
    command = [
        *(str(UV), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
        *("--link-mode", "copy", "--python-version", target.version, "--python-platform", target.platform),
        *("--target", str(into), "--requirements", str(requirements)),
    ]
    environment = os.environ | {"UV_CACHE_DIR": str(ROOT / ".tools/wheels"), "UV_PYTHON_DOWNLOADS": "never"}
    process = subprocess.run(command, env=environment, capture_output=True, text=True)
    if process.returncode:
        raise Unbuildable(
            f"{requirements.relative_to(ROOT)} cannot be installed for {target}. uv says:\n{process.stderr.strip()}"
        )
