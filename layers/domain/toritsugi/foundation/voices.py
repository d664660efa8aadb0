"""The voices in which the exchange speaks. Ground: rules and edges may both stand on it.

The voice is always named: otherwise an account's own setting chooses, and a voice that does not speak the language
says nothing at all. https://www.twilio.com/docs/voice/twiml/say/text-speech
"""

from twilio.twiml.voice_response import VoiceResponse

VOICES = {"ja-JP": "Polly.Kazuha-Neural", "en-US": "Polly.Joanna-Neural"}
LOCALES = {"ja": "ja-JP", "en": "en-US"}


def language_of(number: str) -> str:
    """What is spoken where this number is: ja-JP in Japan, else en-US."""
    return "ja-JP" if number.startswith("+81") else "en-US"


def is_spoken(language: str, voice: str | None) -> bool:
    """Whether something can be said in this language, ja, ja-JP or en-GB: in our voice, or in one that is named."""
    return bool(voice) or LOCALES.get(language, language) in VOICES


def say(response: VoiceResponse, words: str, language: str, voice: str | None = None) -> None:
    """Has these words spoken."""
    locale = LOCALES.get(language, language)
    response.say(words, language=locale, voice=voice or VOICES.get(locale))
