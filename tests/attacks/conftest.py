"""What attackers meet: the exchange behind its doors, the whole of it on this machine, and somebody who counts."""

import pytest

from tests.integration.conftest import account, client, clock, cloud, desk, service, twilio  # noqa: F401  as behind doors
from tests.integration.wire import Wire
from tests.stories.conftest import box, log, written  # noqa: F401  the same box as in stories
from toritsugi.foundation import config
from toritsugi.limits import switch


@pytest.fixture
def wire(cloud):  # noqa: F811
    """Every call of an AWS API, to be counted, of a process that has answered before."""
    config.settings()
    with Wire() as wire:
        yield wire


@pytest.fixture
def allowed(cloud):  # noqa: F811
    """Sets limits as the owner does."""
    return lambda **limits: switch.set_limits(limits)
