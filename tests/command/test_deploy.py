"""Deploying by hand: what is asked, what is remembered, and what is kept secret."""

import json
import re

import pytest

from command.exchange import SECRETS
from tests.command.conftest import Exchange, on_this_machine, primary_token, shell
from tests.conftest import ACCOUNT_SID
from tests.deployed.processes import eventually
from toritsugi.foundation.api_keys import ALL_SCOPES

NUMBER = "+815010000071"
OLD = "https://old.example.com/ivr"


def test_the_first_deployment_answers_with_the_address_and_a_key(exchange):
    made = exchange.first.json
    assert (made["stage"], made["region"]) == ("command", "ap-northeast-1")
    assert made["address"].startswith("https://")
    assert re.fullmatch(r"SK[0-9a-f]{32}", made["key"]["sid"])
    assert made["key"]["scopes"] == list(ALL_SCOPES)


def test_the_auth_token_is_kept_encrypted_and_shown_and_remembered_nowhere(exchange):
    kept = exchange.client("ssm").get_parameter(Name="/toritsugi/command/auth-tokens")["Parameter"]
    assert (kept["Type"], exchange.tokens) == ("SecureString", [primary_token(exchange.network)])
    remembered = exchange.shell.memory.read_text()
    assert ACCOUNT_SID in remembered
    assert exchange.shell.known["TWILIO_AUTH_TOKEN"] not in remembered + exchange.first.out + exchange.first.err


