"""Numbers in a path: whoever holds a secret of the exchange's own reads them, nobody else does."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import AUTH_TOKEN
from toritsugi.foundation import sealing
from toritsugi.foundation.errors import RequestRefused
from toritsugi.masking.masked_legs import MaskedLeg

pytestmark = pytest.mark.usefixtures("secrets")

CALL = "CA" + "1" * 32
NUMBERS = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)


@given(NUMBERS, NUMBERS)
def test_what_was_sealed_is_read_again_and_fits_into_a_path(caller, line):
    sealed = sealing.seal(caller + line, CALL)
    assert re.fullmatch("[A-Za-z0-9_-]+", sealed)
    assert caller[1:] not in sealed
    assert sealing.unseal(sealed, CALL) == caller + line


def test_a_secret_that_was_next_and_is_current_now_still_reads(secrets):
    secrets("current", "next")
    sealed = sealing.seal("+819011110001+815010000001", CALL)
    secrets("next", "current")
    assert sealing.unseal(sealed, CALL) == "+819011110001+815010000001"


@pytest.mark.parametrize("unreadable", ["another call", "other secrets", "the auth token", "nonsense", "nothing"])
def test_what_cannot_be_read_is_nothing_and_no_error(secrets, unreadable):
    sealed, call = sealing.seal("+819011110001+815010000001", CALL), CALL
    if unreadable == "another call":
        call = "CA" + "2" * 32
    if unreadable == "other secrets":
        secrets("neither", "nor")
    if unreadable == "the auth token":
        secrets(AUTH_TOKEN)
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


@pytest.mark.parametrize("sealed", ["", "a", "abcde", "____", "é", "A" * 107, "A" * 500])
def test_what_nobody_has_sealed_reads_as_nothing(sealed):
    assert sealing.unseal(sealed, CALL) == ""


@given(st.text("0123456789+", max_size=sealing.MAX_SEALED_BYTES))
def test_whatever_is_sealed_is_as_long_as_anything_else_and_is_read_again(text):
    sealed = sealing.seal(text, CALL)
    assert len(sealed) == 107
    assert sealing.unseal(sealed, CALL) == text


@pytest.mark.parametrize("text", ["1" * 65, "é" * 33, "1\x002", "\x00"])
def test_what_would_not_come_back_whole_is_refused_and_not_cut(text):
    with pytest.raises(ValueError, match="64 bytes can be sealed"):
        sealing.seal(text, CALL)


@given(st.integers(0, 106), st.sampled_from("ABab01-_"))
def test_no_character_of_what_is_sealed_can_be_another(place, other):
    sealed = sealing.seal("123456789012", CALL)
    changed = sealed[:place] + other + sealed[place + 1 :]
    assert sealing.unseal(changed, CALL) == ("123456789012" if base64_of(changed) == base64_of(sealed) else "")


def test_an_exchange_without_a_secret_of_its_own_says_what_makes_one(secrets):
    secrets()
    assert sealing.unseal("A" * 107, CALL) == ""
    with pytest.raises(RuntimeError, match="own-secrets: `toritsugi deploy` makes it"):
        sealing.seal("1", CALL)


def base64_of(text):
    return base64.urlsafe_b64decode(text + "=")
