"""The CallbackUrl of a service: which are taken, what of a call is told, in which order, and what waits."""

import json
import xml.etree.ElementTree as ElementTree

import pytest

from tests.conftest import AUTH_TOKEN, BASE, OWN_SECRET
from tests.integration.calls import Desk
from tests.integration.conftest import AIKO, BEN, EVE, LINES, OutgoingLeg, give_numbers, open_session, set_setting
from tests.integration.test_proxy_api import raw
from tests.integration.test_subscriptions import Exchange
from tests.integration.texts import form, reports, send
from tests.stories.owners import Owner
from toritsugi.foundation import config
from toritsugi.masking.services import Service
from toritsugi.messages.records import reply_id

KEY = ("SK" + "a" * 32, "secret")
OF_A_CALL = ["initiated", "in-progress", "completed"]


@pytest.fixture
def exchange(cloud, clock):
    return Exchange(cloud)


@pytest.fixture
def comes_near(cloud):
    """From now on the exchange is on one machine with those whom it tells."""
    return lambda: set_setting(cloud, "public-base-url", "http://127.0.0.1:1")


@pytest.fixture
def texting(client, clock):
    """A service whose numbers have texts."""
    made = client.proxy.v1.services.create(unique_name="letters")
    give_numbers(made.sid, LINES, sms=True)
    return client.proxy.v1.services(made.sid)


@pytest.fixture(params=["own-secret", "auth-token"])
def told(request):
    """A program that is told, and the key by which it checks who tells it."""
    owner = Owner(AUTH_TOKEN if request.param == "auth-token" else OWN_SECRET)
    yield owner, request.param
    owner.close()
    assert owner.forged == []


def name_callback(service, url, signed_by="own-secret"):
    """The service has this CallbackUrl, from before its next session."""
    found = Service.get(service.fetch().sid, "service")
    found.callback_url, found.callbacks_signed_by = url, signed_by
    found.save()


def waiting(exchange) -> list[dict]:
    return [json.loads(message.body) for message in exchange.queue.messages]


# ---- which are taken -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["https://10.0.0.1/told", "https://127.0.0.1/told", "https://[fd00::1]/", "http://8.8.8.8/told", BASE]
)
def test_an_address_to_which_nothing_would_be_sent_is_refused_by_name(client, service, url):
    for path in ("/v1/Services", f"/v1/Services/{service.fetch().sid}"):
        status, refusal = raw("POST", path, f"UniqueName=other&CallbackUrl={url}", KEY)
        assert (status, refusal["code"], refusal["message"].split()[0]) == (400, 80701, "'CallbackUrl'")
    assert [one.callback_url for one in client.proxy.v1.services.list()] == [None]


def test_one_on_the_web_is_kept_and_may_be_taken_away(service):
    assert service.update(callback_url="https://8.8.8.8/told").callback_url == "https://8.8.8.8/told"
    assert service.update(callback_url="").callback_url is None


def test_an_exchange_without_an_auth_token_signs_with_none(cloud, service):
    path = f"/v1/Services/{service.fetch().sid}"
    assert raw("POST", path, "CallbacksSignedBy=auth-token", KEY)[1]["callbacks_signed_by"] == "auth-token"
    values, name = cloud.parameters.values, f"{config.SETTINGS_PATH}/auth-tokens"
    token, values[f"{config.SETTINGS_PATH}/shared-keys"] = values.pop(name), "key:secret"
    config.forget_settings()
    try:
        status, refusal = raw("POST", path, "CallbacksSignedBy=auth-token", KEY)
    finally:
        values[name] = token
        del values[f"{config.SETTINGS_PATH}/shared-keys"]
        config.forget_settings()
    assert (status, refusal["message"].split()[0]) == (400, "'CallbacksSignedBy'")


# ---- what a call pays ------------------------------------------------------------------------------------------------


def test_only_where_somebody_wants_to_know_twilio_is_asked_to_tell_of_the_answer(service, twilio, wire):
    asked = []
    for url in (None, "https://8.8.8.8/told"):
        name_callback(service, url)
        session, lines = open_session(service)
        with wire.counting() as trips:
            twiml = twilio.calls(lines[AIKO], AIKO)
        asked.append(twiml.find("Dial/Number").get("statusCallbackEvent"))
        assert trips == ["BatchGetItem"]
        assert "8.8.8.8" not in ElementTree.tostring(twiml, encoding="unicode")
        session.update(status="closed")
    assert asked == ["initiated completed", "initiated answered completed"]


# ---- what is told ----------------------------------------------------------------------------------------------------


def test_each_state_of_a_call_is_told_in_order_and_signed_so_that_the_receiver_can_check(
    service, twilio, exchange, told, comes_near
):
    owner, signed_by = told
    name_callback(service, f"{owner.address}/told?by=exchange", signed_by)
    session, lines = open_session(service)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    for status in OF_A_CALL:
        leg.reports(status)
        exchange.tells()
    comes_near()
    while exchange.queue.messages:
        assert False not in exchange.delivers()
    [interaction] = session.interactions.list()
    assert [one["outboundResourceStatus"] for one in owner.asked] == OF_A_CALL
    last = owner.asked[-1]
    assert (last["interactionSid"], last["inboundResourceSid"]) == (interaction.sid, leg.call_sid)
    assert (last["interactionType"], last["interactionData"]) == ("Voice", '{"duration": "60"}')
    assert (last["inboundResourceType"], last["outboundResourceType"]) == ("call", "call")
    assert last["outboundParticipantSid"] == interaction.outbound_participant_sid
    assert AIKO[3:] not in str(owner.asked)
    assert BEN[3:] not in str(owner.asked)


