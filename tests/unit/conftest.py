"""What unit tests have in common: the settings, without anybody who is asked for them."""

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import AUTH_TOKEN, BASE
from toritsugi.foundation import config


@pytest.fixture
def tokens() -> Iterator[Callable[..., None]]:
    """Has the settings be known, as if SSM had said so; and the tokens be others, when it is called with them."""
    before = config._settings, config._read_at

    def are(*tokens: str) -> None:
        config._settings, config._read_at = config.Settings(BASE, tokens), float("inf")

    are(AUTH_TOKEN)
    yield are
    config._settings, config._read_at = before
