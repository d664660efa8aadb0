"""DynamoDB's time to live on this machine: rows whose time is over go, once a day.

At AWS it is within a few days: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.aws.template import Template
from local.clock import Clock

EVERY_SECONDS = 86_400


class Expiry:
    """The tables of a template whose rows have an end."""

    def __init__(self, template: Template, client: Callable[[str], Any]) -> None:
        self.client = client
        self.tables: list[tuple[str, list[str], str]] = []
        for name, table in template.of_type("AWS::DynamoDB::Table").items():
            if (ttl := table.get("TimeToLiveSpecification")) and ttl["Enabled"]:
                keys = [key["AttributeName"] for key in table["KeySchema"]]
                self.tables.append((template.name(name), keys, ttl["AttributeName"]))

    def start(self, clock: Clock) -> None:
        """From now on time passes here, too."""
        self.clock = clock
        clock.after(EVERY_SECONDS, self.sweep, "rows whose time is over")

    def sweep(self) -> None:
        self.delete_past(self.clock.now())
        self.clock.after(EVERY_SECONDS, self.sweep, "rows whose time is over")

    def delete_past(self, now: float) -> None:
        """Deletes what is past its time. A row whose attribute is no number has none."""
        dynamodb = self.client("dynamodb")
        for table, keys, attribute in self.tables:
            pages = dynamodb.get_paginator("scan").paginate(
                TableName=table,
                FilterExpression="#ttl <= :now",
                ExpressionAttributeNames={"#ttl": attribute},
                ExpressionAttributeValues={":now": {"N": str(int(now))}},
            )
            for row in [row for page in pages for row in page["Items"]]:
                dynamodb.delete_item(TableName=table, Key={key: row[key] for key in keys})
