"""A text message comes in: it is kept, and answered once at most, by the reception of the line to which it came.

One read of everything that decides, and one transaction of everything that follows.
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from toritsugi import words
from toritsugi.callers.caller import Caller, OptOut, caller_key, opt_out_key
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.sids import is_sid
from toritsugi.foundation.transactions import refusals, write_transaction
from toritsugi.limits.switch import Switch, switch_key
from toritsugi.lines import directory, numbers
from toritsugi.lines.directory import DirectoryKey
from toritsugi.lines.lines import Line, line_key
from toritsugi.messages import opt_out, records, reply_limit
from toritsugi.messages.records import Message
from toritsugi.messages.reply_limit import Texted, texted_key
from toritsugi.receptions.answering import texts

MAX_INBOUND_MEDIA = 10
OPT_OUT_TYPES = {"STOP": "stop", "START": "start", "HELP": "help"}  # what a Messaging Service of Twilio's has answered


@dataclass(frozen=True)
class Text:
    """A text as it came in, from whatever wrote it, at the moment `at`. `media` are addresses that want a password."""

    sid: str
    number: str
    line: str
    body: str
    media: list[dict[str, str]]
    wish: str | None  # as Twilio has understood it, if it says so
    at: float


@dataclass(frozen=True)
class KnownOfSender:
    """What the directory knows of whoever wrote, and of the line; and what `more` it was asked for."""

    line: Line | None
    caller: Caller | None = None
    opt_out: OptOut | None = None
    texted: Texted | None = None
    is_ours: bool = False
    switch: Switch | None = None
    more: Mapping[DirectoryKey, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TextContext:
    """What becomes of a text: the `answer`, or why there is none, and the wish that it fulfills.

    It is of a session where it was to go on in that, and did not.
    """

    text: Text
    known: KnownOfSender
    answer: str = ""
    unanswered: str | None = None
    wish: str | None = None
    session_sid: str | None = None

    @property
    def document(self) -> Mapping[str, Any]:
        """What the line's reception says, if it has one."""
        return (self.known.line and self.known.line.document) or {}


def read_text(fields: Mapping[str, str], now: float) -> Text:
    """The text of a webhook. Raises RequestRefused where it is none, or came to no number."""
    sid, line = fields.get("MessageSid", ""), fields.get("To", "")
    if not is_sid(sid, "SM", "MM") or not numbers.is_e164(line):
        raise RequestRefused(20001, "the webhook lacks MessageSid, or a number in To")
    media = [
        {"url": fields[f"MediaUrl{place}"], "kind": fields.get(f"MediaContentType{place}", "")}
        for place in range(MAX_INBOUND_MEDIA)
        if fields.get(f"MediaUrl{place}")
    ]
    wish = OPT_OUT_TYPES.get(fields.get("OptOutType", "").upper())
    return Text(sid, fields.get("From", ""), line, fields.get("Body", ""), media, wish, now)


def look_up_sender(text: Text, *more: DirectoryKey) -> KnownOfSender:
    """What the directory knows, in one round trip. A sender that is no telephone number is in no directory."""
    line, ours = line_key(text.line), line_key(text.number)
    caller, opt_out = caller_key(text.number), opt_out_key(text.number)
    texted = texted_key(text.number, text.line)
    # a set, for somebody may write in our own line's name, and DynamoDB takes no key twice
    keys = {line, ours, caller, opt_out, texted} if numbers.is_e164(text.number) else {line}
    switch = switch_key(text.sid)
    found: dict[DirectoryKey, Any] = directory.look_up_entries({*keys, switch, *more})
    return KnownOfSender(
        found.get(line),
        found.get(caller),
        found.get(opt_out),
        found.get(texted),
        ours in found,
        found.get(switch),
        {key: found[key] for key in more if key in found},
    )


# ---- what becomes of it ----------------------------------------------------------------------------------------------


def decide_answer(text: Text, known: KnownOfSender) -> TextContext:
    """What becomes of a text. A wish is fulfilled whoever utters it, and however often; an answer has more to pass."""
    context = TextContext(text, known)
    if known.line is None or not known.line.document:
        return replace(context, unanswered="no reception")
    if not numbers.is_e164(text.number) or known.is_ours:
        return replace(context, unanswered="no person")
    context = replace(context, wish=text.wish or opt_out.read_keyword(text.body, known.opt_out is not None))
    return answer_unless(context, words_of_reception)


def answer_unless(context: TextContext, say: Callable[[TextContext], str]) -> TextContext:
    """The same with what `say` says to it, or with the confirmation of its wish; or without, and why."""
    answer, silence = choose_answer(context, say)
    if answer and not reply_limit.lets(context.known.texted, answer, context.text.at):
        answer, silence = "", "too often"
    return replace(context, answer=answer, unanswered=None if answer else silence)


