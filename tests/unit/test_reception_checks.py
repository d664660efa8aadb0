"""What makes sense as a reception, and the sentences for whoever has written one that does not."""

import json

import pytest

from toritsugi import words
from toritsugi.receptions.authoring import checks
from toritsugi.receptions.authoring.checks import World
from toritsugi.receptions.authoring.reading import JSON, YAML, NoReception, describe_mistake

DESK = """\
language: ja-JP
start: welcome
steps:
  welcome: {greet: "お電話ありがとうございます、{name}様。", unknown: "お電話ありがとうございます。", next: menu}
  menu:
    menu: "再配達は1を、担当者は2を、伝言は3を押してください。"
    keys: {1: redelivery, 2: person, 3: message}
    retries: 2
    otherwise: message
  redelivery:
    gather: "12桁の伝票番号を押してください。"
    digits: 12
    confirm: true
    ask: "https://example.com/redelivery"
    otherwise: person
    next: goodbye
  person: {transfer: "+81312345678", seconds: 20, otherwise: message}
  message: {voicemail: "発信音の後に伝言をどうぞ。", seconds: 120, next: goodbye}
  goodbye: {say: "ありがとうございました。"}
texts:
  - {keywords: ["予約", "book"], answer: "ご予約は https://example.com へ。"}
  - {otherwise: "ありがとうございます。担当者が確認します。"}
"""

SPOKEN = f"{', '.join(words.locales()[:-1])} and {words.locales()[-1]}"


def mistakes(text, content_type=YAML, **world):
    """What is wrong with a document, as its owner reads it."""
    with pytest.raises(NoReception) as error:
        checks.check_document(text, content_type, World(**world))
    return [describe_mistake(one) for one in error.value.more["errors"]]


def warnings(text):
    return [describe_mistake(one) for one in checks.check_document(text).warnings]


def steps(*said):
    """A document of these steps, each in a line of its own from the second on."""
    return "steps:\n" + "".join(f"  {one}\n" for one in said)


# ---- what is said well -----------------------------------------------------------------------------------------------


def test_a_reception_becomes_plain_data():
    document = checks.compile(DESK)
    assert json.loads(json.dumps(document)) == document
    assert [document[word] for word in ("language", "timezone", "start")] == ["ja-JP", "Asia/Tokyo", "welcome"]
    assert list(document["steps"]) == ["welcome", "menu", "redelivery", "person", "message", "goodbye"]
    assert document["steps"]["person"] == {
        "kind": "transfer",
        "transfer": ["+81312345678"],
        "together": False,
        "seconds": 20,
        "accept": False,
        "otherwise": "message",
    }
    assert document["steps"]["redelivery"]["digits"] == {"least": 12, "most": 12}
    assert document["steps"]["redelivery"]["confirm"] is True
    assert document["texts"][0]["keywords"] == ["予約", "book"]


def test_json_says_the_same():
    document = checks.compile(DESK)
    written = {
        "start": "menu",
        "steps": {
            "menu": {"menu": "1?", "keys": {"1": "bye"}, "retries": 2, "otherwise": "bye"},
            "bye": {"hangup": True},
        },
    }
    said = checks.compile(json.dumps(written), JSON)
    assert said["steps"]["menu"] | {"menu": "", "keys": {}, "otherwise": ""} == document["steps"]["menu"] | {
        "menu": "",
        "keys": {},
        "otherwise": "",
    }
    assert said["steps"]["bye"] == {"kind": "hangup", "hangup": True}


def test_the_first_step_is_the_start_unless_another_is():
    assert checks.compile(steps("b: {say: hello}"))["start"] == "b"
    assert checks.compile("start: b\n" + steps("a: {say: hello}", "b: {say: hello, next: a}"))["start"] == "b"


def test_a_line_may_answer_texts_alone():
    document = checks.compile("texts: [{otherwise: We will write to you.}]")
    assert document["start"] is None
    assert document["steps"] == {}


