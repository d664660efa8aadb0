"""AWS SAM's own command line, and make: what builds and deploys."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from command.refusals import Refused
from command.releases import PARAMETER, name_release
from command.stages import ROOT, Stage, file, pairs

# What a tool gets of our environment: where things are, how to reach them, and AWS. Twilio's token is ours alone.
SEEN_BY_TOOLS = {
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LANGUAGE", "TZ", "TMPDIR", "NO_COLOR", "CI"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PYENV_ROOT", "VIRTUAL_ENV"),
    *("BUILD_DIR", "RUNTIME", "ARCHITECTURE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"),
    *("SYSTEMROOT", "TEMP", "TMP", "APPDATA", "LOCALAPPDATA", "USERPROFILE", "PATHEXT", "COMSPEC"),  # of Windows
}
KINDS_SEEN_BY_TOOLS = ("AWS_", "LC_", "PIP_", "UV_", "SAM_CLI_", "PYTHON")

PARAMETERS = {"Runtime": "RUNTIME", "Architecture": "ARCHITECTURE"}  # of template.yaml, and what make calls them


def build_folder() -> Path:
    """Where `make build` puts what is deployed."""
    return ROOT / os.environ.get("BUILD_DIR", ".aws-sam/build")


def build(stage: Stage) -> None:
    """`make build`, for the runtime and architecture of this stage."""
    chosen = [f"{name}={stage.parameters[one]}" for one, name in PARAMETERS.items() if one in stage.parameters]
    run(["make", "build", "--no-print-directory", "-C", str(ROOT), *chosen])


def deploy(stage: Stage, show_changes: bool, template: Path | None = None, **passing: str) -> None:
    """`sam deploy` of what was built, or of another template: with `show_changes` it lists the changes, and asks.

    What is passing is not remembered.
    """
    build = build_folder()
    template = template or build / "template.yaml"
    if not template.is_file():
        raise Refused(f"Nothing is built in {build}: leave --no-build out.")
    run(
        [
            found(),
            "deploy",
            *("--template-file", str(template)),
            *("--config-file", str(file().resolve()), "--config-env", stage.name),
            "--parameter-overrides",
            *pairs(stage, {PARAMETER: name_release(build, stage.parameters)} | passing),
            "--confirm-changeset" if show_changes else "--no-confirm-changeset",
            "--no-fail-on-empty-changeset",
        ]
    )


def found() -> str:
    """Where sam is: in the checkout's own tools, else wherever the shell finds it."""
    own = ROOT / ".tools/sam/bin/sam"
    path = str(own) if own.is_file() else shutil.which("sam")
    if not path:
        raise Refused("AWS SAM is not installed: `make deploy` brings it along (or: make .tools/sam/installed).")
    return path


def run(command: list[str]) -> None:
    """Runs it before everybody's eyes, on standard error, so that our own output stays our own."""
    home = {"__SAM_CLI_APP_DIR": str(ROOT / ".tools/sam/home"), "SAM_CLI_TELEMETRY": "0"}
    seen = {name: value for name, value in os.environ.items() if is_for_tools(name)}
    try:
        subprocess.run(command, check=True, stdout=sys.stderr.fileno(), env=home | seen)  # noqa: S603
    except FileNotFoundError:
        raise Refused(f"{command[0]} is not installed, and without it nothing can be built.") from None


def is_for_tools(name: str) -> bool:
    """Whether a tool gets this variable; how to get through a proxy is written in small letters and in large ones."""
    known = name in SEEN_BY_TOOLS or name.startswith(KINDS_SEEN_BY_TOOLS)
    return known or name.lower().endswith("_proxy")
