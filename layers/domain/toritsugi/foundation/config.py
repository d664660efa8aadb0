"""What the deployment says: every environment name, read once at import, and the settings that lie in SSM.

template.yaml sets exactly the names that are read here; a test compares
them.
"""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass

from toritsugi.foundation import clients


def read_env(name: str) -> str:
    """The value of a variable. Raises RuntimeError when the environment lacks it."""
    try:
        return os.environ[name]
    except KeyError:
        raise RuntimeError(f"The environment lacks {name}: template.yaml sets it for every function.") from None


DIRECTORY_TABLE = read_env("DIRECTORY_TABLE")
SERVICES_TABLE = read_env("SERVICES_TABLE")
SESSIONS_TABLE = read_env("SESSIONS_TABLE")
BRIDGES_TABLE = read_env("BRIDGES_TABLE")
RECEPTIONS_TABLE = read_env("RECEPTIONS_TABLE")
RECORDINGS_TABLE = read_env("RECORDINGS_TABLE")
RECORDINGS_BUCKET = read_env("RECORDINGS_BUCKET")
RECORDINGS_URL = read_env("RECORDINGS_URL")
RECORDING_RETENTION = int(read_env("RECORDING_RETENTION"))  # days; 0: for ever
MESSAGE_RETENTION = int(read_env("MESSAGE_RETENTION"))  # days, like the following
SESSION_RETENTION = int(read_env("SESSION_RETENTION"))
CALL_RETENTION = int(read_env("CALL_RETENTION"))
KEEP_AT_TWILIO = read_env("KEEP_AT_TWILIO") == "true"
MESSAGES_TABLE = read_env("MESSAGES_TABLE")
KEYS_TABLE = read_env("KEYS_TABLE")
USAGE_TABLE = read_env("USAGE_TABLE")
COSTS_TABLE = read_env("COSTS_TABLE")
INQUIRIES_URL = read_env("INQUIRIES_URL")
FOLLOW_COSTS = read_env("FOLLOW_COSTS") == "true"
LIMITS = read_env("LIMITS")  # name=number, name=number: see limits
SETTINGS_PATH = read_env("SETTINGS_PATH")
TWILIO_ACCOUNT_SID = read_env("TWILIO_ACCOUNT_SID")
CARRIER_URL = read_env("CARRIER_URL")
DESTINATIONS = read_env("DESTINATIONS")
COUNTRY = read_env("COUNTRY")
SCHEDULE_GROUP = read_env("SCHEDULE_GROUP")
SCHEDULE_ROLE_ARN = read_env("SCHEDULE_ROLE_ARN")
DEAD_LETTERS_ARN = read_env("DEAD_LETTERS_ARN")
CLEANUP_ARN = read_env("CLEANUP_ARN")
TIMERS_URL = read_env("TIMERS_URL")
TIMERS_ARN = read_env("TIMERS_ARN")
NOTIFICATIONS_TABLE = read_env("NOTIFICATIONS_TABLE")
NOTIFICATIONS_URL = read_env("NOTIFICATIONS_URL")
SLOW_NOTIFICATIONS_URL = read_env("SLOW_NOTIFICATIONS_URL")
EVENT_BUS = read_env("EVENT_BUS")

REGION = os.environ.get("AWS_REGION", "")
ON_LAMBDA = "AWS_LAMBDA_RUNTIME_API" in os.environ


