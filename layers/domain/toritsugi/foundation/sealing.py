"""Sealing: what only we can read in the path of a webhook."""

import base64
import hashlib
import hmac

from toritsugi.foundation import config

TAG = 9  # bytes


def seal(text: str, call_sid: str) -> str:
    """Numbers or digits, 64 at most, as path-safe text that only the holder of the auth token can read.

    The key stream depends on what is sealed, by the tag in front, so it is never used for two texts; and the tag tells
    whether what comes back is what was sealed for this call. The same is always sealed in the same way, for a request
    that is repeated gets the same answer.
    """
    token, plain = config.settings().auth_tokens[0], text.encode()
    tag = make_tag(plain, token, call_sid)
    return base64.urlsafe_b64encode(tag + blend(plain, token, tag)).decode().rstrip("=")


def unseal(sealed: str, call_sid: str) -> str:
    """What was sealed; blank where no token opens it, for all were changed during the call."""
    try:
        hidden = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    except ValueError:
        return ""
    for token in config.settings().auth_tokens:
        plain = blend(hidden[TAG:], token, hidden[:TAG])
        if hmac.compare_digest(make_tag(plain, token, call_sid), hidden[:TAG]):
            return plain.decode()
    return ""


def make_tag(plain: bytes, token: str, call_sid: str) -> bytes:
    """The bytes by which a text is recognized as sealed under this token, for this call."""
    return hmac.digest(token.encode(), b"tag " + call_sid.encode() + b" " + plain, hashlib.sha256)[:TAG]


def blend(text: bytes, token: str, tag: bytes) -> bytes:
    """Seals a text, or opens it again, which is the same: it is mixed with a stream that token and tag decide."""
    stream = hmac.digest(token.encode(), b"seal " + tag, hashlib.sha512)
    return bytes(a ^ b for a, b in zip(text, stream, strict=False))
