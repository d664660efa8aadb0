"""Checks at Twilio: the account, its tokens, and every number that leads to the exchange."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urldefrag

from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from command import account
from command.account import Owned
from command.checks.findings import Finding, fail, ok, warn
from command.exchange import Exchange, pools
from command.numbers import leads_here
from command.tokens import CURRENT, NEXT, opens

CONSOLE = "https://console.twilio.com"
GEO_PERMISSIONS = f"{CONSOLE}/us1/develop/voice/settings/geo-permissions"


def tokens(exchange: Exchange) -> Iterator[Finding]:
    found = exchange.tokens
    if not found:
        yield fail("there is none: every call is taken for forged", "toritsugi deploy asks for it")
    for name, token in zip((CURRENT, NEXT), found, strict=False):
        if opens(exchange, token):
            yield ok(f"the {name} one opens the Twilio account")
        else:
            yield fail(
                f"Twilio refuses the {name} one: it was changed there, or belongs to another account",
                "toritsugi tokens add, with the token of Twilio's console, then promote and remove"
                if name == CURRENT
                else "toritsugi tokens remove",
            )


def standing(exchange: Exchange) -> Iterator[Finding]:
    """The account may make calls to anybody."""
    found = account.check(exchange.account_sid, exchange.tokens[0], exchange.carrier_url)
    if found.type == "Trial":
        yield warn(
            "the Twilio account is a trial: it calls only numbers that are verified, and says so first",
            f"upgrade it: {CONSOLE}/billing/upgrade",
        )
    else:
        yield ok(f"{exchange.account_sid} is {found.status}")


# ---- numbers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lines:
    """What Twilio and the exchange each know of the account's numbers."""

    owned: dict[str, Owned]
    pooled: dict[str, tuple[str, str]]
    countries: dict[str, str]
    address: str
    webhook: str
    client: Client


def gather(exchange: Exchange) -> Lines:
    """Asks both. That the exchange answers says that its REST API works."""
    with exchange.desk() as desk:
        pooled = pools(desk)
    from toritsugi import numbers, webhooks  # the desk has set what they read

    client = exchange.twilio()
    return Lines(
        owned={one.number: one for one in account.numbers(client)},
        pooled=pooled,
        countries={number: numbers.country_of(number) or "" for number in pooled},
        address=exchange.address,
        webhook=webhooks.address("/voice"),
        client=client,
    )


def attached(_: Exchange, lines: Lines) -> Iterator[Finding]:
    if lines.pooled:
        services = {name for _, name in lines.pooled.values()}
        yield ok(f"{len(lines.pooled)} of {len(lines.owned)} lead here, in {', '.join(sorted(services))}")
    else:
        yield warn("no number leads here yet", "toritsugi numbers attach")
    for number, one in lines.owned.items():
        if number not in lines.pooled and leads_here(one, lines.address):
            yield warn(
                f"{number} leads here but is in no pool: callers hear that it is not in service",
                f"toritsugi numbers attach {number}",
            )


def webhooks_of_numbers(_: Exchange, lines: Lines) -> Iterator[Finding]:
    """Each number in a pool points here, by POST, with retries, and with nothing that counts for more."""
    right = 0
    for number in sorted(lines.pooled):
        mend = f"toritsugi numbers attach {number}"
        one = lines.owned.get(number)
        if not one:
            yield fail(
                f"{number} is not the account's any more: calls to it go nowhere",
                "buy it again, or remove it from its service by the REST API",
            )
        elif not leads_here(one, lines.address):
            yield fail(f"calls to {number} go to {one.goes_to}, not here", mend)
        elif one.voice_method != "POST":
            yield fail(f"{number} asks by {one.voice_method}, and the exchange answers only POST", mend)
        elif one.voice_fallback_url:
            yield warn(f"{number} has a fallback URL of somebody else's: {one.voice_fallback_url}", mend)
        elif one.voice_url != lines.webhook:
            yield warn(
                f"{number} lacks the retries ({urldefrag(lines.webhook).fragment}): one lost request is a lost call",
                mend,
            )
        else:
            right += 1
    if right:
        yield ok(f"right for {right} of {len(lines.pooled)}")


def voices(_: Exchange, lines: Lines) -> Iterator[Finding]:
    mute = [number for number in sorted(lines.pooled) if (one := lines.owned.get(number)) and not one.voice]
    for number in mute:
        yield fail(f"{number} cannot take calls (Twilio says: no voice)", "restore it, and buy a number with voice")
    if lines.pooled and not mute:
        yield ok("every attached number takes calls")


def dialing_permissions(_: Exchange, lines: Lines) -> Iterator[Finding]:
    """The account may call where its numbers are: https://www.twilio.com/docs/voice/api/dialing-permissions-resources"""
    for code in sorted(set(lines.countries.values()) - {""}):
        try:
            found = lines.client.voice.v1.dialing_permissions.countries(code).fetch()
        except TwilioRestException as error:
            yield warn(f"{code}: Twilio does not say ({error.msg})", f"look there: {GEO_PERMISSIONS}")
            continue
        if found.low_risk_numbers_enabled:
            yield ok(f"calls to {code} are allowed")
        else:
            yield fail(
                f"calls to {code} are forbidden: nobody there can be put through", f"allow them: {GEO_PERMISSIONS}"
            )


def nearness(exchange: Exchange, lines: Lines) -> Iterator[Finding]:
    """Japanese numbers belong to an exchange in Japan."""
    japanese, region = "JP" in lines.countries.values(), exchange.stage.region
    if japanese and region not in ("ap-northeast-1", "ap-northeast-3"):
        yield warn(
            f"there are Japanese numbers, and the exchange is in {region}: people's numbers are kept abroad, "
            "and calls are put through later",
            "toritsugi deploy --stage tokyo --region ap-northeast-1, and attach them there",
        )
    elif lines.pooled:
        yield ok(f"{region} suits the numbers")
