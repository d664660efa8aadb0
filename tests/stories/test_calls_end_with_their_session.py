"""A call ends with its session, to the second, however it was made; and a session that is over puts nobody through."""

import pytest

LINES = ["+815010000011", "+815010000012"]
MINUTE = 60
OVER = "この通話は終了しました"


class Together:
    """A session of Aiko and Ben, whom the exchange calls, or whom Aiko calls through a conference."""

    def __init__(self, desk, aiko, ben, clock, how, **options):
        self.desk, self.aiko, self.ben, self.clock, self.how = desk, aiko, ben, clock, how
        desk.opens(*LINES, **({"Through": "conference"} if how == "masked" else {}))
        self.session = desk.brings_together(aiko, ben, **options)

    def begins(self):
        """The telephones that ring first do so."""
        if self.how in ("masked", "plainly"):
            self.aiko.dials(self.session.line_of(self.aiko))
        else:
            wanted = {"session_sid": self.session.sdk.fetch().sid, "through": self.how, "minutes": 30}
            self.sid = self.desk.does("POST", "/api/calls", wanted)["sid"]
            self.clock.forward(seconds=1)
            self.aiko.rings(showing=self.session.line_of(self.aiko))

    def talk(self):
        self.begins()
        if self.how not in ("masked", "plainly"):
            self.aiko.answers()
        self.clock.forward(seconds=1)
        self.ben.rings(showing=self.session.line_of(self.ben))
        self.ben.answers()
        self.clock.forward(seconds=1)
        self.aiko.talks_with(self.ben)

    def is_over(self):
        self.aiko.is_idle()
        self.ben.is_idle()

    @property
    def seen(self):
        (call,) = self.desk.asks("GET", "/api/calls")["calls"]
        return call


@pytest.fixture(params=["dial", "conference", "masked"])
def how(request):
    return request.param


@pytest.fixture
def cloud(box):
    return box.stack.cloud


@pytest.fixture
def together(desk, aiko, ben, clock, how):
    def bring(**options):
        return Together(desk, aiko, ben, clock, how, **options)

    return bring


def date_in(together, seconds):
    return together.session.sdk.fetch().date_created.timestamp() + seconds


# ---- before anybody talks --------------------------------------------------------------------------------------------


def test_who_answers_after_the_session_has_ended_is_not_put_through(together, aiko, ben, clock, how):
    both = together(ttl=6)
    both.begins()
    if how == "masked":  # a call that comes in slides the expiry by itself
        ben.rings(showing=both.session.line_of(ben))
        both.session.sdk.update(ttl=6)
    elif how == "conference":
        ben.was_called(showing=both.session.line_of(ben))
    clock.forward(seconds=20)
    both.is_over()
    assert both.seen["end_reason"] in ("session-ended", "time")


def test_when_one_has_answered_before_the_end_nobody_else_is_put_through_after_it(together, aiko, ben, clock, how):
    both = together(ttl=20)
    both.begins()
    if how != "masked":
        aiko.answers()
    clock.forward(seconds=2)
    ben.rings(showing=both.session.line_of(ben))
    clock.forward(seconds=19)
    both.is_over()
    if how == "conference":
        aiko.hears(OVER)


def test_a_session_that_is_closed_before_a_telephone_rings_lets_nobody_be_put_through(together, clock, how, box):
    both = together()
    if how == "masked":
        pytest.skip("the caller's telephone is what begins such a call")
    wanted = {"session_sid": both.session.sdk.fetch().sid, "through": how}
    both.desk.asks("POST", "/api/calls", wanted)
    both.session.sdk.update(status="closed")
    clock.forward(seconds=60)
    both.is_over()
    assert both.seen["end_reason"] == "session-ended"
    for call in box.calls():  # Twilio may have been asked already
        box.told.add(call["sid"])
        assert call["status"] == "canceled"


def test_a_session_that_is_closed_while_telephones_ring_lets_nobody_be_put_through(together, ben, clock, how):
    both = together()
    both.begins()
    if how != "dial":
        ben.rings(showing=both.session.line_of(ben))
    both.session.sdk.update(status="closed")
    clock.forward(seconds=1)
    ben.is_idle()
    clock.forward(seconds=10)  # who waited is told
    both.is_over()
    assert both.seen["end_reason"] == "session-ended"


def test_a_session_that_is_deleted_while_telephones_ring_lets_nobody_be_put_through(together, ben, clock, how):
    both = together()
    both.begins()
    if how != "dial":
        ben.rings(showing=both.session.line_of(ben))
    both.session.sdk.delete()
    clock.forward(seconds=1)
    ben.is_idle()
    clock.forward(seconds=10)
    both.is_over()


def test_who_answers_a_session_that_was_closed_hears_that_it_is_over(together, aiko, ben, clock, cloud, how):
    both = together()
    both.begins()
    cloud.faults.messages.late(30, "Timers", times=None)  # nobody cancels what rings
    both.session.sdk.update(status="closed")
    if how == "masked":
        ben.rings(showing=both.session.line_of(ben))
        ben.answers()
        ben.hears(OVER)
    else:
        aiko.answers()
        aiko.hears(OVER)
        if how == "conference":
            ben.was_called(showing=both.session.line_of(ben))
    clock.forward(seconds=60)
    both.is_over()


