"""Keys: the credentials of whoever uses the REST API. Ours, not Twilio's: hashed, and good only for their scopes."""

import base64
import hashlib
import hmac
import time

from pynamodb.attributes import UnicodeAttribute, UnicodeSetAttribute

from toritsugi.foundation import config
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.tables import Table

NOUNS = ("proxy", "calls", "callers", "receptions", "recordings", "messages", "limits", "erasures")
ALL_SCOPES = tuple(f"{noun}:{deed}" for noun in NOUNS for deed in ("read", "write"))
KEY_REMEMBERED_SECONDS = 60
SID_LENGTH = 34


class ApiKey(Table):
    """A SID in the shape that Twilio's SDKs send, AC... or SK..., and the hash of its secret."""

    class Meta:
        table_name = config.KEYS_TABLE

    key_sid = UnicodeAttribute(hash_key=True)
    secret_hash = UnicodeAttribute()
    scopes = UnicodeSetAttribute()


_remembered_keys: dict[str, tuple[float, ApiKey]] = {}


def create_key(key_sid: str, secret: str, scopes: tuple[str, ...] = ALL_SCOPES) -> ApiKey:
    """A key that is good from now on. The secret must be random and long, for a plain hash protects only such."""
    key = ApiKey(key_sid, secret_hash=hash_secret(secret), scopes=set(scopes))
    key.save()
    return key


def get_authorized_key(header: str, scope: str) -> ApiKey:
    """The key of an HTTP Basic header. Raises RequestRefused 20003: 401 for a wrong one, 403 for one without scope."""
    sid, secret = read_basic(header)
    key = find_key(sid) if len(sid) == SID_LENGTH else None
    # compared even where there is no such key, so that the time taken tells nothing
    right = hmac.compare_digest(key.secret_hash if key else "", hash_secret(secret))
    if not key or not right:
        raise unauthenticated()
    if scope not in key.scopes:
        raise RequestRefused(20003, f"This key is not allowed to do that: it lacks the scope {scope}", 403)
    return key


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


def find_key(sid: str) -> ApiKey | None:
    """The key of this SID, remembered for a minute; a deleted one is good for as long."""
    now = time.time()
    read_at, key = _remembered_keys.get(sid) or (0.0, None)
    if not key or now - read_at >= KEY_REMEMBERED_SECONDS:
        try:
            key = ApiKey.get(sid, consistent_read=True)
        except ApiKey.DoesNotExist:
            return None
        _remembered_keys[sid] = now, key
    return key


def hash_secret(secret: str) -> str:
    """What is stored of a secret: its SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def unauthenticated() -> RequestRefused:
    """The refusal (20003, status 401) of a request without a key that counts."""
    return RequestRefused(20003, "Authenticate", 401)
