"""What of a service at Proxy is copied, what is recognized as a copy, and what follows from a change at Proxy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException

from command.moving import Work, is_over_since, leaving, missing, why_unreachable
from command.proxy_service import Person, ProxySession

AIKO, BEN, EVE = (Person(f"+8190{digit * 8}", "+815010000001", name) for digit, name in zip("123", "ABE", strict=True))
THEN = datetime(2026, 11, 28, tzinfo=UTC)
SID = "KC" + "1" * 32
OPEN = ProxySession(SID, "order 17", "open", "voice-only", 0, None, THEN, None, "")
CLOSED = replace(OPEN, status="closed", closed_reason="api", ended_at=THEN + timedelta(hours=1))


def test_a_copy_has_the_name_of_its_session_or_one_made_of_its_sid():
    assert (OPEN.copied_as, replace(OPEN, name="").copied_as) == ("order 17", f"proxy-{SID}")


@pytest.mark.parametrize(
    ("status", "comes"), [("open", True), ("in-progress", True), ("closed", False), ("failed", False)]
)
def test_only_what_is_open_comes(status, comes):
    assert replace(OPEN, status=status).is_open == comes


def test_a_copy_is_closed_where_its_program_has_closed_the_session_at_proxy_since():
    assert is_over_since(CLOSED, OPEN)
    assert not is_over_since(OPEN, OPEN)


@pytest.mark.parametrize(
    ("session", "copy"),
    [
        (replace(CLOSED, closed_reason="ttl"), OPEN),  # calls keep it alive here, and Proxy sees none of them
        (CLOSED, replace(OPEN, created_at=THEN + timedelta(hours=2))),  # made here by the program, of the same name
        (CLOSED, replace(OPEN, status="closed")),
    ],
    ids=["expired at Proxy", "another of that name", "closed here"],
)
def test_no_session_is_closed_here_for_any_other_reason(session, copy):
    assert not is_over_since(session, copy)


@pytest.mark.parametrize(
    ("there", "here", "joining"),
    [
        ([AIKO, BEN], [AIKO], [BEN]),
        ([AIKO, BEN], [], [AIKO, BEN]),
        ([AIKO, BEN], [AIKO, BEN], []),
        ([AIKO, BEN], [AIKO, EVE], []),
    ],
)
def test_who_joined_at_proxy_since_joins_the_copy_as_far_as_it_has_room(there, here, joining):
    assert missing(tuple(there), tuple(here)) == joining


def test_who_is_no_telephone_cannot_come_and_is_told_without_a_whole_number():
    assert why_unreachable(AIKO.identifier) == ""
    assert "80404" in why_unreachable("messenger:123")


def test_what_the_exchange_refuses_is_left_without_a_whole_number_in_it():
    work = Work()
    with leaving(work, OPEN):
        raise TwilioRestException(400, "/Services", f"{AIKO.identifier} is in use", 80604)
    assert work.left[SID].why == "...1111 is in use (80604)"


def test_what_was_done_meanwhile_is_done_and_what_may_be_better_later_ends_the_command():
    work = Work()
    with leaving(work, OPEN):
        raise TwilioRestException(400, "/Services", "", 80103)
    with pytest.raises(TwilioRestException), leaving(work, OPEN):
        raise TwilioRestException(429, "/Services", "", 20429)
    assert work.left == {}
