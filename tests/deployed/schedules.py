"""What stories do with the Scheduler of a deployment."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.deployed.cloud import Deployment


def in_a_moment(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def schedules_of(deployment: Deployment, words: str) -> list[str]:
    """The names of the exchange's schedules in which these words are."""
    scheduler, group = deployment.client("scheduler"), deployment.resource("ScheduleGroup")
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName=group)
    return [found["Name"] for page in pages for found in page["Schedules"] if words in found["Name"]]


def target_of(deployment: Deployment, name: str) -> dict[str, Any]:
    """Whom a schedule tells, and what."""
    group = deployment.resource("ScheduleGroup")
    target: dict[str, Any] = deployment.client("scheduler").get_schedule(GroupName=group, Name=name)["Target"]
    return target


def schedule(deployment: Deployment, name: str, target: dict[str, Any]) -> None:
    """Has the Scheduler do that at once."""
    deployment.client("scheduler").create_schedule(
        GroupName=deployment.resource("ScheduleGroup"),
        Name=name,
        ScheduleExpression=f"at({in_a_moment(0):%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target=target,
    )
