"""What of the account lies with Twilio alone: how many calls at once it may have, and what its debugger has kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from twilio.base.exceptions import TwilioException

from command import account
from command.checks.findings import Finding, ok, warn
from command.exchange import Exchange

# https://support.twilio.com/hc/en-us/articles/223180028
LIMITED_SINCE = datetime(2026, 2, 3, tzinfo=UTC)
OF_A_TRIAL, WITHOUT_PROFILE, OF_AN_INDIVIDUAL = 5, 2, 3

PROFILES = "https://console.twilio.com/us1/account/trust-hub/customer-profiles"
APPROVAL = f"have a Business Primary Customer Profile approved: {PROFILES}"


def calls_at_once(exchange: Exchange) -> Iterator[Finding]:
    """How many the account may have, in and out together, as far as Twilio says."""
    found = None
    try:
        for token in exchange.tokens[:1]:  # an API key does not open the account itself
            found = account.check(exchange.account_sid, token, exchange.carrier_url)
        approved = approved_profiles(exchange.twilio())
    except TwilioException as silence:
        said = getattr(silence, "msg", silence)
        yield warn(f"Twilio does not say how many the account may have ({said})", f"look for the profile: {PROFILES}")
    else:
        yield judge_calls_at_once(found, approved)


def judge_calls_at_once(found: Any | None, approved: set[str]) -> Finding:
    """What it means to be such an account (None: unknown), with approved profiles of these kinds."""
    if found and found.type == "Trial":
        return warn(f"a trial {has_at_most(OF_A_TRIAL)}", f"upgrade the account, and {APPROVAL}")
    if "Business" in approved:
        return ok("as many as there are: the Business profile of the account's owner is approved")
    if found and found.owner_account_sid != found.sid:
        return warn(
            f"the account belongs to {found.owner_account_sid}, whose profile cannot be seen from here",
            f"see there that one is approved, else it {has_at_most(WITHOUT_PROFILE)}: {PROFILES}",
        )
    most = OF_AN_INDIVIDUAL if "Individual" in approved else WITHOUT_PROFILE
    may_be_older = found is None or found.date_created < LIMITED_SINCE
    unless = ", unless it was upgraded before 2026-02-03" if may_be_older else ""
    return warn(f"no Business profile is approved: the account {has_at_most(most)}{unless}", APPROVAL)


def has_at_most(calls: int) -> str:
    """What a limit of so many calls means."""
    masked = "one masked call" if calls < 4 else f"{calls // 2} masked calls"
    return f"has {calls} at most, in and out together, which is {masked}; callers are turned away then"


def approved_profiles(twilio: Any) -> set[str]:
    """Of which kinds Twilio has approved primary profiles: Business, Individual. The profile's policy says the kind."""
    trusthub = twilio.trusthub.v1
    policies = {one.policy_sid for one in trusthub.customer_profiles.list(status="twilio-approved")}
    names = [str(trusthub.policies(sid).fetch().friendly_name) for sid in sorted(policies)]
    return {name.split()[-1].capitalize() for name in names if name.lower().startswith("primary")}


# ---- Twilio's debugger -----------------------------------------------------------------------------------------------

MOST_ALERTS = 1_000
OURS = "open an issue with what the debugger says"
VOICE_LOG = "look into the log of voice"
NUMBER = "look at the number that was called"

# What a code means for an exchange, and what to do: https://www.twilio.com/docs/api/errors
MEANINGS: dict[str, tuple[str, str]] = {
    "10001": ("the account is not active", "see Twilio's console"),
    "10002": ("a trial may not do that", "upgrade the account"),
    "10004": ("there were as many calls as Twilio lets the account have: callers were turned away", APPROVAL),
    "11100": ("a number has no address to ask, or none of use", "toritsugi numbers attach"),
    "11200": ("the exchange gave no answer of use, and the caller heard an apology", VOICE_LOG),
    "11205": ("the exchange could not be reached", "see whether its address is reached, and its API throttles"),
    "11210": ("the exchange's name was not found", "look at the DNS of its domain"),
    "11215": ("the exchange sent Twilio elsewhere again and again", "see who serves its address"),
    "11220": ("no secure connection to the exchange came about", "look at the certificate of its domain"),
    "11237": ("Twilio does not trust the exchange's certificate", "look at the certificate of its domain"),
    "11750": ("an answer of the exchange was too large", OURS),
    "12100": ("an answer of the exchange was no XML", OURS),
    "12200": ("an answer of the exchange was no TwiML", OURS),
    "12300": ("an answer of the exchange was of a type that Twilio does not take", OURS),
    "13214": ("a line was shown that is not the account's", "toritsugi numbers list"),
    "13223": ("a number was called that is none", NUMBER),
    "13224": ("a number was called that Twilio does not reach", NUMBER),
    "13225": ("a number was called that Twilio has blocked", NUMBER),
    "13227": ("a country was called that the account may not call", "allow it: Twilio's geo permissions"),
    "15003": ("what was told of a call was not taken", "look into the log of status"),
    "16021": ("there was no room for a call in a conference: the account has as many as it may have", APPROVAL),
    "20003": ("somebody asked with a token or key that Twilio does not take", "toritsugi tokens list"),
    "20429": ("Twilio was asked too much at once", "see what else asks with the account"),
    "21210": ("a line was to call that is not the account's", "toritsugi numbers list"),
    "21215": ("a country was called that the account may not call", "allow it: Twilio's geo permissions"),
    "21219": ("a trial called a number that is not verified", "verify the number, or upgrade the account"),
    "30003": ("a text reached no handset", NUMBER),
    "30006": ("a text was sent to a landline, or to a handset that cannot be reached", NUMBER),
    "30007": ("a carrier took a text for spam", "look at what was written"),
    "63038": ("more texts were sent in 24 hours than Twilio lets the account send", "ask Twilio for more"),
}


def alerts(exchange: Exchange) -> Iterator[Finding]:
    """What Twilio's debugger has kept of the last day, by code: https://www.twilio.com/docs/usage/monitor-alert"""
    since = datetime.now(UTC) - timedelta(days=1)
    try:
        kept = exchange.twilio().monitor.v1.alerts.list(start_date=since, limit=MOST_ALERTS)
    except TwilioException as silence:
        said = getattr(silence, "msg", silence)
        yield warn(f"Twilio does not say ({said})", "look there: https://console.twilio.com/us1/monitor/logs/debugger")
        return
    ours = [one for one in kept if is_ours(one, exchange) and one.log_level in ("error", "warning")]
    for code, times in Counter(str(one.error_code) for one in ours).most_common():
        means, mend = MEANINGS.get(code, ("", ""))
        often = "once" if times == 1 else f"{times} times" if len(kept) < MOST_ALERTS else f"{times} times and more"
        example = next(one for one in ours if str(one.error_code) == code)
        what = f" ({example.resource_sid})" if example.resource_sid else ""
        told = f"{code} {often} in the last day{what}: {means or 'Twilio says what it means'}"
        yield warn(told, mend or f"https://www.twilio.com/docs/api/errors/{code}")
    if not ours:
        yield ok("Twilio's debugger has kept nothing of the last day")


def is_ours(alert: Any, exchange: Exchange) -> bool:
    """Whether it may be of the exchange: not where another application of the same account was asked."""
    asked = alert.request_url or ""
    places = (exchange.address, *exchange.addresses, exchange.carrier_url, "https://api.twilio.com")
    return not asked or asked.startswith(places)
