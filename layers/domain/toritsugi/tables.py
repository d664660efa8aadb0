"""The way to DynamoDB: one client for every table. Ground: any noun may stand on it."""

from functools import cache

import pynamodb.settings
from pynamodb.connection import Connection
from pynamodb.connection.table import TableConnection
from pynamodb.models import Model

from toritsugi import clients

# Set globally and before any model is made: PynamoDB's transactions ignore what a model says of itself.
pynamodb.settings.default_settings_dict.update(
    connect_timeout_seconds=clients.CONNECT_SECONDS,
    read_timeout_seconds=clients.READ_SECONDS,
    max_retry_attempts=clients.TRIES - 1,
)


@cache
def connection() -> Connection:
    """The one connection of this process."""
    made = Connection()
    made._local.session = clients.session()
    return made


class Table(Model):
    """What every model of ours is. PynamoDB gives each class a client of its own, and a cold start pays for each."""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        table = super()._get_connection()
        table.connection._client = connection().client
        return table
