"""Connections that a process keeps open between two events, as long as the other side surely has them, too.

Lambda freezes a process between two events, and what the other side says meanwhile is lost: that it has closed the
connection, for example. The next request on it is answered by a reset, or by nothing at all.
https://github.com/psf/requests/issues/4506
"""

import time
from collections.abc import Callable

# After so long a rest a connection is not used again. S3 closes one after 20 s, and nobody is known to do so earlier:
# https://github.com/vectordotdev/vector/pull/9703
MAX_REST_SECONDS = 15


class KeptConnections:
    """The connections of a client, all of which `close` closes; the client goes on with new ones.

    Their rest is measured by the time of day, for a monotonic clock stands still while the process is frozen.
    https://github.com/hashicorp/vault-lambda-extension/pull/150
    """

    def __init__(self, close: Callable[[], object]) -> None:
        self.close = close
        self.used_at = time.time()

    def prepare(self) -> None:
        """They are about to be used; if they have rested for too long, they are closed first."""
        now = time.time()
        if not 0 <= now - self.used_at < MAX_REST_SECONDS:
            self.close()
        self.used_at = now
