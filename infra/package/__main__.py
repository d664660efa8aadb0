"""`python -m package function Voice FOLDER`, `python -m package layer base FOLDER`: what the makefiles call."""

import shutil
import sys
from pathlib import Path

from package import target, wheels
from package.wheels import ROOT


def build_function(name: str, artifacts: Path) -> None:
    shutil.copy(ROOT / "functions" / f"{name.lower()}.py", artifacts)


def build_layer(name: str, artifacts: Path) -> None:
    python = artifacts / "python"
    if name == "domain":
        shutil.copytree(
            ROOT / "layers/domain/toritsugi", python / "toritsugi", ignore=shutil.ignore_patterns("__pycache__")
        )
    else:
        wheels.install(ROOT / f"layers/{name}/requirements.txt", target.read(), python)


def main() -> None:
    what, name, folder = sys.argv[1:]
    {"function": build_function, "layer": build_layer}[what](name, Path(folder))


if __name__ == "__main__":
    try:
        main()
    except target.Unbuildable as sentence:
        sys.exit(str(sentence))