def test_yaml_does_not_take_words_for_something_else():
    document = checks.compile(
        steps(
            "no: {menu: 12:30, keys: {1: yes, 0: 'on'}, spoken: {no: 'on', 2026-11-21: yes}, otherwise: 'on'}",
            "yes: {transfer: +81312345678, otherwise: 'on'}",
            "'on': {say: null}",
        )
    )
    menu = document["steps"]["no"]
    assert menu["menu"] == "12:30"
    assert menu["keys"] == {"1": "yes", "0": "on"}
    assert menu["spoken"] == {"no": "on", "2026-11-21": "yes"}
    assert document["steps"]["yes"]["transfer"] == ["+81312345678"]
    assert document["steps"]["on"]["say"] == "null"


def test_days_are_written_as_people_write_them():
    hours = '{hours: {"fri-mon": "22:00-26:00", "tue, thu": "9:00-12:00, 13:00-18:00"}, open: b, closed: b}'
    said = checks.compile(steps(f"a: {hours}", "b: {say: hello}"))["steps"]["a"]["hours"]
    assert said == {
        **dict.fromkeys(("fri", "sat", "sun", "mon"), "22:00-26:00"),
        **dict.fromkeys(("tue", "thu"), "9:00-12:00, 13:00-18:00"),
    }


COMMA = "in {braces} a comma separates: put what has a comma in it in quotes"
WIDE = "this line is indented with a character that only looks like a space"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "steps:\n  a: {hours: {mon: 9:00-12:00, 13:00-18:00}, open: b, closed: b}\n",
            f"line 2, step a: 13:00-18:00: {COMMA}",
        ),
        ("steps:\n  a: {say: Good morning, how are you}\n", f"line 2, step a: how are you: {COMMA}"),
        ("steps:\n  a: {say: }\n", "line 2, step a: nothing is written here"),
        ("steps:\n  a: {say: x, next: }\n", "line 2, step a: nothing is written here"),
        ("steps:\n  a:\n    say:\n", "line 3, step a: nothing is written here"),
        ("steps:\n\u3000\u3000a: {say: x}\n", f"line 2: {WIDE} (U+3000, ideographic space): use ordinary spaces"),
        ("steps:\n  a:\n  \u3000say: x\n", f"line 3: {WIDE} (U+3000"),
        ("steps:\n  a:\n    say: x\n    \u3000next: b\n  b: {say: y}\n", f"line 4, step a: {WIDE} (U+3000"),
        ("steps:\n\u00a0\u00a0a: {say: x}\n", f"line 2: {WIDE} (U+00A0, no-break space)"),
    ],
)
def test_what_yaml_takes_for_something_else_is_told_as_what_it_is(text, sentence):
    with pytest.raises(NoReception) as error:
        checks.compile(text)
    assert sentence in error.value.message


def test_a_wide_space_within_words_is_theirs_and_the_mark_of_an_editor_is_nothing():
    said = checks.compile("\ufeffsteps:\n  a:\n    say: |\n      一\n      \u3000二\n")
    assert said["steps"]["a"]["say"] == "一\n\u3000二"


@pytest.mark.parametrize("blank", ["' '", "'\u3000'", "'\u200b'", '"\\n"'])
def test_blank_words_are_none(blank):
    with pytest.raises(NoReception, match="words are text, like Good morning"):
        checks.compile(f"steps: {{a: {{say: {blank}}}}}")


def closing_on(where):
    """A reception that closes on public holidays: as compiled, and what is strange about it."""
    clock = f"a: {{hours: {{mon-fri: 9:00-18:00}}, holidays: {where}, open: b, closed: b}}"
    checked = checks.check_document(steps(clock, "b: {say: hello}"))
    return checked.document["steps"]["a"]["closed_on"], [one["detail"] for one in checked.warnings]


