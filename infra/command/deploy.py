"""`toritsugi deploy`: a few questions the first time, none the second; then the exchange stands."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import boto3
import typer
from rich.text import Text

from command import account, keys, sam, stages
from command.checks.findings import OK
from command.doctor import chart, examine
from command.exchange import NEVER_STOOD, Exchange
from command.refusals import Refused
from command.screen import AsJson, Yes, ask, say, show, somebody_is_there
from command.stages import Region, Stage, StageName

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
KEY = re.compile(r"arn:[\w-]+:kms:[\w-]+:\d{12}:key/[\w-]+")


@dataclass(frozen=True)
class Question:
    """One parameter of template.yaml that is asked for: how, what it must look like, and what it must not be."""

    parameter: str
    option: str
    asks: str
    fits: re.Pattern[str]
    hint: str
    needed: bool = False


ACCOUNT = Question(
    "TwilioAccountSid",
    "--account-sid",
    "Twilio account SID [dim](AC..., on the first page of https://console.twilio.com)[/]",
    account.ACCOUNT_SID,
    "An account SID is AC and 32 of 0-9 and a-f",
    needed=True,
)
ALARMS = Question(
    "AlarmEmail",
    "--alarm-email",
    "Who is told when something is wrong [dim](an e-mail address, or Enter for nobody)[/]",
    EMAIL,
    "That is no e-mail address",
)
ENCRYPTION = Question(
    "KeyArn",
    "--key-arn",
    "What encrypts secrets and tables [dim](the ARN of a KMS key, or Enter for AWS's own)[/]",
    KEY,
    "A KMS key's ARN is arn:aws:kms:<region>:<account>:key/<id>",
)


def option(question: Question) -> Any:
    return typer.Option(question.option, help=Text.from_markup(question.asks).plain, show_default=False)


def deploy(
    stage: StageName = "",
    region: Region = "",
    account_sid: Annotated[str, option(ACCOUNT)] = "",
    alarm_email: Annotated[str | None, option(ALARMS)] = None,
    key_arn: Annotated[str | None, option(ENCRYPTION)] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            metavar="NAME=VALUE",
            help="Any other parameter of template.yaml. Repeatable; remembered.",
            show_default=False,
        ),
    ] = None,
    build: Annotated[
        bool, typer.Option("--build/--no-build", help="Build first, or deploy what lies in .aws-sam/build.")
    ] = True,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Deploy the exchange, or a change of it. What is not known is asked; Twilio's auth token is typed unseen.

    Without a terminal, name what is needed: --account-sid, and the token as TWILIO_AUTH_TOKEN.
    """
    if not yes and not somebody_is_there():
        raise Refused("Deploying changes your AWS account, and nobody is here to say yes: add --yes.")
    wanted = stages.find(stage, region)
    answers = {ACCOUNT: account_sid or None, ALARMS: alarm_email, ENCRYPTION: key_arn}
    settle(wanted, answers, dict(split(pair) for pair in parameter or []), yes)

    exchange = Exchange(wanted)
    refuse_if_stuck(exchange)
    token = "" if exchange.tokens else ask_token(wanted, yes)
    stages.remember(wanted)
    if build:
        say(f"[bold]Building[/] for {wanted.parameters.get('Runtime', 'the usual runtime')} ...")
        sam.build(wanted)
    say(f"[bold]Deploying[/] {wanted.stack} to {wanted.region}; the first time takes three minutes ...")
    sam.deploy(wanted, show_changes=not yes)

    exchange = Exchange(wanted)  # as it is now
    if token:
        exchange.keep_tokens([token], wanted.parameters.get(ENCRYPTION.parameter, ""))
    key = None if keys.read_keys(exchange) else keys.create_key(exchange)
    found = examine(exchange)
    result = {
        "stage": wanted.name,
        "region": wanted.region,
        "address": exchange.address,
        "key": key,
        "findings": [{"check": name, **vars(finding)} for name, finding in found],
    }
    odd = [(name, finding) for name, finding in found if finding.state != OK]
    show(
        result, as_json, f"\n[green bold]The exchange stands[/] at {exchange.address}\n", *([chart(odd)] if odd else [])
    )
    if key and not as_json:
        show(key, False, "\n[bold]A key for your programs[/]", *keys.presented(key))
    if not as_json:
        say("Next: [bold]toritsugi numbers attach[/] lets your numbers ring here.")


