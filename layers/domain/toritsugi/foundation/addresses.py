"""Addresses: the URLs under which Twilio reaches us."""

from collections.abc import Mapping

from toritsugi.foundation import config

WEBHOOK_KINDS = ("voice", "sms")

# Twilio repeats a request only if told to: two more tries, also after our 5xx, and after a 429 with which API Gateway
# keeps a flood away; all within its own limit of 15 s.
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
RETRIES = "#rc=2&rp=4xx,5xx,ct,rt&ct=2000&rt=4500&tt=14500"


# The edge of Twilio's that is nearest to a region of AWS; elsewhere its requests leave from Ashburn, which is half a
# second of connecting away from Tokyo. A retry takes the other one.
EDGES = {
    "ap-northeast-1": "tokyo",
    "ap-northeast-2": "tokyo",
    "ap-northeast-3": "tokyo",
    "ap-southeast-1": "singapore",
    "ap-southeast-2": "sydney",
    "eu-central-1": "frankfurt",
    "eu-west-1": "dublin",
    "sa-east-1": "sao-paulo",
    "us-west-2": "umatilla",
}


def public_url(path: str) -> str:
    """The URL under which Twilio reaches a path of ours."""
    edge = EDGES.get(config.REGION)
    return config.settings().public_base_url + path + RETRIES + (f"&e={edge},ashburn" if edge else "")


def url_of_file(path: str) -> str:
    """The URL under which Twilio fetches a file of ours, once."""
    return config.settings().public_base_url + path


def entrance(kind: str) -> dict[str, str]:
    """The settings of a number whose calls ("voice") or texts ("sms") come to us, by Twilio's names."""
    return {f"{kind}_url": public_url(f"/{kind}"), f"{kind}_method": "POST", f"{kind}_fallback_method": "POST"}


def entrances(able: Mapping[str, bool]) -> dict[str, str]:
    """The settings of a number whose calls and texts come to us, as far as it is able to have them."""
    return {name: value for kind in WEBHOOK_KINDS if able[kind] for name, value in entrance(kind).items()}


def kinds_here(webhooks: Mapping[str, str]) -> list[str]:
    """What comes to us of a number with these webhooks: its calls ("voice"), its texts ("sms"), or both."""
    return [kind for kind in WEBHOOK_KINDS if leads_here(webhooks[f"{kind}_url"], kind)]


def leads_here(url: str, kind: str) -> bool:
    """Whether that is where the webhook of a number leads, however often Twilio is to try."""
    return url.partition("#")[0] == public_url(f"/{kind}").partition("#")[0]
