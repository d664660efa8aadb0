"""The exchange's own secret, as `toritsugi tokens` changes it: add the next, tell your systems, promote it, remove."""

from __future__ import annotations

import secrets
import time
from typing import Any

from command.exchange import Exchange
from command.refusals import Refused
from command.screen import busy, confirm

NAME = "own-secrets"


def add(exchange: Exchange) -> dict[str, Any]:
    """Makes the next one. What is sealed with it is read from now on; nothing is sealed or signed with it yet."""
    known = exchange.secrets(NAME)
    if len(known) > 1:
        raise Refused("There is a next secret already: `toritsugi tokens promote own` makes it the current one.")
    exchange.keep(NAME, [*known, made := secrets.token_hex(32)])
    return {"added": f"...{made[-4:]}"}


def promote(exchange: Exchange, yes: bool) -> dict[str, Any]:
    """Seals and signs with the next one."""
    old, new = both(exchange)
    confirm("Systems of yours that do not know the next secret refuse what they are asked. Promote it?", yes)
    wait_until_looked_for(exchange, NAME)
    exchange.keep(NAME, [new, old])
    return {"promoted": f"...{new[-4:]}"}


def remove(exchange: Exchange, yes: bool) -> dict[str, Any]:
    """Forgets the one that is not current, when no call can need it any more; or at once, if told."""
    kept, gone = both(exchange)
    exchange.enter()
    from toritsugi.foundation import config, durations

    left = config.KEPT_SECONDS + durations.MAX_CALL_SECONDS - exchange.known_for(NAME)
    if left > 0:
        confirm(
            f"For {left / 60:.0f} minutes more there may be calls that began with it: of theirs, digits are asked for "
            "again and recordings name no caller. Remove it now?",
            yes,
        )
    exchange.keep(NAME, [kept])
    return {"removed": f"...{gone[-4:]}"}


def both(exchange: Exchange) -> tuple[str, str]:
    known = exchange.secrets(NAME)
    if len(known) < 2:
        raise Refused("There is only one secret of its own: `toritsugi tokens add own` adds the next.")
    return known[0], known[1]


def wait_until_looked_for(exchange: Exchange, name: str) -> None:
    """Returns when every function that does not know the next secret yet would look for it, and no call is refused."""
    exchange.enter()
    from toritsugi.foundation.config import REREAD_SECONDS

    left = min(REREAD_SECONDS, REREAD_SECONDS + 1 - exchange.known_for(name))
    if left > 0:
        with busy(f"Waiting {left:.0f} seconds, until no function has to refuse the next one ..."):
            time.sleep(left)
