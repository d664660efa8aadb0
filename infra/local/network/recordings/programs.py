"""What other programs on this machine can do with sound, where they are installed: speak, and write MP3.

None of them is needed: what no program says becomes tones, and what no program writes is refused by its name.
"""

from __future__ import annotations

import array
import glob
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path

from local.network.twiml.speech import JAPANESE

PATIENCE = 20  # real seconds
# What Open JTalk needs lies here: Debian's open-jtalk-mecab-naist-jdic and hts-voice-nitech-jp-atr503-m001, Homebrew's
# open-jtalk.
DICTIONARIES = ("/var/lib/mecab/dic/open-jtalk/*", "/opt/homebrew/opt/open-jtalk/dic", "/usr/local/opt/open-jtalk/dic")
VOICES = (
    *("/usr/share/hts-voice/*/*.htsvoice", "/opt/homebrew/opt/open-jtalk/voice/*/*.htsvoice"),
    "/usr/local/opt/open-jtalk/voice/*/*.htsvoice",
)
MP3 = (
    ("lame", "--quiet", "-", "-"),
    ("ffmpeg", "-loglevel", "error", "-i", "-", "-f", "mp3", "-"),
)


def speak(text: str) -> array.array[int]:
    """These words in 16-bit samples on one channel, by the first program that can; no samples if none can."""
    for command in speakers(text):
        if samples := spoken_by(command, text):
            return samples
    return array.array("h")


def mp3(wav: bytes) -> bytes | None:
    """The same sound as MP3; None if there is no program that writes it."""
    for command in MP3:
        if (written := output(command, wav)) is not None:
            return written
    return None


def speakers(text: str) -> Iterator[list[str]]:
    """The programs that speak this language, each as a command that reads words and writes to the file named last."""
    if JAPANESE.search(text):
        if (dictionary := first(DICTIONARIES)) and (voice := first(VOICES)):
            yield ["open_jtalk", "-x", dictionary, "-m", voice, "-ow"]
        yield ["say", "-v", "Kyoko", "-f", "-", "--data-format=LEI16@22050", "--file-format=WAVE", "-o"]
        yield ["espeak-ng", "-v", "ja", "--stdin", "-w"]
    else:
        yield ["say", "-f", "-", "--data-format=LEI16@22050", "--file-format=WAVE", "-o"]
        yield ["espeak-ng", "-v", "en", "--stdin", "-w"]


def first(patterns: tuple[str, ...]) -> str | None:
    return next((path for pattern in patterns for path in sorted(glob.glob(pattern))), None)  # noqa: PTH207  absolute


def spoken_by(command: list[str], text: str) -> array.array[int] | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        if output((*command, str(path)), " ".join(text.split()).encode()) is None:
            return None
        try:
            with wave.open(str(path)) as read:
                return array.array("h", read.readframes(read.getnframes()))
        except (OSError, wave.Error, EOFError, ValueError):
            return None


def output(command: tuple[str, ...], given: bytes) -> bytes | None:
    """What the program writes; None if it is not installed, or fails."""
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        done = subprocess.run([program, *command[1:]], input=given, check=True, timeout=PATIENCE, capture_output=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
