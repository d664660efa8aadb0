"""The parameters of template.yaml, as it writes them down."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import Any

import yaml

from command.refusals import Refused
from command.stages import ROOT

TEMPLATE = ROOT / "template.yaml"


class Loader(yaml.SafeLoader):
    """Reads what CloudFormation has of its own (!Ref and the like) as nothing: parameters have none of it."""


Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


@cache
def parameters() -> dict[str, dict[str, Any]]:
    """Each parameter with its Type, Default and what else is said of it."""
    document = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader)  # noqa: S506  a SafeLoader
    return dict(document["Parameters"])


def check(name: str) -> None:
    """Raises Refused where template.yaml has no such parameter: sam would say nothing, and do nothing."""
    if name not in parameters():
        near = ", ".join(get_close_matches(name, parameters(), n=2))
        raise Refused(f"template.yaml has no parameter {name}{f': do you mean {near}?' if near else '.'}")


def usual(name: str) -> str:
    """The value of a parameter where nobody says another. Raises Refused where there is none."""
    if "Default" not in parameters()[name]:
        raise Refused(f"The exchange needs {name}: it can be changed, and not taken back.")
    return str(parameters()[name]["Default"])
