"""`make permissions` takes away one action on one resource, and nothing else."""

import pytest

from tests.deployed.permissions import Permission, listed, without

DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["a:Get", "a:Put"], "Resource": ["table/x", "table/y"]},
        {
            "Effect": "Allow",
            "Action": "a:Pass",
            "Resource": "role/z",
            "Condition": {"StringEquals": {"to": "somebody"}},
        },
    ],
}


def allowed(document):
    return {
        (action, resource, str(statement.get("Condition")))
        for statement in document["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


@pytest.mark.parametrize(
    ("statement", "action", "resource"),
    [(0, "a:Get", "table/x"), (0, "a:Get", "table/y"), (0, "a:Put", "table/x"), (1, "a:Pass", "role/z")],
)
def test_one_permission_is_missing_and_every_other_is_there(statement, action, resource):
    left = without(DOCUMENT, Permission("Role", "role", "policy", statement, action, resource))
    ((gone, where, _),) = allowed(DOCUMENT) - allowed(left)
    assert (gone, where) == (action, resource)
    assert allowed(left) < allowed(DOCUMENT)
