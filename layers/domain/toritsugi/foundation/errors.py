"""Everything that can be wrong, with the sentence that is spoken or written about it.

    ToritsugiError
      CallRefused            a caller hears why the call goes no further
        CallerWithheld         the caller's number is hidden
        CallerUnreadable       the caller's number is none
        LineUnknown            the called number is not ours
        NoSession              this caller has nothing to do with this line
        SessionEnded           it had, but that is over
        PartnerMissing         nobody is on the other side yet
        CallsNotAllowed        the session is for messages only
        CallerBlocked          the owner takes no calls from this number
      OwnerSilent            the owner's own system does not answer, or nothing of use
        OwnerSlow              it may, but takes too long
      RequestRefused         a REST client is told why: Twilio's code, HTTP status, message

Ground: rules and edges may both stand on it. Codes: https://www.twilio.com/docs/api/errors
"""

from typing import Any

from toritsugi.foundation.voices import language_of


class ToritsugiError(Exception):
    """The base of every error of ours. `spoken` is what a telephone hears, by language."""

    spoken = {
        "ja": "申し訳ございません。ただいまおつなぎできません。しばらくしてから、もう一度おかけ直しください。",
        "en": "We are sorry. Your call cannot be connected at the moment. Please try again later.",
    }

    def said_to(self, called: str) -> tuple[str, str]:
        """The language spoken where that number is called, ja-JP in Japan and else en-US, and the sentence in it."""
        language = language_of(called)
        return language, self.spoken[language[:2]]


class CallRefused(ToritsugiError):
    """A call that goes no further, for a reason that the caller is told."""


class CallerWithheld(CallRefused):
    spoken = {
        "ja": "番号が通知されていないため、おつなぎできません。電話番号の前に186をつけて、おかけ直しください。",
        "en": "Your number is withheld, so your call cannot be connected. Please show your number and call again.",
    }


class CallerUnreadable(CallRefused):
    spoken = {
        "ja": "お客様の電話番号を確認できないため、おつなぎできません。別の電話からおかけ直しください。",
        "en": "We cannot read the number you are calling from. Please call again from another telephone.",
    }


class LineUnknown(CallRefused):
    spoken = {
        "ja": "おかけになった電話番号は、現在使われておりません。番号をお確かめください。",
        "en": "The number you have dialed is not in service. Please check the number.",
    }


class NoSession(CallRefused):
    spoken = {
        "ja": "お客様の電話番号からは、この番号におつなぎできません。ご登録の電話からおかけください。",
        "en": "This number cannot be reached from your telephone. Please call from the telephone you registered.",
    }


class SessionEnded(CallRefused):
    spoken = {
        "ja": "この番号のご利用期間は終了しました。お電話ありがとうございました。",
        "en": "The time in which this number could be used has ended. Thank you for calling.",
    }


class PartnerMissing(CallRefused):
    spoken = {
        "ja": "おつなぎする相手の方が、まだ登録されていません。しばらくしてから、おかけ直しください。",
        "en": "The person you are calling has not joined yet. Please try again later.",
    }


class CallsNotAllowed(CallRefused):
    spoken = {
        "ja": "この番号では通話をご利用いただけません。メッセージをお送りください。",
        "en": "This number does not take calls. Please send a text message.",
    }


class CallerBlocked(CallRefused):
    spoken = {
        "ja": "恐れ入りますが、お客様のお電話はお受けできません。ご了承ください。",
        "en": "We are sorry, but we cannot take your call. Thank you for your understanding.",
    }


class OwnerSilent(ToritsugiError):
    """The owner's own system does not answer, or nothing of use; the reception knows where to go then."""


class OwnerSlow(OwnerSilent):
    """It takes longer than a caller waits."""


class RequestRefused(ToritsugiError):
    """A REST request that is not carried out. Twilio's error pages explain each code.

    `more` is what a program can use besides: `errors`, the mistakes in what was sent, each with its place.
    """

    def __init__(self, code: int, message: str, status: int = 400, **more: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.more = code, message, status, more


def not_found(what: str) -> RequestRefused:
    """The refusal for something that does not exist, or belongs to somebody else."""
    return RequestRefused(20404, f"The requested resource {what} was not found", 404)
