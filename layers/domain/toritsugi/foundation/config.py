"""What the deployment says: every environment name, read once at import, and the settings that lie in SSM.

template.yaml sets exactly the names that are read here; a test compares
them.
"""

import os
import time
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
EVENT_BUS = read_env("EVENT_BUS")

REGION = os.environ.get("AWS_REGION", "")
ON_LAMBDA = "AWS_LAMBDA_RUNTIME_API" in os.environ


@dataclass(frozen=True)
class Settings:
    """What is known only after deploying, or is secret. `auth_tokens` are Twilio's: current, perhaps next."""

    public_base_url: str
    auth_tokens: tuple[str, ...]


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


def fetch_settings() -> Settings:
    """The settings as SSM has them now. Raises RuntimeError when it lacks one."""
    names = {name: f"{SETTINGS_PATH}/{name}" for name in ("public-base-url", "auth-tokens")}
    answer = clients.aws_client("ssm").get_parameters(Names=[*names.values()], WithDecryption=True)
    if missing := answer["InvalidParameters"]:
        raise RuntimeError(f"SSM lacks {', '.join(missing)}: see the comment at PublicBaseUrl in template.yaml.")
    value = {parameter["Name"]: parameter["Value"] for parameter in answer["Parameters"]}
    tokens = (token.strip() for token in value[names["auth-tokens"]].split(","))
    return Settings(value[names["public-base-url"]].rstrip("/"), tuple(token for token in tokens if token))
