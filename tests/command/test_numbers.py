"""Numbers are attached to the exchange and restored, and nothing about them comes as a surprise."""

import itertools

import pytest

OLD, OLD_TEXTS = "https://old.example.com/ivr", "https://old.example.com/texts"
GREETING = "{steps: {hello: {say: Hello}}}"


fresh = itertools.count(815010000001)


@pytest.fixture
def line(exchange):
    """A number that nobody uses, and no other test."""
    return exchange.buys(f"+{next(fresh)}")


@pytest.fixture
def used(exchange):
    """A number that somebody uses for something else."""
    return exchange.buys(f"+{next(fresh)}", voice_url=OLD, voice_method="GET")


@pytest.fixture
def answered(exchange, desk):
    """A number that somebody has used for something else, and at which a reception answers now."""
    able = {"voice": True, "sms": True, "mms": False}
    line = exchange.buys(f"+{next(fresh)}", capabilities=able, voice_url=OLD, sms_url=OLD_TEXTS)
    desk.writes("desk", GREETING)
    desk.asks("PUT", f"/api/lines/{line}", {"reception": "desk"})
    yield line
    exchange.types("numbers", "restore", line, "--yes")


def listed(exchange, number):
    (found,) = [one for one in exchange.succeeds("numbers", "list") if one["number"] == number]
    return found


def test_the_list_says_what_a_number_can_and_where_its_calls_go(exchange, line, used):
    assert (listed(exchange, used)["calls"]["url"], listed(exchange, used)["service"]) == (OLD, "")
    (row,) = [row for row in exchange.types("numbers", "list").out.splitlines() if used in row]
    assert row.split() == [used, "JP", "voice", "no", "sms", "no", "mms", "old.example.com"]


def test_an_attached_number_leads_here_and_restored_it_leads_where_it_did(exchange, used):
    assert exchange.succeeds("numbers", "attach", used, "--yes", "--service", "shop")["attached"] == [used]
    assert exchange.settings_of(used).voice_url.startswith(f"{exchange.base}/voice#rc=")
    assert listed(exchange, used)["service"] == "shop"
    assert exchange.succeeds("numbers", "restore", used, "--yes")["restored"] == [{"number": used, "goes_to": OLD}]
    restored = exchange.settings_of(used)
    assert (restored.voice_url, restored.voice_method) == (OLD, "GET")
    assert listed(exchange, used)["service"] == ""


def test_a_number_in_use_is_shown_and_left_alone_where_nobody_says_yes(exchange, used):
    said = exchange.types("numbers", "attach", used)
    assert said.code == 1
    assert f"{used} is in use: its calls go to {OLD}" in said.err
    assert "add --yes" in said.err
    assert exchange.settings_of(used).voice_url == OLD


def test_at_a_terminal_numbers_are_picked_from_a_list_and_no_is_an_answer(exchange, line, used):
    offered = [one["number"] for one in exchange.succeeds("numbers", "list") if not one["service"]]
    place = str(offered.index(line) + 1)
    said = exchange.shell.talks("numbers", "attach", answers=[("Which ones?", place), ("Point", "n")])
    assert (said.code, "Nothing was changed" in said.out) == (1, True)
    said = exchange.shell.talks("numbers", "attach", answers=[("Which ones?", place), ("Point", "y")])
    assert (said.code, f"attached  {line}" in said.out) == (0, True)
    assert (listed(exchange, line)["service"], listed(exchange, used)["service"]) == ("default", "")


def test_a_number_that_was_pointed_elsewhere_since_is_pointed_here_again(exchange, line):
    exchange.succeeds("numbers", "attach", line, "--yes")
    right = exchange.settings_of(line).voice_url
    for wrong in ({"voice_url": OLD}, {"voice_method": "GET", "voice_url": right.split("#")[0]}):
        exchange.settings_of(line).update(**wrong)
        assert exchange.succeeds("numbers", "attach", line, "--yes")["attached"] == [line]
        assert (exchange.settings_of(line).voice_url, exchange.settings_of(line).voice_method) == (right, "POST")
    assert exchange.succeeds("numbers", "attach", line, "--yes")["attached"] == []


def test_a_number_with_a_reception_is_ours_with_its_texts_and_in_nobodys_pool(exchange, answered):
    found = listed(exchange, answered)
    assert (found["reception"], found["service"]) == ("desk", "")
    (row,) = [row for row in exchange.types("numbers", "list").out.splitlines() if answered in row]
    assert row.endswith("here (the reception desk)")
    assert exchange.succeeds("numbers", "attach", answered, "--yes")["attached"] == []
    exchange.settings_of(answered).update(sms_url=OLD)
    assert exchange.succeeds("numbers", "attach", answered, "--yes")["attached"] == [answered]
    assert exchange.settings_of(answered).sms_url.startswith(f"{exchange.base}/sms#rc=")
    assert listed(exchange, answered)["service"] == ""


def test_restored_a_number_leaves_reception_and_service_and_its_texts_go_where_they_did(exchange, desk, answered):
    desk.opens(name="beside")
    desk.service.phone_numbers.create(sid=exchange.settings_of(answered).sid)
    assert (listed(exchange, answered)["reception"], listed(exchange, answered)["service"]) == ("desk", "beside")
    restored = exchange.succeeds("numbers", "restore", answered, "--yes")["restored"]
    assert restored == [{"number": answered, "goes_to": OLD}]
    assert (exchange.settings_of(answered).voice_url, exchange.settings_of(answered).sms_url) == (OLD, OLD_TEXTS)
    assert (listed(exchange, answered)["reception"], listed(exchange, answered)["service"]) == ("", "")


def test_a_number_without_voice_is_left_out(exchange):
    mute = exchange.buys(f"+{next(fresh)}", capabilities={"voice": False, "sms": True, "mms": False})
    said = exchange.types("numbers", "attach", mute, "--yes")
    assert (said.code, "cannot take calls" in said.err) == (0, True)
    assert exchange.settings_of(mute).voice_url == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["attach", "+815099999999", "--yes"], "The Twilio account has no +815099999999"),
        (["attach", "--yes"], "Say which numbers to attach: name them, or --all"),
        (["attach", "--all", "--yes", "--service", "S" * 300], "A service cannot be called"),
    ],
)
def test_what_cannot_be_attached_is_refused_in_one_sentence(exchange, line, words, sentence):
    said = exchange.types("numbers", *words)
    assert (said.code, sentence in said.err) == (1, True), said.err
    assert exchange.settings_of(line).voice_url == ""
