"""How large what was built is, and how large it may be. Lambda loads it at every cold start, and allows 250 MB."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from package import template
from package.target import Target, Unbuildable

KB = 1_000

# What each may have in kB, zipped and unzipped: room for the next version of a package, not for a new one.
LAYERS = {"DomainLayer": (1_500, 3_300), "BaseLayer": (6_000, 15_000), "RestLayer": (9_000, 32_000)}
FUNCTION = (30, 70)  # its own file
API = (170, 380)  # a file for each noun, and the documents of both APIs
PRICES = (100, 240)  # a page, with what draws it

WITHOUT = """
  ATTENTION: this build has NO BYTECODE. No Python {version} is on this machine, and none could be downloaded.
  Everything works, but each cold start compiles every module anew and takes twice as long (`make bench`), while a
  caller hears nothing. Install Python {version} (`uv python install {version}`, pyenv, or your
  system's packages) and type `make build` again.
"""


@dataclass(frozen=True)
class Size:
    """Bytes, as uploaded and as unpacked."""

    zipped: int
    unzipped: int

    def __add__(self, other: "Size") -> "Size":
        return Size(self.zipped + other.zipped, self.unzipped + other.unzipped)


def measure(folder: Path) -> Size:
    files, packed = [path for path in sorted(folder.rglob("*")) if path.is_file()], io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.writestr(zipfile.ZipInfo(str(path.relative_to(folder))), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return Size(packed.tell(), sum(path.stat().st_size for path in files))


def report(build: Path, target: Target) -> str:
    """A table of every part, and of every function with its layers. Raises Unbuildable where one is too large."""
    sizes = {path.name: measure(path) for path in sorted(build.iterdir()) if path.is_dir()}
    layers = template.layers_of(build)
    rows = [line(name, sizes[name], LAYERS[name]) for name in LAYERS]
    for name, used in layers.items():
        whole = sum((sizes[layer] for layer in used), sizes[name])
        rows += [line(name, sizes[name], bound_of(name)), line(f"  with {', '.join(used)}", whole)]
    table = [f"{f'Built for {target}':<48}{'zipped':>12}{'unzipped':>12}{'at most':>22}", *rows]
    too_large = [name for name, size in sizes.items() if exceeds(size, bound_of(name))]
    if too_large:
        raise Unbuildable("\n".join([*table, f"Too large: {', '.join(too_large)}. See infra/package/sizes.py."]))
    return "\n".join(table) + ("" if any(build.rglob("*.pyc")) else WITHOUT.format(version=target.version))


def bound_of(name: str) -> tuple[int, int]:
    return LAYERS.get(name) or {"Api": API, "Prices": PRICES}.get(name, FUNCTION)


def line(name: str, size: Size, bound: tuple[int, int] | None = None) -> str:
    most = f"{bound[0]:,} / {bound[1]:,} kB" if bound else ""
    return f"  {name:<46}{size.zipped / KB:>9,.0f} kB{size.unzipped / KB:>9,.0f} kB{most:>22}"


def exceeds(size: Size, bound: tuple[int, int]) -> bool:
    return size.zipped > bound[0] * KB or size.unzipped > bound[1] * KB
