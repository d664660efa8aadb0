"""Which numbers may be called and written to: what costs a fortune may not, and the owner names the countries."""

import pytest

from toritsugi.foundation.errors import RequestRefused
from toritsugi.lines import destinations

EVERYWHERE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    "number",
    [
        "+819011110001",  # mobile
        "+816012345678",
        "+81312345678",  # Tokyo
        "+81188123456",  # Akita, whose area code begins as the mass announcements do
        "+815012345678",  # internet telephone
        "+81120123456",  # free of charge
        "+818001234567",
        "+12125551234",
        "+447911123456",
        "+861069012345",
    ],
)
def test_ordinary_numbers_may_be_called(number):
    assert destinations.check_destination(number) is None
    assert destinations.check_destination(number, message=True) is None


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("+81990123456", "premium-rate"),
        ("+81570012345", "0570"),
        ("+81180991234", "mass-announcement"),
        ("+81170991234", "mass-announcement"),
        ("+812012345678", "pager"),
        ("+812041234567", "pager"),
        ("+19005551234", "premium-rate"),
        ("+448431234567", "premium-rate"),
        ("+447012345678", "personal"),
        ("+443001234567", "company"),
        ("+33899123456", "premium-rate"),
        ("+870773111632", "satellite"),
        ("+878101234567890", "satellite"),
        ("+881612345678", "satellite"),
        ("+8821612345678", "satellite"),
        ("+883510001234567", "satellite"),
        ("+979123456789", "satellite"),
        ("+80812345678", "international service"),
        ("+88812345678901", "international service"),
    ],
)
def test_what_costs_a_fortune_may_not_be_called_nor_written_to(number, reason):
    with pytest.raises(RequestRefused, match=reason) as call:
        destinations.check_destination(number)
    with pytest.raises(RequestRefused, match=reason) as message:
        destinations.check_destination(number, message=True)
    assert (call.value.code, message.value.code) == (21215, 21408)


@pytest.mark.parametrize(
    "text",
    [
        "110",
        "119",
        "+81110",
        "188",
        "+1911",
        "",
        "anonymous",
        "09011110001",
        "+8109011110001",
        "+99912345678",
        "+19765551234",
    ],
)
def test_the_police_and_what_is_no_number_in_e164_never_pass(text):
    with pytest.raises(RequestRefused, match="cannot be a telephone number") as refusal:
        destinations.check_destination(text)
    assert refusal.value.code == 21211


def test_the_owner_names_the_countries():
    assert destinations.why_not("+12125551234", EVERYWHERE) is None
    assert destinations.why_not("+819011110001", frozenset({"JP"})) is None
    assert destinations.why_not("+12125551234", frozenset({"JP", "GB"})) == "it is in US, and only GB, JP may be called"


def test_a_country_is_itself_and_not_its_dial_code():
    """Jamaica has the United States' code, and costs many times as much."""
    assert destinations.why_not("+18765551234", frozenset({"US"})) == "it is in JM, and only US may be called"
