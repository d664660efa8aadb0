"""Sound files: spoken by espeak-ng where that is installed, and otherwise a tone for each letter, just as long.

A file is what Twilio's are: WAV, one channel, 8000 samples a second of 16 bits.
https://www.twilio.com/docs/voice/api/recording#fetch-a-recordings-media-file
"""

from __future__ import annotations

import array
import io
import math
import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

from local.network.speech import JAPANESE
from local.network.utterances import Utterance

RATE = 8000
LOUDNESS = 8000
SLOPE = 0.01  # seconds in which a tone swells and fades
PROGRAM = "espeak-ng"
PATIENCE = 20  # real seconds


def wav(utterances: list[Utterance], start: float, seconds: float) -> bytes:
    """A file of that length, with these words at their time; it begins at the moment `start`."""
    samples = array.array("h", bytes(2 * round(seconds * RATE)))
    for one in utterances:
        first = round((one.at - start) * RATE)
        length = max(min(round(one.seconds * RATE), len(samples) - first), 0)
        samples[first : first + length] = (spoken(one.text, length) or tones(one.text, length))[:length]
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes(samples.tobytes())
    return file.getvalue()


def spoken(text: str, length: int) -> array.array[int] | None:
    """So many samples of speech, faster or slower as it needs; None if there is no program for it, or it fails."""
    program = shutil.which(PROGRAM)
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = [program, "-v", "ja" if JAPANESE.search(text) else "en", "-w", str(path), "--stdin"]
        try:
            subprocess.run(command, input=text.encode(), check=True, timeout=PATIENCE, capture_output=True)  # noqa: S603
            with wave.open(str(path)) as read:
                source = array.array("h", read.readframes(read.getnframes()))
        except (OSError, subprocess.SubprocessError, wave.Error, EOFError, ValueError):
            return None
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
