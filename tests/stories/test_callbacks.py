"""Programs that were written for Proxy's callbacks are told of each call, and check by their own means who tells."""

import socket
import threading

import httpx
import pytest

from tests.conftest import AUTH_TOKEN
from tests.stories.owners import Owner, opening

LINE = "+815010000009"
OF_A_CALL = ["initiated", "in-progress", "completed"]
SLOW_SECONDS = 2  # of this machine's own time, which is what a program's patience is measured by


@pytest.fixture
def opens_program():
    """Programs of the owner's, each at an address of its own, and with the secret by which it checks."""
    with opening() as opens:
        yield opens


@pytest.fixture
def shop(opens_program):
    """One that takes whatever it is told."""
    return opens_program()


def states(owner: Owner, *of: str) -> list[str]:
    return [one["outboundResourceStatus"] for one in owner.asked if not of or one["interactionSid"] in of]


def talk(clock, session, caller, callee):
    """One calls the other, and they talk for a minute."""
    caller.dials(session.line_of(caller))
    callee.rings(showing=session.line_of(callee))
    callee.answers()
    clock.forward(minutes=1)
    caller.hangs_up()
    clock.forward(seconds=2)


# ---- what is told ----------------------------------------------------------------------------------------------------


def test_a_program_is_told_each_state_of_a_call_in_twilios_words(desk, clock, aiko, ben, shop):
    desk.opens(LINE, CallbackUrl=f"{shop.address}/told?by=exchange")
    session = desk.brings_together(aiko, ben)
    talk(clock, session, aiko, ben)
    [interaction] = session.interactions
    assert states(shop) == OF_A_CALL
    assert {one["inboundResourceStatus"] for one in shop.asked[:2]} == {"in-progress"}
    last = shop.asked[-1]
    assert last["interactionSid"] == interaction.sid
    assert last["interactionSessionSid"] == interaction.session_sid
    assert last["interactionServiceSid"] == interaction.service_sid
    assert last["interactionAccountSid"] == interaction.account_sid
    assert (last["interactionType"], last["interactionData"]) == ("Voice", '{"duration": "60"}')
    for side in ("inbound", "outbound"):
        assert last[f"{side}ResourceType"] == "call"
        assert last[f"{side}ResourceStatus"] == "completed"
        for name in ("ParticipantSid", "ResourceSid", "ResourceUrl"):
            rest = {"ParticipantSid": "participant_sid", "ResourceSid": "resource_sid", "ResourceUrl": "resource_url"}
            assert last[side + name] == getattr(interaction, f"{side}_{rest[name]}")
    assert [aiko.number in str(shop.asked), ben.number in str(shop.asked)] == [False, False]


def test_while_they_talk_the_interaction_shows_it_where_somebody_wants_to_know(desk, clock, aiko, ben, shop):
    desk.opens(LINE, CallbackUrl=shop.address)
    session = desk.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    clock.forward(seconds=5)
    assert [one.outbound_resource_status for one in session.interactions] == ["in-progress"]
    ben.hangs_up()
    clock.forward(seconds=1)
    assert states(shop) == OF_A_CALL


def test_nobody_pays_for_a_callback_who_has_set_none(desk, box, clock, aiko, ben):
    desk.opens(LINE)
    session = desk.brings_together(aiko, ben)
    talk(clock, session, aiko, ben)
    asked = [hook["url"].partition("#")[0] for hook in session_hooks(box)]
    assert len([url for url in asked if "/status/" in url]) == 2
    assert len([url for url in asked if url.endswith("/voice")]) == 1


def session_hooks(box) -> list[dict]:
    return httpx.get(f"{box.network}/webhooks", trust_env=False, verify=False, timeout=300).json()["webhooks"]


def test_a_call_through_a_conference_is_told_too(desk, clock, aiko, ben, shop):
    desk.opens(LINE, CallbackUrl=shop.address, Through="conference")
    session = desk.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=2)
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    clock.forward(minutes=1)
    aiko.hangs_up()
    clock.forward(minutes=1)
    assert [one for one in states(shop) if one != "ringing"] == OF_A_CALL


