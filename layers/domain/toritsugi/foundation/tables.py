"""The way to DynamoDB: one client for every table, and no write that takes a conflict for an answer.

PynamoDB's own clients would wait for half a minute, those of its transactions whatever a model says of itself.
"""

from functools import cache, partial
from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.connection.table import TableConnection
from pynamodb.models import Model

from toritsugi.foundation import clients, conflicts


@cache
def connection() -> Connection:
    """The one connection of this process."""
    made = Connection()
    made._client = clients.aws_client("dynamodb")
    return made


class Table(Model):
    """What every model of ours is. PynamoDB gives each class a client of its own, and a cold start pays for each.

    `mark` is that of the latest conditional write of one row: see transactions.
    """

    mark = UnicodeAttribute(null=True)

    def save(self, *args: Any, **settings: Any) -> Any:
        return conflicts.tried_again(partial(super().save, *args, **settings))

    def update(self, *args: Any, **settings: Any) -> Any:
        return conflicts.tried_again(partial(super().update, *args, **settings))

    def delete(self, *args: Any, **settings: Any) -> Any:
        return conflicts.tried_again(partial(super().delete, *args, **settings))

    @classmethod
    def _get_connection(cls) -> TableConnection:
        table = super()._get_connection()
        table.connection._client = connection().client
        return table