def choose_answer(context: TextContext, say: Callable[[TextContext], str]) -> tuple[str, str]:
    """What would be answered, and why there is no answer if there is none."""
    text, known = context.text, context.known
    if known.caller and known.caller.blocked:
        return "", "blocked"
    if known.opt_out and context.wish != "start":
        return "", "opted out"
    if not context.wish and reply_limit.is_automatic(text.body):
        return "", "automatic"
    said = say(context)
    if not context.wish:
        return said, "no rule"
    confirmed = text.wish or opt_out.is_confirmed_by_twilio(text.body)
    if confirmed and not (said and context.wish == "help"):  # help may be given twice: what Twilio says helps nobody
        return "", "answered by Twilio"
    return said or opt_out.sentence(context.wish, choose_language(context)), ""


def words_of_reception(context: TextContext) -> str:
    """What the reception says to this text. To a wish only a rule with that very word has something to say."""
    locale = choose_language(context)

    def tell(name: str, locale: str) -> str:
        return fact(context, name, locale)

    return texts.answer_text(context.document, context.text.body, locale, tell, keywords_only=context.wish is not None)


def choose_language(context: TextContext) -> str:
    """The locale in which this text is answered."""
    text, caller = context.text, context.known.caller
    language = caller.language if caller else None
    if not context.document:
        return words.choose_language(language, text.number, text.line, text=text.body)
    return texts.choose_language(context.document, text.body, language)


def fact(context: TextContext, name: str, locale: str) -> str:
    """What stands for a placeholder, written as in a letter and not as it is spoken."""
    caller, number = context.known.caller, context.text.number
    if name == "name":
        return (caller.name if caller else None) or words.sentence("dear caller", locale)
    if name == "company":
        return (caller.company if caller else None) or ""
    if name == "number":
        return words.write_number(number)
    say = {"date": words.say_date, "time": words.say_time, "weekday": words.say_weekday}.get(name)
    if say is None:  # digits: nobody has pressed any
        return ""
    return say(datetime.fromtimestamp(context.text.at, ZoneInfo(context.document["timezone"])), locale)


# ---- it is kept ------------------------------------------------------------------------------------------------------


def keep_inbound(context: TextContext) -> Message | None:
    """What is answered, kept together with the text and everything else that follows from it, all or nothing.

    None, if nothing is answered. Of a text that was kept before, it is what was answered then. Raises Overtaken where
    another text of the same person was answered in the same moment, or they have left or come back in it.
    """
    text, known = context.text, context.known
    message, reply = new_inbound_pair(context)
    leaves, returns = context.wish == "stop" and not known.opt_out, context.wish == "start" and bool(known.opt_out)
    relies = not (leaves or returns) and (reply is not None or context.wish == "stop")
    with refusals() as places, write_transaction() as transaction:
        if relies:
            as_seen = OptOut.entry.exists() if known.opt_out else OptOut.entry.does_not_exist()
            transaction.condition_check(OptOut, *opt_out_key(text.number), condition=as_seen)
        if returns:
            transaction.delete(OptOut(*opt_out_key(text.number)))
        transaction.save(message, condition=Message.message_id.does_not_exist())
        if leaves:
            last_word = OptOut(*opt_out_key(text.number), at=int(text.at))
            transaction.save(last_word, condition=OptOut.entry.does_not_exist())
        if reply:
            transaction.save(reply)
            counted = reply_limit.count_answer(known.texted, text.number, text.line, context.answer, text.at)
            transaction.save(counted, condition=reply_limit.nothing_answered_since(known.texted))
    if int(relies or returns) in places:
        return records.find_message(records.reply_id(text.sid))
    if places:
        raise Overtaken
    return reply


def new_inbound_pair(context: TextContext) -> tuple[Message, Message | None]:
    """The text as a record, and the answer as another, if there is one."""
    message = new_inbound(context.text, context.unanswered)
    message.session_sid = context.session_sid
    if not context.answer:
        return message, None
    return message, new_reply(context.text, message.person, message.line, context.answer)


def new_inbound(text: Text, unanswered: str | None = None) -> Message:
    """The text as a record that is not kept yet."""
    return records.new_message(
        text.sid,
        text.at,
        direction="inbound",
        status="received",
        sid=text.sid,
        line=text.line,
        person=text.number or None,
        body=text.body,
        media=text.media or None,
        unanswered=unanswered,
    )


def new_reply(
    text: Text, person: str | None, line: str, body: str, media: list[dict[str, str]] | None = None
) -> Message:
    """What the answer to the webhook of a text has Twilio send to this person from this line; not kept yet."""
    return records.new_message(
        records.reply_id(text.sid),
        text.at + 0.001,  # a millisecond later, for it follows
        direction="outbound-reply",
        status="accepted",
        line=line,
        person=person,
        body=body,
        media=media,
        in_reply_to=text.sid,
    )


class Overtaken(Exception):
    """Another text of the same person has changed what this one gets, in the same moment: it is to be decided anew."""
