"""How many pieces a text message is sent in. One character that GSM-7 has not changes the alphabet of all of it.

https://www.twilio.com/docs/glossary/what-is-gsm-7-character-encoding and .../what-sms-character-limit
"""

from __future__ import annotations

BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = set("^{}\\[~]|€\f")  # each takes two places
ALONE = {"GSM-7": 160, "UCS-2": 70}
IN_PARTS = {"GSM-7": 153, "UCS-2": 67}
# What SmartEncoded puts in place of characters that GSM-7 has not: https://www.twilio.com/docs/messaging/services#smart-encoding
PLAIN = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "`": "'"}
    | {"–": "-", "—": "-", "‐": "-", "‑": "-", "…": "...", "•": "*", "\u00a0": " ", "\u2009": " ", "\u200b": ""}
)


def alphabet(text: str) -> str:
    """`GSM-7`, or `UCS-2` if there is a character in it that GSM-7 has not."""
    return "GSM-7" if set(text) <= BASIC | EXTENSION else "UCS-2"


def places(character: str, name: str) -> int:
    """How many places a character takes in this alphabet."""
    if name == "UCS-2":
        return len(character.encode("utf-16-le")) // 2
    return 2 if character in EXTENSION else 1


def count(text: str) -> int:
    """In how many segments this is sent, at least 1. No character is split between two."""
    name = alphabet(text)
    sizes = [places(character, name) for character in text]
    if sum(sizes) <= ALONE[name]:
        return 1
    segments, used = 1, 0
    for size in sizes:
        if used + size > IN_PARTS[name]:
            segments, used = segments + 1, 0
        used += size
    return segments


def smart(text: str) -> str:
    """The text with plain characters where typography has put others."""
    return text.translate(PLAIN)
