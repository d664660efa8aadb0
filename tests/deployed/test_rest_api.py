"""The whole REST API through the official SDK, as it is deployed: everything that a company does at its desk."""

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException

from tests.deployed.processes import eventually


@pytest.fixture
def opened(desk, scene):
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}")
    return desk


def test_services_are_made_found_and_changed(desk, scene):
    desk.opens(name=f"desk-{scene.block}")
    service = desk.service.fetch()
    assert service.sid in [found.sid for found in desk.proxy.services.list()]
    assert desk.service.update(unique_name=f"renamed-{scene.block}", default_ttl=60).default_ttl == 60
    desk.opens(name=f"desk-{scene.block}")
    with pytest.raises(TwilioRestException) as refused:
        desk.service.update(unique_name=f"renamed-{scene.block}")
    assert refused.value.status == 400


def test_numbers_come_into_the_pool_and_leave_it(opened, scene, aiko, ben):
    opened.brings_together(aiko, ben).sdk.update(status="closed")
    numbers = opened.service.phone_numbers
    first, second = numbers.list()
    assert {first.phone_number, second.phone_number} == {scene.line(1), scene.line(2)}
    assert numbers(first.sid).update(is_reserved=True).is_reserved
    assert numbers(first.sid).fetch().in_use == 0
    for number, left in ((first, [second.sid]), (second, [])):
        assert numbers(number.sid).delete()
        assert [number.sid for number in numbers.list()] == left


def test_sessions_are_found_closed_opened_again_and_deleted(opened, aiko, ben):
    session = opened.brings_together(aiko, ben, unique_name="order-17", ttl=600)
    sid = session.sdk.fetch().sid
    assert [found.sid for found in opened.service.sessions.list()] == [sid]
    assert opened.service.sessions("order-17").fetch().sid == sid
    assert session.sdk.update(ttl=1200).ttl == 1200
    assert session.sdk.update(status="closed").status == "closed"
    assert session.sdk.update(status="in-progress").status == "in-progress"
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.rejects()
    assert session.sdk.delete()
    with pytest.raises(TwilioRestException) as gone:
        session.sdk.fetch()
    assert gone.value.status == 404
    assert opened.brings_together(aiko, ben, unique_name="order-17").status == "open"


def test_people_join_a_session_one_by_one(opened, aiko, ben):
    session = opened.brings_together()
    people = [session.sdk.participants.create(identifier=person.number) for person in (aiko, ben)]
    assert [person.sid for person in session.sdk.participants.list()] == [person.sid for person in people]
    assert session.sdk.participants(people[0].sid).fetch().identifier == aiko.number
    aiko.dials(people[0].proxy_identifier)
    ben.rings(showing=people[1].proxy_identifier)
    ben.answers()
    aiko.hangs_up()
    (interaction,) = session.interactions
    assert session.sdk.interactions(interaction.sid).fetch().inbound_participant_sid == people[0].sid


def test_somebody_is_written_to_and_taken_out_and_a_service_goes_with_all_that_is_in_it(desk, scene, aiko, ben, eve):
    desk.opens(scene.line(1), name=f"desk-{scene.block}", sms=True)
    session = desk.brings_together(aiko, ben)
    texts = session.sdk.participants(session.sdk.participants.list()[0].sid).message_interactions
    made = [texts.create(body=body) for body in ("It is here.", "It is gone.")]
    eventually(lambda: {*aiko.letters} >= {"It is here.", "It is gone."})
    assert {one.sid for one in texts.list()} == {one.sid for one in made}
    assert session.sdk.interactions(made[0].sid).delete()
    assert [one.sid for one in session.interactions] == [made[1].sid]
    assert session.sdk.participants(session.sdk.participants.list()[1].sid).delete()
    session.sdk.participants.create(identifier=eve.number)
    aiko.dials(session.line_of(aiko))
    eve.rings(showing=session.line_of(eve))
    eve.rejects()
    assert desk.service.delete()
    eventually(lambda: is_gone(session.sdk.fetch))
    desk.opens(name=f"desk-{scene.block}")
    eventually(lambda: comes_into_pool(desk.service, scene.line(1)))


def is_gone(ask):
    """Whether what is asked for is not there."""
    try:
        ask()
    except TwilioRestException as refused:
        return refused.status == 404
    return False


def comes_into_pool(service, line):
    """Whether a number can be taken, which another service may have yet."""
    try:
        return bool(service.phone_numbers.create(phone_number=line).sid)
    except TwilioRestException:
        return False


def test_a_service_may_have_closing_end_running_calls(desk, scene, aiko, ben):
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}", CloseEndsCalls="true")
    session = desk.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    session.sdk.update(status="closed")
    eventually(lambda: aiko.telephone["state"] == ben.telephone["state"] == "idle")


def test_a_pair_of_numbers_is_free_for_the_next_session_when_none_is_left(desk, scene, aiko, ben, eve):
    desk.opens(scene.line(1), name=f"desk-{scene.block}")
    desk.brings_together(aiko, ben).sdk.update(status="closed")
    session = desk.brings_together(aiko, eve)
    aiko.dials(session.line_of(aiko))
    eve.rings(showing=session.line_of(eve))
    aiko.hangs_up()


def test_a_person_is_erased_from_sessions_calls_texts_and_recordings(opened, deployment, scene, aiko, ben):
    opened.knows(aiko)
    session = opened.brings_together(aiko, ben, unique_name="order-18")
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.rejects()
    session.sdk.update(status="closed")
    call = opened.calls(aiko, ben, line=scene.line(1), announcements=[])
    for person in (aiko, ben):
        eventually(lambda person=person: person.telephone["state"] == "ringing")
        person.rings(showing=scene.line(1))
    call.end()
    message = {"direction": "inbound", "line": scene.line(1), "person": aiko.number, "status": "received"}
    message |= {"message_id": f"SM{scene.block}", "month": "2026-11", "listed_as": f"1#{scene.block}"}
    recording = {"recording_sid": "RE" + "0" * 32, "status": "stored", "caller": aiko.number, "listed_as": "1#RE"}
    for table, item in (("MessagesTable", message), ("RecordingsTable", recording | {"month": "2026-11"})):
        row = {name: {"S": text} for name, text in item.items()}
        row |= {name: {"N": "9999999999"} for name in ("date_created", "date_updated") if table == "MessagesTable"}
        deployment.client("dynamodb").put_item(TableName=deployment.resource(table), Item=row)
    receipt = opened.asks("POST", "/api/erasures", {"number": aiko.number})
    assert receipt["complete"]
    assert {name: count > 0 for name, count in receipt["erased"].items()} == dict.fromkeys(receipt["erased"], True) | {
        "answers": False,
        "costs": False,  # a price comes minutes later
        "counters": False,  # nothing of what was used was Aiko's own
    }
    assert set(opened.asks("POST", "/api/erasures", {"number": aiko.number})["erased"].values()) == {0}


@pytest.mark.parametrize("path", ["/api/callers", "/v1/Services"])
def test_a_key_shows_when_it_was_last_used(deployment, path):
    key = deployment.toritsugi("keys", "create", "--read-only")
    answer = httpx.get(
        deployment.base + path, auth=(key["sid"], key["secret"]), trust_env=False, verify=False, timeout=300
    )
    assert answer.status_code == 200
    used = {one["sid"]: one["last_used"] for one in deployment.toritsugi("keys", "list")}
    assert used[key["sid"]]


def test_somebody_without_a_key_opens_the_page_of_prices(deployment):
    answer = httpx.get(f"{deployment.base}/prices", trust_env=False, verify=False, timeout=300)
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
    assert "twilio-jp-" in answer.text
