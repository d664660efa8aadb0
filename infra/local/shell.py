"""`.toritsugi/env`: what a shell has to know to use the exchange of `make run`. `source` it, and paste what you like.

The account, its token and the key are the same at the next start, so that what worked yesterday works today. Git
ignores the file, and only its owner can read it.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"^export (\w+)=(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Account:
    """The made-up account at Twilio; a key of the exchange, `SK...:...` as curl wants it after `-u`; and the secret
    with which the exchange signs what it asks systems of yours.
    """

    sid: str
    token: str
    key: str
    own_secret: str

    @property
    def is_whole(self) -> bool:
        shapes = ("AC[0-9a-f]{32}", "[0-9a-f]{32}", "SK[0-9a-f]{32}:[0-9a-f]{32}", "[0-9a-f]{64}")
        return all(map(re.fullmatch, shapes, (self.sid, self.token, self.key, self.own_secret)))


def file() -> Path:
    """Where it lies; TORITSUGI_ENV names another place."""
    return Path(os.environ.get("TORITSUGI_ENV") or ROOT / ".toritsugi/env")


def read_account() -> Account:
    """The account of the last start, or a new one where there is none, or only a part of one."""
    try:
        written = LINE.findall(file().read_text(encoding="utf-8"))
        said = {name: "".join(shlex.split(value, comments=True)) for name, value in written}
    except (OSError, ValueError):  # it is not there, in another encoding, or has a quotation that does not end
        said = {}
    names = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "KEY", "OWN_SECRET")
    kept = Account(*(said.get(name, "") for name in names))
    return kept if kept.is_whole else make_account()


def make_account() -> Account:
    made = [secrets.token_hex(16) for _ in range(4)]
    return Account(f"AC{made[0]}", made[1], f"SK{made[2]}:{made[3]}", secrets.token_hex(32))


def lines(account: Account, exchange: str, network: str) -> str:
    """What stands in the file."""
    known = {
        "EXCHANGE": exchange,
        "NETWORK": network,
        "KEY": account.key,
        "JSON": "Content-Type: application/json",
        "TWILIO_ACCOUNT_SID": account.sid,
        "TWILIO_AUTH_TOKEN": account.token,
        "OWN_SECRET": account.own_secret,
    }
    path = f'export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"'
    return "\n".join([*(f"export {name}={shlex.quote(value)}" for name, value in known.items()), path, ""])


def write(account: Account, exchange: str, network: str) -> str:
    """Writes the file; how to use it, or why it could not be written, for whoever sees it start."""
    try:
        file().parent.mkdir(parents=True, exist_ok=True)
        file().touch(mode=0o600)
        file().chmod(0o600)
        file().write_text(lines(account, exchange, network), encoding="utf-8")
    except OSError as error:
        return f"none, and a new account at every start ({error}): TORITSUGI_ENV names another file"
    return f"source {shown(file())}   addresses and a key, for everything that README.md and docs/ say to paste"


def shown(path: Path) -> str:
    """As it is typed from where the program was started."""
    near = str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
    return shlex.quote(near if "/" in near else f"./{near}")  # bash looks for a bare name on the PATH