@pytest.mark.parametrize(
    ("where", "day"),
    [
        ("GB-ENG", "2027-03-29"),  # Easter Monday, on which Scotland works
        ("gb-eng", "2027-03-29"),
        ("GB_ENG", "2027-03-29"),
        ("GB-SCT", "2027-11-30"),  # Saint Andrew's
        ("DE-BY", "2027-01-06"),
        ("US-CA", "2027-03-31"),
        ("AU-NSW", "2027-06-14"),
        ("CA-QC", "2027-06-24"),
        ("ES-MD", "2028-05-02"),
    ],
)
def test_a_region_has_public_holidays_of_its_own(time_machine_at_noon, where, day):
    closed, warnings = closing_on(where)
    assert (day in closed, day in closing_on(where[:2])[0], warnings) == (True, False, [])


def test_the_united_kingdom_has_the_code_that_people_write_too(time_machine_at_noon):
    assert closing_on("UK-ENG") == closing_on("GB-ENG")


HELLO = "steps:\n  a: {say: hello}\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("language： ja-JP\n" + HELLO, "if ： (U+FF1A) is meant as :, write the ordinary one"),
        ("steps:\n  a:\n    say： hello\n", "`say`: write an ordinary colon and a space after it, like say: ..."),
        ("steps:\n  a:\n    say:\u3000hello\n", "`say`: write an ordinary colon and a space after it"),
        ("steps:\n  a:\n    say:hello\n", "`say`: write an ordinary colon and a space after it"),
        ("steps:\n  a: ｛say: x｝\n", "if ｛ (U+FF5B) is meant as {, write the ordinary one"),
        ("steps:\n  a: {say: x， next: b}\n", "if ， (U+FF0C) is meant as ,"),
        ("steps:\n\ta: {say: x}\n", "indent with spaces, not with tabs"),
        ("steps:\n  a:\n    say: Note: closed\n", "put words with a colon in them in quotes"),
        ("steps:\n  a:\n    say: - x\n", "put what begins with - in quotes"),
        ("steps:\n  a:\n    say: [news] x\n", "put words that begin with a bracket or a quote in quotes"),
        ("steps:\n  a: {say: @x}\n", "put what begins with that in quotes"),
        ("```yaml\n" + HELLO + "```\n", "leave out the lines that begin with ```"),
        ("steps:\n  a:\n    say: *新* x\n", "put what begins with * in quotes"),
        (
            "steps:\n  a: {hours: {mon: [9:00-12:00, 13:00-18:00]}, open: b, closed: b}\n  b: {say: x}\n",
            'write several hours as one text, like "9:00-12:00, 13:00-18:00"',
        ),
        ("texts:\n  - {keywords: 在庫、価格, answer: x}\n", "without a comma"),
    ],
)
def test_whoever_mistypes_yaml_is_told_what_to_write(text, sentence):
    with pytest.raises(NoReception) as refused:
        checks.compile(text)
    assert sentence in refused.value.message


@pytest.mark.parametrize(
    ("words", "heard"),
    [("Press # now", "Press"), ("Press 1 #hello", "Press 1"), ('"Press # now"', None), ("a#b", None)],
)
def test_words_that_yaml_takes_for_a_comment_are_strange(words, heard):
    warnings = checks.check_document(
        f"steps:\n  a:\n    say: {words}\n    next: b # the end\n  b: {{hangup: true}}\n"
    ).warnings
    told = f"only {heard!r} is said: what follows # is a comment, unless it all is in quotes"
    assert warnings == ([{"line": 3, "step": "a", "detail": told}] if heard else [])


def test_a_country_whose_public_holidays_are_regional_is_strange_alone(time_machine_at_noon):
    assert closing_on("GB")[1] == [
        "GB: public holidays differ by region there, and only the whole country's are closed; write one of GB-ENG, "
        "GB-NIR, GB-SCT, GB-WLS"
    ]
    assert closing_on("US")[1][0].endswith("US-KS, US-KY, ...")
    assert closing_on("JP")[1] == []


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("JP-13", "no region of JP with public holidays of its own is JP-13; write JP"),
        ("GB-LND", "no region of GB with public holidays of its own is GB-LND; these are: GB-ENG, GB-NIR"),
        ("JP-", "no region of JP with public holidays of its own is JP-; write JP"),
        ("XX-YY", "the public holidays of XX-YY are not known"),
    ],
)
def test_a_region_that_has_none_is_refused_with_those_that_have(where, sentence):
    with pytest.raises(NoReception, match=sentence):
        closing_on(where)