def test_a_second_deployment_asks_nothing_and_makes_no_second_key_even_from_another_machine(exchange, tmp_path):
    before = exchange.succeeds("keys", "list")
    elsewhere = shell(tmp_path / "elsewhere", exchange.account, exchange.network, exchange.stage)
    said = elsewhere.types("deploy", "--yes", "--no-build", "--json", *on_this_machine(), TWILIO_AUTH_TOKEN="")
    assert said.code == 0, said.err
    assert (said.json["key"], said.json["address"]) == (None, exchange.base)
    assert exchange.succeeds("keys", "list") == before
    assert ACCOUNT_SID in elsewhere.memory.read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--account-sid", "AC1", "--yes"], "An account SID is AC and 32 of 0-9 and a-f: not 'AC1'"),
        (["--yes"], "TwilioAccountSid is not known: --account-sid says it"),
        (["--account-sid", "", "--yes"], "An account SID is AC and 32"),
        (["--account-sid", ACCOUNT_SID], "nobody is here to say yes: add --yes"),
        (["--account-sid", ACCOUNT_SID, "--yes", "--region", "mars-1"], "AWS has no region 'mars-1'"),
        (["--account-sid", ACCOUNT_SID, "--yes", "--parameter", "Memory"], "written NAME=VALUE, not 'Memory'"),
        (["--account-sid", ACCOUNT_SID, "--yes", "--alarm-email", "me"], "That is no e-mail address"),
        (["--account-sid", ACCOUNT_SID, "--yes", "--domain", "calls.example.com"], "no issued certificate"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence_before_anything_is_deployed(accounts, tmp_path, words, sentence):
    here = shell(tmp_path / "here", *accounts, "never")
    said = here.types("deploy", "--no-build", *words)
    assert said.code == 1
    assert sentence in said.err.replace("\n", " ")
    assert not here.memory.exists()


def test_a_token_that_twilio_refuses_is_not_deployed(accounts, tmp_path):
    here = shell(tmp_path / "here", *accounts, "never")
    chosen = ["--yes", "--no-build", "--account-sid", ACCOUNT_SID]
    said = here.types("deploy", *chosen, TWILIO_AUTH_TOKEN="0" * 32)
    assert said.code == 1
    assert "Twilio does not accept this auth token or key" in said.err
    assert not here.memory.exists()


def test_numbers_that_lead_to_a_former_address_are_moved_by_the_next_deployment(exchange):
    former = "https://former.example.com"
    exchange.buys("+815010000072", voice_url=OLD)
    exchange.succeeds("numbers", "attach", "+815010000072", "--yes")
    before = exchange.settings_of("+815010000072")
    exchange.twilio().incoming_phone_numbers(before.sid).update(voice_url=f"{former}/voice")
    exchange.set("all-base-urls", f"{former},{exchange.base}")
    said = exchange.shell.types("deploy", "--yes", "--no-build", *on_this_machine())
    assert (said.code, "+815010000072 leads to" in said.err + said.out) == (0, True), said.err
    assert exchange.settings_of("+815010000072").voice_url == before.voice_url
    exchange.succeeds("numbers", "restore", "+815010000072", "--yes")
    assert exchange.settings_of("+815010000072").voice_url == OLD


def test_a_parameter_that_there_is_not_is_refused(exchange):
    said = exchange.shell.types("deploy", "--yes", "--no-build", "--parameter", "CallsAday=7")
    assert (said.code, "do you mean CallsADay" in said.err.replace("\n", " ")) == (1, True)


def test_there_is_no_former_domain_to_drop(exchange):
    said = exchange.shell.types("deploy", "--yes", "--no-build", "--drop-former-domain")
    assert (said.code, "There is no former domain" in said.err) == (1, True)


def test_a_stage_is_set_up_by_answering_questions_and_taken_down_by_typing_its_name(accounts, tmp_path):
    here = shell(tmp_path / "here", *accounts, "trial")
    trial, token = Exchange(*accounts, "trial", shell=here), here.known["TWILIO_AUTH_TOKEN"]
    key = trial.client("kms").create_key()["KeyMetadata"]["Arn"]
    trial.client("acm").request_certificate(DomainName="*.example.net", ValidationMethod="DNS")
    zone = trial.client("route53").create_hosted_zone(Name="example.net", CallerReference="once")["HostedZone"]["Id"]
    seen = here.talks(
        "deploy",
        "--no-build",
        *on_this_machine(),
        answers=[
            ("AWS region", ""),
            ("Twilio account SID", "my account"),
            ("An account SID is AC and 32", ACCOUNT_SID),
            ("Which countries", ""),
            ("Who is told", ""),
            ("A domain of your own", "calls.example.net"),
            ("What encrypts", key),
            ("Twilio auth token", token),
            ("Deploy this changeset?", "n"),
        ],
    )
    assert (seen.code, "Twilio takes it" in seen.out) == (1, True), seen.out
    assert not trial.client("ssm").get_parameters(Names=[f"/toritsugi/trial/{name}" for name in SECRETS])["Parameters"]
    again = [("Twilio auth token", token), ("Deploy this changeset?", "y")]  # all else is remembered
    seen = here.talks("deploy", "--no-build", answers=again)
    assert seen.code == 0, seen.out
    assert "The exchange stands at https://calls.example.net" in seen.out
    assert token not in seen.out
    assert f"HostedZoneId={zone.rsplit('/')[-1]}" in here.memory.read_text()
    (kept,) = [
        one
        for one in trial.client("ssm").describe_parameters()["Parameters"]
        if one["Name"].endswith("trial/auth-tokens")
    ]
    assert (kept["Type"], kept["KeyId"]) == ("SecureString", key)

    trial.opens()
    trial.buys(NUMBER, voice_url=OLD)
    trial.succeeds("numbers", "attach", NUMBER, "--yes")
    tables, bucket = trial.tables, trial.resource("RecordingsBucket")
    trial.client("s3").put_object(Bucket=bucket, Key="recordings/one.wav", Body=b"somebody's words")
    assert uploads(trial)
    refused = here.types("delete")
    assert (refused.code, "add --yes" in refused.err) == (1, True)
    mistaken = here.talks("delete", answers=[("Type trial to delete it", "production")])
    assert (mistaken.code, "Nothing was changed" in mistaken.out) == (1, True)
    assert set(tables) <= set(trial.client("dynamodb").list_tables()["TableNames"])
    gone = here.talks("delete", "--with-data", answers=[("Type trial to delete it", "trial")])
    assert (gone.code, "Nothing is left of it" in gone.out) == (0, True), gone.out
    assert trial.twilio().incoming_phone_numbers.list(phone_number=NUMBER)[0].voice_url == OLD
    assert not set(tables) & set(trial.client("dynamodb").list_tables()["TableNames"])
    assert not trial.client("ssm").get_parameters(Names=[f"/toritsugi/trial/{name}" for name in SECRETS])["Parameters"]
    assert uploads(trial) == []
    assert bucket not in [one["Name"] for one in trial.client("s3").list_buckets()["Buckets"]]
    assert "trial" not in here.memory.read_text()
    assert "There is no exchange trial" in here.types("numbers", "list").err


def test_what_a_first_deployment_that_failed_has_left_goes_when_it_is_deleted(accounts, tmp_path):
    """CloudFormation takes it back, but not what is retained, and no protected table could be deleted by it."""
    failed = Exchange(*accounts, "failed", shell=shell(tmp_path / "here", *accounts, "failed"))
    formation, dynamodb = failed.client("cloudformation"), failed.client("dynamodb")
    formation.create_stack(StackName=failed.stack, TemplateBody=json.dumps(FAILS))
    eventually(lambda: failed.status == "ROLLBACK_COMPLETE")
    (table,) = [name for name in dynamodb.list_tables()["TableNames"] if name.startswith(failed.stack)]
    assert dynamodb.describe_table(TableName=table)["Table"]["DeletionProtectionEnabled"]
    again = failed.types("deploy", "--yes", "--no-build", "--account-sid", ACCOUNT_SID)
    assert "was taken back (ROLLBACK_COMPLETE)" in again.err
    gone = failed.types("delete", "--yes", "--json", "--region", "ap-northeast-1")
    assert (gone.code, gone.json["kept"]) == (0, []), gone.err
    assert table not in dynamodb.list_tables()["TableNames"]


KEY = {"AttributeDefinitions": [{"AttributeName": "key_sid", "AttributeType": "S"}]}
KEY |= {"KeySchema": [{"AttributeName": "key_sid", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
FAILS = {
    "Resources": {
        "KeysTable": KEPT | {"Type": "AWS::DynamoDB::Table", "Properties": KEY | {"DeletionProtectionEnabled": True}},
        "RecordingsBucket": KEPT | {"Type": "AWS::S3::Bucket"},
        "Impossible": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "DependsOn": ["KeysTable", "RecordingsBucket"],
            "Properties": {"FunctionName": "nobody", "Qualifier": "live", "MaximumRetryAttempts": 0},
        },
    }
}


def uploads(exchange):
    """What sam has uploaded for this stage."""
    (bucket,) = [one["Name"] for one in exchange.client("s3").list_buckets()["Buckets"] if "sam" in one["Name"]]
    return exchange.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"{exchange.stack}/").get("Contents", [])
