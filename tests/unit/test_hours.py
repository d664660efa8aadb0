"""Business hours: when it is open, and when not."""

from datetime import datetime

import pytest

from toritsugi.receptions.answering import hours

STEP = {
    "hours": {"mon": "9:00-12:00, 13:00-18:00", "tue": "9:00-18:00", "fri": "22:00-26:00", "sat": "22:00-2:00"},
    "special": {"2026-11-24": "20:00-21:00", "2026-12-29": "closed"},
    "closed_on": ["2026-11-23"],
}


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-16 08:59", False),
        ("2026-11-16 09:00", True),
        ("2026-11-16 11:59", True),
        ("2026-11-16 12:00", False),
        ("2026-11-16 13:00", True),
        ("2026-11-16 18:00", False),
        ("2026-11-18 10:00", False),  # a Wednesday, of which nothing is said
        ("2026-11-20 23:59", True),
        ("2026-11-21 01:59", True),  # still Friday's
        ("2026-11-21 02:00", False),
        ("2026-11-21 22:00", True),
        ("2026-11-22 01:59", True),
        ("2026-11-22 02:00", False),
        ("2026-11-23 10:00", False),  # a public holiday, a Monday
        ("2026-11-24 10:00", False),  # a special day has its own hours
        ("2026-11-24 20:00", True),
        ("2026-12-29 10:00", False),
    ],
)
def test_it_is_open_or_closed(at, is_open):
    assert hours.hours_are_open(STEP, datetime.fromisoformat(at)) is is_open


def test_a_special_day_counts_more_than_a_public_holiday():
    step = STEP | {"special": {"2026-11-23": "10:00-11:00"}}
    assert hours.hours_are_open(step, datetime.fromisoformat("2026-11-23 10:30"))


def test_the_night_before_a_public_holiday_is_its_own_days():
    step = STEP | {"closed_on": ["2026-11-22"]}  # the Sunday after Saturday's 22:00-2:00
    assert hours.hours_are_open(step, datetime.fromisoformat("2026-11-22 01:00"))