def test_public_holidays_are_worked_out_for_ten_years(time_machine_at_noon):
    said = checks.compile(
        steps("a: {hours: {mon-fri: 9:00-18:00}, holidays: JP, open: b, closed: b}", "b: {say: hello}")
    )
    closed = said["steps"]["a"]["closed_on"]
    assert closed[0] == "2026-01-01"
    assert "2026-11-23" in closed  # 勤労感謝の日
    assert {day[:4] for day in closed} == {str(year) for year in range(2026, 2036)}


@pytest.fixture
def time_machine_at_noon():
    import time_machine

    with time_machine.travel("2026-11-21T12:00:00+09:00", tick=False):
        yield


def test_languages_may_be_written_short():
    said = checks.compile("language: en\n" + steps("a: {say: {ja: どうぞ, en: Go ahead}}"))
    assert said["language"] == "en-US"
    assert said["steps"]["a"]["say"] == {"ja-JP": "どうぞ", "en-US": "Go ahead"}


# ---- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "into", "sentence"),
    [
        ("1: redelivery", "1: redeliver", "line 7, step menu: `1` leads to redeliver, and there is no such step; did "
         "you mean redelivery?"),
        ("2: person", "1: person", "line 7, step menu: 1 is written twice, in lines 7 and 7"),
        ("    otherwise: message", "", "line 5, step menu: `otherwise` is missing: where a call goes in which nobody "
         "answers"),
        ("keys:", "kyes:", "line 7, step menu: `kyes` means nothing here; did you mean keys?"),
        ("digits: 12", "digits: 40", "line 12, step redelivery: `digits`: 40 is no number of digits; write one like "
         "12, or 4-8, and 32 at most"),
        ("+81312345678", "03-1234-567O", "line 17, step person: 03-1234-567O cannot be a telephone number: there is O "
         "(U+004F) in it; write it like +81312345678"),
        ("+81312345678", "+81990512345", "line 17, step person: +81990512345 is not allowed: it is a "
         "premium-rate number"),
        ("seconds: 20", "seconds: soon", "line 17, step person: `seconds` is a whole number, like 5"),
        ("seconds: 20", "seconds: 2", "line 17, step person: `seconds` must be 5 or more"),
        ("{name}様", "{nmae}様", "line 4, step welcome: `greet`: {nmae} is nothing that can be filled in; {name}, "
         "{company}, {number}, {date}, {time}, {weekday}, {digits} are"),
        ("confirm: true", "confirm: perhaps", "line 13, step redelivery: `confirm` is true or false"),
        ("https://example.com/redelivery", "http://example.com/redelivery", "line 14, step redelivery: `ask`: "
         "http://example.com/redelivery is not safe: its address must begin with https://"),
        ("goodbye: {say:", "goodbye: {sya:", "line 19, step goodbye: this step does nothing: did you mean say?"),
        ("start: welcome", "start: wellcome", "line 2: `start` leads to wellcome, and there is no such step; did you "
         "mean welcome?"),
        ("language: ja-JP", "language: fr-FR", f"line 1: `language`: fr-FR is not spoken here; {SPOKEN} are"),
        ("next: menu}", "next: menu", "line 5: this is no YAML: while parsing a flow mapping, expected ',' or '}', but "
         "got ':'"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_step(changed, into, sentence):
    assert changed in DESK
    assert sentence in mistakes(DESK.replace(changed, into, 1))


def test_all_mistakes_are_told_at_once_in_the_order_of_the_document():
    text = DESK.replace("digits: 12", "digits: many").replace("keys:", "kyes:").replace("seconds: 120", "seconds: 1")
    assert [one.partition(":")[0] for one in mistakes(text)] == [
        "line 7, step menu",
        "line 12, step redelivery",
        "line 18, step message",
    ]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (["a: {say: hello}", "b: {say: nobody hears this}"], "line 3, step b: nothing leads to this step"),
        (["a: {say: hello, next: b}", "b: {jump: a}"],
         "line 2, step a: this goes round for ever and asks nobody anything: a, b, a"),
        (["a: {say: hello, next: b}", "b: {hours: {mon: closed}, open: c, closed: b}", "c: {say: hello}"],
         "line 3, step b: this goes round for ever and asks nobody anything: b, b"),
        (["a: {menu: '1?', keys: {1: a}, otherwise: a}"],
         "line 2, step a: there is no way out: whatever a caller does from here, no call ever ends"),
        (["a: {menu: '1?', otherwise: a}"], "line 2, step a: a menu needs keys to press, or words to say (spoken)"),
        (["a: {gather: '?', digits: 4, otherwise: b}", "b: {hangup: true}"],
         "line 2, step a: nothing is done with the digits: say where the call goes (next), or who is asked (ask)"),
        (["a: {hours: {mon: 9:00-18:00}, closed: b}", "b: {hangup: true}"],
         "line 2, step a: `open` is missing: where a call goes within these hours"),
        (["a: {hours: {mon: 9-18}, open: b, closed: b}", "b: {hangup: true}"],
         "line 2, step a: `hours`: 9-18 are no hours; write them like 9:00-18:00, or closed"),
        (["a: {hours: {mon: 9:00-09:00}, open: b, closed: b}", "b: {hangup: true}"],
         "line 2, step a: `hours`: 9:00-09:00 may be no time or a whole day; write closed, or 0:00-24:00"),
        (["a: {hours: {mon-tue: closed, tue: closed}, open: b, closed: b}", "b: {hangup: true}"],
         "line 2, step a: `hours`: tue is there twice"),
        (["a: {hours: {mon-xyz: closed}, open: b, closed: b}", "b: {hangup: true}"],
         "line 2, step a: `hours`: mon-xyz is no day; write mon, tue, wed, thu, fri, sat, sun, or mon-fri"),
        (["a: {hours: {x: closed}, open: b, closed: b}", "b: {hangup: true}"],
         "line 2, step a: `hours`: x is no day; write mon, tue, wed, thu, fri, sat, sun, or mon-fri"),
        (["a: {hours: {mon: closed}, special: {2026-02-30: closed}, open: b, closed: b}", "b: {hangup: true}"],
         "line 2, step a: 2026-02-30 is no day; write it like 2026-12-31"),
        (["a: {hours: {mon: closed}, holidays: Japan, open: b, closed: b}", "b: {hangup: true}"],
         "line 2, step a: `holidays`: the public holidays of Japan are not known; write a country like JP, or US-CA"),
        (["a: {say: hello, play: 'https://example.com/a.mp3'}"],
         "line 2, step a: one step does one thing, and this one would say and play: make a step of each"),
        (["a: {say: {ja-JP: どうぞ}, next: b}", "b: {say: hello, language: en-US}"],
         "line 2, step a: `say` has no words in en-US, which is spoken here too"),
        (["a: {menu: '?', spoken: {Yes: b, yes: b}, otherwise: b}", "b: {hangup: true}"],
         "line 2, step a: yes is there already: capitals, widths and kana make no difference"),
        (["a: {menu: '?', spoken: {。: b}, otherwise: b}", "b: {hangup: true}"],
         "line 2, step a: there is no letter in it that could be understood"),
        (["a: {menu: '?', keys: {12: b}, otherwise: b}", "b: {hangup: true}"],
         'line 2, step a: 12 is no key of a telephone; they are 0 to 9, "*" and "#"'),
        (["受付: {say: hello}"],
         "line 2, step 受付: 受付 is no name of a step; write letters from a to z, digits, - and _, at most 40"),
        (["a: {say: ''}"], "line 2, step a: `say`: words are text, like Good morning, or one text for each language"),
        (["a: {say: " + "x" * 1001 + "}"], "line 2, step a: `say`: these words are longer than 1000 characters"),
        (["a: {hangup: no}"], "line 2, step a: `hangup` can only be True"),
        (["a: [say, hello]"], "line 2, step a: `a` is a map, like {name: ...}"),
        (["a:"], "line 2, step a: nothing is written here"),
        (["a: {menu: '?', keys: {", "#: b", "}, otherwise: b}"],
         'line 3: YAML takes # for the beginning of a comment: write that key in quotes, "#"'),
        (["a: &a {say: hello}", "b: *a"],
         "line 2, step a: & and ! have a meaning of their own in YAML: write what begins with them in quotes"),
        (["a: {menu: '?', keys: {*: b}, otherwise: b}"],
         "line 2: this is no YAML: while scanning an alias, expected alphabetic or numeric character, but found ':'; * "
         'has a meaning of its own in YAML: write that key in quotes, "*"'),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told_in_a_sentence(said, sentence):
    assert sentence in mistakes(steps(*said))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is nothing in it"),
        ("hello", "line 1: this is no reception: it has no `steps:`, and no `texts:`"),
        ("language: ja", "line 1: this is no reception: it has no `steps:`, and no `texts:`"),
        ("start: a", "line 1: `start` leads to a, and there is no such step"),
        ("steps: {a: {say: hello}}\n---\nsteps: {}", "line 2: a second document begins here, but a reception is one"),
        ("steps: {a: {say: hello}}\nsteps: {b: {say: hello}}", "line 2: steps is written twice, in lines 1 and 2"),
        ("texts: [{keywords: [a]}]", "line 1: an answer to texts is keywords with an answer, or otherwise"),
        ("texts:\n - {otherwise: a}\n - {otherwise: b}", "line 3: there is an `otherwise` already"),
        ("texts: [{otherwise: 'It is {digits}.'}]", "line 1: a text message has no {digits}"),
        ("texts:\n - {keywords: [Book], answer: a}\n - {keywords: [ｂｏｏｋ], answer: b}",
         "line 3: book is there already: capitals, widths and kana make no difference"),
    ],
)  # fmt: skip
def test_a_whole_document_may_be_none(text, sentence):
    assert sentence in mistakes(text)


