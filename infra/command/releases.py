"""Releases: what a deployment is called, and the versions of functions that earlier ones have left.

Everybody calls a function by its alias. A deployment publishes a version of each function, whole, and moves the alias.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from command.exchange import Exchange

PARAMETER, ALIAS, NEWEST = "Release", "live", "$LATEST"

TELLS_APART = ("CodeSha256", "Layers", "Environment", "MemorySize", "Runtime", "Timeout")  # of a version


def name_release(build: Path, parameters: dict[str, str]) -> str:
    """Ten hexadecimal digits, others whenever a file of the build or a parameter is another.

    SAM publishes a version where this has changed, for of itself it does not see that a parameter has:
    https://github.com/aws/serverless-application-model/issues/3820
    """
    known = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode())
    for path in sorted(one for one in build.rglob("*") if one.is_file()):
        content = path.read_bytes()
        known.update(f"{path.relative_to(build)} {len(content)} ".encode())
        known.update(content)
    return known.hexdigest()[:10]


def delete_former(exchange: Exchange) -> None:
    """Deletes the versions that nobody calls. The last deployment has left one of each function, in which somebody was.

    A deployment that was taken back has left others, and Lambda would make no version that is like the newest one.
    Whoever deploys may not be allowed to: then they stay.
    """
    for function in functions(exchange):
        try:
            live = live_version(exchange, function)
            for version in versions(exchange, function):
                if version not in (live, NEWEST):
                    exchange.aws("lambda").delete_function(FunctionName=function, Qualifier=version)
        except ClientError:
            continue


def functions(exchange: Exchange) -> list[str]:
    return list(exchange.of_type("AWS::Lambda::Function").values())


def live_version(exchange: Exchange, function: str) -> str:
    """The version that everybody calls. Raises ClientError where there is no alias, as before there was one."""
    found = exchange.aws("lambda").get_alias(FunctionName=function, Name=ALIAS)
    return str(found["FunctionVersion"])


def versions(exchange: Exchange, function: str) -> Iterator[str]:
    pages = exchange.aws("lambda").get_paginator("list_versions_by_function").paginate(FunctionName=function)
    return (one["Version"] for page in list(pages) for one in page["Versions"])


def is_live(exchange: Exchange, function: str) -> bool:
    """Whether callers are with what was deployed last, and not with the version before it."""

    def told_apart(version: str) -> dict[str, Any]:
        found = exchange.aws("lambda").get_function_configuration(FunctionName=function, Qualifier=version)
        return {name: found.get(name) for name in TELLS_APART}

    return told_apart(ALIAS) == told_apart(NEWEST)
