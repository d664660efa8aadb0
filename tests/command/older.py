"""A build of the exchange as it was at an earlier commit, to be upgraded from.

That commit could not be built as today's can, so its code and its template are laid beside the libraries of today's
build, which are pinned to the same versions.
"""

import hashlib
import secrets
import shutil
import subprocess
from pathlib import Path

from tests.build import ARCHITECTURE, RUNTIME
from tests.conftest import ROOT
from tests.deployed.cloud import Deployment

COMMIT = "934a79ffabee73bc6adb206e71b2f5a97ac98ce5"  # the last before it was ever deployed


def is_there() -> bool:
    """Whether the commit is in this clone; a shallow one may lack it."""
    return (
        subprocess.run(["git", "cat-file", "-e", f"{COMMIT}^{{commit}}"], cwd=ROOT, capture_output=True).returncode == 0
    )


def make_key(stage: Deployment) -> tuple[str, str]:
    """A key of the REST API as that commit kept it: its SID and its secret."""
    sid, secret = f"SK{secrets.token_hex(16)}", secrets.token_urlsafe(32)
    key = {
        "key_sid": {"S": sid},
        "secret_hash": {"S": hashlib.sha256(secret.encode()).hexdigest()},
        "scopes": {"SS": ["proxy:read", "proxy:write"]},
    }
    stage.client("dynamodb").put_item(TableName=stage.resource("KeysTable"), Item=key)
    return sid, secret


def build(folder: Path, libraries: Path) -> Path:
    """The build, in this folder; `libraries` is a build of today."""
    paths = ["template.yaml", "functions", "layers/domain"]
    archive = subprocess.run(["git", "archive", COMMIT, *paths], cwd=ROOT, check=True, capture_output=True).stdout
    folder.mkdir(parents=True)
    subprocess.run(["tar", "x", "-C", str(folder)], input=archive, check=True)
    domain = folder / "layers/domain"
    shutil.copytree(domain / "toritsugi", domain / "python/toritsugi")
    for name in ("base", "rest"):
        shutil.copytree(libraries / f"{name.title()}Layer", folder / "layers" / name)
    template = folder / "template.yaml"
    said = template.read_text().replace("python3.13", RUNTIME).replace("arm64", ARCHITECTURE)
    template.write_text(said)
    return folder
