"""`make permissions` takes away one action on one resource, and nothing else."""

import pytest

from tests.deployed.permissions import Permission, Story, listed, without, witnesses

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


READS = Permission("Role", "stack-Role-1", "policy", 0, "a:Get", "arn:table/x/index/*")
WHO = "arn:aws:sts::1:assumed-role/stack-Role-1/function"


@pytest.mark.parametrize(
    ("use", "allowed"),
    [
        ((WHO, "a:Get", "arn:table/x/index/y"), True),
        ((WHO, "a:Get", "arn:table/x"), False),
        ((WHO, "a:Put", "arn:table/x/index/y"), False),
        ((WHO.replace("Role-1/", "Role-2/"), "a:Get", "arn:table/x/index/y"), False),
    ],
)
def test_a_permission_allows_its_action_on_its_resources_to_its_role(use, allowed):
    assert READS.allows(use) is allowed


def test_a_permission_is_tried_on_the_stories_that_use_it_the_quickest_first():
    long, quick = Story("long", 30, frozenset({1, 2})), Story("quick", 3, frozenset({2}))
    assert witnesses([long, quick], 2) == [quick, long]
    assert witnesses([long, quick], 1) == [long]
    assert witnesses([long, quick], 3) == []
