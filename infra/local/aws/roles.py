"""Roles: what each function may do at AWS. Whoever does more is refused here as it would be there.

Of DynamoDB alone, for which table, and which operation, is what changes with the code.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from local.aws.functions import current
from local.aws.template import ACCOUNT, REGION, Template

IN_TRANSACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}

WhoActs = Callable[[], str | None]  # the function that runs, by the name of its module; None: nobody's role counts


def who_runs() -> str | None:
    """The function whose handler makes this call."""
    invocation = current.get()
    return invocation.name if invocation else None


class Roles:
    """What the functions of a template may do with its tables."""

    def __init__(self, template: Template, who_acts: WhoActs) -> None:
        self.who_acts = who_acts
        roles = template.as_written("AWS::IAM::Role")
        self.allowed = {
            function["Handler"].split(".")[-2]: set(allowances(template, roles[function["Role"].rpartition("/")[2]]))
            for function in template.functions
            if function.get("Role", "").rpartition("/")[2] in roles
        }
        self.allows = cache(self.look_up)

    def check(self, operation: str, request: dict[str, Any]) -> None:
        """Raises ClientError where a function does at DynamoDB what its role does not allow."""
        name = self.who_acts()
        for action, resource in uses(operation, request) if name in self.allowed else ():
            if not self.allows(name, action, resource):
                said = f"User: {name}'s role is not authorized to perform: {action} on resource: {resource}"
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": said}}, operation)

    def look_up(self, name: str, action: str, resource: str) -> bool:
        allowed = self.allowed[name]
        return any(action == may and fnmatchcase(resource, on) for may, on in allowed)


def allowances(template: Template, role: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each action on a table or index that a role allows, with the resource."""
    for policy in role["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = listed(statement["Action"])
            if any(action.startswith("dynamodb:") for action in actions):
                resources = [template.resolve(one) for one in listed(statement["Resource"])]
                yield from ((action, resource) for action in actions for resource in resources)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def uses(operation: str, request: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What a call of DynamoDB does, action by action, and on what; of a transaction all that is in it."""
    if "TransactItems" in request:
        for item in request["TransactItems"]:
            ((kind, said),) = item.items()
            yield f"dynamodb:{IN_TRANSACTIONS[kind]}", arn_of(said)
    elif "RequestItems" in request:
        for table in request["RequestItems"]:
            yield f"dynamodb:{operation}", arn_of({"TableName": table})
    elif "TableName" in request:
        yield f"dynamodb:{operation}", arn_of(request)


def arn_of(said: dict[str, Any]) -> str:
    index = f"/index/{said['IndexName']}" if said.get("IndexName") else ""
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{said['TableName']}{index}"
