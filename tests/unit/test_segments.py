"""In how many segments a text is sent, by our count and by the network's, which knows nothing of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.network.messages import segments as networks
from toritsugi.foundation.segments import BASIC, EXTENSION, measure_text


def test_the_alphabet_has_the_127_characters_of_the_standard_and_its_ten_more():
    assert (len(BASIC), len(EXTENSION)) == (127, 10)
    assert BASIC | EXTENSION == networks.BASIC | networks.EXTENSION


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 3),  # the euro does not fit where one place is left
        ("あ" * 70, "UCS-2", 1),
        ("あ" * 71, "UCS-2", 2),
        ("あ" * 134, "UCS-2", 2),
        ("あ" * 135, "UCS-2", 3),
        ("🐈" * 35, "UCS-2", 1),
        ("🐈" * 36, "UCS-2", 2),
        ("🐈" * 67, "UCS-2", 3),  # 33 of them fit into 67 places, and one is left
        ("a" * 160 + "あ", "UCS-2", 3),
        ("a" * 69 + "’", "UCS-2", 1),
    ],
)
def test_a_text_is_sent_in_so_many_segments(text, encoding, count):
    size = measure_text(text)
    assert (size.encoding, size.segments) == (encoding, count)


def test_whoever_wonders_learns_which_characters_are_the_reason():
    assert measure_text("It’s 5€ – ok’").foreign == ("’", "–")
    assert measure_text("It's 5€").foreign == ()


@given(st.text(st.sampled_from(sorted(BASIC | EXTENSION) + list("あ漢🐈’")), max_size=400))
def test_we_count_as_the_network_does(text):
    size = measure_text(text)
    assert (size.encoding, size.segments) == (networks.alphabet(text), networks.count(text))


@given(st.text(max_size=500))
def test_a_segment_never_holds_more_than_it_can(text):
    size = measure_text(text)
    alone, each = {"GSM-7": (160, 153), "UCS-2": (70, 67)}[size.encoding]
    assert size.places <= (alone if size.segments == 1 else size.segments * each)
