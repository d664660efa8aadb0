"""An exchange without Twilio's auth token in it: Twilio signs with a SharedKey, and an API key opens its REST API."""

import pytest

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN
from tests.stories.test_the_token_changes import talk

LINES = ["+815010000011", "+815010000012"]
KEY_ID, SECRET = "webhooks_sharedkey_01j8z3x4y5", "a secret that Twilio has made"


@pytest.fixture
def without_token(box):
    """What `toritsugi tokens` leaves, when the auth token has been removed."""
    rule = {"url": f"{box.exchange}/", "key_id": KEY_ID, "secret": SECRET}
    box.call("PUT", "/account", {"webhook_rules": [rule]})
    made = box.http.post(f"/2010-04-01/Accounts/{ACCOUNT_SID}/Keys.json", auth=(ACCOUNT_SID, AUTH_TOKEN)).json()
    cloud = box.stack.cloud
    path = cloud.template.environment["SETTINGS_PATH"]
    cloud.parameters.values |= {
        f"{path}/shared-keys": f"{KEY_ID}:{SECRET}",
        f"{path}/api-keys": f"{made['sid']}:{made['secret']}",
    }
    del cloud.parameters.values[f"{path}/auth-tokens"]
    box.key = made["sid"], made["secret"]
    return box


@pytest.mark.usefixtures("without_token")
def test_people_are_put_through_and_numbers_are_added_without_it(desk, aiko, ben):
    desk.opens(*LINES)
    session = desk.brings_together(aiko, ben, ttl=3600)
    talk(session, aiko, ben)
    assert [one.outbound_resource_status for one in session.interactions] == ["completed"]


def test_every_webhook_names_the_key_and_none_is_signed_with_the_token(without_token, desk, aiko, ben):
    desk.opens(*LINES)
    talk(desk.brings_together(aiko, ben, ttl=3600), aiko, ben)
    log = without_token.http.get("/webhooks").json()["webhooks"]
    said = {one["headers"].get("X-Twilio-Webhooks-Signature-Settings") for one in log}
    assert (said, {one["status"] for one in log}) == ({f"key={KEY_ID},algorithm=HMAC_SHA256"}, {200, 204})


def test_the_exchange_calls_people_by_the_api_key(without_token, desk, aiko, ben):
    desk.owns(LINES[0])
    desk.calls(aiko, ben, line=LINES[0], through="dial")
    aiko.rings(showing=LINES[0])
    aiko.answers()
    ben.rings(showing=LINES[0])
    answer = without_token.http.get(f"/2010-04-01/Accounts/{ACCOUNT_SID}.json", auth=without_token.key)
    assert answer.status_code == 401, "a standard key does not open the account itself"
