"""Masked texts: what somebody writes to a line goes on to the other of their session, who sees a line, as with calls.

It goes on in the answer to the webhook, so Twilio is not asked. One read of everything that decides, then the text is
counted, then one transaction of everything that follows. The answer is made of what is kept: Twilio asks again until it
has one, and acts on that one, so the same text gets the same answer, and is sent on once.
https://www.twilio.com/docs/messaging/twiml/message
"""

import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

from toritsugi import words
from toritsugi.callers.caller import OptOut, opt_out_key
from toritsugi.foundation.errors import ExchangeStopped, LimitReached
from toritsugi.foundation.segments import measure_text
from toritsugi.foundation.transactions import MAX_TRIES, refusals, write_transaction
from toritsugi.limits import charges, switch, usage
from toritsugi.lines.directory import DirectoryKey
from toritsugi.lines.lines import Line, find_line
from toritsugi.lines.numbers import is_shown
from toritsugi.masking.interactions import in_progress, interaction_entry, is_as_told, slide_routes
from toritsugi.masking.message_interactions import MessageInteraction
from toritsugi.masking.routes import Route, leads_on, route_key
from toritsugi.masking.sessions import (
    Participant,
    Session,
    find_with_people,
    is_as_read,
    pairs_of,
    present,
    session_is_open,
)
from toritsugi.messages import inbound, opt_out, records
from toritsugi.messages.inbound import KnownOfSender, Text, TextContext
from toritsugi.messages.records import Message

# Why a text is not passed on, as its sender is told: each has a sentence in words/.
WHY_NOT = ("no session", "session ended", "partner missing", "calls only", "files", "opted out", "intercepted")

INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")  # of a text of nothing else nothing would arrive


@dataclass(frozen=True)
class RelayedText:
    """A text that is to go on, by this route."""

    text: Text
    known: KnownOfSender
    route: Route

    def instead(self, reason: str) -> "NotPassedOn":
        """The error of a text that is not passed on after all, whose sender is told why."""
        session_sid = self.route.session_sid if reason == "intercepted" else None  # where it is to be seen then
        return NotPassedOn(tell_why(TextContext(self.text, self.known, session_sid=session_sid), reason))

    def in_silence(self, reason: str) -> "NotPassedOn":
        """The error of a text that is not passed on after all, and of which nothing can be told either."""
        return NotPassedOn(TextContext(self.text, self.known, unanswered=reason))


@dataclass(frozen=True)
class StrayText:
    """A text that no session puts through: the owner's system is asked what becomes of it.

    `route` is what is remembered of a session in which its sender was.
    """

    text: Text
    known: KnownOfSender
    route: Route | None
    service_sid: str

    @property
    def answered(self) -> TextContext:
        """What becomes of it where the owner's system answers it."""
        return TextContext(self.text, self.known, unanswered="answered by your system")


class NotPassedOn(Exception):
    """A text does not go on; its `context` says what becomes of it."""

    def __init__(self, context: TextContext) -> None:
        super().__init__()
        self.context = context


# ---- what becomes of it ----------------------------------------------------------------------------------------------


def look_up_text(text: Text) -> KnownOfSender:
    """What the directory knows of a text, its route too, in one round trip. Who hides has no route."""
    return inbound.look_up_sender(text, *([key_of_route(text)] if is_shown(text.number) else []))


def key_of_route(text: Text) -> DirectoryKey:
    """Where the directory keeps where this text goes."""
    return route_key(text.number, text.line)


