"""What may be written in a reception: the last that is taken, the first that is not, and what is meant by silence."""

import json

import pytest

from toritsugi.receptions.authoring import checks
from toritsugi.receptions.authoring.reading import JSON, MAX_MISTAKES, MAX_SOURCE_BYTES, NoReception

BYE = {"hangup": "true"}
MENU = {"menu": "?", "keys": {"1": "bye"}, "otherwise": "bye"}
GATHER = {"gather": "?", "digits": "4", "next": "bye", "otherwise": "bye"}
TRANSFER = {"transfer": "+81312345678", "otherwise": "bye"}
VOICEMAIL = {"voicemail": "?", "next": "bye"}
HOURS = {"hours": {"mon-fri": "9:00-18:00"}, "open": "bye", "closed": "bye"}
TEN = [f"+8131234567{n}" for n in range(10)]


def one(step, **more):
    """A reception of this step, and of one that hangs up."""
    return {"steps": {"a": step, "bye": BYE}, **more}


def many(count):
    """A reception of so many steps."""
    steps = {f"s{n}": {"say": "x", "next": f"s{n + 1}"} for n in range(1, count)}
    return {"steps": steps | {f"s{count}": {"say": "x"}}}


def rules(count, keywords=1):
    words = [[f"w{n}x{k}" for k in range(keywords)] for n in range(count)]
    return {"texts": [{"keywords": said, "answer": "x"} for said in words]}


def address(length):
    return "https://example.com/".ljust(length, "x")


LIMITS = {
    "words": (one({"say": "x" * 1000, "next": "bye"}), one({"say": "x" * 1001, "next": "bye"})),
    "a word": (
        one({"menu": "?", "spoken": {"x" * 100: "bye"}, "otherwise": "bye"}),
        one({"menu": "?", "spoken": {"x" * 101: "bye"}, "otherwise": "bye"}),
    ),
    "a name": (
        {"steps": {"a": {"jump": "n" * 40}, "n" * 40: BYE}},
        {"steps": {"a": {"jump": "n" * 41}, "n" * 41: BYE}},
    ),
    "an address": (one({"play": address(500), "next": "bye"}), one({"play": address(501), "next": "bye"})),
    "digits": (one(GATHER | {"digits": "32"}), one(GATHER | {"digits": "33"})),
    "a range of digits": (one(GATHER | {"digits": "1-32"}), one(GATHER | {"digits": "1-33"})),
    "few digits": (one(GATHER | {"digits": "1"}), one(GATHER | {"digits": "0"})),
    "digits the wrong way round": (one(GATHER | {"digits": "4-4"}), one(GATHER | {"digits": "5-4"})),
    "patience": (one(MENU | {"seconds": "60"}), one(MENU | {"seconds": "61"})),
    "impatience": (one(MENU | {"seconds": "1"}), one(MENU | {"seconds": "0"})),
    "tries": (one(MENU | {"retries": "5"}), one(MENU | {"retries": "6"})),
    "no tries": (one(MENU | {"retries": "0"}), one(MENU | {"retries": "-1"})),
    "ringing": (one(TRANSFER | {"seconds": "600"}), one(TRANSFER | {"seconds": "601"})),
    "hardly ringing": (one(TRANSFER | {"seconds": "5"}), one(TRANSFER | {"seconds": "4"})),
    "numbers": (one(TRANSFER | {"transfer": TEN}), one(TRANSFER | {"transfer": [*TEN, "+81312345680"]})),
    "hardly numbers": (one(TRANSFER | {"transfer": TEN[:1]}), one(TRANSFER | {"transfer": []})),
    "a message": (one(VOICEMAIL | {"seconds": "3600"}), one(VOICEMAIL | {"seconds": "3601"})),
    "hardly a message": (one(VOICEMAIL | {"seconds": "5"}), one(VOICEMAIL | {"seconds": "4"})),
    "silence": (one(VOICEMAIL | {"silence": "60"}), one(VOICEMAIL | {"silence": "61"})),
    "hardly silence": (one(VOICEMAIL | {"silence": "1"}), one(VOICEMAIL | {"silence": "0"})),
    "steps": (many(200), many(201)),
    "rules": (rules(100), rules(101)),
    "keywords": (rules(1, 50), rules(1, 51)),
    "hours": (one(HOURS | {"hours": {"mon": "23:59-29:59"}}), one(HOURS | {"hours": {"mon": "24:00-29:59"}})),
    "minutes": (one(HOURS | {"hours": {"mon": "9:00-18:59"}}), one(HOURS | {"hours": {"mon": "9:00-18:60"}})),
    "minutes to begin with": (
        one(HOURS | {"hours": {"mon": "9:59-18:00"}}),
        one(HOURS | {"hours": {"mon": "9:60-18:00"}}),
    ),
    "a night": (one(HOURS | {"hours": {"mon": "22:00-29:00"}}), one(HOURS | {"hours": {"mon": "22:00-30:00"}})),
    "a day": (
        one(HOURS | {"special": {"2026-12-31": "closed"}}),
        one(HOURS | {"special": {"2026-12-32": "closed"}}),
    ),
}


