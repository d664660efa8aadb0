"""What `toritsugi deploy` has to know: said, remembered, or asked; in this order."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

import boto3
import typer
from rich.text import Text

from command import account, domain, processes, stages, template
from command.exchange import Exchange
from command.refusals import Refused
from command.screen import ask, plain, say
from command.stages import Stage


@dataclass(frozen=True)
class Question:
    """A parameter of template.yaml that is asked for: how, what answers look like, and what to say if they do not."""

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
    re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "That is no e-mail address",
)
DOMAIN = Question(
    "DomainName",
    "--domain",
    "A domain of your own [dim](such as calls.example.com, or Enter for the address that AWS gives)[/]",
    re.compile(r"([a-z0-9-]+\.)+[a-z]{2,}"),
    "A domain is written like calls.example.com",
)
ENCRYPTION = Question(
    "KeyArn",
    "--key-arn",
    "What encrypts secrets and tables [dim](the ARN of a KMS key, or Enter for AWS's own)[/]",
    re.compile(r"arn:[\w-]+:kms:[\w-]+:\d{12}:key/[\w-]+"),
    "A KMS key's ARN is arn:aws:kms:<region>:<account>:key/<id>",
)
DESTINATIONS = Question(
    "Destinations",
    "--destinations",
    "Which countries may be called and written to [dim](such as JP,US; * for all, or Enter for Japan alone)[/]",
    re.compile(r"[A-Z]{2}(,[A-Z]{2})*|\*"),
    "Countries are written like JP,US",
)
QUESTIONS = (ACCOUNT, DESTINATIONS, ALARMS, DOMAIN, ENCRYPTION)


def option(question: Question) -> Any:
    """The option of the command line that answers it beforehand."""
    return typer.Option(question.option, help=Text.from_markup(question.asks).plain, show_default=False)


def settle(stage: Stage, said: dict[Question, str | None], others: dict[str, str], yes: bool) -> None:
    """Completes the stage. Only the first deployment asks; blank takes an answer back. Raises Refused."""
    if not stage.region:
        usual = boto3.Session().region_name or stages.USUAL_REGION
        stage.region = usual if yes else ask("AWS region", usual)
    if stage.region not in boto3.Session().get_available_regions("lambda"):
        raise Refused(f"AWS has no region {stage.region!r}: {stages.USUAL_REGION} is Tokyo.")
    exchange = Exchange(stage)
    who = exchange.aws("sts").get_caller_identity()
    say(f"[bold]{stage.name}[/] is in the AWS account {who['Account']}, {stage.region}.")
    if not stage.parameters:
        stage.parameters = deployed(exchange)
    first_time = not stage.parameters
    for question, answer in said.items():
        unknown = question.needed and question.parameter not in stage.parameters
        if answer is None and (first_time or unknown):
            answer = reply(question, yes)
        if answer is not None:
            take(exchange, question, answer)
    if carrier := os.environ.get("CARRIER_URL"):
        others = {"CarrierUrl": carrier} | others
    for name, value in others.items():
        set_or_take_back(exchange, name, value)
    processes.choose(exchange)


def deployed(exchange: Exchange) -> dict[str, str]:
    """What a stack that somebody else has deployed says of what would be asked."""
    asked = {*(question.parameter for question in QUESTIONS), *domain.PARAMETERS, "CarrierUrl"}
    return {name: value for name, value in exchange.parameters.items() if name in asked and value}


def reply(question: Question, yes: bool) -> str:
    """What somebody answers; blank for what nobody is asked, or needs."""
    if yes:
        if question.needed:
            raise Refused(f"{question.parameter} is not known: {question.option} says it.")
        return ""
    while True:
        answer = ask(question.asks)
        if question.fits.fullmatch(answer) or not (answer or question.needed):
            return answer
        say(f"[yellow]{question.hint}.[/]")


def take(exchange: Exchange, question: Question, answer: str) -> None:
    if (answer or question.needed) and not question.fits.fullmatch(answer):
        raise Refused(f"{question.hint}: not {answer!r}.")
    if question is DOMAIN:
        exchange.stage.parameters = domain.lead_to(exchange, answer)
    else:
        set_or_take_back(exchange, question.parameter, answer)


def set_or_take_back(exchange: Exchange, name: str, value: str) -> None:
    """Sets a parameter; blank is the value that template.yaml has. Raises Refused where there is no such one.

    What is taken back from a stack is written down: sam gives every parameter that is not named its last value again.
    """
    template.check(name)
    exchange.stage.parameters.pop(name, None)
    if value:
        exchange.stage.parameters[name] = value
    elif exchange.parameters.get(name, "") != (usual := template.usual(name)):
        exchange.stage.parameters[name] = usual


def ask_token(stage: Stage, yes: bool) -> str:
    """Twilio's auth token, which Twilio has just accepted; it is kept nowhere but in SSM."""
    token = os.environ.get("TWILIO_AUTH_TOKEN", "")
    if not token and yes:
        raise Refused("The exchange needs Twilio's auth token: give it as TWILIO_AUTH_TOKEN.")
    token = token or ask("Twilio auth token [dim](not shown, and kept encrypted in SSM)[/]", secret=True)
    if not token:
        raise Refused("Without Twilio's auth token no call can be told from a forged one. Nothing was changed.")
    carrier = stage.parameters.get("CarrierUrl", account.TWILIO)
    found = account.check(stage.parameters[ACCOUNT.parameter], token, carrier)
    say(f"[green]Twilio takes it[/]: the account is called {plain(found.friendly_name)}.")
    return token


def split(pair: str) -> tuple[str, str]:
    """NAME=VALUE, apart. Raises Refused."""
    name, equals, value = pair.partition("=")
    if not equals or not name.isalnum():
        raise Refused(f"A parameter is written NAME=VALUE, not {pair!r}.")
    return name, value
