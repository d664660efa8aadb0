"""Nobody has the exchange write to whom they like: who texts it gets no answer where it would write to nobody."""

import pytest

from tests.integration.texts import form, give_line, kept, read, send
from toritsugi.foundation import config
from toritsugi.limits import switch

SOMALIA, CUBA, SATELLITE, PREMIUM, NEW_YORK = (
    "+252612345678",
    "+5351234567",
    "+881612345678",
    "+19002345678",
    "+12125550123",
)


@pytest.fixture(autouse=True)
def line(cloud, clock):
    give_line()


@pytest.mark.parametrize("number", [SATELLITE, PREMIUM])
def test_who_writes_from_where_a_text_costs_a_fortune_gets_none(twilio, number):
    fields = form("予約したい", number)
    assert read(send(twilio, fields)) is None
    assert kept(fields["MessageSid"]).unanswered == "not allowed"


@pytest.mark.parametrize("number", [SOMALIA, CUBA, NEW_YORK])
def test_who_writes_from_a_country_that_is_not_allowed_gets_none(twilio, number, monkeypatch):
    monkeypatch.setattr(config, "DESTINATIONS", "")  # as it is deployed: the exchange's own country alone
    fields = form("予約したい", number)
    assert read(send(twilio, fields)) is None
    assert kept(fields["MessageSid"]).unanswered == "not allowed"


def test_of_three_hundred_who_write_once_as_many_are_answered_as_an_hour_allows(twilio, clock):
    switch.set_limits({"texts_an_hour_per_line": 20})
    answers = [read(send(twilio, form("予約したい", f"+81901111{n:04}"))) for n in range(300)]
    assert len([answer for answer in answers if answer]) == 20
    clock.shift(3600)
    assert read(send(twilio, form("予約したい", "+819022220002")))


def test_who_wants_no_more_is_heard_however_many_have_written(twilio):
    switch.set_limits({"texts_an_hour": 1})
    send(twilio, form("予約したい", "+819022220002"))
    assert read(send(twilio, form("停止"))) is None
    switch.set_limits({"texts_an_hour": None})
    assert read(send(twilio, form("予約したい"))) is None
