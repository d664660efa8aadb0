"""`toritsugi deploy`: a few questions the first time, none the second; then the exchange stands."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import typer

from command import keys, sam, stages
from command.checks.findings import FAIL, OK
from command.doctor import chart, examine, listed
from command.exchange import NEVER_STOOD, SECRETS, Exchange
from command.questions import ACCOUNT, ALARMS, DESTINATIONS, DOMAIN, ENCRYPTION, ask_token, option, settle, split
from command.refusals import Refused
from command.screen import AsJson, Yes, plain, say, show, somebody_is_there
from command.stages import Region, Stage, StageName


def deploy(  # noqa: PLR0913  each is an option of the command
    stage: StageName = "",
    region: Region = "",
    account_sid: Annotated[str | None, option(ACCOUNT)] = None,
    alarm_email: Annotated[str | None, option(ALARMS)] = None,
    domain: Annotated[str | None, option(DOMAIN)] = None,
    key_arn: Annotated[str | None, option(ENCRYPTION)] = None,
    destinations: Annotated[str | None, option(DESTINATIONS)] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Another parameter of template.yaml. Repeatable.", show_default=False),
    ] = None,
    build: Annotated[bool, typer.Option(help="Build first, or deploy what was built before.")] = True,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Deploy the exchange, or a change of it: asks what it does not know, and remembers all but secrets.

    Where nobody can be asked, name what is needed: --account-sid, and Twilio's auth token as TWILIO_AUTH_TOKEN.
    """
    if not yes and not somebody_is_there():
        raise Refused("Deploying changes your AWS account, and nobody is here to say yes: add --yes.")
    wanted = stages.find(stage, region)
    said = {ACCOUNT: account_sid, DESTINATIONS: destinations, ALARMS: alarm_email, DOMAIN: domain, ENCRYPTION: key_arn}
    settle(wanted, said, dict(split(pair) for pair in parameter or []), yes)
    before = Exchange(wanted)
    refuse_if_stuck(before)
    known = known_secrets(before, wanted, yes)
    stages.remember(wanted)
    if before.stack and not before.secrets(
        "own-secrets"
    ):  # one of an earlier version: its new functions need it at once
        before.keep("own-secrets", known["own-secrets"])

    if build:
        say("[bold]Building[/] ...")
        sam.build(wanted)
    say(f"[bold]Deploying[/] {wanted.stack}; the first time takes about three minutes ...")
    sam.deploy(wanted, show_changes=not yes)

    exchange = Exchange(wanted)  # as it is now
    exchange.must_stand()  # else somebody has looked at the changes, and said no
    for name, values in known.items():
        if values != exchange.secrets(name) or (values and key_arn is not None):
            exchange.keep(name, values)
    key = None if keys.read_keys(exchange) else keys.create_key(exchange)
    show_exchange(exchange, key, as_json)


def known_secrets(before: Exchange, wanted: Stage, yes: bool) -> dict[str, list[str]]:
    """What the exchange is to have in each of its secret settings.

    Twilio's are those that it has already, unless it changes to another account; where they do not suffice, its auth
    token is asked for. A secret of its own is made where it has none.
    """
    account = before.parameters.get(ACCOUNT.parameter)
    is_same = account in (None, wanted.parameters[ACCOUNT.parameter])
    known = {name: before.secrets(name) if is_same else [] for name in SECRETS}
    known["own-secrets"] = before.secrets("own-secrets") or [secrets.token_hex(32)]
    if not known["auth-tokens"] and not (known["shared-keys"] and known["api-keys"]):
        known["auth-tokens"] = [ask_token(wanted, yes)]
    return known


def show_exchange(exchange: Exchange, key: dict[str, Any] | None, as_json: bool) -> None:
    """What stands now, its new key, whatever doctor finds wrong with it, and what to do next."""
    found = examine(exchange)
    odd = [(name, finding) for name, finding in found if finding.state != OK]
    result = {
        "stage": exchange.stage.name,
        "region": exchange.stage.region,
        "address": exchange.address,
        "key": key,
        "findings": listed(found),
    }
    stands = f"\n[bold green]The exchange stands[/] at {plain(exchange.address)}\n"
    show(result, as_json, stands, *([chart(odd)] if odd else []), *(keys.presented(key) if key else []))
    if not as_json:
        later = any(name == "webhooks" for name, _ in found) or any(finding.state == FAIL for _, finding in found)
        step = "doctor[/] looks at all of it" if later else "numbers attach[/] has your numbers ring here"
        say(f"\nNext: [bold]toritsugi {step}.")


def refuse_if_stuck(exchange: Exchange) -> None:
    """CloudFormation can go on neither from a first deployment that failed, nor in the middle of another."""
    status = exchange.stack["StackStatus"] if exchange.stack else ""
    stage = exchange.stage.name
    if status == "REVIEW_IN_PROGRESS":  # somebody looked at the changes, and said no
        return
    if status in NEVER_STOOD:
        raise Refused(
            f"The first deployment of {stage} has failed and was taken back ({status}). Its stack's events in "
            f"CloudFormation's console say why; then `toritsugi delete --stage {stage}`, and deploy again."
        )
    if status.endswith("_IN_PROGRESS"):
        raise Refused(f"The stack of {stage} is just being changed ({status}): wait until that is done.")
    if status in ("UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"):
        raise Refused(f"The stack of {stage} is stuck ({status}): CloudFormation's console says why, and how to go on.")
