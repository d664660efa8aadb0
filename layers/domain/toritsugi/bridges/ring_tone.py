"""The ring tone that somebody hears who waits for others: a second of tone and two of silence, as networks have it.

Twilio's own waiting music is of a classical kind. https://www.itu.int/rec/T-REC-E.180
"""

import math
import struct
from functools import cache

RATE = 8000  # samples a second, as telephones have them
TONES = {"ja": ((400, 16), 1, 2), "en": ((440, 480), 2, 4)}  # Hz, seconds on, seconds off


@cache
def ring_tone(country: str) -> bytes:
    """One ring and the pause after it, as a WAV file: `ja` the Japanese one, a 400 Hz tone that trembles; else `en`."""
    (first, second), on, off = TONES[country]
    samples = [sample(country, first, second, at / RATE) for at in range(on * RATE)] + [0] * (off * RATE)
    data = struct.pack(f"<{len(samples)}b", *samples).translate(UNSIGNED)
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE, 1, 8, b"data", len(data)
    )
    return head + data


def sample(country: str, first: float, second: float, at: float) -> int:
    wave = math.sin(2 * math.pi * first * at)
    other = math.sin(2 * math.pi * second * at)
    return round(40 * (wave * (0.6 + 0.4 * other) if country == "ja" else (wave + other) / 2))


UNSIGNED = bytes((byte + 128) % 256 for byte in range(256))  # WAV's eight bits count from -128
