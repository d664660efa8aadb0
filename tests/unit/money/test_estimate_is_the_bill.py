"""Whatever is called and written, our estimate is the bill of the network in a box, to the last digit.

Both reckon by themselves, from the same figures: the network by what `PUT /prices` takes, we by a card of the same.
"""

import random
from decimal import Decimal
from types import SimpleNamespace

import pytest

from local.network.billing.bill import Bill, quality
from local.network.messages import segments
from toritsugi.foundation.segments import measure_text
from toritsugi.money.pricing import (
    PricedCall,
    PricedNumber,
    PricedRecording,
    PricedSpeech,
    PricedText,
    price,
    sum_up,
)
from toritsugi.money.rates import What, rate_card_of

LINES = {"+815012345678": "national", "+81312345678": "local", "+81120123456": "toll-free"}
MOBILE, LANDLINE, OVERSEAS = "+819012345678", "+81661234567", "+14155550100"
PEOPLE = (MOBILE, "+818012345678", "+817098765432", LANDLINE, "+815098765432", OVERSEAS)
BROWSER = "client:aiko"
VOICES = ("Polly.Takumi", "Polly.Takumi-Neural", "Google.ja-JP-Standard-A", "Google.ja-JP-Chirp3-HD-Aoede")
BODIES = ("Hello", "x" * 160, "x" * 161, "{}" * 77, "荷物が届きます。" * 9, "あ" * 71, "😀" * 40, "naïve €")
FEES = {  # what a card calls what the network calls a fee
    What.BROWSER_CALL: "client_minute",
    What.CONFERENCE: "conference_participant_minute",
    What.RECORDING: "recording_minute",
    What.DETECTION: "machine_detection",
}


