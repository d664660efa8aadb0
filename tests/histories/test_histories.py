"""Whatever happens in whatever order, with whatever going wrong: a few hundred histories, the same in every run."""

import pytest

from tests.histories.guards import BESIDE_A_MODEL, GUARDS, is_there, run
from tests.histories.machine import machine
from tests.histories.runs import describe, play, shorten

pytestmark = pytest.mark.thorough

MANY = {
    "sessions": 120,
    "pools": 60,
    "calls of sessions": 60,
    "masked conferences": 40,
    "calls": 30,
    "texts": 60,
    "recordings": 60,
}


@pytest.mark.parametrize("theme", MANY)
def test_histories_go_well(theme):
    _, wrong = play(1, MANY[theme], theme)
    assert not wrong, describe(shorten(min(wrong, key=lambda history: len(history.chosen))))


def test_a_history_is_the_same_when_it_is_played_again_by_its_seed_or_by_its_choices():
    with machine() as player:
        for seed in range(1, 12):
            first = player.play(seed, "calls of sessions", tell=True)
            assert player.play(seed, "calls of sessions", tell=True) == first
            assert player.play(seed, "calls of sessions", first.chosen, tell=True).told == first.told


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_stands_where_it_is_taken_out(guard):
    assert is_there(guard)


SOME = [*GUARDS[:2], next(guard for guard in GUARDS if guard.theme == BESIDE_A_MODEL)]


@pytest.mark.parametrize("guard", SOME, ids=lambda guard: guard.name)
def test_without_a_guard_histories_go_wrong(guard):
    done = run("tests.histories.guards", guard.name, "60")
    assert done.returncode == 0, done.stdout + done.stderr
