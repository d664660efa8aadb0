"""The ring tone that somebody hears who waits for others: a second of tone and two of silence, as networks have it.

Twilio's own waiting music is of a classical kind. https://www.itu.int/rec/T-REC-E.180
"""

import math
import struct
from functools import cache

from toritsugi import words
from toritsugi.words.language import Language

RATE = 8000  # samples a second, as telephones have them


@cache
def ring_tone(code: str) -> bytes:
    """One ring and the pause after it, as a WAV file, as it sounds where the language of this code is spoken."""
    language = words.nearest(code)
    ring = [sample(language, at / RATE) for at in range(language.ring_seconds * RATE)]
    samples = ring + [0] * (language.ring_pause_seconds * RATE)
    data = struct.pack(f"<{len(samples)}b", *samples).translate(UNSIGNED)
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE, 1, 8, b"data", len(data)
    )
    return head + data


def sample(language: Language, at: float) -> int:
    """The tone, `at` seconds after it began, as one sample of eight bits: from -40 to 40."""
    wave, other = (math.sin(2 * math.pi * hertz * at) for hertz in language.ring_tones)
    return round(40 * (wave * (0.6 + 0.4 * other) if language.ring_trembles else (wave + other) / 2))


UNSIGNED = bytes((byte + 128) % 256 for byte in range(256))  # WAV's eight bits count from -128
