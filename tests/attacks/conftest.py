"""What attackers meet: the exchange behind its doors, and somebody who counts what it asks of AWS."""

import pytest

from tests.integration.wire import Wire
from toritsugi.foundation import config


@pytest.fixture
def wire(cloud):
    """Every call of an AWS API, to be counted, of a process that has answered before."""
    config.settings()
    with Wire() as wire:
        yield wire
