"""`make permissions`: each Allow of the deployment is needed, for without it a deployed story turns red.

One deployment is made. Then every permission, one action on one resource, is taken out of its role alone, the functions
with that role are started anew, and the stories are told until one fails. A permission without which they all hold is
one too many, or a story is missing: it is named, and the run fails. It is named too if the stories do not hold with all
permissions in place, before and after.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.build import built
from tests.conftest import ROOT
from tests.deployed import cloud
from tests.deployed.cloud import Deployment
from tests.deployed.conftest import ATTACH

STORIES = [
    "test_calls.py",
    "test_rest_api.py",
    "test_conferences.py",
    "test_reception.py",
    "test_recordings.py",
    "test_time_runs_out.py",
]
MOST_TRIES = 3  # on a machine with much to do, a telephone may ring too late


@dataclass(frozen=True)
class Permission:
    """One action on one resource, allowed by a statement of a role's policy."""

    role: str  # by its name in the template
    name: str  # in the account
    policy: str
    statement: int
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.role}: {self.action} on {self.resource.split(':', 5)[-1]}"


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def find_permissions(deployment: Deployment) -> Iterator[Permission]:
    """Every permission of every role of the stack, and of the stacks in it."""
    iam = deployment.client("iam")
    for logical_id, name in deployment.roles().items():
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for number, statement in enumerate(document["Statement"]):
                for action in listed(statement["Action"]):
                    for resource in listed(statement["Resource"]):
                        yield Permission(logical_id, name, policy, number, action, resource)


def without(document: dict[str, Any], permission: Permission) -> dict[str, Any]:
    """The policy in which this one permission is missing, and nothing else."""
    changed = copy.deepcopy(document)
    whole = changed["Statement"].pop(permission.statement)
    actions, resources = listed(whole["Action"]), listed(whole["Resource"])
    others = [action for action in actions if action != permission.action]
    elsewhere = [resource for resource in resources if resource != permission.resource]
    if others:
        changed["Statement"].append(whole | {"Action": others})
    if elsewhere:
        changed["Statement"].append(whole | {"Action": permission.action, "Resource": elsewhere})
    return changed


def tell(deployment: Deployment, folder: Path, first: str) -> list[str]:
    """Tells the stories, those first that failed the last time for the same reason. Which have failed: one at most."""
    command = [sys.executable, "-m", "pytest", *(f"tests/deployed/{story}" for story in STORIES)]
    settings = ["-n", "0", "-x", "--failed-first", "-rfE", "--no-header", "--tb=no", f"--basetemp={folder / 'stories'}"]
    settings += ["-o", f"cache_dir={folder / first}"]
    told = subprocess.run(
        [*command, *settings],
        cwd=ROOT,
        env=os.environ | {ATTACH: deployment.written()},
        capture_output=True,
        text=True,
    )
    if told.returncode not in (0, 1):
        sys.exit(f"The stories cannot be told:\n{told.stdout}\n{told.stderr}")
    lines = [line.split() for line in told.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return [words[1].split("::")[-1] for words in lines] if told.returncode else []


def take_away(deployment: Deployment, permission: Permission, folder: Path) -> list[str]:
    """Which story fails without this permission."""
    iam = deployment.client("iam")
    where = {"RoleName": permission.name, "PolicyName": permission.policy}
    document = iam.get_role_policy(**where)["PolicyDocument"]
    iam.put_role_policy(**where, PolicyDocument=json.dumps(without(document, permission)))
    try:
        return fail_for_want_of(deployment, permission, folder)
    finally:
        iam.put_role_policy(**where, PolicyDocument=json.dumps(document))
        deployment.restart_with(permission.name)


def fail_for_want_of(deployment: Deployment, permission: Permission, folder: Path) -> list[str]:
    """Which story fails while the same role is refused the same action; one that fails without that is told again."""
    said = f"/{permission.name}", f" may not {permission.action} "
    for _ in range(MOST_TRIES):
        before = len(deployment.refusals())
        deployment.restart_with(permission.name)
        failed = tell(deployment, folder, permission.role)
        refused = [line for line in deployment.refusals()[before:] if all(words in line for words in said)]
        if refused or not failed:
            return failed
    sys.exit(f"Without {permission} this fails, and nobody was refused anything: {failed[0]}")


def must_hold(deployment: Deployment, folder: Path) -> None:
    """Ends the run unless all stories hold with all permissions in place."""
    if all(failed := tell(deployment, folder, "all") for _ in range(MOST_TRIES)):
        sys.exit(f"With all permissions in place this does not hold: {failed[0]}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make permissions", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", default=[""], help="only permissions whose line holds one of these, such as VoiceRole"
    )
    only = parser.parse_args().only
    unneeded = []
    with (
        tempfile.TemporaryDirectory(prefix="permissions-") as place,
        cloud.deployed(Path(place), built()) as deployment,
    ):
        must_hold(deployment, Path(place))
        for permission in find_permissions(deployment):
            if not any(words in str(permission) for words in only):
                continue
            failed = take_away(deployment, permission, Path(place))
            print(f"{'needed' if failed else 'NOT NEEDED':10} {permission}  {''.join(failed[:1])}", flush=True)
            if not failed:
                unneeded.append(permission)
        must_hold(deployment, Path(place))
    for permission in unneeded:
        print(f"No story needs this: {permission}")
    return len(unneeded)


if __name__ == "__main__":
    sys.exit(main() > 0)