# ---- what has to be known --------------------------------------------------------------------------------------------


def settle(stage: Stage, answers: dict[Question, str | None], others: dict[str, str], yes: bool) -> None:
    """Has everything known that the template needs: what was said counts, then what is remembered, then what is asked.

    A question that was answered with nothing is remembered as asked: it is not asked again.
    """
    first_time = not stage.parameters
    if not stage.region:
        usual = boto3.Session().region_name or stages.USUAL_REGION
        stage.region = usual if yes else ask("AWS region", usual)
    if stage.region not in boto3.Session().get_available_regions("lambda"):
        raise Refused(f"AWS has no region {stage.region!r}: {stages.USUAL_REGION} is Tokyo.")
    if first_time:
        who = Exchange(stage).aws("sts").get_caller_identity()
        say(f"[bold]{stage.name}[/] goes to the AWS account {who['Account']}, {stage.region}.")
    for question, said in answers.items():
        if said is None:
            if question.parameter in stage.parameters or (not first_time and not question.needed):
                continue
            said = answer(question, yes)
        if said:
            stage.parameters[question.parameter] = must_fit(question, said)
        else:
            stage.parameters.pop(question.parameter, None)
    if carrier := os.environ.get("CARRIER_URL"):
        others = {"CarrierUrl": carrier} | others
    stage.parameters |= others


def answer(question: Question, yes: bool) -> str:
    """What somebody says; blank for what is not needed and not asked."""
    if yes:
        if question.needed:
            raise Refused(f"{question.parameter} is not known: {question.option} says it.")
        return ""
    while True:
        said = ask(question.asks)
        if question.fits.fullmatch(said) or not (said or question.needed):
            return said
        say(f"[yellow]{question.hint}.[/]")


def must_fit(question: Question, said: str) -> str:
    if not question.fits.fullmatch(said):
        raise Refused(f"{question.hint}: not {said!r}.")
    return said


def ask_token(stage: Stage, yes: bool) -> str:
    """Twilio's auth token, which Twilio has just accepted; it is kept nowhere but in SSM."""
    carrier = stage.parameters.get("CarrierUrl", account.TWILIO)
    check: Callable[[str], Any] = lambda token: account.check(stage.parameters[ACCOUNT.parameter], token, carrier)  # noqa: E731
    token = os.environ.get("TWILIO_AUTH_TOKEN", "")
    if not token and yes:
        raise Refused("The exchange needs Twilio's auth token: give it as TWILIO_AUTH_TOKEN.")
    token = token or ask("Twilio auth token [dim](it is not shown, and kept encrypted in SSM)[/]", secret=True)
    if not token:
        raise Refused("Without Twilio's auth token no call can be told from a forged one. Nothing was changed.")
    named = check(token).friendly_name
    say(f"[green]Twilio takes it[/]: the account is called {named}.")
    return token


def split(pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not equals or not name.isalnum():
        raise Refused(f"A parameter is written NAME=VALUE, not {pair!r}.")
    return name, value


def refuse_if_stuck(exchange: Exchange) -> None:
    """CloudFormation cannot go on from a first deployment that failed, nor in the middle of another."""
    status = exchange.stack["StackStatus"] if exchange.stack else ""
    stage = exchange.stage.name
    if status in NEVER_STOOD and status != "REVIEW_IN_PROGRESS":
        raise Refused(
            f"The first deployment of {stage} has failed and was taken back ({status}). Its stack's events in "
            f"CloudFormation's console say why; then `toritsugi delete --stage {stage}`, and deploy again."
        )
    if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        raise Refused(f"The stack of {stage} is just being changed ({status}): wait until that is done.")
    if status in ("UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"):
        raise Refused(
            f"The stack of {stage} is in the state {status}: CloudFormation's console says why, and how to go on."
        )
