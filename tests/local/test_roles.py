"""What a function's role does not allow it is refused on this machine, as it is at AWS."""

import json

import pytest
from botocore.exceptions import ClientError

from local.aws.roles import Roles
from local.aws.template import Template
from tests.conftest import PARAMETERS, ROOT

TABLE = {"TableName": "SessionsTable"}


@pytest.fixture
def may():
    """What comes of it when status.py, as it is deployed, asks DynamoDB for this."""
    roles = Roles(Template(ROOT / "template.yaml", {"Stage": "local", **PARAMETERS}), lambda: "status")

    def ask(operation, request):
        try:
            roles.check(operation, request)
        except ClientError as refused:
            return refused.response["Error"]["Code"]
        return "done"

    return ask


@pytest.mark.parametrize(
    ("operation", "request_", "allowed"),
    [
        ("UpdateItem", TABLE, True),
        ("GetItem", TABLE, False),
        ("Query", TABLE, True),
        ("Query", TABLE | {"IndexName": "of-service"}, False),
        ("UpdateItem", {"TableName": "KeysTable"}, False),
        ("BatchGetItem", {"RequestItems": {"SessionsTable": {}, "DirectoryTable": {}}}, True),
        ("BatchGetItem", {"RequestItems": {"SessionsTable": {}, "ServicesTable": {}}}, False),
        ("TransactWriteItems", {"TransactItems": [{"Put": TABLE}, {"ConditionCheck": TABLE}]}, True),
        ("TransactWriteItems", {"TransactItems": [{"Put": TABLE}, {"Delete": TABLE}]}, False),
        ("ListTables", {}, True),
    ],
    ids=lambda said: said if isinstance(said, str) else json.dumps(said),
)
def test_a_function_may_do_what_its_role_says_and_nothing_else(may, operation, request_, allowed):
    assert may(operation, request_) == ("done" if allowed else "AccessDeniedException")


def test_whoever_is_no_function_may_do_everything():
    roles = Roles(Template(ROOT / "template.yaml", {"Stage": "local", **PARAMETERS}), lambda: None)
    assert roles.check("DeleteTable", TABLE) is None
