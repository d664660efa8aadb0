"""Whatever people do in a call, and whatever goes wrong meanwhile: what may never happen does not happen."""

import logging
import os

import pytest
from hypothesis import HealthCheck, given, settings

from tests.stories.conftest import Box
from tests.stories.days import days
from tests.stories.town import Diary, Town

EXAMPLES = int(os.environ.get("DAYS", "9"))  # a second each


@pytest.fixture(scope="module")
def town():
    """One town for all days: to build one takes longer than a day."""
    box, diary, logger = Box(), Diary(), logging.getLogger("toritsugi")
    logger.addHandler(diary)
    yield Town(box, diary)
    logger.removeHandler(diary)
    box.stop()


@pytest.mark.thorough
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(days())
def test_whatever_happens_nobody_hears_rings_or_pays_what_they_should_not(town, day):
    assert town.live(day) == []
