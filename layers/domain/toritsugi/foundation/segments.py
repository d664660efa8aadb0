"""In how many segments a text message is sent, each of which is paid for: the alphabet decides.

One character that GSM-7 has not, and the whole message is sent in UCS-2. 3GPP TS 23.038, 6.2.1;
https://www.twilio.com/docs/glossary/what-sms-character-limit
"""

from dataclasses import dataclass

# The default alphabet, sixteen to a line; in the place of 1B, which leads to the extension, stands nothing.
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # each takes two places, of which a segment never has only the first

ALONE = {"GSM-7": 160, "UCS-2": 70}  # places, if there is one segment
EACH = {"GSM-7": 153, "UCS-2": 67}  # of several, for each says which one it is


@dataclass(frozen=True)
class Size:
    """How a text is sent: `places` are septets of GSM-7, or units of UCS-2; `foreign` is what GSM-7 has not."""

    encoding: str
    places: int
    segments: int
    foreign: tuple[str, ...]


def measure_text(text: str) -> Size:
    """How this text is sent."""
    foreign = tuple(dict.fromkeys(character for character in text if character not in BASIC | EXTENSION))
    encoding = "UCS-2" if foreign else "GSM-7"
    widths = [width(character, encoding) for character in text]
    return Size(encoding, sum(widths), count_segments(widths, encoding), foreign)


def width(character: str, encoding: str) -> int:
    """How many places a character takes."""
    if encoding == "UCS-2":
        return 2 if character > "\uffff" else 1
    return 2 if character in EXTENSION else 1


def count_segments(widths: list[int], encoding: str) -> int:
    """How many segments characters of these widths take, one at least; none of them is split between two."""
    if sum(widths) <= ALONE[encoding]:
        return 1
    left, segments = 0, 0
    for one in widths:
        if one > left:
            left, segments = EACH[encoding], segments + 1
        left -= one
    return segments
