"""Checks at Twilio: the account, its tokens, and every number that leads to the exchange."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from twilio.base.exceptions import TwilioRestException

from command import account, lines
from command import domain as domains
from command.checks.findings import Finding, fail, ok, warn
from command.exchange import Exchange
from command.lines import KINDS, Lines
from command.tokens import CURRENT, NEXT, opens

CONSOLE = "https://console.twilio.com"
GEO_PERMISSIONS = f"{CONSOLE}/us1/develop/voice/settings/geo-permissions"


def tokens(exchange: Exchange) -> Iterator[Finding]:
    found = exchange.tokens
    if not exchange.signers:
        yield fail("there is none: every call is taken for forged", "toritsugi deploy asks for it")
    elif not found:
        yield ok("there is none, and none is needed: Twilio signs with a key, and is opened by another")
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
    if not exchange.tokens:
        yield ok(f"{exchange.account_sid} is opened by an API key, which does not show whether it is a trial")
        return
    found = account.check(exchange.account_sid, exchange.tokens[0], exchange.carrier_url)
    if found.type == "Trial":
        yield warn(
            "the Twilio account is a trial: it calls only numbers that are verified, and says so first",
            f"upgrade it: {CONSOLE}/billing/upgrade",
        )
    else:
        yield ok(f"{exchange.account_sid} is {found.status}")


# ---- numbers ---------------------------------------------------------------------------------------------------------


def gather(exchange: Exchange) -> Lines:
    """What the checks below look at. That it can be had says that the REST API works."""
    with exchange.desk() as desk:
        return lines.read(exchange, desk)


def attached(_: Exchange, found: Lines) -> Iterator[Finding]:
    if found.attached:
        owners = sorted({line.works_for for line in found.attached})
        yield ok(f"{len(found.attached)} of {len(found.owned)} are attached, to {', '.join(owners)}")
    else:
        yield warn("no number leads here yet", "toritsugi numbers attach")
    for line in found.owned:
        if not line.works_for and found.leads_here(line):
            what = f"{line.number} leads here but is in no pool, and no reception answers: callers hear just that"
            yield warn(what, f"toritsugi numbers attach {line.number}")


def webhooks(exchange: Exchange, found: Lines) -> Iterator[Finding]:
    """Each number points here with its calls, and where a reception answers with its texts: by POST, with retries,
    and with nothing that counts for more.
    """
    for number in found.given_back:
        what = f"{number} is not the account's any more: calls to it go nowhere"
        yield fail(what, "buy it again, or take it from its service or reception by the REST API")
    for line in found.attached:
        mend = f"toritsugi numbers attach {line.number}"
        for kind in found.comes_here(line):
            what, way = KINDS[kind], line.way(kind)
            if not way.instead and urlsplit(way.url).netloc in exchange.former_hosts:
                yield warn(f"{what} to {line.number} come by an address of before: {urlsplit(way.url).netloc}", mend)
            elif not found.leads_here(line, kind):
                yield fail(f"{what} to {line.number} go to {way.goes_to}, not here", mend)
            elif way.method != "POST":
                yield fail(f"{line.number} asks by {way.method}, and the exchange answers only POST", mend)
            elif way.fallback_url:
                yield warn(f"{line.number} has a fallback URL of somebody else's: {way.fallback_url}", mend)
            elif way.url != found.webhooks[kind]:
                yield warn(f"{line.number} lacks the right retries or edge: one lost request is lost {what}", mend)
    if right := [line for line in found.attached if found.is_right(line)]:
        yield ok(f"right for {len(right)} of {len(found.attached)}, retries included")


def former_domains(exchange: Exchange, found: Lines) -> Iterator[Finding]:
    """What was moved away from can go when nobody needs it any more."""
    for domain in domains.formers(exchange.parameters):
        left = domains.seconds_of_calls(exchange)
        there = [line.number for line in found.owned if line.leads_to(domain)]
        if there:
            yield warn(f"{', '.join(there)} still lead to {domain}", "toritsugi numbers attach --all")
        elif left > 0:
            yield ok(f"{domain} leads here as well, for calls that began there: for {left / 60:.0f} minutes more")
        else:
            yield warn(f"{domain} leads here as well, and nobody needs it", "toritsugi deploy --drop-former-domain")


def voices(_: Exchange, found: Lines) -> Iterator[Finding]:
    mute = [line.number for line in found.attached if line.service and not line.voice]
    for number in mute:
        yield fail(f"{number} cannot take calls (Twilio says: no voice)", "restore it, and buy a number with voice")
    if found.attached and not mute:
        yield ok("every attached number takes calls")


def dialing_permissions(exchange: Exchange, found: Lines) -> Iterator[Finding]:
    """The account may call where its numbers are, and wherever the exchange may (the parameter Destinations):
    https://www.twilio.com/docs/voice/api/dialing-permissions-resources
    """
    countries = exchange.twilio().voice.v1.dialing_permissions.countries
    here = {line.country for line in found.attached} - {""}
    destinations = set((exchange.environment["DESTINATIONS"] or exchange.environment["COUNTRY"]).split(",")) - {"*"}
    for code in sorted(here - destinations if destinations else ()):
        what = f"there are numbers of {code}, and the exchange may call nobody there: it is not in Destinations"
        yield warn(what, f"toritsugi deploy --destinations {','.join(sorted(destinations | here))}")
    for code in sorted(here | destinations):
        try:
            allowed = countries(code).fetch().low_risk_numbers_enabled
        except TwilioRestException as error:
            yield warn(f"{code}: Twilio does not say ({error.msg})", f"look there: {GEO_PERMISSIONS}")
            continue
        if allowed:
            yield ok(f"calls to {code} are allowed")
        else:
            yield fail(f"calls to {code} are forbidden: nobody there is put through", f"allow them: {GEO_PERMISSIONS}")


HOME_REGION = "us1"  # in which the exchange asks, and ends calls: https://www.twilio.com/docs/global-infrastructure


def processing_regions(exchange: Exchange, found: Lines) -> Iterator[Finding]:
    """Each region of Twilio's has a webhook record of its own of each number, tokens and keys of its own, and calls
    that no other region knows: https://www.twilio.com/docs/global-infrastructure/inbound-call-processing
    """
    numbers = exchange.twilio().routes.v2.phone_numbers
    away = False
    for line in found.attached:
        try:
            region = numbers(line.number).fetch().voice_region or HOME_REGION
        except TwilioRestException as error:
            if error.status == 404:  # it was never given to a region
                continue
            away = True
            yield warn(f"{line.number}: Twilio does not say ({error.msg})", f"look at the number's region: {CONSOLE}")
            continue
        if region != HOME_REGION:
            away = True
            yield fail(
                f"calls to {line.number} are processed in {region}, by the webhook record of that region: what is set "
                f"here does not count there, and the exchange knows calls in {HOME_REGION} alone",
                f"have them processed in {HOME_REGION}: Twilio's console > the number > Configure > Region",
            )
    if found.attached and not away:
        yield ok(f"calls to the attached numbers are processed in {HOME_REGION}")


def nearness(exchange: Exchange, found: Lines) -> Iterator[Finding]:
    """Japanese numbers belong to an exchange in Japan."""
    japanese, region = any(line.country == "JP" for line in found.attached), exchange.stage.region
    if japanese and region not in ("ap-northeast-1", "ap-northeast-3"):
        yield warn(
            f"there are Japanese numbers, and the exchange is in {region}: people's numbers are kept abroad, "
            "and calls are put through later",
            "toritsugi deploy --stage tokyo --region ap-northeast-1, and attach them there",
        )
    elif found.attached:
        yield ok(f"{region} suits the numbers")
