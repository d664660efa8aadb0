"""What CloudFormation makes of template.yaml: transformed as SAM does it, with its conditions decided and its nested
stacks beside it.
"""

import copy
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from samtranslator.translator.transform import transform

from local.aws import Tag
from tests.conftest import ROOT

Json = dict[str, Any]

TEMPLATE = ROOT / "template.yaml"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/made-up"

SAID = {"Stage": "blue", "TwilioAccountSid": "AC" + "0" * 32}  # what has no default, and a name to be found again
NOTHING = object()


class NoManagedPolicies:
    """SAM asks for the ARNs of AWS's own policies, by name. We name none."""

    def load(self) -> dict[str, str]:
        return {}


def read(path: Path) -> Json:
    return yaml.load(path.read_text(), Tag)


SEEN_BY_SAM = ("Rollout", "Release")  # parameters by which it makes other resources, before CloudFormation looks


@cache
def transformed(*said: tuple[str, Any], layer: str = "layer") -> Json:
    """The template as SAM makes it, with what `sam package` would have uploaded under made-up addresses."""
    template = read(TEMPLATE)
    for uploaded in (template["Globals"]["Function"], *(r["Properties"] for r in template["Resources"].values())):
        given = {"CodeUri": "s3://made-up/code.zip", "ContentUri": f"s3://made-up/{layer}.zip"}
        uploaded |= {name: where for name, where in given.items() if name in uploaded}
    return transform(template, SAID | dict(said), NoManagedPolicies())


def deploy(**parameters: Any) -> dict[str, Json]:
    """The resources that a stack with these parameters has, by logical id; a nested stack's as Alarms/Topic.

    What is known is filled in: parameters, and the choices that conditions make. References to resources stay.
    """
    seen = tuple((name, parameters[name]) for name in SEEN_BY_SAM if name in parameters)
    return fill_in(transformed(*seen), SAID | parameters)


def fill_in(template: Json, said: Json, prefix: str = "") -> dict[str, Json]:
    values = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()} | said
    values |= {name: {"Ref": prefix + name} for name in template["Resources"]}
    conditions: dict[str, bool] = {}
    for name, test in template.get("Conditions", {}).items():  # one may be made of those above it
        conditions[name] = fill(test, values, conditions)
    resources: dict[str, Json] = {}
    for name, resource in template["Resources"].items():
        if conditions.get(resource.get("Condition"), True):
            resources[prefix + name] = found = fill(copy.deepcopy(resource), values, conditions)
            if found["Type"] == "AWS::CloudFormation::Stack":
                nested = read(ROOT / found["Properties"]["TemplateURL"])
                resources |= fill_in(nested, found["Properties"]["Parameters"], f"{name}/")
    return resources


def fill(value: Any, said: Json, conditions: dict[str, bool]) -> Any:
    def again(inner: Any) -> Any:
        return fill(inner, said, conditions)

    match value:
        case {"Ref": "AWS::NoValue"}:
            return NOTHING
        case {"Ref": name} if name in said:
            return said[name]
        case {"Fn::If": [name, yes, no]}:
            return again(yes if conditions[name] else no)
        case {"Fn::Equals": [one, other]}:
            return str(again(one)) == str(again(other))
        case {"Condition": str(name)} if len(value) == 1:
            return conditions[name]
        case {"Fn::And": tests}:
            return all(map(again, tests))
        case {"Fn::Not": [test]}:
            return not again(test)
        case {"Fn::Sub": str(text)}:
            return fill_text(text, said)
        case dict():
            filled = {key: again(inner) for key, inner in value.items()}
            return {key: inner for key, inner in filled.items() if inner is not NOTHING}
        case list():
            return [inner for inner in map(again, value) if inner is not NOTHING]
    return value


def fill_text(text: str, said: Json) -> str:
    """The text with its parameters in place; what refers to a resource stays as it is, ${Id}."""

    def put(match: re.Match[str]) -> str:
        value = said.get(match[1], match[0])
        return f"${{{referred(value)}}}" if isinstance(value, dict) else str(value)

    return re.sub(r"\$\{(\w+)\}", put, text)


def named(value: Any) -> str | None:
    """The logical id to which a value refers; of an alias, that of its function."""
    name = referred(value)
    return name and name.removesuffix("Aliaslive")  # as SAM calls it


def referred(value: Any) -> str | None:
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, _]}:
            return str(name)
    return None