def decide_text(text: Text, known: KnownOfSender) -> RelayedText | TextContext:
    """Whether a text goes on, or else what becomes of it.

    Where no session connects, a reception answers if the line has one, as with calls. An opt-out counts whoever says
    it, and is not passed on.
    """
    found = known.more.get(key_of_route(text))
    route = found if isinstance(found, Route) else None
    connects = route is not None and leads_on(known.line, route, text.at)
    if known.line is None or not known.line.service_sid or (known.line.document and not connects):
        return inbound.decide_answer(text, known)
    context = TextContext(text, known)
    wish = text.wish or opt_out.read_whole_keyword(text.body)
    if silence := why_silent(context):
        return replace(context, unanswered=silence, wish=wish if silence == "blocked" and wish == "stop" else None)
    if wish == "stop" or (wish == "start" and (known.opt_out or not opt_out.is_ordinary(text.body))):
        return inbound.answer_unless(replace(context, wish=wish), lambda _: "")
    if route is None:
        return tell_why(context, "no session")
    if reason := why_route_refuses(known.line, route, text):
        return tell_why(context, reason)
    return RelayedText(text, known, route)


def find_stray(text: Text, known: KnownOfSender) -> StrayText | None:
    """The text where no session puts it through and the owner's system is asked about it; None of others.

    It is not asked about one that says that somebody wants no texts, or those again, nor while they want none.
    """
    found, line = known.more.get(key_of_route(text)), known.line
    route = found if isinstance(found, Route) else None
    if line is None or not line.asks_about_strangers or (route and leads_on(line, route, text.at)):
        return None
    is_stopped = known.switch and known.switch.stopped_at is not None
    wish = text.wish or opt_out.read_whole_keyword(text.body)
    if known.opt_out or is_stopped or wish or why_silent(TextContext(text, known)):
        return None
    return StrayText(text, known, route, str(line.service_sid))


def why_silent(context: TextContext) -> str | None:
    """Why a text neither goes on nor is answered; None of others."""
    text, known = context.text, context.known
    if not is_shown(text.number) or known.is_ours:
        return "no person"
    if known.caller and known.caller.blocked:
        return "blocked"
    if not text.media and all(unicodedata.category(one) in INVISIBLE for one in text.body):
        return "empty"
    return None


def why_route_refuses(line: Line, route: Route, text: Text) -> str | None:
    """Why a text cannot take this route; None if it can. For files alone something more is read."""
    if not leads_on(line, route, text.at):
        return "session ended"
    if route.mode == "voice-only":
        return "calls only"
    if not route.partner:
        return "partner missing"
    if text.media and not can_send_files(str(route.shows)):
        return "files"
    return None


def can_send_files(number: str) -> bool:
    """Whether a line of ours can send files."""
    line = find_line(number)
    return bool(line and line.mms)


def tell_why(context: TextContext, reason: str) -> TextContext:
    """What becomes of a text that is not passed on: its sender reads why, if anything may be written to them."""
    language = inbound.choose_language(context)
    return inbound.answer_unless(context, lambda _: words.sentence(f"not passed on: {reason}", language))


# ---- it goes on ------------------------------------------------------------------------------------------------------


def relay(
    wanted: RelayedText, tell: usage.Tell, lets_on: Callable[[RelayedText], bool] = lambda _: True
) -> Message | None:
    """What Twilio is to send, kept together with the text and everything else that follows from it, and counted.

    Of a text that was kept before, it is what was answered then, if anything was. `lets_on` says for the owner whether
    it may go on. Raises NotPassedOn, inbound.Overtaken.
    """
    if not lets_on(wanted):
        raise wanted.instead("intercepted")
    route, text, now = wanted.route, wanted.text, time.time()
    yen = charges.yen_of_text(str(route.partner), max(1, measure_text(text.body).segments))
    use = usage.Use(str(route.shows), texts=1, yen=yen)
    try:
        switch.check_stop(wanted.known.switch)
        usage.reserve(use, switch.limits_of(wanted.known.switch), now, tell)
    except ExchangeStopped:
        raise wanted.in_silence("stopped") from None
    except LimitReached:
        raise wanted.in_silence("limit reached") from None
    try:
        reply = keep_relayed(wanted)
    except BaseException:
        usage.release(use, now)
        raise
    if reply is None:
        usage.release(use, now)
        return records.find_message(records.reply_id(text.sid))
    return reply


