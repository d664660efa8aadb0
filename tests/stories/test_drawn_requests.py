"""Requests drawn from a document are answered as it says: no fault of ours, no status, type or shape that it lacks."""

import pytest

from tests.stories.drawn_requests import OF_PROXY, SCHEMATHESIS, SHORT, SampleWorld, examine, sample_world

pytestmark = pytest.mark.skipif(
    not SCHEMATHESIS.exists(), reason="schemathesis is not installed (make .tools/clients/installed)"
)


@pytest.fixture
def world():
    with sample_world() as world:
        yield world


def test_the_exchange_answers_as_its_own_document_says(world: SampleWorld):
    outcome = examine(world, None, *SHORT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.thorough
@pytest.mark.skipif(not OF_PROXY.exists(), reason="Twilio's specification of Proxy is not on this machine")
def test_the_exchange_answers_as_twilios_document_of_proxy_says(world: SampleWorld):
    outcome = examine(world, OF_PROXY, *SHORT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
