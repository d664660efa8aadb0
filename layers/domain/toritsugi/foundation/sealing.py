"""Sealing: what only we can read in the path of a webhook, and what only we can have written."""

import base64
import hashlib
import hmac

from toritsugi.foundation import config

PURPOSE = b"toritsugi: what is sealed in the path of a webhook"
PURPOSE_OF_SIGNING = b"toritsugi: what is signed"
MAX_SEALED_BYTES = 64  # as long as the key stream; shorter texts are filled up, so that no length tells anything
TAG_BYTES = 16


def seal(text: str, call_sid: str) -> str:
    """Numbers or digits as path-safe text of 107 characters that only the holder of the exchange's own secret can read.

    The key stream depends on what is sealed, by the tag in front, so it is never used for two texts; and the tag tells
    whether what comes back is what was sealed for this call. The same is always sealed in the same way, for a request
    that is repeated gets the same answer. Raises ValueError for more than 64 bytes.
    """
    if len(text.encode()) > MAX_SEALED_BYTES or "\0" in text:
        raise ValueError(f"{MAX_SEALED_BYTES} bytes can be sealed, and none of them 0: not {len(text.encode())}")
    key, plain = derive_key(config.settings().own_secret), text.encode().ljust(MAX_SEALED_BYTES, b"\0")
    tag = make_tag(plain, key, call_sid)
    return base64.urlsafe_b64encode(tag + blend(plain, key, tag)).decode().rstrip("=")


def unseal(sealed: str, call_sid: str) -> str:
    """What was sealed; blank where no secret opens it, for it was sealed with none of ours, or for another call.

    A secret that this process does not know yet is looked for: another process may have sealed with it already.
    """
    try:
        hidden = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    except ValueError:
        return ""
    if len(hidden) != TAG_BYTES + MAX_SEALED_BYTES:
        return ""
    tag, hidden = hidden[:TAG_BYTES], hidden[TAG_BYTES:]
    for doubtful in (False, True):
        for key in map(derive_key, config.settings(doubtful).own_secrets):
            plain = blend(hidden, key, tag)
            if hmac.compare_digest(make_tag(plain, key, call_sid), tag):
                return plain.rstrip(b"\0").decode()
    return ""


def sign(text: str, subject: str) -> bytes:
    """What tells that we have written this text about this subject: 16 bytes, which go before it."""
    return make_tag(text.encode(), derive_key(config.settings().own_secret, PURPOSE_OF_SIGNING), subject)


def is_written_here(text: str, subject: str, signature: bytes) -> bool:
    """Whether we have written this about this subject, with the current secret or the next."""
    for doubtful in (False, True):
        for secret in config.settings(doubtful).own_secrets:
            if hmac.compare_digest(make_tag(text.encode(), derive_key(secret, PURPOSE_OF_SIGNING), subject), signature):
                return True
    return False


def derive_key(secret: str, purpose: bytes = PURPOSE) -> bytes:
    """The key for this purpose alone: whoever sees what it does learns nothing of the secret's other uses."""
    return hmac.digest(secret.encode(), purpose, hashlib.sha256)


def make_tag(plain: bytes, key: bytes, subject: str) -> bytes:
    """The bytes by which a text is recognized as sealed under this key, for this call, or signed for this subject."""
    return hmac.digest(key, b"tag " + subject.encode() + b" " + plain, hashlib.sha256)[:TAG_BYTES]


def blend(text: bytes, key: bytes, tag: bytes) -> bytes:
    """Seals a text, or opens it again, which is the same: it is mixed with a stream that key and tag decide."""
    stream = hmac.digest(key, b"stream " + tag, hashlib.sha512)
    return bytes(a ^ b for a, b in zip(text, stream, strict=True))
