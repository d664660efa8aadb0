"""What is measured: the exchange in this process, on moto, under the meter."""

import pytest

from tests.performance.calls import Implementation, ours
from tests.performance.exchange import Exchange


@pytest.fixture
def exchange(cloud) -> Exchange:
    return Exchange(cloud)


@pytest.fixture
def telephones(cloud) -> Implementation:
    """The exchange's webhooks, at which calls come in."""
    return ours()
