"""Keys: the credentials of whoever uses the REST API. Ours, not Twilio's: hashed, and good only for their scopes."""

import base64
import hashlib
import hmac
import secrets
import time

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from toritsugi.foundation import config
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.logs import log
from toritsugi.foundation.tables import Table

# What a key may be good for: the nouns of the paths of both REST APIs, of /v1 first; each to be read, or written.
NOUNS = (
    "services",
    "sessions",
    "calls",
    "callers",
    "receptions",
    "lines",
    "recordings",
    "messages",
    "limits",
    "estimates",
    "costs",
    "erasures",
    "subscriptions",
)
DEEDS = ("read", "write")
ALL_SCOPES = tuple(f"{noun}:{deed}" for noun in NOUNS for deed in DEEDS)
READ_SCOPES = tuple(scope for scope in ALL_SCOPES if scope.endswith(":read"))
# Keys from before scopes were as fine as that have no `made_at`: what each of their nouns meant.
NOUNS_BEFORE = {"proxy": ("services", "sessions"), "receptions": ("receptions", "lines")}
KEY_REMEMBERED_SECONDS = 60
USE_NOTED_SECONDS = 3600  # so a key that is used all day costs 24 writes
SID_LENGTH = 34


class ApiKey(Table):
    """A SID in the shape that Twilio's SDKs send, AC... or SK..., and the hash of its secret.

    `name` is what it is for, as whoever made it says; `used_at` when it was used last, or up to an hour before that.
    """

    class Meta:
        table_name = config.KEYS_TABLE

    key_sid = UnicodeAttribute(hash_key=True)
    secret_hash = UnicodeAttribute()
    scopes = UnicodeSetAttribute()
    name = UnicodeAttribute(null=True)
    made_at = NumberAttribute(null=True)
    used_at = NumberAttribute(null=True)

    @property
    def allowed(self) -> set[str]:
        """The scopes that it is good for, by the words of today."""
        if self.made_at is not None:
            return set(self.scopes)
        said = (scope.split(":") for scope in self.scopes)
        return {f"{noun}:{deed}" for former, deed in said for noun in NOUNS_BEFORE.get(former, (former,))}


_remembered_keys: dict[str, tuple[float, ApiKey]] = {}


def create_key(key_sid: str, secret: str, scopes: tuple[str, ...] = ALL_SCOPES, name: str | None = None) -> ApiKey:
    """A key that is good from now on. The secret must be random and long, for a plain hash protects only such."""
    key = ApiKey(
        key_sid, secret_hash=hash_secret(secret), scopes=set(scopes), name=name or None, made_at=int(time.time())
    )
    key.save()
    return key


def get_authorized_key(header: str, scope: str | None) -> ApiKey:
    """The key of an HTTP Basic header, good for this scope; None: for any.

    Raises RequestRefused 20003: 401 for a wrong key, 403 for one without the scope.
    """
    sid, secret = read_basic(header)
    key = find_own_key(sid, secret) if len(sid) == SID_LENGTH else None
    if not key:
        raise unauthenticated()
    if scope is not None and scope not in key.allowed:
        raise RequestRefused(20003, f"This key is not allowed to do that: it lacks the scope {scope}", 403, scope=scope)
    return key


def find_own_key(sid: str, secret: str) -> ApiKey | None:
    """The key of this SID if the secret is its own; remembered for a minute, so a deleted one is good for as long.

    A wrong secret takes the same as a SID of no key, one read and two comparisons: the time taken tells nothing.
    """
    now, offered = time.time(), hash_secret(secret)
    read_at, remembered = _remembered_keys.get(sid) or (0.0, NO_KEY)
    if belongs(offered, remembered) and now - read_at < KEY_REMEMBERED_SECONDS:
        return remembered
    found = read_key(sid)
    if not belongs(offered, found):
        return None
    _remembered_keys[sid] = now, found
    note_use(found, now)
    return found


def belongs(offered: str, key: ApiKey) -> bool:
    """Whether a hash is that of the key's secret."""
    return hmac.compare_digest(key.secret_hash, offered)


def read_key(sid: str) -> ApiKey:
    """The key of this SID as it is stored, or NO_KEY."""
    try:
        return ApiKey.get(sid, consistent_read=True)
    except ApiKey.DoesNotExist:
        return NO_KEY


def note_use(key: ApiKey, now: float) -> None:
    """Writes down that a key is used, if it was not lately. Nobody's request fails for that."""
    if now - (key.used_at or 0) < USE_NOTED_SECONDS:
        return
    try:
        key.update([ApiKey.used_at.set(int(now))], condition=ApiKey.key_sid.exists())
    except Exception:
        log.warning("the use of a key was not noted", exc_info=True)


def read_basic(header: str) -> tuple[str, str]:
    """The SID and the secret of an HTTP Basic header. Raises RequestRefused 20003."""
    kind, _, text = header.partition(" ")
    try:
        basic = text if kind.lower() == "basic" else ""
        sid, _, secret = base64.b64decode(basic, validate=True).decode().partition(":")
    except ValueError:
        raise unauthenticated() from None
    return sid, secret


def key_sid_of(header: str) -> str:
    """The SID of the key in an HTTP Basic header. Raises RequestRefused 20003."""
    return read_basic(header)[0]


def hash_secret(secret: str) -> str:
    """What is stored of a secret: its SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


NO_KEY = ApiKey("", secret_hash=hash_secret(secrets.token_urlsafe(32)), scopes=set())  # to which no secret belongs


def unauthenticated() -> RequestRefused:
    """The refusal (20003, status 401) of a request without a key that counts."""
    return RequestRefused(20003, "Authenticate", 401)
