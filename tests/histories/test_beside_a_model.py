"""Some lives of an exchange beside the model, the same in every run; a hundred where all is rehearsed."""

import pytest

from tests.histories.beside_a_model import live
from tests.histories.machine import machine


@pytest.mark.parametrize("lives", [12, pytest.param(100, marks=pytest.mark.thorough)])
def test_whatever_is_done_and_goes_wrong_the_exchange_is_as_a_small_model_says(lives):
    with machine() as player:
        assert live(player.clock, lives) >= lives
