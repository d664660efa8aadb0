"""Whoever wants calls to a number that pays them appends a digit, or takes some away: it is refused all the same."""

import phonenumbers
import pytest

from toritsugi.foundation.errors import RequestRefused
from toritsugi.lines.destinations import COSTLY_KINDS, check_destination, is_number, why_not


def fortunes() -> list[str]:
    """A number of every forbidden kind in every country that has it."""
    regions = sorted(phonenumbers.SUPPORTED_REGIONS)
    examples = (phonenumbers.example_number_for_type(region, kind) for region in regions for kind in COSTLY_KINDS)
    return [phonenumbers.format_number(one, phonenumbers.PhoneNumberFormat.E164) for one in examples if one]


def is_somebodys(number: str) -> bool:
    """Whether this is a whole number of a kind that may be called."""
    parsed = phonenumbers.parse(number)
    return phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) not in COSTLY_KINDS


def test_a_number_of_a_forbidden_kind_is_refused_in_every_country():
    numbers = fortunes()
    assert len(numbers) > 300
    assert [number for number in numbers if is_number(number) and why_not(number, frozenset()) is None] == []


@pytest.mark.parametrize("digits", ["0", "5", "77"])
def test_so_is_one_with_digits_behind_it(digits):
    longer = [number + digits for number in fortunes()]
    passed = [one for one in longer if is_number(one) and not is_somebodys(one) and why_not(one, frozenset()) is None]
    assert passed == []


@pytest.mark.parametrize("number", ["+819901234567", "+815701234567"])
def test_japans_own_are_refused_with_a_digit_too_many(number):
    with pytest.raises(RequestRefused) as refused:
        check_destination(number)
    assert refused.value.code in (21211, 21215)


@pytest.mark.parametrize("number", ["+819011110001", "+81312345678", "+815010000001", "+12025550123", "+442079460000"])
def test_a_telephone_may_be_called(number):
    assert check_destination(number) is None
