"""Numbers in a path: whoever holds a token of ours reads them, nobody else does."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toritsugi.foundation import sealing
from toritsugi.foundation.errors import RequestRefused
from toritsugi.masking.masked_legs import MaskedLeg

pytestmark = pytest.mark.usefixtures("tokens")

CALL = "CA" + "1" * 32
NUMBERS = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)


@given(NUMBERS, NUMBERS)
def test_what_was_sealed_is_read_again_and_fits_into_a_path(caller, line):
    sealed = sealing.seal(caller + line, CALL)
    assert re.fullmatch("[A-Za-z0-9_-]+", sealed)
    assert caller[1:] not in sealed
    assert sealing.unseal(sealed, CALL) == caller + line


def test_a_token_that_was_next_and_is_current_now_still_reads(tokens):
    tokens("current", "next")
    sealed = sealing.seal("+819011110001+815010000001", CALL)
    tokens("next", "current")
    assert sealing.unseal(sealed, CALL) == "+819011110001+815010000001"


@pytest.mark.parametrize("unreadable", ["another call", "other tokens", "nonsense", "nothing"])
def test_what_cannot_be_read_is_nothing_and_no_error(tokens, unreadable):
    sealed, call = sealing.seal("+819011110001+815010000001", CALL), CALL
    if unreadable == "another call":
        call = "CA" + "2" * 32
    if unreadable == "other tokens":
        tokens("neither", "nor")
    sealed = {"nonsense": "_-_-_-", "nothing": ""}.get(unreadable, sealed)
    assert not sealing.unseal(sealed, call)


def test_two_calls_of_the_same_people_are_sealed_differently():
    assert len({sealing.seal("+819011110001+815010000001", f"CA{n:032}") for n in range(20)}) == 20


@pytest.mark.parametrize(
    "path", ["/status/", "/status/x", "/status/KC/KP/KP/1", "/status/a/b/c/d/e/f", "/status/a/b/c/-1"]
)
def test_a_path_that_no_leg_has_is_refused(path):
    with pytest.raises(RequestRefused):
        MaskedLeg.read(path)


@pytest.mark.parametrize("sealed", ["", "a", "abcde", "____"])
def test_what_nobody_has_sealed_reads_as_nothing(sealed):
    assert sealing.unseal(sealed, CALL) == ""
