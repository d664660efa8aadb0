"""Stages: which exchanges there are, as samconfig.toml remembers them. It holds everything but secrets.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import boto3
import tomlkit
import typer

from command.refusals import Refused

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"[a-z][a-z0-9-]{0,15}")  # what template.yaml allows
PLAIN = re.compile(r"[^\s\"']+")  # a value that sam takes without quotes
USUAL_STAGE, USUAL_REGION = "production", "ap-northeast-1"

StageName = Annotated[
    str,
    typer.Option(
        "--stage",
        envvar="TORITSUGI_STAGE",
        help="Which exchange. The only one there is, unless named.",
        show_default=False,
    ),
]
Region = Annotated[
    str, typer.Option("--region", help="Its region at AWS. The one remembered, unless named.", show_default=False)
]


@dataclass
class Stage:
    """One exchange: its name, its region, and the parameters of template.yaml that are not as usual."""

    name: str
    region: str = ""
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def stack(self) -> str:
        return f"toritsugi-{self.name}"

    @property
    def settings_path(self) -> str:
        return f"/toritsugi/{self.name}"


def file() -> Path:
    """Where stages are remembered."""
    return Path(os.environ.get("TORITSUGI_CONFIG", ROOT / "samconfig.toml"))


def read() -> tomlkit.TOMLDocument:
    try:
        document = tomlkit.parse(file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (OSError, UnicodeDecodeError, tomlkit.exceptions.TOMLKitError) as error:
        raise Refused(f"{file()} cannot be read: {error}") from error
    for name, section in document.items():
        if not is_written_here(section):
            raise Refused(f"{file()} cannot be read: [{name}.deploy.parameters] is not as toritsugi writes it.")
    return document


def is_written_here(section: Any) -> bool:
    """Whether a part of samconfig.toml is a stage as `remember` writes it, or none at all."""
    if not isinstance(section, dict) or "deploy" not in section:
        return True
    deploy = section["deploy"]
    parameters = deploy.get("parameters", {}) if isinstance(deploy, dict) else None
    pairs = parameters.get("parameter_overrides", []) if isinstance(parameters, dict) else None
    return isinstance(pairs, list) and all("=" in str(pair) for pair in pairs)


def remembered() -> list[str]:
    """The names of the stages that were deployed from here."""
    return [name for name, section in read().items() if isinstance(section, dict) and "deploy" in section]


def find(name: str = "", region: str = "") -> Stage:
    """The stage of this name, or the only one there is. Raises Refused where several could be meant."""
    if not name:
        known = remembered()
        if len(known) > 1:
            raise Refused(f"There are several stages: say which one, --stage {' or --stage '.join(known)}.")
        name = known[0] if known else USUAL_STAGE
    if not NAME.fullmatch(name):
        raise Refused(f"A stage's name is up to 16 of a-z, 0-9 and -, and begins with a letter: not {name!r}.")
    written = read().get(name, {}).get("deploy", {}).get("parameters", {})
    parameters = dict(map(read_pair, written.get("parameter_overrides", [])))
    parameters.pop("Stage", None)
    return Stage(name, region or str(written.get("region", "")), parameters)


def located(name: str, region: str) -> Stage:
    """The stage, in the region that is named, remembered, or AWS's own setting."""
    if not name and not region and not remembered():
        raise Refused(
            "Nothing is deployed from here yet: make deploy. An exchange that was deployed elsewhere is looked after "
            f"with its stage and region named: --stage {USUAL_STAGE} --region {USUAL_REGION}."
        )
    stage = find(name, region)
    stage.region = stage.region or os.environ.get("AWS_REGION") or boto3.Session().region_name or ""
    if not stage.region:
        raise Refused(f"Nothing is known of the stage {stage.name} here: name its region, --region {USUAL_REGION}.")
    return stage


def remember(stage: Stage) -> None:
    """Writes the stage down where `sam deploy --config-env` finds it; whatever else is in the file stays."""
    document = read()
    document.setdefault("version", 0.1)
    section = document.setdefault(stage.name, tomlkit.table()).setdefault("deploy", tomlkit.table())
    section = section.setdefault("parameters", tomlkit.table())
    section.update(
        {
            "stack_name": stage.stack,
            "region": stage.region,
            "resolve_s3": True,
            "s3_prefix": stage.stack,
            "capabilities": "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND",
            "parameter_overrides": pairs(stage),
        }
    )
    file().write_text(tomlkit.dumps(document))


def write_pair(name: str, value: str) -> str:
    """A parameter as sam reads it, which needs quotes around what is blank, and would end at a space without them."""
    if PLAIN.fullmatch(value):
        return f"{name}={value}"
    quoted = value.replace('"', '\\"')
    return f'{name}="{quoted}"'


def read_pair(pair: Any) -> tuple[str, str]:
    """The name and the value of a parameter as it is written."""
    name, _, value = str(pair).partition("=")
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1].replace('\\"', '"')
    return name, value


def pairs(stage: Stage, more: dict[str, str] | None = None) -> list[str]:
    """The parameters of template.yaml as sam reads them."""
    said = {"Stage": stage.name} | stage.parameters | (more or {})
    return [write_pair(name, value) for name, value in said.items()]


def forget(stage: Stage) -> None:
    document = read()
    document.pop(stage.name, None)
    file().write_text(tomlkit.dumps(document))