def test_mistakes_in_json_are_told_by_step_for_nobody_counts_its_lines():
    said = {"steps": {"a": {"say": "hello", "next": "b"}}, "texts": [{"keywords": ["a"], "answer": 5, "colour": "red"}]}
    assert mistakes(json.dumps(said), JSON) == [
        "texts/0/colour: `colour` means nothing here; what does are keywords, answer, otherwise",
        "step a: `next` leads to b, and there is no such step",
    ]
    assert mistakes('{"steps": {"a": {"say": "x", "say": "y"}}}', JSON) == ["step a: say is written twice"]
    assert mistakes('{"steps":\n {"a": {"say": "x",}}}', JSON)[0].startswith("line 2: this is no JSON: ")
    assert mistakes('{"steps": {"a": {"say": null}}}', JSON) == ["step a: null is nothing: leave it out"]


def test_json_is_nested_no_deeper_than_yaml():
    deep = json.loads("[" * 13 + "]" * 13)
    assert mistakes(json.dumps({"steps": {"a": deep}}), JSON) == ["step a: this is nested more than 12 times"]
    assert "nested more than 12 times" in mistakes("[" * 60_000, JSON)[0]


def test_a_recording_knows_its_own_words():
    said = steps("a: {transfer: '+81312345678', record: {notice: hm, refused: 9}, otherwise: b}", "b: {hangup: true}")
    assert mistakes(said) == ["line 2, step a: `refused` means nothing here; did you mean refuse?"]
    said = steps("a: {transfer: '+81312345678', record: {}, otherwise: b}", "b: {hangup: true}")
    assert mistakes(said) == ["line 2, step a: `notice` is missing: what both sides hear before they are recorded"]


