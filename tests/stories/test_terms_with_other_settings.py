"""How calls go by terms where a service has PINs, a grace period, an owner who is asked, or several sessions."""

import pytest

from tests.stories.owners import opening
from tests.stories.people import Person
from tests.stories.test_before_and_after_the_end import ENDS_SOON, HOUR
from tests.stories.test_calls_on_terms import GREETING, LINES, UNANSWERED, WHISPER, ring
from tests.stories.test_choices import LINE, order
from tests.stories.test_pins import WRONG, pin_of
from tests.stories.test_the_owner_is_asked import NOT_PUT_THROUGH

USED_UP, ONE_WAY = "通話の回数に達しました。", "この番号は発信専用のため"


@pytest.fixture
def mother(box):
    return Person(box, "Aiko's mother", "+819055550005")


@pytest.fixture
def kenji(box):
    return Person(box, "Kenji", "+819041110001")


@pytest.fixture
def mai(box):
    return Person(box, "Mai", "+819041110002")


@pytest.fixture
def chris(box):
    return Person(box, "Chris", "+819044440004")


@pytest.fixture
def shop():
    """The owner's system."""
    with opening() as opens:
        yield opens()


def enters(person, line, pin, clock):
    """Somebody calls from a telephone that the line does not know, and enters a PIN."""
    person.dials(line)
    clock.forward(seconds=10)
    person.presses(pin + "#")
    clock.forward(seconds=5)


# ---- by PIN ----------------------------------------------------------------------------------------------------------


def test_a_call_by_pin_is_greeted_accepted_and_counted_as_from_ones_own_telephone(desk, aiko, ben, mother, clock):
    desk.opens(LINE, PinEntry="true", Greeting=GREETING, Whisper=WHISPER, AcceptByKey="true", MaxCalls=1)
    session = desk.brings_together(aiko, ben)
    session.changes(desk, Label="ご注文17番")
    pin = pin_of(desk, session, aiko)
    enters(mother, LINE, pin, clock)
    mother.hears(GREETING)
    ben.rings(showing=LINE)
    ben.answers()
    clock.forward(seconds=5)
    ben.hears("Aiko様から、ご注文17番についてのお電話です。")
    ben.presses("1")
    clock.forward(seconds=30)
    mother.talks_with(ben)
    mother.hangs_up()
    clock.forward(seconds=5)
    enters(mother, LINE, pin, clock)
    mother.hears(USED_UP)
    aiko.dials(LINE)
    aiko.hears(USED_UP)


def test_a_message_left_by_pin_is_of_whose_pin_it_is(desk, aiko, ben, mother, clock):
    desk.opens(LINE, PinEntry="true", Voicemail="true", AcceptByKey="true")
    session = desk.brings_together(aiko, ben)
    ben.will("at once")  # as the mailbox of a carrier does
    enters(mother, LINE, pin_of(desk, session, aiko), clock)
    clock.forward(seconds=19)
    ben.was_called(showing=LINE)
    mother.says("玄関の前に置いてください。")
    clock.forward(seconds=40)
    [kept] = desk.asks("GET", "/api/recordings?kind=voicemail")["recordings"]
    assert (kept["status"], kept["caller"]) == ("stored", aiko.number)


def test_who_may_not_call_may_not_by_pin_either(desk, aiko, ben, eve, clock):
    desk.opens(LINE, PinEntry="true", OneWay="true")
    session = desk.brings_together(aiko, ben)
    enters(eve, LINE, pin_of(desk, session, ben), clock)
    eve.hears(ONE_WAY)
    aiko.is_idle()


def test_after_the_one_call_that_closes_a_session_a_pin_is_wrong(desk, aiko, ben, mother, clock):
    desk.opens(LINE, PinEntry="true", CloseAfterCall="true")
    session = desk.brings_together(aiko, ben)
    pin = pin_of(desk, session, aiko)
    enters(mother, LINE, pin, clock)
    ben.rings(showing=LINE)
    ben.answers()
    clock.forward(seconds=30)
    mother.talks_with(ben)
    ben.hangs_up()
    clock.forward(seconds=5)
    assert session.status == "closed"
    enters(mother, LINE, pin, clock)
    mother.hears(WRONG)
    mother.hangs_up()


