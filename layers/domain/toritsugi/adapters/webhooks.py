"""A signed request from Twilio becomes a handler's call, its result TwiML or 204, its error words.

The signature is checked before anything else, over the bytes that were sent: a configured base, the raw path, the raw
query, every field of the form. https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

from toritsugi import words
from toritsugi.foundation import clients, config, voices
from toritsugi.foundation.errors import CallRefused, RequestRefused, ToritsugiError
from toritsugi.foundation.forms import FORM_TYPE, Form, media_type, read_body
from toritsugi.foundation.logs import follow, log

if config.ON_LAMBDA:  # which lends a whole CPU while a function starts: later, a caller would wait longer for the same
    for service in ("ssm", "dynamodb"):
        clients.aws_client(service)

LambdaEvent = dict[str, Any]
Answer = dict[str, Any]
Handler = Callable[[LambdaEvent, object], Answer]
Result = TypeVar("Result")

MAX_WEBHOOK_BYTES = 32_768  # a text of 1600 characters with ten pictures has up to 20,000

# What XML 1.0 cannot hold, not even escaped: one such character, and the whole answer is lost.
# The library escapes lone surrogates, and nothing else by number. In two sets, for one takes fifteen times as long to
# compile, at every cold start.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]|[\ud800-\udfff\ufffe\uffff]|&#5[5-7][0-9]{3};")


@dataclass
class Webhook:
    """A request that Twilio has signed: its path, and its fields by Twilio's names, blank ones included.

    `language` is that of whoever listens, as soon as it is known: of their entry in the directory, or of the call so
    far. A handler sets it, so that an error that it raises afterwards is told in this language.
    """

    path: str
    fields: dict[str, str]
    token: str = ""  # the same when Twilio asks the same again
    language: str | None = None

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def locale(self) -> str:
        """In which whoever listens is spoken to."""
        called_by_us = self["Direction"].startswith("outbound")
        own, line = ("To", "From") if called_by_us else ("From", "To")
        return words.choose_language(self.language, self[own], self[line])


Fail = Callable[[Exception, Webhook | None], Answer]


class Forged(Exception):
    """The request is not Twilio's."""


def answered_by(respond: Callable[[Result], Answer], fail: Fail) -> Callable[[Callable[[Webhook], Result]], Handler]:
    """A decorator that makes a Lambda handler: what it returns is answered by `respond`, what it raises by `fail`.

    A request that is not Twilio's is answered 403 before anything else.
    """

    def decorate(handle: Callable[[Webhook], Result]) -> Handler:
        @wraps(handle)
        def handler(event: LambdaEvent, _context: object) -> Answer:
            webhook = None
            try:
                webhook = verify(event)
                follow(webhook.path, **{named: webhook[name] for name, named in LOGGED_FIELDS.items()})
                return respond(handle(webhook))
            except Forged:
                return {"statusCode": 403}
            except Exception as error:
                return fail(error, webhook)

        return handler

    return decorate


def twiml(response: VoiceResponse | MessagingResponse | str) -> Answer:
    """The answer that Twilio executes, ours or the owner's; always well formed, whatever text is in it."""
    return {
        "statusCode": 200,
        "headers": {"content-type": "text/xml; charset=utf-8"},
        "body": ILLEGAL.sub("", str(response)),
    }


def nothing(_: None = None) -> Answer:
    """The answer without a body, 204."""
    return {"statusCode": 204}


def say_why(error: Exception, webhook: Webhook | None) -> Answer:
    """TwiML whatever happens, for nobody can listen to a 500: the sentence of the error."""
    reason = type(error).__name__
    if isinstance(error, CallRefused):
        log.info("call refused", reason=reason)
        return twiml(say_error(error, webhook))
    log.exception("call failed", reason=reason)
    return twiml(say_error(ToritsugiError(), webhook))


def ask_again(noun: str, refused: Answer) -> Fail:
    """500, so that Twilio repeats what we could not keep; but `refused` where repeating it makes no sense."""

    def fail(error: Exception, _: Webhook | None) -> Answer:
        if isinstance(error, RequestRefused):
            log.warning(f"{noun} refused", reason=error.message)
            return refused
        log.exception(f"{noun} failed", reason=type(error).__name__)
        return {"statusCode": 500}

    return fail


# What Twilio's requests are about, and what the log calls it.
LOGGED_FIELDS = {
    "CallSid": "call_sid",
    "ParentCallSid": "parent_call_sid",
    "ConferenceSid": "conference_sid",
    "MessageSid": "message_sid",
    "RecordingSid": "recording_sid",
}

answers_with_words = answered_by(twiml, say_why)
answers_with_nothing = answered_by(nothing, ask_again("callback", nothing()))
# Without an answer Twilio writes nothing back, and after its tries the message is only in its own log.
answers_with_text = answered_by(twiml, ask_again("message", twiml(MessagingResponse())))


def verify(event: LambdaEvent) -> Webhook:
    """The request, if Twilio has signed it. Raises Forged."""
    headers = event.get("headers", {})
    signature = headers.get("x-twilio-signature", "")
    try:
        body = read_body(event).decode()
    except ValueError:
        raise Forged from None
    if not signature or len(body) > MAX_WEBHOOK_BYTES:
        raise Forged
    # What calls, texts and recordings send is a form; of any other body Twilio signs a hash in the URL, never itself.
    if media_type(headers.get("content-type", "")) != FORM_TYPE:
        raise Forged
    form = Form(body)
    signer = read_signer(headers.get("x-twilio-webhooks-signature-settings", ""))
    if not any(is_signed(event, form, signature, signer, config.settings(doubtful=again)) for again in (False, True)):
        raise Forged
    if any(len(form.getlist(name)) > 1 for name in ("CallSid", "MessageSid", "From", "To")):
        raise Forged  # a signature does not tell where one value ends and the next begins
    token = headers.get("i-twilio-idempotency-token", "")
    return Webhook(event["rawPath"], {name: form.getlist(name)[0] for name in form}, token)


def read_signer(said: str) -> tuple[str, str]:
    """The key's id and the algorithm, from `key=...,algorithm=...`; where nothing is said, a token's HMAC_SHA1."""
    known = {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in said.split(","))}
    return known.get("key", ""), known.get("algorithm", "HMAC_SHA1").upper()


def is_signed(
    event: LambdaEvent, form: Form, signature: str, signer: tuple[str, str], settings: config.Settings
) -> bool:
    """Whether a key of ours has signed this request: its URL, at an address of ours, with every field of its form."""
    query = event.get("rawQueryString") or ""
    asked = event["rawPath"] + (f"?{query}" if query else "")
    try:
        return any(
            RequestValidator(secret).validate(base + asked, form, signature, algorithm)
            for base in settings.own_urls
            for key_id, algorithm, secret in settings.signing_keys
            if (key_id, algorithm) == signer
        )
    except ValueError:  # of an address that is none, or of half a character, which Twilio never signs
        return False


def say_error(error: ToritsugiError, webhook: Webhook | None) -> VoiceResponse:
    """The sentence of an error, in the language of whoever listens; the owner's own, where there is one in that."""
    response, language = VoiceResponse(), words.nearest(webhook.locale if webhook else None)
    if own := (error.said or {}).get(language.code):
        voices.say_in(response, own, language.locale)
    else:
        voices.say_sentence(response, error.sentence, language.locale)
    response.hangup()
    return response
