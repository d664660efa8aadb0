"""What documents name and where they lead: paths of this repository, modules of the domain, headings of pages."""

import importlib
import importlib.util
import re
from functools import cache
from pathlib import Path

from tests.conftest import ROOT
from toritsugi.subscriptions.catalog import SELECTORS

DOMAIN = ROOT / "layers/domain/toritsugi"
FOLDERS = ("docs", "functions", "infra", "layers", "tests")
ROOMS = {path.name for path in DOMAIN.iterdir() if (path / "__init__.py").exists()}
MODULES = {path.stem: path for path in DOMAIN.rglob("*.py") if path.stem != "__init__"}

FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"`([^`\s]+)`")
FILE = re.compile(r"[\w./-]+\.(py|md|yaml|toml|svg|txt|js)")
DOTTED = re.compile(r"[a-z]\w*(\.\w+)+")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def missing_names(text: str) -> list[str]:
    """What a document names in backticks as if it were here, and is not."""
    return [name for name in NAME.findall(FENCED.sub("", text)) if not exists(name)]


def exists(name: str) -> bool:
    """Whether this is here, or is nothing that would be: a word, an option, an event, an address of the exchange."""
    first = re.split(r"[./]", name)[0]
    if name.startswith(("/", ".", "-")) or name in SELECTORS:
        return True
    if FILE.fullmatch(name) or ("/" in name and first in FOLDERS):
        return any((folder / name).exists() for folder in (ROOT, ROOT / "functions", DOMAIN))
    if DOTTED.fullmatch(name) and (first in ROOMS or first in MODULES):
        return any(is_defined(f"{package}.{name}") for package in packages_of(first))
    return True


def packages_of(first: str) -> list[str]:
    """In which packages a dotted name may begin: with a room, or with a module of any room."""
    homes = [path.parent for path in DOMAIN.rglob(f"{first}.py")]
    rooms = [".".join(home.relative_to(DOMAIN.parent).parts) for home in homes]
    return ["toritsugi"] * (first in ROOMS) + rooms


def is_defined(dotted: str) -> bool:
    """Whether a module has this name, or is of this name."""
    module, *names = dotted.split(".")
    found = importlib.import_module(module)
    for name in names:
        module += f".{name}"
        if hasattr(found, name):
            found = getattr(found, name)
        elif hasattr(found, "__path__") and importlib.util.find_spec(module):
            found = importlib.import_module(module)
        else:
            return False
    return True


def broken_links(page: Path) -> list[str]:
    """The links of a page that lead nowhere: to a file or a heading that is not here. The web is not asked."""
    links = LINK.findall(FENCED.sub("", page.read_text()))
    return [link for link in links if not link.startswith("http") and not leads_somewhere(page, link)]


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, heading = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not heading or heading in headings(target))


@cache
def headings(page: Path) -> set[str]:
    """The headings of a page, as a link names them."""
    return {slug(line) for line in re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)}


def slug(heading: str) -> str:
    """A heading as GitHub names it in an address."""
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading.strip())
    return re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
