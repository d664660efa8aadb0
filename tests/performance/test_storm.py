"""What is reckoned of a storm: by Lambda's rules, and as the page on scaling shows it."""

import pytest

from tests.conftest import ROOT
from tests.performance.storm import STARTS_AT_ONCE, Function, Storm, table


def test_the_page_shows_what_is_reckoned():
    page = (ROOT / "docs/scaling.md").read_text()
    assert "\n".join(table()) in page


def test_a_function_starts_a_thousand_processes_and_a_hundred_more_a_second():
    storm = Storm(starts=1, account=10_000)
    voice = storm.functions["voice"]
    started = [bool(storm.take(voice, 0.0, 60.0)) for _ in range(STARTS_AT_ONCE + 1)]
    assert (started.count(True), started[-1]) == (1000, False)
    assert [bool(storm.take(voice, 0.5, 60.0)) for _ in range(51)].count(True) == 50


@pytest.mark.parametrize(("account", "reserved", "most"), [(10, 0, 10), (1000, 3, 3)])
def test_no_more_run_at_once_than_the_account_has_or_than_are_kept(account, reserved, most):
    storm = Storm(starts=1, account=account, reserved=reserved)
    assert [bool(storm.take(storm.functions["voice"], 0.0, 60.0)) for _ in range(20)].count(True) == most


def test_what_is_kept_for_calls_a_rush_at_the_api_does_not_take():
    rushed, kept = Storm(10, 1000, rush=3000).blow(), Storm(10, 1000, rush=3000, reserved=100).blow()
    assert rushed.refused > kept.refused == 0


def test_a_process_that_waits_is_used_again():
    function = Function(idle=1)
    storm = Storm(starts=1, account=10)
    assert storm.take(function, 0.0, 0.02) == 0.02
    assert (function.idle, function.busy) == (0, 1)