# ---- in the grace period ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("through", ["dial", "conference"])
def test_in_the_grace_period_a_caller_hears_of_the_end_and_is_greeted(desk, aiko, ben, clock, through):
    desk.opens(*LINES, GracePeriod=600, Through=through, Greeting=GREETING, Whisper=WHISPER, AcceptByKey="true")
    session = desk.brings_together(aiko, ben, ttl=HOUR)
    clock.forward(minutes=62)
    ring(session, aiko, ben, clock, seconds=20)
    aiko.hears(ENDS_SOON)
    aiko.hears(GREETING)
    ben.answers()
    clock.forward(seconds=5)
    ben.hears("Aiko様から")
    ben.presses("1")
    clock.forward(seconds=5)
    aiko.talks_with(ben)
    clock.forward(minutes=8)
    assert session.status == "closed"
    aiko.is_idle()


def test_more_calls_in_the_grace_period_are_no_more_time(desk, aiko, ben, clock):
    desk.opens(*LINES, GracePeriod=600, MaxCalls=1)
    session = desk.brings_together(aiko, ben, ttl=HOUR)
    clock.forward(minutes=62)
    ring(session, aiko, ben, clock, seconds=15)
    ben.answers()
    clock.forward(seconds=30)
    aiko.talks_with(ben)
    ben.hangs_up()
    clock.forward(seconds=5)
    aiko.dials(session.line_of(aiko))
    aiko.hears(USED_UP)
    clock.forward(seconds=15)
    session.changes(desk, MaxCalls=2)
    ring(session, aiko, ben, clock, seconds=15)
    ben.rejects()
    clock.forward(minutes=8)
    assert session.status == "closed"


def test_a_message_is_left_in_the_grace_period_and_none_after_it(desk, aiko, ben, clock):
    desk.opens(*LINES, GracePeriod=600, Voicemail="true", AcceptByKey="true")
    session = desk.brings_together(aiko, ben, ttl=HOUR)
    clock.forward(minutes=62)
    ring(session, aiko, ben, clock, seconds=15)
    ben.rejects()
    clock.forward(seconds=13)
    aiko.says("玄関の前に置いてください。")
    clock.forward(seconds=40)
    aiko.is_idle()
    clock.forward(minutes=6, seconds=30)
    ring(session, aiko, ben, clock, seconds=15)
    clock.forward(minutes=1)
    assert session.status == "closed"
    aiko.hears("この番号のご利用期間は終了しました。")
    aiko.is_idle()
    assert len(desk.asks("GET", "/api/recordings?kind=voicemail")["recordings"]) == 1


# ---- where the owner is asked ----------------------------------------------------------------------------------------


def test_a_call_that_the_owner_forbids_is_not_counted_and_its_caller_is_not_greeted(desk, shop, aiko, ben, clock):
    desk.opens(*LINES, InterceptCallbackUrl=shop.address, Greeting=GREETING, MaxCalls=1, CloseAfterCall="true")
    session = desk.brings_together(aiko, ben)
    shop.says = lambda _: 403
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=20)
    aiko.hears(NOT_PUT_THROUGH)
    assert not [item for item in aiko.telephone["heard"] if GREETING in item["text"]]
    assert (session.status, session.changes(desk, Label="")["calls_made"]) == ("open", 0)
    shop.says = lambda _: 200
    ring(session, aiko, ben, clock)
    aiko.hears(GREETING)
    ben.answers()
    clock.forward(seconds=30)
    aiko.talks_with(ben)
    ben.hangs_up()
    clock.forward(seconds=5)
    assert session.status == "closed"
    assert [one.outbound_resource_status for one in session.interactions] == ["completed", "canceled"]


