"""What things cost by the engine of the page, beside what they cost when somebody reckons it by hand."""

from decimal import Decimal

import pytest

from tests.unit.money.golden import CASES, EXACTLY
from tests.unit.money.node import BY_THE_PAGE, Node, golden_question, needs_node

pytestmark = needs_node


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("node"))
    said = node.ask(BY_THE_PAGE, golden_question(node.at))
    node.stop()
    return {case["name"]: answer for case, answer in zip(CASES, said, strict=True)}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_it_costs_in_a_browser_what_it_costs_by_hand(case, answers):
    answer = answers[case["name"]]
    assert abs(Decimal(answer["total"]) - Decimal(case["total"])) <= EXACTLY / 100, case["how"]
    assert answer["unknown"] == case.get("unknown", [])
    for line, (what, *figures) in zip(answer["lines"], case.get("lines", answer["lines"]), strict=True):
        assert (line[0], list(map(decimal, line[1:]))) == (what, list(map(decimal, figures)))


def decimal(text):
    return None if text is None else Decimal(text)