@pytest.mark.parametrize("word", ["'yes, please'", "'" + "x" * 101 + "'", "''"])
def test_a_word_that_is_said_has_no_comma_and_an_end(word):
    said = steps(f"a: {{menu: hm, spoken: {{{word}: b}}, otherwise: b}}", "b: {hangup: true}")
    assert "write a word or a few, without a comma" in mistakes(said)[0]


# ---- what is only strange --------------------------------------------------------------------------------------------


def test_an_answer_of_the_owners_system_may_lead_anywhere():
    said = steps("a: {ask: 'https://example.com', otherwise: b}", "b: {hangup: true}", "c: {say: hello}")
    assert warnings(said) == ["line 4, step c: nothing leads to this step, unless the answer of your system does"]


def test_whoever_says_nothing_should_not_go_round_for_ever():
    said = steps("a: {menu: '1?', keys: {1: b}, otherwise: a}", "b: {hangup: true}")
    assert warnings(said) == [
        "line 2, step a: while nobody presses, says or answers anything, this goes round for ever: a, a"
    ]
    assert warnings(DESK) == []


# ---- audio -----------------------------------------------------------------------------------------------------------

MUSIC = steps("a: {play: 'https://example.com/a.mp3', next: b}", "b: {play: 'https://example.com/b.mp3'}")


