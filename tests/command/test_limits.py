"""`toritsugi limits`, `stop` and `start`: an operator sees, changes and stops what the exchange may do."""

import pytest


def seen(exchange):
    return exchange.types("limits", "show", "--json").json


def test_limits_are_shown_and_changed_until_they_are_taken_back(exchange):
    before = seen(exchange)
    assert (before["limits"], before["stopped"]) == (before["deployed"], None)
    exchange.succeeds("limits", "set", "calls_a_day=7", "texts_a_day=0")
    assert seen(exchange)["limits"] == before["limits"] | {"calls_a_day": 7, "texts_a_day": 0}
    exchange.succeeds("limits", "set", "calls_a_day=", "texts_a_day=")
    assert seen(exchange)["limits"] == before["limits"]


def test_an_exchange_is_stopped_and_started(exchange):
    exchange.succeeds("stop", "--why", "a strange bill", "--yes")
    assert seen(exchange)["stopped"]["why"] == "a strange bill"
    exchange.succeeds("start")
    assert seen(exchange)["stopped"] is None


@pytest.mark.parametrize(
    ("wrong", "says"),
    [("calls_a_week=1", "There is no limit"), ("calls_a_day", "is set as"), ("calls_a_day=-1", "is set as")],
)
def test_what_is_no_limit_is_refused_in_a_sentence(exchange, wrong, says):
    said = exchange.types("limits", "set", wrong)
    assert (said.code, says in said.err) == (1, True), said.err
