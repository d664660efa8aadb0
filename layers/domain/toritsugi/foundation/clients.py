"""AWS's clients: one session a process, one client a service, none more patient than a caller is.

On botocore alone, for boto3 would add a third to a cold start; a session is shared because each reads botocore's data
of a megabyte anew.

A connection that has rested for too long is not used again. One that is reset nevertheless costs a client one of its
tries, whatever it asks for: botocore asks again after any failure of a connection. So a timer may be sent twice, news
told twice, a use counted twice; a conditional write knows itself again (transactions), and a file is the same file.
https://docs.aws.amazon.com/boto3/latest/guide/retries.html#standard-retry-mode
"""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import get_session

from toritsugi.foundation.connections import KeptConnections

# Twilio gives up after 15 s, so no AWS call may take longer than two tries of a second or two.
CONNECT_SECONDS, READ_SECONDS, MAX_ATTEMPTS = 1, 2, 2

# Nobody waits for S3, which answers when it has the whole of a long file. Its links are signed in the one version with
# which KMS opens a file, and lead to the region where it lies; botocore would choose otherwise.
OTHERWISE: dict[str, dict[str, Any]] = {
    "s3": {"read_timeout": 30, "signature_version": "s3v4", "s3": {"addressing_style": "virtual"}},
}


@cache
def session() -> Any:
    """The one session of this process."""
    return get_session()


@cache
def aws_client(service: str) -> Any:
    """The one client of this process for an AWS service, by botocore's name of it."""
    usual: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"total_max_attempts": MAX_ATTEMPTS, "mode": "standard"},
        "parameter_validation": False,  # AWS does that as well
    }
    limits = Config(**usual | OTHERWISE.get(service, {}))
    client = session().create_client(service, config=limits)
    connections = KeptConnections(client.close)
    client.meta.events.register("before-send", lambda **_: connections.prepare())
    return client
