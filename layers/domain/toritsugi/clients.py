"""AWS's clients: one session a process, one client a service, none more patient than a caller is. Ground.

On botocore alone, for boto3 would add a third to a cold start; a session is shared because each reads botocore's data
of a megabyte anew.
"""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import get_session

# Twilio gives up after 15 s, so no AWS call may take longer than two tries of a second or two.
CONNECT_SECONDS, READ_SECONDS, TRIES = 1, 2, 2

# Of the others nobody waits for S3, which answers when it has the whole of a long file. What lies there under a key of
# KMS is opened by signatures of this version only, and botocore would choose an older one for links.
READ_SECONDS_OF, SIGNATURES = {"s3": 30}, {"s3": "s3v4"}


@cache
def session() -> Any:
    """The one session of this process."""
    return get_session()


@cache
def client(service: str) -> Any:
    """The one client of this process for an AWS service, by botocore's name of it."""
    limits = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS_OF.get(service, READ_SECONDS),
        signature_version=SIGNATURES.get(service),
        retries={"total_max_attempts": TRIES, "mode": "standard"},
        parameter_validation=False,  # AWS does that as well
    )
    return session().create_client(service, config=limits)