@pytest.mark.parametrize(("last", "beyond"), LIMITS.values(), ids=LIMITS)
def test_a_reception_has_its_limits(last, beyond):
    checks.compile(json.dumps(last), JSON)
    with pytest.raises(NoReception):
        checks.compile(json.dumps(beyond), JSON)


@pytest.mark.parametrize(("more", "refused"), [(0, False), (1, True)])
def test_a_document_is_so_large_at_most(more, refused):
    text = json.dumps(one({"say": "x", "next": "bye"}))
    text = text[:-1] + " " * (MAX_SOURCE_BYTES - len(text) + more) + "}"
    if refused:
        with pytest.raises(NoReception, match="larger than 65536 bytes"):
            checks.compile(text, JSON)
    else:
        checks.compile(text, JSON)


def test_of_many_mistakes_five_are_told_in_the_sentence_and_a_hundred_in_the_list():
    steps = {f"s{n}": {"say": "x", "next": "nowhere"} for n in range(MAX_MISTAKES + 1)}
    with pytest.raises(NoReception) as no:
        checks.compile(json.dumps({"steps": steps}), JSON)
    assert no.value.message.count("step s") == 5
    assert no.value.message.endswith("; and 96 more")
    assert (len(no.value.more["errors"]), no.value.status, no.value.code) == (100, 422, 20001)


def test_of_five_mistakes_all_are_told_in_the_sentence():
    steps = {f"s{n}": {"say": "x", "next": "nowhere"} for n in range(5)}
    with pytest.raises(NoReception) as no:
        checks.compile(json.dumps({"steps": steps}), JSON)
    assert no.value.message.count("step s") == 5
    assert "more" not in no.value.message


# ---- what is meant where nothing is said -----------------------------------------------------------------------------


def read(step):
    return checks.compile(json.dumps(one(step)), JSON)["steps"]["a"]


def test_what_is_left_out_is_what_people_expect():
    document = checks.compile(json.dumps(one({"say": "x", "next": "bye"})), JSON)
    assert (document["language"], document["timezone"], document["texts"]) == ("ja-JP", "Asia/Tokyo", [])
    assert [read(MENU)[name] for name in ("seconds", "retries", "spoken")] == [5, 2, {}]
    assert [read(GATHER)[name] for name in ("digits", "confirm")] == [{"least": 4, "most": 4}, False]
    assert [read(TRANSFER)[name] for name in ("together", "seconds", "accept")] == [False, 20, False]
    assert [read(VOICEMAIL)[name] for name in ("seconds", "silence")] == [120, 5]
    assert read(HOURS)["special"] == {}


@pytest.mark.parametrize(
    ("written", "open_on"),
    [
        ("mon-fri", ["mon", "tue", "wed", "thu", "fri"]),
        ("sat, sun", ["sat", "sun"]),
        ("sun", ["sun"]),
        ("fri-mon", ["mon", "fri", "sat", "sun"]),
        ("WED", ["wed"]),
    ],
)
def test_days_are_a_range_a_list_or_one_and_may_go_past_sunday(written, open_on):
    hours = read(HOURS | {"hours": {written: "9:00-18:00"}})["hours"]
    assert sorted(hours) == sorted(open_on)
