"""Telephone numbers as people write and copy them: with characters that nobody sees, as links, with extensions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.visible import IGNORABLE
from toritsugi.lines.numbers import read_number
from toritsugi.receptions.authoring import checks

AIKO = "+819011110001"
UNSEEN = [chr(code) for code in range(0x20000) if IGNORABLE.match(chr(code))]


def why_not(typed, country="JP"):
    """The sentence with which a number is refused."""
    with pytest.raises(RequestRefused) as refusal:
        read_number(typed, country)
    return refusal.value.message


# ---- what nobody sees ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "\u202d090-1111-0001\u202c",  # as Windows' address book has them copied
        "\u2066+81 90 1111 0001\u2069",
        "\u200e090-1111-0001",
        "090\u200b-1111\u2060-0001",
        "\ufeff090-1111-0001",
        "090\u00ad1111\u00ad0001",
        "090\u00a01111\u202f0001",
        "090\u30001111\u20070001",
        "090\t1111\t0001\r\n",
        "090\ufe0f-1111-0001",
        "090\u3164-1111-0001",
        "\x00090-1111-0001\x1a",
        "\ufffc090-1111-0001",  # a picture of a telephone, copied as text
        "\ufff9090\ufffa-1111-0001\ufffb",
    ],
)
def test_what_nobody_sees_in_a_number_is_not_there(typed):
    assert read_number(typed, "JP") == AIKO


@given(st.lists(st.tuples(st.integers(0, 13), st.sampled_from(UNSEEN)), max_size=5))
def test_no_character_without_a_shape_changes_a_number_wherever_it_stands(places):
    typed = "090-1111-0001"
    for place, character in places:
        typed = typed[:place] + character + typed[place:]
    assert read_number(typed, "JP") == AIKO


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("090-1111-000O", "there is O (U+004F) in it"),
        ("090-1111-000l", "there is l (U+006C) in it"),
        ("☎090-1111-0001", "there is ☎ (U+260E) in it"),
        ("090-1111\n0001", "there is U+000A in it"),
        ("090-1111\u20280001", "there is U+2028 in it"),
        ("9.01E+09", "there is E (U+0045) in it"),
        ("+81+9011110001", "a + stands at the beginning alone"),
        ("-", "there is no digit in it"),
        ("03-1234-5678 / 090-1111-0001", "it is several: write each in a place of its own"),
        ("+81 90 1111 0001, +81 3 1234 5678", "it is several: write each in a place of its own"),
    ],
)
def test_what_is_refused_names_the_character(typed, named):
    assert why_not(typed).endswith(f"cannot be a telephone number: {named}")


# ---- links, cards, extensions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "tel:+81-90-1111-0001",
        "TEL:090-1111-0001",
        "tel:+81%2090%201111%200001",
        "tel:090-1111-0001;phone-context=+81",
        "tel://09011110001",
        "TEL 090-1111-0001",
        "Tel. (090) 1111-0001",
        "℡090-1111-0001",
        "010-81-90-1111-0001",
    ],
)
def test_a_number_in_a_link_or_on_a_card_is_that_number(typed):
    assert read_number(typed, "JP") == AIKO


@pytest.mark.parametrize("typed", ["+49 170/12345678", "+49 (0)170 / 12345678", "0170/123 456 78"])
def test_a_sign_that_divides_a_number_makes_no_two_of_it(typed):
    assert read_number(typed, "DE") == "+4917012345678"


@pytest.mark.parametrize(
    ("typed", "extension"),
    [
        ("tel:+81-3-1234-5678;ext=5", "ext=5"),
        ("03-1234-5678 ext. 12", "ext. 12"),
        ("03-1234-5678x12", "x12"),
        ("03-1234-5678#12", "#12"),
        ("03-1234-5678,,12", "12"),
        ("03-1234-5678（内線１２）", "内線12"),
        ("+1 212-555-1234 Extension 7", "Extension 7"),
    ],
)
def test_an_extension_is_refused_in_a_sentence(typed, extension):
    assert why_not(typed).endswith(f"it has an extension ({extension}), which the exchange cannot dial: leave it out")


def test_what_else_stands_behind_a_link_is_refused_in_a_sentence():
    assert "with ;phone-context=example.com the exchange" in why_not("tel:7042;phone-context=example.com")


# ---- of other countries ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("+44 79", "it is too short after +44"),
        ("+1 212-555-12345678", "it is too long after +1"),
        ("+999 12345678", "no country's begins so"),
    ],
)
def test_whoever_has_begun_with_a_plus_is_not_told_to(typed, why):
    assert why_not(typed) == f"{typed} cannot be a telephone number: {why}"


def test_whoever_has_not_is():
    assert "one of another country begins with +" in why_not("212-555-1234")


def test_a_number_dialed_abroad_is_that_number():
    assert read_number("010-1-212-555-1234", "JP") == read_number("+1 212 555 1234", "JP") == "+12125551234"


# ---- in a reception --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["+81 3-1234-5678", "03-1234-5678", "tel:+81-3-1234-5678"])
def test_a_reception_transfers_to_a_number_as_people_write_it(typed):
    document = checks.compile(f"steps: {{a: {{transfer: '{typed}', otherwise: b}}, b: {{say: いません}}}}")
    assert document["steps"]["a"]["transfer"] == ["+81312345678"]


def test_a_transfer_that_begins_with_a_plus_is_not_told_to_be_written_with_one():
    with pytest.raises(RequestRefused) as refusal:
        checks.compile("steps: {a: {transfer: '+44 79', otherwise: b}, b: {say: いません}}")
    assert "write it like" not in refusal.value.message
