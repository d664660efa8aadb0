"""What unit tests have in common: the settings, without anybody who is asked for them."""

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import AUTH_TOKEN, BASE, OWN_SECRET
from toritsugi.foundation import config


@pytest.fixture
def secrets() -> Iterator[Callable[..., None]]:
    """Has the settings be known, as if SSM had said so; and the own secrets be others, when it is called with them."""
    before = config._settings, config._read_at

    def are(*secrets: str) -> None:
        config._settings, config._read_at = config.Settings(BASE, (), secrets, (AUTH_TOKEN,)), float("inf")

    are(OWN_SECRET)
    yield are
    config._settings, config._read_at = before
