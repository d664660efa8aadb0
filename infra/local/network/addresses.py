"""URLs of an application: what is one, and how patient its fragment asks the network to be.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx

from local.network.refusals import Failure

LIMITS = {"ct": (100, 10000), "rt": (100, 15000), "tt": (100, 15000), "rc": (0, 5)}
CAUSES = {"4xx", "5xx", "ct", "rt"}


@dataclass
class Overrides:
    """How patient a request is: what the URL's fragment says, or Twilio's defaults. Times in real seconds."""

    ct: float = 5
    rt: float = 15
    tt: float = 15
    rc: int = 1
    rp: frozenset[str] = frozenset({"ct"})


def is_absolute(url: str) -> bool:
    """Whether a request can be sent there: http or https, with a host and a possible port."""
    try:
        parts, _ = httpx.URL(url), urlsplit(url).port
    except (httpx.InvalidURL, ValueError):
        return False
    return parts.scheme in ("http", "https") and bool(parts.host)


def may_be_told(url: str) -> bool:
    """Whether status callbacks may go there: a host with an underscore is none.

    https://www.twilio.com/docs/voice/api/call-resource#statuscallback
    """
    return is_absolute(url) and "_" not in (urlsplit(url).hostname or "")


def overrides(fragment: str) -> Overrides:
    """What a fragment such as `rc=2&rp=5xx,ct` asks for. What is no known key is no override."""
    wishes, asked = Overrides(), {key: values[-1] for key, values in parse_qs(fragment).items()}
    for key, (least, most) in LIMITS.items():
        if key in asked:
            if not asked[key].isdecimal() or not least <= int(asked[key]) <= most:
                raise Failure(11100, f"{key}={asked[key]} in the fragment is not from {least} to {most}.")
            setattr(wishes, key, int(asked[key]) if key == "rc" else int(asked[key]) / 1000)
    if "rp" in asked:
        causes = set(asked["rp"].split(","))
        if not causes <= CAUSES | {"all"}:
            raise Failure(11100, f"rp={asked['rp']} in the fragment is not a list of 4xx, 5xx, ct, rt, all.")
        wishes.rp = frozenset(CAUSES if "all" in causes else causes)
    return wishes
