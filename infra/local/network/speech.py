"""How long it takes to hear something: words by counting, a file by reading its header."""

from __future__ import annotations

import re
import struct

JAPANESE = re.compile(r"[぀-ヿ㐀-鿿豈-﫿ｦ-ﾟ]")
LOCALE = re.compile(r"[a-z]{2,3}-[A-Z]{2}")
POLLY_JAPANESE = ("Mizuki", "Takumi", "Kazuha", "Tomoko")
UNKNOWN = 5.0
MP3_KBITS = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # MPEG 1
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG 2
    0: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG 2.5
}


def of_words(text: str, language: str = "") -> float:
    """Seconds that it takes to say this: 7 Japanese characters a second, 15 of other languages, at least 1."""
    speed = 7 if language.startswith("ja") or JAPANESE.search(text) else 15
    return max(1.0, len(text) / speed)


def can_speak(voice: str, language: str | None) -> bool:
    """Whether this voice has this language, as far as its name tells; without a language it speaks its own.

    https://www.twilio.com/docs/voice/twiml/say/text-speech
    """
    named = LOCALE.search(voice)
    own = named[0] if named else "ja-JP" if any(name in voice for name in POLLY_JAPANESE) else None
    return language is None or own is None or own == language


def of_file(content: bytes) -> float:
    """Seconds of a WAV file or of an MP3 file of constant bit rate; 5 if that cannot be known."""
    try:
        return wav(content) if content[:4] == b"RIFF" else mp3(content)
    except (struct.error, IndexError, ZeroDivisionError):
        return UNKNOWN


def wav(content: bytes) -> float:
    position, rate = 12, 0  # after RIFF, its size, and WAVE
    while position + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, position)
        if name == b"fmt ":
            (rate,) = struct.unpack_from("<I", content, position + 16)  # bytes a second, whatever the coding
        if name == b"data":
            return float(min(size, len(content) - position - 8) / rate)
        position += 8 + size + size % 2
    return UNKNOWN


def mp3(content: bytes) -> float:
    start = 0
    if content[:3] == b"ID3":  # a tag whose size is written in 7-bit bytes
        start = 10 + sum(byte << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=True))
    if content[start] != 0xFF or content[start + 1] & 0xE6 != 0xE2:  # a frame's sync, layer III
        return UNKNOWN
    kbits = MP3_KBITS[content[start + 1] >> 3 & 3][content[start + 2] >> 4] if content[start + 1] >> 3 & 3 != 1 else 0
    return (len(content) - start) * 8 / (kbits * 1000)
