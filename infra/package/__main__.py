"""What the makefiles call, and `make build` before and after.

python -m package prepare                looks for an interpreter that can compile, fetches one if need be
python -m package function Voice FOLDER  a function's own file, or folder
python -m package layer base FOLDER      one layer
python -m package finish BUILD           settles the template, says how large everything is, fails if that is too large
"""

import os
import shutil
import sys
from pathlib import Path

from package import bytecode, contents, interpreters, sizes, target, template, wheels
from package.target import ROOT, Unbuildable

# https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
UNPACKED_AT = {"function": "/var/task", "layer": "/opt"}
DATE = 1_577_836_800  # 2020, whatever day it is: two builds of one commit are the same


def build_function(name: str, artifacts: Path) -> None:
    source = ROOT / "functions" / name.lower()
    if source.is_dir():
        shutil.copytree(source, artifacts / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source.with_suffix(".py"), artifacts)


def build_layer(name: str, artifacts: Path) -> None:
    python, layers = artifacts / "python", ROOT / "layers"
    if name == "domain":
        shutil.copytree(layers / "domain", python, ignore=shutil.ignore_patterns("__pycache__", "Makefile"))
        return
    wheels.install(layers / name / "requirements.txt", target.read(), python)
    if name == "base":
        contents.trim_base(python, (ROOT / "template.yaml").read_text())
    else:
        contents.trim_rest(python)


def complete(kind: str, artifacts: Path) -> None:
    """Compiles a part, and settles what differs from one build to the next."""
    built_for = target.read()
    if not bytecode.compile_all(artifacts, UNPACKED_AT[kind], built_for):
        print(f"no Python {built_for.version} is at hand: no bytecode")
    for folder, _, names in os.walk(artifacts):
        for path in (Path(folder), *(Path(folder) / name for name in names)):
            path.chmod(0o755 if path.is_dir() else 0o644)
            os.utime(path, (DATE, DATE))


def main(what: str, *words: str) -> None:
    if what == "prepare":
        interpreters.find_or_fetch(target.read().version)
    elif what == "finish":
        template.settle(Path(words[0]), target.read())
        print(sizes.report(Path(words[0]), target.read()))
    else:
        name, artifacts = words[0], Path(words[1])
        {"function": build_function, "layer": build_layer}[what](name, artifacts)
        complete(what, artifacts)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Unbuildable as sentence:
        sys.exit(str(sentence))