def test_who_is_dialed_and_answers_after_the_close_is_hung_up_on(desk, aiko, ben, clock, cloud):
    both = Together(desk, aiko, ben, clock, "dial")
    both.begins()
    aiko.answers()
    clock.forward(seconds=1)
    ben.rings(showing=both.session.line_of(ben))
    cloud.faults.messages.late(30, "Timers", times=None)
    both.session.sdk.update(status="closed")
    ben.answers()
    clock.forward(seconds=2)
    ben.is_idle()
    clock.forward(seconds=60)
    both.is_over()


def test_a_caller_whose_session_is_deleted_before_the_other_is_called_is_told(desk, aiko, ben, clock, cloud):
    both = Together(desk, aiko, ben, clock, "masked")
    cloud.faults.messages.late(5, "Timers")
    aiko.dials(both.session.line_of(aiko))
    both.session.sdk.delete()
    clock.forward(seconds=6)
    aiko.hears("この番号のご利用期間は終了しました")
    clock.forward(seconds=12)
    both.is_over()


def test_a_closed_session_begins_no_call(desk, aiko, ben, clock):
    both = Together(desk, aiko, ben, clock, "conference")
    both.session.sdk.update(status="closed")
    refused = desk.request("POST", "/api/calls", {"session_sid": both.session.sdk.fetch().sid})
    assert (refused.status_code, refused.json()["code"]) == (409, 80607)


# ---- while they talk -------------------------------------------------------------------------------------------------


def test_a_call_that_runs_ends_in_the_second_in_which_its_session_does(together, aiko, ben, clock, how):
    both = together(ttl=40)
    both.talk()  # which takes three seconds, or two where a call that comes in begins it
    clock.forward(seconds=36 if how != "masked" else 37)
    aiko.talks_with(ben)
    clock.forward(seconds=2)
    both.is_over()
    assert both.seen["end_reason"] == "time"


def test_a_call_follows_a_session_that_is_to_end_earlier(together, aiko, ben, clock):
    both = together(ttl=20 * MINUTE)
    both.talk()
    both.session.sdk.update(ttl=60)
    clock.forward(seconds=50)
    aiko.talks_with(ben)
    clock.forward(seconds=10)
    both.is_over()
    assert both.session.status == "closed"


def test_a_call_follows_a_session_that_is_to_end_later_up_to_its_own_minutes(together, aiko, ben, clock, how):
    both = together(ttl=2 * MINUTE)
    both.talk()
    both.session.sdk.update(ttl=60 * MINUTE)
    clock.forward(minutes=29)
    aiko.talks_with(ben)
    if how == "masked":
        clock.forward(minutes=30)
        aiko.talks_with(ben)
    clock.forward(minutes=2)
    both.is_over()


@pytest.mark.parametrize("ends", ["closed", "deleted"])
def test_a_call_that_runs_outlives_the_end_of_its_session_but_not_its_expiry(together, aiko, ben, clock, ends):
    both = together(ttl=3 * MINUTE)
    both.talk()
    if ends == "closed":
        both.session.sdk.update(status="closed")
    else:
        both.session.sdk.delete()
    clock.forward(minutes=2, seconds=30)
    aiko.talks_with(ben)
    clock.forward(seconds=31)
    both.is_over()


@pytest.mark.parametrize("ends", ["closed", "deleted"])
@pytest.mark.parametrize(("how", "seconds"), [("plainly", 1), ("masked", 1), ("dial", 10), ("conference", 10)])
def test_ending_the_session_ends_its_calls_where_the_service_says_so(desk, aiko, ben, clock, how, seconds, ends):
    both = Together(desk, aiko, ben, clock, how)
    both.talk()
    desk.sets(CloseEndsCalls="true")
    if ends == "closed":
        both.session.sdk.update(status="closed")
    else:
        both.session.sdk.delete()
    clock.forward(seconds=seconds)
    both.is_over()


def test_the_session_forgets_a_call_that_is_over(together, aiko, ben, clock, box):
    both = together()
    both.talk()
    aiko.hangs_up()
    clock.forward(seconds=30)
    table = box.stack.cloud.client("dynamodb").scan(TableName="SessionsTable")["Items"]
    assert [row for row in table if "bridges" in row] == []


def test_a_star_does_not_put_off_the_end_of_a_session_that_was_closed(desk, aiko, ben, clock):
    desk.opens(*LINES, Through="conference", ExtensionMinutes=10)
    session = desk.brings_together(aiko, ben, ttl=5 * MINUTE)
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    clock.forward(minutes=3)
    session.sdk.update(status="closed")
    ben.presses("*")
    ben.hears("通話に戻ります")
    clock.forward(minutes=1, seconds=50)
    aiko.talks_with(ben)
    clock.forward(seconds=12)
    aiko.is_idle()
    ben.is_idle()


def test_what_a_client_sets_in_the_moment_of_a_star_counts(desk, aiko, ben, clock, cloud):
    desk.opens(*LINES, Through="conference", ExtensionMinutes=10)
    session = desk.brings_together(aiko, ben, ttl=5 * MINUTE)
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    clock.forward(minutes=3)
    cloud.faults.messages.late(5, "Timers")
    ben.presses("*")
    ben.hears("通話を10分延長しました")
    session.sdk.update(ttl=4 * MINUTE)
    clock.forward(seconds=50)
    aiko.talks_with(ben)
    clock.forward(seconds=12)
    aiko.is_idle()
    ben.is_idle()