def test_a_change_that_comes_again_is_told_once(service, twilio, exchange):
    name_callback(service, "https://8.8.8.8/told")
    _, lines = open_session(service)
    exchange.tells()
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated")
    found = exchange.changes()
    exchange.wakes(found)
    exchange.wakes(found)
    assert [said["parameters"]["outboundResourceStatus"] for said in waiting(exchange)] == ["initiated"]


def test_a_service_that_wants_nothing_has_nothing_waiting(service, twilio, exchange):
    _, lines = open_session(service)
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated", "completed")
    exchange.tells()
    assert waiting(exchange) == []


def text_of(twilio, lines, writer=AIKO):
    """The id of the text that goes on to the other, and the SID of its interaction."""
    fields = form("着きました", writer, lines[writer])
    assert send(twilio, fields)["statusCode"] == 200
    return reply_id(fields["MessageSid"]), "KI" + fields["MessageSid"][2:]


def test_each_state_of_a_text_is_told_in_order_and_what_comes_too_late_or_says_the_same_is_not(
    texting, twilio, exchange, told, comes_near
):
    owner, signed_by = told
    name_callback(texting, owner.address, signed_by)
    session, lines = open_session(texting)
    text, interaction = text_of(twilio, lines)
    exchange.tells()
    for status in ("sent", "queued", "delivered", "sent", "read"):
        reports(twilio, text, status)
        exchange.tells()
    comes_near()
    while exchange.queue.messages:
        assert False not in exchange.delivers()
    assert [one["outboundResourceStatus"] for one in owner.asked] == ["accepted", "sent", "delivered"]
    assert {one["interactionSid"] for one in owner.asked} == {interaction}
    first, last = owner.asked[0], owner.asked[-1]
    assert (first["outboundResourceSid"], last["outboundResourceSid"]) == ("", "SM" + "f" * 32)
    assert (last["interactionType"], json.loads(last["interactionData"])) == ("Message", {"body": "着きました"})
    assert (last["inboundResourceType"], last["inboundResourceStatus"]) == ("message", "delivered")
    assert [person[3:] in str(owner.asked) for person in (AIKO, BEN)] == [False, False]
    [shown] = session.interactions.list()
    assert (last["interactionDateUpdated"], shown.outbound_participant_sid) == (
        shown.date_updated.strftime("%Y-%m-%dT%H:%M:%SZ"),
        last["outboundParticipantSid"],
    )


def test_of_a_text_that_was_deleted_meanwhile_nothing_is_told(texting, twilio, exchange):
    name_callback(texting, "https://8.8.8.8/told")
    session, lines = open_session(texting)
    _, interaction = text_of(twilio, lines)
    session.interactions(interaction).delete()
    exchange.tells()
    assert waiting(exchange) == []


def test_what_was_written_waits_in_no_queue_and_is_told_no_more_once_it_is_erased(
    texting, twilio, exchange, told, comes_near, cloud
):
    owner, signed_by = told
    name_callback(texting, owner.address, signed_by)
    session, lines = open_session(texting)
    text_of(twilio, lines)
    exchange.tells()
    assert "着きました" not in str(waiting(exchange))
    session.update(status="closed")
    status, receipt = Desk().asks("POST", "/api/erasures", {"number": AIKO})
    assert (status, receipt["complete"]) == (200, True)
    comes_near()
    while exchange.queue.messages:
        assert False not in exchange.delivers()
    assert [(one["outboundResourceStatus"], one["interactionData"]) for one in owner.asked] == [("accepted", "{}")]


def test_of_a_text_outside_of_sessions_no_service_is_told(texting, twilio, exchange):
    name_callback(texting, "https://8.8.8.8/told")
    _, lines = open_session(texting)
    assert send(twilio, form("もしもし", EVE, lines[AIKO]))["statusCode"] == 200
    exchange.tells()
    assert waiting(exchange) == []


# ---- what waits ------------------------------------------------------------------------------------------------------


def test_what_is_not_taken_holds_up_its_own_call_and_no_other(service, twilio, exchange, told, comes_near):
    owner, signed_by = told
    owner.says = lambda one: 500 if one["inboundResourceSid"] == first.call_sid else 200
    name_callback(service, owner.address, signed_by)
    _, lines = open_session(service)
    first, second = (OutgoingLeg(twilio, person, lines[person]) for person in (AIKO, BEN))
    for leg in (first, second):
        leg.reports("initiated", "completed")
        exchange.tells()
    comes_near()
    for _ in range(4):
        exchange.delivers()
    seen = [one["outboundResourceStatus"] for one in owner.asked if one["inboundResourceSid"] == second.call_sid]
    assert len(waiting(exchange)) == 2
    assert seen == ["initiated", "completed"]
    assert {said["parameters"]["inboundResourceSid"] for said in waiting(exchange)} == {first.call_sid}


def test_nothing_is_sent_to_an_address_that_was_taken_away(service, twilio, exchange):
    name_callback(service, "https://8.8.8.8/told")
    _, lines = open_session(service)
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated")
    exchange.tells()
    assert len(waiting(exchange)) == 1
    name_callback(service, None)
    assert exchange.delivers() == [True]
    assert waiting(exchange) == []


def test_an_address_that_came_into_a_private_network_is_not_asked(service, twilio, exchange):
    name_callback(service, "https://169.254.169.254/latest")
    _, lines = open_session(service)
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated")
    exchange.tells()
    assert exchange.delivers() == [False]
