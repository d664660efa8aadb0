"""Sound files: spoken by a program where one is installed, and otherwise a tone for each letter, just as long.

A file is what Twilio's are: WAV, one channel or two, 8000 samples a second of 16 bits.
https://www.twilio.com/docs/voice/api/recording#fetch-a-recordings-media-file
"""

from __future__ import annotations

import array
import io
import math
import wave

from local.network.phones.utterances import Utterance
from local.network.recordings import programs

RATE = 8000
LOUDNESS, MAX_SAMPLE = 8000, 32767
SLOPE = 0.01  # seconds in which a tone swells and fades


def wav(voices: list[list[Utterance]], start: float, seconds: float, channels: int = 1) -> bytes:
    """A file of that length, with the words of each voice at their time; it begins at the moment `start`.

    On one channel all voices are mixed; on several each voice has its own.
    """
    tracks = [track(utterances, start, round(seconds * RATE)) for utterances in voices]
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(channels)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes(interleaved(tracks) if channels > 1 else mixed(tracks))
    return file.getvalue()


def track(utterances: list[Utterance], start: float, length: int) -> array.array[int]:
    """So many samples of one voice."""
    samples = array.array("h", bytes(2 * length))
    for one in utterances:
        first = round((one.at - start) * RATE)
        count = max(min(round(one.seconds * RATE), length - first), 0)
        samples[first : first + count] = spoken(one.text, count) or tones(one.text, count)
    return samples


def mixed(tracks: list[array.array[int]]) -> bytes:
    if len(tracks) == 1:
        return tracks[0].tobytes()
    sums = (sum(both) for both in zip(*tracks, strict=True))
    return array.array("h", (max(min(one, MAX_SAMPLE), -MAX_SAMPLE) for one in sums)).tobytes()


def interleaved(tracks: list[array.array[int]]) -> bytes:
    return array.array("h", (sample for both in zip(*tracks, strict=True) for sample in both)).tobytes()


def spoken(text: str, length: int) -> array.array[int] | None:
    """So many samples of speech, faster or slower as it needs; None if no program speaks."""
    source = programs.speak(text)
    return array.array("h", (source[index * len(source) // length] for index in range(length))) if source else None


def tones(text: str, length: int) -> array.array[int]:
    """So many samples, in which each letter sounds for the same time, at a pitch of its own; a space is silent."""
    samples = array.array("h", bytes(2 * length))
    for number, letter in enumerate(text):
        first, last = number * length // len(text), (number + 1) * length // len(text)
        if letter.isspace():
            continue
        pitch = 220 * 2 ** (ord(letter) % 24 / 12)
        for index in range(first, last):
            edge = min(index - first, last - 1 - index) / (SLOPE * RATE)
            samples[index] = round(LOUDNESS * min(edge, 1) * math.sin(2 * math.pi * pitch * (index - first) / RATE))
    return samples
