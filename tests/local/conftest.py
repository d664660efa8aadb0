"""Where the local AWS is tried: a lab for each test, in which nothing may go wrong that the test does not look at."""

import pytest

from tests.local.lab import Lab


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path) as lab:
        yield lab
        assert lab.failures() == []