def test_of_a_call_that_may_not_be_made_the_owner_is_not_asked(desk, shop, aiko, ben, clock):
    desk.opens(*LINES, InterceptCallbackUrl=shop.address, OneWay="true")
    session = desk.brings_together(aiko, ben)
    ben.dials(session.line_of(ben))
    clock.forward(seconds=10)
    ben.hears(ONE_WAY)
    assert (shop.asked, session.interactions) == ([], [])


def test_by_pin_the_owner_is_asked_once_and_for_the_call_alone(desk, shop, aiko, ben, mother, clock):
    desk.opens(LINE, InterceptCallbackUrl=shop.address, PinEntry="true", AcceptByKey="true")
    session = desk.brings_together(aiko, ben)
    shop.says = lambda _: 200
    enters(mother, LINE, pin_of(desk, session, aiko), clock)
    ben.rings(showing=LINE)
    ben.answers()
    clock.forward(seconds=5)
    ben.presses("1")
    clock.forward(seconds=5)
    mother.talks_with(ben)
    ben.hangs_up()
    clock.forward(seconds=5)
    assert len(shop.asked) == 1
    assert mother.number not in str(shop.asked)


# ---- a team, and a choice --------------------------------------------------------------------------------------------


@pytest.fixture
def orders(desk, aiko, mai, kenji, chris):
    """A desk of two sees to order 17, and Chris to order 18."""
    desk.opens(LINE, SeveralSessions="choose", Whisper="{label}についてのお電話です。", AcceptByKey="true", MaxCalls=1)
    desk_order = desk.brings_together_with_team(aiko, [mai, kenji])
    desk_order.changes(desk, Label="order 17")
    return desk_order, order(desk, aiko, chris, "order 18")


def chooses(person, key, clock):
    person.dials(LINE)
    clock.forward(seconds=12)
    person.presses(key)
    clock.forward(seconds=3)


def test_who_chooses_the_desk_rings_it_and_whoever_takes_the_call_presses_a_1(orders, aiko, mai, kenji, chris, clock):
    chooses(aiko, "1", clock)
    mai.rings(showing=LINE)
    kenji.rings(showing=LINE)
    kenji.answers()
    clock.forward(seconds=5)
    kenji.hears("order 17についてのお電話です。")
    kenji.presses("1")
    clock.forward(seconds=30)
    aiko.talks_with(kenji)
    mai.is_idle()
    kenji.hangs_up()
    clock.forward(seconds=5)
    assert [len(one.interactions) for one in orders] == [1, 0]
    mai.dials(LINE)
    mai.hears(USED_UP)
    aiko.dials(LINE)
    clock.forward(seconds=3)
    chris.rings(showing=LINE)
    chris.answers()
    clock.forward(seconds=5)
    chris.hears("order 18についてのお電話です。")


def test_where_nobody_at_the_chosen_desk_presses_a_1_the_call_does_not_count(orders, desk, aiko, mai, kenji, clock):
    chooses(aiko, "1", clock)
    mai.rings(showing=LINE)
    kenji.rings(showing=LINE)
    mai.answers()
    clock.forward(seconds=30)
    aiko.hears(UNANSWERED)
    clock.forward(seconds=10)
    aiko.is_idle()
    kenji.is_idle()
    assert [one.changes(desk, SayUnanswered="true")["calls_made"] for one in orders] == [0, 0]


def test_one_of_the_desk_who_has_an_order_of_their_own_chooses_too(orders, desk, aiko, ben, kenji, clock):
    order(desk, ben, kenji, "order 19")
    chooses(kenji, "2", clock)
    ben.rings(showing=LINE)
    kenji.hangs_up()
    clock.forward(seconds=10)
    chooses(kenji, "1", clock)
    aiko.rings(showing=LINE)
    aiko.answers()
    clock.forward(seconds=5)
    aiko.hears("order 17についてのお電話です。")
    kenji.hangs_up()