OPTED_OUT, TEXT_IS_KEPT, INTERACTION_IS_KEPT = 0, 1, 3  # the places of these conditions in the transaction


def keep_relayed(wanted: RelayedText) -> Message | None:
    """What Twilio is to send, kept; None, if the text was kept before. Raises NotPassedOn, inbound.Overtaken."""
    text, route = wanted.text, wanted.route
    reply = inbound.new_reply(text, route.partner, str(route.shows), text.body, text.media)
    reply.session_sid, reply.participant_sid = route.session_sid, route.partner_sid
    reply.inbound_participant_sid = route.participant_sid
    known = read_session_of(wanted) if route.team else None  # of a team the route does not tell all pairs
    for _ in range(MAX_TRIES):
        places = write_relayed(wanted, reply, known)
        if not places:
            return reply
        if places & {TEXT_IS_KEPT, INTERACTION_IS_KEPT}:
            return None
        if OPTED_OUT in places:
            raise wanted.instead("opted out")
        known = read_session_of(wanted)
    raise RuntimeError("other requests were at the same session, again and again")


def write_relayed(wanted: RelayedText, reply: Message, known: tuple[Session, list[Participant]] | None) -> set[int]:
    """The places of the conditions that failed; none: all of it is kept, and the session goes on.

    The first time the route alone says how the session is, then what is known of it as it was read.
    """
    text, route, moment = wanted.text, wanted.route, int(wanted.text.at)
    pairs = [key_of_route(text), route_key(str(route.partner), str(route.shows))]
    if known is None:
        until = max(int(route.until(moment) or 0), int(route.expires_at or 0)) if route.slides(moment) else None
        as_seen = is_as_told(moment, route.ttl, until, route.grace)
    else:
        session, pairs = known[0], pairs_of(known[1])
        moment = max(moment, int(session.date_last_interaction or 0))
        until = session.slid_to(moment)
        as_seen = session_is_open(int(time.time())) & is_as_read(session)
    with refusals() as places, write_transaction() as transaction:
        wants_none = OptOut.entry.does_not_exist()
        transaction.condition_check(OptOut, *opt_out_key(str(route.partner)), condition=wants_none)
        transaction.save(inbound.new_inbound(text), condition=Message.message_id.does_not_exist())
        transaction.save(reply)
        transaction.save(new_interaction(wanted), condition=MessageInteraction.entry.does_not_exist())
        actions = in_progress(moment)
        if until is not None:
            actions.append(Session.expires_at.set(until))
            slide_routes(transaction, route.session_sid, pairs, until, int(time.time()))
        transaction.update(Session(route.session_sid, "session"), actions, condition=as_seen)
    return places


def new_interaction(wanted: RelayedText) -> MessageInteraction:
    """The interaction of a text that goes on; not kept yet. One text that comes in, one interaction."""
    text, route, sid = wanted.text, wanted.route, "KI" + wanted.text.sid[2:]
    return MessageInteraction(
        route.session_sid,
        interaction_entry(sid),
        sid=sid,
        participant_sid=route.partner_sid,
        inbound_participant_sid=route.participant_sid,
        inbound_message_sid=text.sid,
        date_created=int(text.at),
    )


def read_session_of(wanted: RelayedText) -> tuple[Session, list[Participant]]:
    """The session and its people as they are. Raises NotPassedOn, and inbound.Overtaken where the route is not so."""
    route = wanted.route
    session, everybody = find_with_people(route.session_sid)
    people = present(everybody)
    if session is None or session.is_closed(time.time()):
        raise wanted.instead("session ended")
    told = {(route.participant_sid, wanted.text.number), (route.partner_sid, route.partner)}
    if not told <= {(person.sid, number) for person in people for number in person.numbers}:
        raise inbound.Overtaken
    return session, people
