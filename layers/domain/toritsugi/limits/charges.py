"""What a minute of a call or a text costs about, in yen: coarse, so that a fortune is noticed before the bill comes.

By the beginnings of numbers alone, and in whole yen, for voice.py reads it, which knows no numbering plan and no rate
card. Japan's are what the shipped card of money/ says at so many yen a dollar, each yen that has begun, which a test
holds; the card has no others, so those are guesses from above.
"""

from collections.abc import Iterable

YEN_A_DOLLAR = 160
YEN_A_MINUTE = {"+81": 12, "+8170": 30, "+8180": 30, "+8190": 30, "+8160": 30, "+1": 4, "+44": 8, "": 60}
YEN_A_TEXT = {"+81": 15, "+1": 3, "": 30}

LONGEST_BEGINNING = max(map(len, YEN_A_MINUTE))
USUAL_MINUTES = 3  # of a call of which nobody knows how long it will be


def yen_a_minute(number: str) -> int:
    """What a minute to this number costs, about."""
    return find_rate(YEN_A_MINUTE, number)


def yen_a_minute_to_dearest(numbers: Iterable[str]) -> int:
    """What a minute costs to the dearest of these numbers, about: one of them answers, and nobody says which."""
    return max(map(yen_a_minute, numbers), default=0)


def yen_a_text(number: str) -> int:
    """What a segment of a text to this number costs, about."""
    return find_rate(YEN_A_TEXT, number)


def find_rate(rates: dict[str, int], number: str) -> int:
    """The rate of the longest beginning of a number that has one."""
    return next(rates[number[:size]] for size in range(LONGEST_BEGINNING, -1, -1) if number[:size] in rates)
