"""Compiles what Lambda would otherwise compile at every cold start, where it cannot keep the result.

`unchecked-hash`: the bytecode is taken as it is. A date would not survive the zip, and a check would cost its time.
https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
"""

import os
import subprocess
from pathlib import Path

from package import interpreters
from package.target import Target, Unbuildable


def compile_all(folder: Path, unpacked_at: str, target: Target) -> bool:
    """Puts bytecode beside every module, with the names that files have on Lambda; False without an interpreter."""
    interpreter = interpreters.find(target.version)
    if interpreter is None:
        return False
    settled = {"PYTHONHASHSEED": "0", "PATH": os.defpath}  # a set's order would be another in every build
    command = [interpreter, "-s", "-P", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    names = ["-s", str(folder), "-p", unpacked_at]
    process = subprocess.run([*map(str, command), *names, folder], env=settled, capture_output=True, text=True)
    if process.returncode:
        raise Unbuildable(f"{folder.name} is not Python {target.version} throughout:\n{process.stdout.strip()}")
    return True