@dataclass(frozen=True)
class Settings:
    """What is known only after deploying, or is secret.

    `all_base_urls` are all addresses under which the exchange is reached; of them the public one is told to others.
    `own_secrets` are the exchange's own, the current one and perhaps the next. `auth_tokens` are Twilio's, likewise;
    there are none where `shared_keys` (id and secret) sign the webhooks and `api_keys` (SID and secret) open Twilio.
    """

    public_base_url: str
    all_base_urls: tuple[str, ...] = ()
    own_secrets: tuple[str, ...] = ()
    auth_tokens: tuple[str, ...] = ()
    shared_keys: tuple[tuple[str, str], ...] = ()
    api_keys: tuple[tuple[str, str], ...] = ()

    @property
    def own_secret(self) -> str:
        """The current secret of the exchange's own. Raises RuntimeError where it was deployed before it had any."""
        if not self.own_secrets:
            raise RuntimeError(f"SSM lacks {SETTINGS_PATH}/own-secrets: `toritsugi deploy` makes it.")
        return self.own_secrets[0]

    @property
    def own_urls(self) -> tuple[str, ...]:
        """For what a webhook to us may have been signed: the address of today first."""
        return tuple(dict.fromkeys((self.public_base_url, *self.all_base_urls)))

    @property
    def signing_keys(self) -> set[tuple[str, str, str]]:
        """With what Twilio may have signed a webhook: the key's id, blank for the account's own; algorithm; secret.

        https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys: the algorithm is not the key's but the rule's.
        """
        of_account = {("", "HMAC_SHA1", token) for token in self.auth_tokens}
        algorithms = ("HMAC_SHA1", "HMAC_SHA256")
        return of_account | {
            (key_id, algorithm, secret) for key_id, secret in self.shared_keys for algorithm in algorithms
        }

    @property
    def twilio_logins(self) -> list[tuple[str, str]]:
        """User and password for Twilio's REST API: each API key, and then the account with each of its auth tokens.

        Raises RuntimeError where there is neither.
        """
        logins = [*self.api_keys, *((TWILIO_ACCOUNT_SID, token) for token in self.auth_tokens)]
        if not logins:
            raise RuntimeError("Nothing opens Twilio's REST API: `toritsugi tokens add SK...` gives it a key.")
        return logins


SETTING_NAMES = ("public-base-url", "all-base-urls", "own-secrets", "auth-tokens", "shared-keys", "api-keys")

_settings: Settings | None = None
_read_at = 0.0

KEPT_SECONDS = 900  # a token that was removed opens nothing for longer than that
REREAD_SECONDS = 30  # a flood of forged requests must not become a flood of SSM reads


def settings(doubtful: bool = False) -> Settings:
    """The settings, read once in a quarter of an hour; where they are `doubtful` (a signature failed), once in 30 s."""
    global _settings, _read_at
    if _settings is None or time.time() - _read_at >= (REREAD_SECONDS if doubtful else KEPT_SECONDS):
        _read_at = time.time()
        try:
            _settings = fetch_settings()
        except Exception:
            if _settings is None:  # else what was known goes on counting: SSM's bad day makes no forgery good
                raise
    return _settings


def forget_settings() -> None:
    """Has the settings read anew, as a cold start would."""
    global _settings, _read_at
    _settings, _read_at = None, 0.0


def fetch_settings(names: Iterable[str] = SETTING_NAMES) -> Settings:
    """The settings as SSM has them now, all or those of these names; the others are blank.

    Raises RuntimeError when it lacks one without which no call can be taken.
    """
    wanted = [f"{SETTINGS_PATH}/{name}" for name in names]
    answer = clients.aws_client("ssm").get_parameters(Names=wanted, WithDecryption=True)
    value = {parameter["Name"].rpartition("/")[2]: parameter["Value"] for parameter in answer["Parameters"]}
    signs = "shared-keys" if "shared-keys" in value else "auth-tokens"
    if missing := [f"{SETTINGS_PATH}/{name}" for name in ("public-base-url", signs) if name not in value]:
        raise RuntimeError(f"SSM lacks {', '.join(missing)}: see the comment at PublicBaseUrl in template.yaml.")
    listed = {name: read_list(value.get(name, "")) for name in SETTING_NAMES}
    return Settings(
        value["public-base-url"].rstrip("/"),
        listed["all-base-urls"],
        listed["own-secrets"],
        listed["auth-tokens"],
        read_keys(listed["shared-keys"]),
        read_keys(listed["api-keys"]),
    )


def read_list(text: str) -> tuple[str, ...]:
    """What stands between commas, without blanks."""
    return tuple(one.strip() for one in text.split(",") if one.strip())


def read_keys(listed: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Keys, each written id:secret."""
    return tuple((key_id, secret) for key_id, colon, secret in (one.partition(":") for one in listed) if colon)
