"""The look with which every story ends does find numbers: one that saw nothing would not be missed."""

import pytest

from tests.stories.leaks import find_leaks, said_in

NUMBER = "+819022220002"
REACHED = (
    '<?xml version="1.0"?><Response><Dial callerId="+815010000011"><Number>+819022220002</Number></Dial>'
    '<Message to="+819022220002" from="+815010000011"><Body>mine is +819022220002</Body></Message></Response>'
)


@pytest.mark.parametrize("text", [NUMBER, "090-2222-0002", "(090) 2222 0002", "%2B819022220002", "81.90.2222.0002"])
def test_a_number_in_the_log_is_found_however_it_is_written(box, ben, text):
    ben.will("busy")
    assert find_leaks(box.stack, [f"refused {text}", "refused"]) == [f"{NUMBER} stands in the log: refused {text}"]


def test_a_number_among_the_dead_letters_is_found(box, ben):
    ben.will("busy")
    queues = box.stack.cloud.queues
    dead = next(queue for queue in queues.named.values() if "DeadLetter" in queue.name)
    [letter] = queues.put(dead, f'{{"number": "{NUMBER}"}}')
    found = find_leaks(box.stack, [])
    dead.delete(letter)
    assert [text.partition(":")[0] for text in found] == [f"{NUMBER} stands in a message in {dead.name}"]


@pytest.mark.parametrize(
    ("reached", "shown"),
    [('callerId="+815010000011"', f'callerId="{NUMBER}"'), ('from="+815010000011"', f'from="{NUMBER}"')],
)
def test_twiml_may_name_somebody_where_it_reaches_them_and_nowhere_else(reached, shown):
    assert not any(NUMBER in text for _, text in said_in(REACHED))
    assert [text for _, text in said_in(REACHED.replace(reached, shown)) if NUMBER in text] == [NUMBER]