def test_every_audio_file_is_listened_to():
    asked = []
    checks.check_document(MUSIC, world=World(listen=asked.append))
    assert sorted(asked) == ["https://example.com/a.mp3", "https://example.com/b.mp3"]


def test_audio_that_cannot_be_played_is_a_mistake():
    def listen(url):
        if url.endswith("b.mp3"):
            raise ValueError("it is not there")

    assert mistakes(MUSIC, listen=listen) == ["line 3, step b: it is not there"]


def test_audio_that_is_slow_is_only_strange():
    checked = checks.check_document(
        MUSIC, world=World(listen=lambda url: "it is slow" if url.endswith("a.mp3") else None)
    )
    assert [describe_mistake(one) for one in checked.warnings] == ["line 2, step a: it is slow"]


def test_nobody_listens_to_audio_before_the_rest_is_right():
    asked = []
    with pytest.raises(NoReception):
        checks.check_document(MUSIC + "  c: {say: hello}\n", world=World(listen=asked.append))
    assert asked == []


@pytest.mark.parametrize(("files", "refused"), [(checks.MAX_AUDIO, False), (checks.MAX_AUDIO + 1, True)])
def test_so_many_audio_files_are_listened_to_and_of_more_none(files, refused):
    asked, last = [], f"s{files}: {{hangup: true}}"
    said = steps(*(f"s{n}: {{play: 'https://example.com/{n}.mp3', next: s{n + 1}}}" for n in range(files)), last)
    if refused:
        wrong = f"there are more than {checks.MAX_AUDIO} audio files"
        assert wrong in mistakes(said, listen=asked.append)[0]
        assert asked == []
    else:
        checks.check_document(said, world=World(listen=asked.append))
        assert len(asked) == files


def test_on_one_machine_an_address_may_begin_with_http():
    assert checks.check_document(MUSIC.replace("https:", "http:"), world=World(http=True)).warnings == []


# ---- lines of one's own ----------------------------------------------------------------------------------------------


def test_a_transfer_to_a_line_of_ones_own_would_go_round_for_ever():
    text = steps("a: {transfer: ['+81312345678', '+815010000001'], otherwise: b}", "b: {hangup: true}")
    assert mistakes(text, find_lines=lambda numbers: numbers & {"+815010000001"}) == [
        "line 2, step a: +815010000001 is a line of yours, which would call itself"
    ]