# ---- whether it was us -----------------------------------------------------------------------------------------------


def test_an_unchanged_program_checks_by_the_auth_token_where_the_service_says_so(desk, clock, aiko, ben, opens_program):
    unchanged = opens_program(AUTH_TOKEN)
    desk.opens(LINE, CallbackUrl=unchanged.address, CallbacksSignedBy="auth-token")
    talk(clock, desk.brings_together(aiko, ben), aiko, ben)
    assert states(unchanged) == OF_A_CALL


# ---- a program that does not take it ---------------------------------------------------------------------------------


def test_a_program_that_was_down_for_a_day_is_told_all_of_it_in_order(desk, clock, aiko, ben, shop):
    desk.opens(LINE, CallbackUrl=shop.address)
    shop.says = lambda _: 500
    session = desk.brings_together(aiko, ben)
    talk(clock, session, aiko, ben)
    talk(clock, session, ben, aiko)
    clock.forward(hours=24)
    assert set(states(shop)) == {"initiated"}
    shop.asked.clear()
    shop.says = lambda _: {}
    clock.forward(hours=4)
    assert [states(shop, one.sid) for one in session.interactions] == [OF_A_CALL, OF_A_CALL]


def test_who_is_dead_delays_no_other_service(desk, clock, aiko, ben, shop, log):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    desk.opens(LINE, CallbackUrl=nowhere)
    dead = desk.brings_together(aiko, ben)
    talk(clock, dead, aiko, ben)
    desk.opens("+815010000008", name="another", CallbackUrl=shop.address)
    talk(clock, desk.brings_together(aiko, ben), aiko, ben)
    assert states(shop) == OF_A_CALL
    assert log.errors == []


def test_who_answers_slowly_delays_no_other_service(desk, clock, aiko, ben, shop, opens_program):
    slow, all_told, met = opens_program(), threading.Event(), []
    slow.says = lambda _: {"taken": all_told.wait(SLOW_SECONDS)}

    def takes(told):
        if told["outboundResourceStatus"] == "completed":
            met.append(len(slow.asked))
            all_told.set()
        return {}

    shop.says = takes
    desk.opens(LINE, CallbackUrl=slow.address)
    late = desk.brings_together(aiko, ben)
    desk.opens("+815010000008", name="another", CallbackUrl=shop.address)
    quick = desk.brings_together(aiko, ben)
    for session in (late, late, quick):
        aiko.dials(session.line_of(aiko))
        ben.rings(showing=session.line_of(ben))
        ben.answers()
        aiko.hangs_up()
    clock.forward(seconds=5)
    assert states(shop) == OF_A_CALL
    assert met[0] < 2 * len(OF_A_CALL), "the quick one was told all while the slow one had answered only some"
    clock.forward(hours=1)
    assert [states(slow, one.sid) for one in late.interactions] == [OF_A_CALL, OF_A_CALL]


def test_one_that_never_takes_it_is_given_up_after_three_days_and_can_be_sent_again(desk, box, clock, aiko, ben, shop):
    desk.opens(LINE, CallbackUrl=shop.address)
    shop.says = lambda one: 500 if one["outboundResourceStatus"] == "initiated" else 200
    talk(clock, desk.brings_together(aiko, ben), aiko, ben)
    clock.forward(hours=76)
    assert states(shop)[-2:] == OF_A_CALL[1:]
    [letter] = box.stack.cloud.queues.named["toritsugi-local-undelivered.fifo"].messages
    assert '"initiated"' in letter.body


# ---- enough ----------------------------------------------------------------------------------------------------------


def test_an_address_that_is_taken_away_is_told_nothing_of_what_waits(desk, clock, aiko, ben, shop):
    desk.opens(LINE, CallbackUrl=shop.address)
    shop.says = lambda _: 500
    talk(clock, desk.brings_together(aiko, ben), aiko, ben)
    desk.sets(CallbackUrl="")
    asked = len(shop.asked)
    clock.forward(hours=5)
    assert len(shop.asked) == asked
