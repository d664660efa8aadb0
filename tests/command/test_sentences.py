"""Whatever goes wrong is said in one sentence, with what to do about it."""

import subprocess

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoRegionError, ProfileNotFound
from requests.exceptions import ConnectionError as NoConnection
from twilio.base.exceptions import TwilioRestException

from command.refusals import Refused, explain
from tests.command.conftest import NOWHERE
from tests.conftest import ACCOUNT_SID


def of_aws(code, said="because"):
    return ClientError({"Error": {"Code": code, "Message": said}}, "DescribeStacks")


def of_twilio(status, uri="/2010-04-01/Accounts"):
    return TwilioRestException(status, uri, "Nothing doing", code=20404)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (of_aws("ExpiredToken"), "Your AWS credentials have expired: run `aws configure`"),
        (of_aws("InvalidClientTokenId"), "AWS does not know your credentials"),
        (of_aws("Throttling"), "AWS asks for patience"),
        (of_aws("AccessDenied"), "AWS does not allow you to do this (DescribeStacks): because"),
        (of_aws("Anything"), "AWS refuses DescribeStacks: because"),
        (EndpointConnectionError(endpoint_url="https://mars"), "AWS cannot be reached"),
        (ProfileNotFound(profile="x"), "There is no AWS profile of that name"),
        (NoRegionError(), "Name a region of AWS"),
        (of_twilio(401), "Twilio does not accept this auth token"),
        (of_twilio(429), "Twilio asks for patience"),
        (of_twilio(404), "Twilio refuses: Nothing doing (20404)"),
        (of_twilio(404, "/Services/KS1"), "The exchange refuses: Nothing doing (20404)"),
        (NoConnection(), "Twilio cannot be reached"),
        (subprocess.CalledProcessError(2, ["/usr/bin/make", "build"]), "`make build` has failed"),
        (Refused("As it is."), "As it is."),
    ],
)
def test_every_foreseen_error_has_a_sentence(error, sentence):
    assert explain(error).startswith(sentence)


def test_an_error_that_nobody_foresaw_is_not_hidden():
    assert explain(ZeroDivisionError()) is None


@pytest.mark.parametrize(
    "words",
    [
        ["deploy", "--yes", "--region", "ap-northeast-1", "--account-sid", ACCOUNT_SID],
        ["numbers", "list", "--region", "ap-northeast-1"],
        ["keys", "create", "--region", "ap-northeast-1"],
        ["tokens", "list", "--region", "ap-northeast-1"],
        ["migrate", "here", "delivery", "--region", "ap-northeast-1"],
        ["delete", "--yes", "--region", "ap-northeast-1"],
    ],
)
def test_without_aws_credentials_every_command_says_so_and_ends_with_1(bare, words):
    said = bare.types(*words)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("There are no AWS credentials: run `aws configure`")


def test_without_a_region_the_sentence_names_the_option(bare):
    assert "name its region, --region ap-northeast-1" in bare.types("numbers", "list", "--stage", "trial").err


@pytest.mark.parametrize(
    "command", [["doctor"], ["numbers", "list"], ["keys", "list"], ["tokens", "list"]], ids=" ".join
)
def test_where_nothing_is_deployed_yet_the_sentence_says_how(bare, command):
    said = bare.types(*command)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("Nothing is deployed from here yet: make deploy.")


def test_an_exchange_that_is_not_there_is_said_to_be_not_there(exchange):
    for words in (["numbers", "list"], ["keys", "list"], ["tokens", "add", "--yes"], ["delete", "--yes"]):
        said = exchange.types(*words, "--stage", "nowhere")
        assert (said.code, "There is no exchange nowhere in ap-northeast-1" in said.err) == (1, True), said.err


def test_of_several_stages_one_must_be_named(bare):
    bare.memory.write_text("".join(f'[{name}.deploy.parameters]\nregion = "us-east-1"\n' for name in ("one", "two")))
    assert "There are several stages: say which one, --stage one or --stage two" in bare.types("doctor").err


def test_a_stage_that_cannot_be_is_refused(bare):
    assert "not 'My Stage'" in bare.types("doctor", "--stage", "My Stage").err


def test_a_memory_that_cannot_be_read_is_said_to_be_so(bare):
    bare.memory.write_text("this is not TOML")
    assert "samconfig.toml cannot be read" in bare.types("doctor").err


def test_a_twilio_that_cannot_be_reached_is_named(exchange):
    said = exchange.types("deploy", "--yes", "--stage", "never", "--account-sid", ACCOUNT_SID, CARRIER_URL=NOWHERE)
    assert (said.code, "127.0.0.1:9 cannot be reached" in said.err) == (1, True), said.err


@pytest.mark.parametrize(
    "words",
    [[], ["deploy"], ["doctor"], ["delete"], ["numbers"], ["keys", "create"], ["tokens", "add"], ["migrate", "here"]],
)
def test_every_command_has_help(bare, words):
    said = bare.types(*words, "--help")
    assert (said.code, "Usage: " in said.out) == (0, True)
