"""A name that commands the terminal of whoever reads it, colours it, or turns its direction."""

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.base.exceptions import TwilioRestException

from command import screen
from command.keys import create
from command.refusals import Refused
from tests.integration.calls import WANTED
from tests.integration.conftest import AIKO
from toritsugi.foundation.visible import UNSEEN

COMMANDS = ["\x1b[2J\x1b]0;owned\x07", "a\x00b", "two\nlines", "a\u202eb", "\x9b31m", "a\u2028b"]


# ---- refused where it is said ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_no_service_session_or_person_is_called_so(client, service, name):
    wishes = {
        "UniqueName": [
            lambda: client.proxy.v1.services.create(unique_name=name),
            lambda: service.update(unique_name=name),
            lambda: service.sessions.create(unique_name=name),
        ],
        "FriendlyName": [
            lambda: service.sessions.create(participants=[{"Identifier": AIKO, "FriendlyName": name}]),
            lambda: service.sessions(service.sessions.create().sid).participants.create(
                identifier=AIKO, friendly_name=name
            ),
        ],
    }
    for field, asked in wishes.items():
        for ask in asked:
            with pytest.raises(TwilioRestException, match="is invalid: it has a character that nobody sees") as no:
                ask()
            assert (no.value.status, no.value.code, f"'{field}'" in no.value.msg) == (400, 80701, True)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("POST", "/api/calls", lambda name: WANTED | {"parties": [{"number": AIKO, "name": name}, AIKO]}, "/parties/0"),
        ("POST", "/api/calls", lambda name: WANTED | {"voice": name}, "/voice"),
        ("PUT", f"/api/callers/{AIKO.replace('+', '%2B')}", lambda name: {"name": name}, "/name"),
        ("PUT", f"/api/callers/{AIKO.replace('+', '%2B')}", lambda name: {"company": name}, "/company"),
    ],
)
def test_nor_is_whoever_is_called_or_calls(desk, method, path, body, pointer, name):
    status, problem = desk.asks(method, path, body(name))
    assert status == 422
    assert any(one["pointer"].startswith(pointer) and "nobody sees" in one["detail"] for one in problem["errors"])


def test_nor_is_a_key():
    with pytest.raises(Refused, match="take U\\+001B out"):
        create(name="\x1b[31m")


# ---- and shown as text, whoever has said it --------------------------------------------------------------------------

MARKUP = ["[/]", "[bold]", "[red]x[/red]", "[link=https://evil.example.com]x[/link]", ":warning:"]
NAMES = [*MARKUP, *COMMANDS]
BACKSLASHES = ["\\", "a\\", "\\[", "\\\\[/]"]


def written_out(name):
    return UNSEEN.sub(lambda one: f"\\u{ord(one[0]):04x}", name)


def printed(show, capsys):
    """What a terminal gets, on either stream."""
    show()
    out, err = capsys.readouterr()
    return out + err


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_printed_as_it_is_and_commands_no_terminal(name, capsys):
    text = printed(lambda: screen.say(f"[bold]It is called[/] {screen.plain(name)}."), capsys)
    assert text == f"It is called {written_out(name)}.\n"


@pytest.mark.parametrize("name", BACKSLASHES)
def test_a_backslash_at_its_end_takes_no_markup_of_ours_away(name, capsys):
    text = printed(lambda: screen.say(f"[bold]{screen.plain(name)}[/] is its name"), capsys)
    assert text.endswith(" is its name\n")
    assert text.count("[/]") == name.count("[/]")


@pytest.mark.parametrize("name", [*NAMES, *BACKSLASHES])
def test_a_cell_of_a_table_is_no_markup(name, capsys):
    text = printed(lambda: screen.show({}, False, screen.table(["for"], [(name,)])), capsys)
    assert text.splitlines()[1].rstrip() == written_out(name)


@given(st.text())
def test_json_for_other_programs_commands_no_terminal_and_says_the_same(name):
    stream, sys.stdout = sys.stdout, io.StringIO()
    try:
        screen.show({"name": name}, True)
        text = sys.stdout.getvalue()
    finally:
        sys.stdout = stream
    assert not UNSEEN.search(text.replace("\n", ""))
    assert json.loads(text) == {"name": name}
