"""What of a service at Proxy is copied, what is recognized as a copy, and what follows from a change at Proxy."""

import io
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from twilio.base.exceptions import TwilioRestException

from command.moving import Work, is_over_since, leaving, missing, why_unreachable
from command.proxy_service import Person, ProxySession
from command.proxy_settings import COPIED, differences, notes_on_settings, settings_to_copy
from command.screen import each
from tests.conftest import BASE
from toritsugi.foundation import config

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


# ---- settings --------------------------------------------------------------------------------------------------------


def service(**settings):
    """A service as the SDK shows it, with nothing set but this."""
    names = ("callback_url", "intercept_callback_url", "out_of_session_callback_url", "chat_instance_sid")
    usual = {"default_ttl": 0, "geo_match_level": "country", "number_selection_behavior": "prefer-sticky"}
    return SimpleNamespace(**{"unique_name": "delivery", **usual, **dict.fromkeys(names), **settings})


def test_the_settings_that_an_exchange_has_come_as_they_are():
    wanted = {"UniqueName": "delivery", "DefaultTtl": "7200", "GeoMatchLevel": "area-code"}
    wanted |= {"NumberSelectionBehavior": "prefer-sticky"}
    there = service(default_ttl=7200, geo_match_level="area-code")
    assert settings_to_copy(there) == wanted
    assert notes_on_settings(there) == []


ADDRESSES = ["CallbackUrl", "InterceptCallbackUrl", "OutOfSessionCallbackUrl"]


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("address", ["http://127.0.0.1/told", f"{BASE}/voice", "https://"])
def test_an_address_at_which_the_exchange_would_ask_nobody_is_left_out_by_name(cloud, name, address):
    there = service(**{COPIED[name]: address})
    assert not {name, "CallbacksSignedBy"} & set(settings_to_copy(there))
    (note,) = notes_on_settings(there)
    assert note.startswith(f"{name} is left out, so ")


@pytest.mark.parametrize("name", ADDRESSES)
def test_the_owners_system_is_asked_and_told_as_at_proxy_and_signed_for_as_there(cloud, name):
    there = service(**{COPIED[name]: "https://8.8.8.8/told"})
    wanted = settings_to_copy(there)
    assert (wanted[name], wanted["CallbacksSignedBy"]) == ("https://8.8.8.8/told", "auth-token")
    assert notes_on_settings(there) == []
    path = cloud.template.environment["SETTINGS_PATH"]
    del cloud.parameters.values[f"{path}/auth-tokens"]
    cloud.parameters.values[f"{path}/shared-keys"] = "key:secret"
    config.forget_settings()
    assert "CallbacksSignedBy" not in settings_to_copy(there)
    (note,) = notes_on_settings(there)
    assert note.startswith(f"{name} comes, signed by the exchange's own secret")


def test_a_service_that_is_here_already_keeps_its_settings_and_that_is_said():
    there, here = service(default_ttl=60), service()
    assert differences(there, there) == []
    assert differences(there, here) == ["DefaultTtl is 0 here and 60 at Proxy: it stays as it is here"]


# ---- while it goes on ------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("screen", "shown"), [(Terminal, True), (io.StringIO, False)], ids=["terminal", "pipe"])
def test_a_bar_shows_at_a_terminal_how_far_it_is(monkeypatch, screen, shown):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen())
    assert list(each([1, 2, 3], "Copying sessions")) == [1, 2, 3]
    assert ("Copying sessions" in sys.stderr.getvalue(), "100%" in sys.stderr.getvalue()) == (shown, shown)
