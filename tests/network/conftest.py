"""The town of every test here. One network serves a whole module; between two tests its world is deleted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.network.town import Town, alone


@pytest.fixture(scope="module")
def long_lived_town() -> Iterator[Town]:
    with alone() as town:
        yield town


@pytest.fixture
def town(long_lived_town: Town) -> Iterator[Town]:
    """The town as every test finds it. In the end nothing of the network may have failed, and all must be signed."""
    town = long_lived_town
    town.begin()
    yield town
    failures, unsigned = list(town.world.clock.failures), list(town.application.unsigned)
    town.world.clock.failures.clear()
    town.application.unsigned.clear()
    assert (failures, unsigned) == ([], [])