class Account:
    """An account whose prices were drawn: the network's bill of it, and the card by which we estimate."""

    def __init__(self, drawn):
        self.drawn, self.now = drawn, 1_795_000_000.0
        self.bill = Bill(SimpleNamespace(now=lambda: self.now))
        self.bill.replace_prices({"delay": 0, "countries": {"JP": self.country("81"), "US": self.country("1")}})
        self.card = card_of_list(self.bill.prices)

    def amount(self):
        return f"{self.drawn.randrange(1, 400_000) / 10_000:.4f}"

    def country(self, code):
        """A country's prices: by prefixes, some of them only for who is shown to be of one of our lines."""
        prefixes = [[code], [f"{code}80", f"{code}90"], [f"{code}9012"], [f"{code}415"]]
        out = [{"destination_prefixes": one, "current_price": self.amount()} for one in prefixes]
        out.append(
            {"destination_prefixes": prefixes[1], "origination_prefixes": ["8150"], "current_price": self.amount()}
        )
        types = ("local", "national", "mobile", "toll free")
        typed = [{"number_type": one, "current_price": self.amount()} for one in types]
        return {
            "outbound_prefix_prices": out,
            "inbound_call_prices": typed,
            "phone_number_prices": [one | {"current_price": self.amount()} for one in typed],
            "outbound_sms_prices": [{"prices": [one | {"current_price": self.amount()} for one in typed]}],
            "inbound_sms_prices": [one | {"current_price": self.amount()} for one in typed],
        }

    def leg(self, direction, to, from_, seconds):
        minutes = 0 if seconds is None else max(1, -(-seconds // 60))
        began = {"created_at": self.now, "started_at": self.now, "billed_minutes": minutes}
        self.bill.call(SimpleNamespace(direction=direction, to=to, from_=from_, **began))

    # ---- what may happen: the network enters it, and we are told what it was --------------------------------------

    def call(self):
        """A masked call: a leg that comes in, from a browser at times, and one that goes out, if anybody answers."""
        line, seconds = self.line(), self.seconds()
        caller, answered = self.drawn.choice([*PEOPLE, BROWSER]), self.drawn.choice([seconds, seconds, None])
        self.leg("inbound", line, caller, seconds)
        what = What.BROWSER_CALL if caller == BROWSER else What.INCOMING_CALL
        yield PricedCall(what=what, to="" if caller == BROWSER else line, seconds=seconds)
        to = self.drawn.choice(PEOPLE)
        self.leg("outbound-dial", to, line, answered)
        yield PricedCall(to=to, shows=line, seconds=answered)

    def conference(self):
        """Two to five are called into a room, and leave it one after the other; machines are looked for at times."""
        line, detects = self.line(), self.drawn.random() < 0.5
        for _ in range(self.drawn.randrange(2, 6)):
            to, seconds = self.drawn.choice(PEOPLE), self.seconds()
            inside = self.drawn.randrange(seconds + 1)
            self.leg("outbound-api", to, line, seconds)
            self.bill.participant(self.now, max(1, -(-inside // 60)))
            if detects:
                self.bill.detection()
            yield PricedCall(to=to, shows=line, seconds=seconds, conference_seconds=inside, detects_machines=detects)

    def recording(self):
        """A recording, which the exchange deletes at Twilio."""
        seconds = self.seconds()
        self.bill.recording(self.now, seconds)
        self.bill.recording_deleted(seconds)
        yield PricedRecording(seconds=seconds)

    def speech(self):
        """A sentence, which may be repeated: that is one <Say>."""
        voice, characters = self.drawn.choice(VOICES), self.drawn.randrange(1, 900)
        self.bill.speech(voice, "x" * characters)
        yield PricedSpeech(characters=characters, voice=voice)

    def text(self):
        line, body, comes_in = self.line(), self.drawn.choice(BODIES), self.drawn.random() < 0.5
        to, from_ = (line, MOBILE) if comes_in else (self.drawn.choice(PEOPLE), line)
        pieces = {"segments": segments.count(body), "is_multimedia": False, "created_at": self.now}
        self.bill.text(
            SimpleNamespace(direction="inbound" if comes_in else "outbound-api", to=to, from_=from_, **pieces)
        )
        size = measure_text(body).segments
        yield PricedText(segments=size, to=to, comes_in=comes_in, number_type=LINES[line])

    def number(self):
        line = self.line()
        self.bill.leases.begin(line, self.now)
        yield PricedNumber(to=line)

    def line(self):
        return self.drawn.choice(list(LINES))

    def seconds(self):
        """Seldom more than some minutes, and often just at the end of one."""
        return max(0, 60 * self.drawn.choice([0, 1, 1, 2, 3, 5, 60]) + self.drawn.choice([-1, 0, 0, 1, 17]))

    def happens(self):
        """Something, and as what it is priced."""
        self.now += 1
        kinds = (self.call, self.conference, self.text, self.recording, self.speech, self.number)
        (kind,) = self.drawn.choices(kinds, weights=(40, 20, 20, 10, 8, 2))
        return list(kind())

    @property
    def billed(self):
        return sum((usage.price for _, _, usage in self.bill.lines()), Decimal(0))


def card_of_list(prices):
    """The rates of the network's list, as a card has them."""
    rows = [{"what": what, "rate": prices.fees[fee]["current_price"]} for what, fee in FEES.items()]
    rows += [{"what": "speech", "voice": one, "rate": prices.fees[quality(one)]["current_price"]} for one in VOICES]
    for code, country in (("81", prices.countries["JP"]), ("1", prices.countries["US"])):
        to = {"destination_prefixes": [code]}
        rows += [
            {"what": "outgoing-call", "rate": row["current_price"]}
            | {name: row[name] for name in ("destination_prefixes", "origination_prefixes")}
            for row in country["outbound_prefix_prices"]
        ]
        texts_out = country["outbound_sms_prices"][0]["prices"]
        typed = {
            "incoming-call": country["inbound_call_prices"],
            "incoming-text": country["inbound_sms_prices"],
            "outgoing-text": texts_out,
            "number": country["phone_number_prices"],
        }
        rows += [
            {"what": what, "rate": row["current_price"], "number_type": row["number_type"].replace(" ", "-")} | to
            for what, listed in typed.items()
            for row in listed
        ]
    about = {"name": "as-drawn", "as_of": "2026-11-28", "currency": prices.price_unit, "source": "drawn"}
    return rate_card_of(about | {"rates": rows})


def estimated(account, things):
    """What these come to. None of them may be without a rate."""
    total = sum_up(price(things, account.card, tax=False), account.card.currency)
    assert total.is_complete, total.unknown[0].why_unknown
    return total.amount


def reckoned(seed):
    """What a hundred things that happen to an account come to, at prices of its own: by us, and on its bill."""
    account = Account(random.Random(seed))
    things = [one for _ in range(100) for one in account.happens()]
    return estimated(account, things), account.billed


@pytest.mark.parametrize("seed", range(5))
def test_the_estimate_of_whatever_people_do_is_the_bill_to_the_last_digit(seed):
    ours, theirs = reckoned(seed)
    assert ours == theirs > 0


@pytest.mark.thorough
def test_so_it_is_of_ten_thousand_calls_conferences_and_texts():
    assert [seed for seed in range(5, 105) if len(set(reckoned(seed))) > 1] == []
