"""Words and sentences spoken as TwiML, in a voice that speaks their language. Foundation."""

from twilio.twiml.voice_response import VoiceResponse

from toritsugi import words


def is_spoken(language: str, voice: str | None) -> bool:
    """Whether something can be said in this language, ja, ja-JP or en-GB: in our voice, or in one that is named."""
    return bool(voice) or words.find(language) is not None


def say_in(response: VoiceResponse, text: str, language: str, voice: str | None = None) -> None:
    """Has these words spoken."""
    known = words.find(language)
    response.say(text, language=known.locale if known else language, voice=voice or (known.voice if known else None))


def say_sentence(response: VoiceResponse, name: str, language: str | None, **facts: object) -> None:
    """Has a sentence of ours spoken: in English, and in an English voice, where it is not there in this language."""
    text, spoken = words.translate(name, language, **facts)
    response.say(text, language=spoken.locale, voice=spoken.voice)
