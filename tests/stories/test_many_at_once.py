"""Many clients at once: nobody is given what is another's, and everybody refused is told the right reason."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from twilio.base.exceptions import TwilioRestException

LINES = ["+815010000011", "+815010000012", "+815010000013"]


@pytest.mark.thorough
def test_of_fifty_sessions_for_the_same_two_people_three_lines_make_three(desk, aiko, ben):
    desk.opens(*LINES)

    def create(n: int) -> tuple[str, int]:
        try:
            return desk.brings_together(aiko, ben, unique_name=f"order-{n}").sdk.fetch().unique_name, 0
        except TwilioRestException as refused:
            return f"order-{n}", refused.code

    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(create, range(50)))
    assert Counter(code for _, code in answers) == {0: 3, 80208: 47}
    assert [name for name, _ in answers] == [f"order-{n}" for n in range(50)]
    sessions = desk.service.sessions.list()
    assert {session.unique_name for session in sessions} == {name for name, code in answers if not code}
    pairs = [
        (p.identifier, p.proxy_identifier) for s in sessions for p in desk.service.sessions(s.sid).participants.list()
    ]
    assert len(set(pairs)) == len(pairs) == 6
