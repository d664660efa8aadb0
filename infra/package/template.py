"""The template that `sam build` has written beside the parts."""

from pathlib import Path
from typing import Any

import yaml

from package.target import Target

LOCAL = "local.yaml"


def read(build: Path) -> dict[str, Any]:
    template: dict[str, Any] = yaml.safe_load((build / "template.yaml").read_text())
    return template


def write(template: dict[str, Any], path: Path) -> None:
    path.write_text(yaml.safe_dump(template, sort_keys=False, allow_unicode=True))


def settle(build: Path, target: Target) -> None:
    """Has the template allow only the runtime and the architecture that were built for: others could not start.

    Beside it a second one is written, for `sam local`, which hands a container only variables that a template names.
    """
    template = read(build)
    for name, value in {"Runtime": f"python{target.version}", "Architecture": target.architecture}.items():
        template["Parameters"][name] |= {"Default": value, "AllowedValues": [value]}
    write(template, build / "template.yaml")
    template["Globals"]["Function"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"] = ""
    write(template, build / LOCAL)


def layers_of(build: Path) -> dict[str, list[str]]:
    """The layers of each function, by logical ids, in the order in which Lambda unpacks them."""
    template = read(build)
    always = template["Globals"]["Function"]["Layers"]
    return {
        name: [layer["Ref"] for layer in always + resource["Properties"].get("Layers", [])]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
