"""`make permissions`: each Allow of the deployment is needed, for without it a deployed story turns red.

Several deployments of one build are made. In whichever is free each story is told with all permissions in place, which
says how long it takes and what it uses; all functions are started anew before it, for a process keeps what it has read.
Then every permission, one action on one resource, is taken out of its role alone; the functions with that role are
started anew, and those stories that use it are told until one fails, the quickest first. A story that was refused the
permission and has not ended when it long should have has failed as well. A permission without which they all hold, or
which none of them uses, is one too many, or a story is missing: it is named, and the run fails. It fails too if the
stories do not hold with all permissions in place, before and after.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

from tests.build import built
from tests.conftest import ROOT
from tests.deployed import cloud
from tests.deployed.cloud import Deployment
from tests.deployed.conftest import ATTACH

MOST_TRIES = 3  # on a machine with much to do, a telephone may ring too late
SLACK = 60  # seconds, besides three times what a story takes with all permissions

Shared = TypeVar("Shared")
Use = tuple[str, str, str]  # who, which action, on which resource


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

    def allows(self, use: Use) -> bool:
        who, action, resource = use
        return f"/{self.name}" in who and action == self.action and fnmatchcase(resource, self.resource)


@dataclass(frozen=True)
class Story:
    """A deployed story, how many seconds it takes, and which permissions it uses, by their place among all."""

    name: str
    seconds: float
    uses: frozenset[int]


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def find_permissions(deployment: Deployment) -> Iterator[Permission]:
    """Every permission of every role of the stack, and of the stacks in it: in each deployment in the same order."""
    iam = deployment.client("iam")
    for logical_id, name in sorted(deployment.roles().items()):
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


def witnesses(stories: Sequence[Story], permission: int) -> list[Story]:
    """The stories that use this permission, the quickest first."""
    return sorted((story for story in stories if permission in story.uses), key=lambda story: story.seconds)


# ---- telling ---------------------------------------------------------------------------------------------------------


def pytest(
    *words: str, folder: Path, is_too_long: Callable[[], bool] = lambda: False, **environment: str
) -> tuple[bool, str]:
    """Whether the stories hold, which they do not if that takes too long; and what was printed."""
    command = [sys.executable, "-m", "pytest", *words, "-n", "0", "-x", "--no-header", "--tb=short"]
    settings = ["-p", "no:cacheprovider", f"--basetemp={folder / 'stories'}"]
    out = folder / "said"
    with out.open("w") as said:
        telling = subprocess.Popen(
            [*command, *settings], cwd=ROOT, env=os.environ | environment, stdout=said, stderr=subprocess.STDOUT
        )
        while telling.poll() is None:
            time.sleep(0.5)
            if is_too_long():
                telling.kill()
                telling.wait()
                return False, f"It does not end:\n{out.read_text()}"
    if telling.returncode not in (0, 1):
        sys.exit(f"The stories cannot be told:\n{out.read_text()}")
    return telling.returncode == 0, out.read_text()


def tell(deployment: Deployment, *names: str, is_too_long: Callable[[], bool] = lambda: False) -> tuple[bool, str]:
    """Whether these stories hold in this deployment, and what was printed."""
    environment = {ATTACH: deployment.written()}
    return pytest(*names, folder=deployment.account.folder, is_too_long=is_too_long, **environment)


def must_hold(deployment: Deployment, *names: str) -> None:
    """Ends the run unless these stories hold with all permissions in place."""
    for _ in range(MOST_TRIES):
        holds, said = tell(deployment, *names)
        if holds:
            return
    sys.exit(f"With all permissions in place this does not hold:\n{said}")


def names_of_stories(folder: Path) -> list[str]:
    """Each story of the deployment, as pytest names it."""
    _, listing = pytest("tests/deployed", "--collect-only", folder=folder)
    names = [line for line in listing.splitlines() if "::" in line]
    assert names, listing
    return names


def told_one_by_one(deployment: Deployment, names: Iterable[str]) -> Iterator[Story]:
    """Each of these stories, told with all permissions in place by functions that know nothing yet."""
    permissions = list(find_permissions(deployment))
    for name in names:
        deployment.restart_all()
        before, start = len(deployment.uses()), time.monotonic()
        must_hold(deployment, name)
        uses = set(deployment.uses()[before:])
        used = (number for number, one in enumerate(permissions) if any(map(one.allows, uses)))
        yield Story(name, time.monotonic() - start, frozenset(used))


# ---- taking away -----------------------------------------------------------------------------------------------------


def take_away(deployment: Deployment, permission: Permission, stories: Sequence[Story]) -> str:
    """Which of the stories fails without this permission; "" if they all hold."""
    iam = deployment.client("iam")
    where = {"RoleName": permission.name, "PolicyName": permission.policy}
    document = iam.get_role_policy(**where)["PolicyDocument"]
    iam.put_role_policy(**where, PolicyDocument=json.dumps(without(document, permission)))
    try:
        return next((story.name for story in stories if fails_for_want_of(deployment, permission, story)), "")
    finally:
        iam.put_role_policy(**where, PolicyDocument=json.dumps(document))
        deployment.restart_with(permission.name)


def fails_for_want_of(deployment: Deployment, permission: Permission, story: Story) -> bool:
    """Whether a story fails while the same role is refused the same action; one that fails without is told again."""
    for _ in range(MOST_TRIES):
        deployment.restart_with(permission.name)
        patience = Patience(deployment, permission, story)
        holds, said = tell(deployment, story.name, is_too_long=patience.is_at_an_end)
        if holds:
            return False
        if patience.was_refused():
            return True
    sys.exit(f"Without {permission} this fails, and nobody was refused anything: {story.name}\n{said}")


class Patience:
    """With a story that is told without a permission: it ends when that was refused and the story has had its time."""

    def __init__(self, deployment: Deployment, permission: Permission, story: Story) -> None:
        self.deployment, self.story = deployment, story
        self.words = f"/{permission.name}", f" may not {permission.action} "
        self.before, self.end = len(deployment.refusals()), time.monotonic() + SLACK + 3 * story.seconds
        self.is_refused = False

    def was_refused(self) -> bool:
        """Whether the role was refused the action since the story began; from then on there is less patience."""
        lines = () if self.is_refused else self.deployment.refusals()[self.before :]
        if any(all(word in line for word in self.words) for line in lines):
            self.is_refused, self.end = True, time.monotonic() + self.story.seconds + 5
        return self.is_refused

    def is_at_an_end(self) -> bool:
        self.was_refused()
        return time.monotonic() > self.end


class Run:
    """One run: several deployments share the permissions among them."""

    def __init__(self, only: Sequence[str], names: Sequence[str]) -> None:
        self.only = only
        self.stories: list[Story] = []
        self.taking, self.unneeded = threading.Lock(), list[Permission]()
        self.untold, self.untold_again = iter(names), iter(names)
        self.numbers = itertools.count()

    def shared(self, things: Iterator[Shared]) -> Iterator[Shared]:
        """One thing after another that no other deployment has taken."""
        while True:
            with self.taking:
                thing = next(things, None)
            if thing is None:
                return
            yield thing

    def learn(self, deployment: Deployment) -> None:
        """Tells one story after another with all permissions in place, as long as there are any."""
        for story in told_one_by_one(deployment, self.shared(self.untold)):
            self.stories.append(story)
            seconds, uses, name = story.seconds, len(story.uses), story.name.split("::")[-1]
            print(f"{seconds:6.1f} s   {uses:3} permissions   {name}", flush=True)

    def go_through(self, deployment: Deployment) -> None:
        """Takes away one permission after another, as long as there are any; then the stories must hold again."""
        permissions = list(find_permissions(deployment))
        for number in self.shared(self.numbers):
            if number >= len(permissions):
                break
            permission = permissions[number]
            if any(words in str(permission) for words in self.only):
                self.judge(permission, take_away(deployment, permission, witnesses(self.stories, number)))
        for name in self.shared(self.untold_again):
            must_hold(deployment, name)

    def name_unused(self, deployment: Deployment) -> None:
        """Says at once, an hour before the end, which permissions no story uses."""
        for number, permission in enumerate(find_permissions(deployment)):
            if not witnesses(self.stories, number):
                print(f"no story uses {permission}", flush=True)

    def judge(self, permission: Permission, failed: str) -> None:
        print(f"{'needed' if failed else 'NOT NEEDED':10} {permission}  {failed.split('::')[-1]}", flush=True)
        if not failed:
            self.unneeded.append(permission)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make permissions", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", default=[""], help="only permissions whose line holds one of these, such as VoiceRole"
    )
    parser.add_argument("--deployments", type=int, default=6, help="how many deployments share the work")
    given = parser.parse_args()
    build = built()
    with ExitStack() as until_the_end, ThreadPoolExecutor(given.deployments) as pool:
        place = Path(until_the_end.enter_context(tempfile.TemporaryDirectory(prefix="permissions-")))
        deployments = [
            until_the_end.enter_context(cloud.deployed(place / str(number), build))
            for number in range(given.deployments)
        ]
        run = Run(given.only, names_of_stories(place))
        list(pool.map(run.learn, deployments))
        run.name_unused(deployments[0])
        list(pool.map(run.go_through, deployments))
    for permission in run.unneeded:
        print(f"No story needs this: {permission}")
    return len(run.unneeded)


if __name__ == "__main__":
    sys.exit(main() > 0)
