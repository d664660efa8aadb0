"""Announcements come within a second, and once: with schedules and messages that come twice, and processes that die."""

import pytest

from tests.performance import announcements

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def found():
    """Seventy-five of a thousand (`make bench`), while processes die before they have claimed one, and none after."""
    return announcements.measure(conferences=3, each=25, lossy=False)


def test_each_is_asked_for_within_a_second_of_its_moment_and_none_before(found):
    assert len(found.errors) == found.wanted == 75
    assert min(found.errors) >= 0
    assert max(found.errors) <= 1


def test_each_is_asked_for_once_and_none_is_lost(found):
    assert (found.twice, found.died, found.dropped, found.unexplained) == (0, 0, 0, 0)


def test_the_scheduler_alone_would_be_late_by_half_a_minute(found):
    assert sum(found.alone) / len(found.alone) > 20
