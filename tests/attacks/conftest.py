"""What attackers meet: the exchange behind its doors, and somebody who counts what it asks of AWS."""

import pytest

from tests.integration.wire import Wire


@pytest.fixture
def wire(cloud):
    """Every call of an AWS API, to be counted."""
    with Wire() as wire:
        yield wire
