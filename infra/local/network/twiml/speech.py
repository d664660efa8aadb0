"""How long it takes to hear something: words by counting, a file by reading its header."""

from __future__ import annotations

import re
import struct

JAPANESE = re.compile(r"[぀-ヿ㐀-鿿豈-﫿ｦ-ﾟ]")
LOCALE = re.compile(r"[a-z]{2,3}-[A-Z]{2}")
POLLY_JAPANESE = ("Mizuki", "Takumi", "Kazuha", "Tomoko")
UNKNOWN = 5.0
RAW = {"audio/ulaw": 8000, "audio/gsm": 1650, "audio/x-gsm": 1650}  # bytes a second of what has no header
MP3_KBITS = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # MPEG 1
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG 2
    0: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG 2.5
}
MP3_HERTZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
MP3_INDEX = (b"Xing", b"Info", b"VBRI")  # a first frame that tells of the others, and is silent


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


def of_file(content: bytes, kind: str = "") -> float:
    """Seconds of an audio file of this media type: WAV, MP3, and what has no header. 5 if that cannot be known."""
    if kind in RAW:
        return len(content) / RAW[kind]
    try:
        return (wav(content) if content[:4] == b"RIFF" else mp3(content)) or UNKNOWN
    except (struct.error, IndexError, KeyError, ZeroDivisionError):
        return UNKNOWN


def wav(content: bytes) -> float:
    """Seconds; 0 if there is no sound in it. Whoever writes a stream does not know its size, and says too much."""
    position, rate = 12, 0  # after RIFF, its size, and WAVE
    while position + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, position)
        if name == b"fmt ":
            (rate,) = struct.unpack_from("<I", content, position + 16)  # bytes a second, whatever the coding
        if name == b"data":
            return float(min(size, len(content) - position - 8) / rate)
        position += 8 + size + size % 2
    return 0


def mp3(content: bytes) -> float:
    """Seconds of all frames, of whatever bit rate; 0 if there is none. A tag at the end, or a broken one, ends them."""
    position, seconds = 0, 0.0
    if content[:3] == b"ID3":  # a tag whose size is written in 7-bit bytes
        position = 10 + sum(byte << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=True))
    while position + 4 <= len(content):
        sync, version, bits = content[position], content[position + 1], content[position + 2]
        if sync != 0xFF or version & 0xE6 != 0xE2 or not bits >> 4:  # a frame's sync, layer III, its bit rate
            break
        mpeg = version >> 3 & 3
        kbits, hertz = MP3_KBITS[mpeg][bits >> 4], MP3_HERTZ[mpeg][bits >> 2 & 3]
        samples = 1152 if mpeg == 3 else 576
        size = samples // 8 * kbits * 1000 // hertz + (bits >> 1 & 1)
        if seconds or not any(mark in content[position : position + 40] for mark in MP3_INDEX):
            seconds += samples / hertz
        position += size
    return seconds
