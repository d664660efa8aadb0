"""DynamoDB refuses a write, and not for its condition: nothing is taken for done, and nothing for somebody else's.

Every write of the domain is found in its source, and each is refused where it stands; one that is new here belongs into
DEEDS.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ReadTimeoutError
from pynamodb.exceptions import PynamoDBException

from tests.integration import deeds
from tests.integration.conftest import AIKO, BEN, LINES, OutgoingLeg
from tests.integration.test_bridge_claims import END, person
from tests.integration.test_receptions_api import owned
from tests.integration.wire import canceled
from tests.unit.histories import NOW, SID, announcement, bridge, call_sid, of_leg, party
from tests.unit.test_architecture import DOMAIN, modules, room
from toritsugi.adapters import event_bus
from toritsugi.bridges import announcements, commands, events, forgetting, state, steps, uses
from toritsugi.bridges.records import Announcement
from toritsugi.callers import changes
from toritsugi.costs import records as costs
from toritsugi.costs.days import DaySums, keep_day
from toritsugi.costs.inquiries import CostOrigin
from toritsugi.costs.sold import Sold
from toritsugi.foundation import api_keys, once
from toritsugi.foundation.errors import Contended
from toritsugi.foundation.events import new_event
from toritsugi.limits import charges, switch, usage
from toritsugi.lines import lines
from toritsugi.masking import (
    asking,
    claims,
    demand,
    erasure,
    in_conference,
    interactions,
    made_calls,
    pool,
    relaying,
    services,
    team_legs,
)
from toritsugi.masking import lifecycle as sessions
from toritsugi.masking import message_interactions as written
from toritsugi.masking.claims import route_of
from toritsugi.masking.masked_legs import MaskedLeg
from toritsugi.masking.sessions import find_with_people, forget_people, read_session
from toritsugi.messages import inbound, outbound, reply_limit
from toritsugi.messages import records as messages
from toritsugi.money.rates import shipped_card
from toritsugi.receptions import publishing as receptions
from toritsugi.recordings import records as recordings
from toritsugi.recordings.reports import Report
from toritsugi.subscriptions import deliveries, lanes
from toritsugi.subscriptions import records as subscriptions
from toritsugi.tariffs import pulled_cards

WRITERS = {
    "update_if",
    "update_unread_if",
    "update_or_read",
    "save_if",
    "delete_if",
    "carry_out",
    "write_transaction",
    "batch_write",
    "batch_write_item",
}
WRITERS |= {"put_item", "update_item", "delete_item", "transact_write_items"}
METHODS = {"save", "update", "delete"}  # of a row, but not of what is collected first, nor of a set
COLLECTED = {"transaction", "batch", "Reception.lines", "Session.bridges"}

# An import tells its client what was not written, row by row: see test_callers_csv. That a key was used is no matter of
# whoever uses it: see test_api_keys.
TOLD_OTHERWISE = {"callers.imports.Import.put", "foundation.api_keys.note_use"}


@dataclass(frozen=True)
class Site:
    """A place in the source that writes: the `number`th of a function."""

    name: str
    number: int
    file: str
    lines: range

    def __str__(self) -> str:
        return f"{self.name}:{self.number}"

    @property
    def is_reached(self) -> bool:
        """Whether what happens now happens there."""
        frame = sys._getframe()
        while frame := frame.f_back:
            if frame.f_code.co_filename == self.file and frame.f_lineno in self.lines:
                return True
        return False


class Sites(ast.NodeVisitor):
    """Collects the places of a module that write."""

    def __init__(self, path: Path) -> None:
        self.path, self.within, self.found = path, [*path.relative_to(DOMAIN).with_suffix("").parts], []
        self.visit(ast.parse(path.read_text()))

    def enter(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self.within.append(node.name)
        self.generic_visit(node)
        self.within.pop()

    visit_FunctionDef = visit_ClassDef = enter

    def visit_Call(self, call: ast.Call) -> None:
        if writes(call):
            name = ".".join(self.within)
            number = sum(site.name == name for site in self.found) + 1
            self.found.append(Site(name, number, str(self.path), range(call.lineno, call.end_lineno + 1)))
        self.generic_visit(call)


def writes(call: ast.Call) -> bool:
    """Whether this writes into DynamoDB: by one of our writers, by a row itself, or past PynamoDB."""
    match call.func:
        case ast.Attribute(attr=name, value=row) if name in METHODS:
            return ast.unparse(row) not in COLLECTED
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in WRITERS
    return False


@cache
def sites() -> list[Site]:
    others = {*room("adapters"), DOMAIN / "foundation/transactions.py"}
    return [site for path in modules(DOMAIN) if path not in others for site in Sites(path).found]


# ---- what is done at each --------------------------------------------------------------------------------------------


@dataclass
class World:
    """Where all of it happens: a service of three lines, and time that stands still."""

    service: str
    twilio: Any
    clock: Any

    # bridges

    def running(self) -> Any:
        """A bridge of two people that runs until END, as somebody has just read it."""
        made = bridge(deadline=END, version=1, extension_minutes=10, extension_times=2, window=180)
        return commands.keep_bridge(made, [party(1), party(2)])

    def fresh(self, deed: Callable[[Any], object]) -> Deed:
        """Something that is done with a bridge in which nobody talks yet."""
        made = commands.keep_bridge(bridge(), [])
        return lambda: deed(made)

    def claims(self, step: Callable[[Any, Any], Any]) -> Deed:
        """A step that is due, of the bridge or of one of its people."""
        due = step(self.running(), person())
        return lambda: due.claim(NOW)

    def about(self, deed: Callable[[Any], object]) -> Deed:
        """Something that is done with a person of a bridge."""
        self.running()
        seen = person()
        return lambda: deed(seen)

    def doubted(self, deed: Callable[[Any], object]) -> Deed:
        """Something that is done with a person of whom it is not known whether they are called."""
        steps.Ring(self.running(), person()).claim(NOW)
        commands.note_call_doubt(person(), 1, NOW)
        seen = person()
        return lambda: deed(seen)

    def spoken(self, deed: Callable[[Any, Any], object]) -> Deed:
        """Something that is done with an announcement of which it is not known whether it is heard."""
        made, said = self.running(), announcement(before_end=180)
        announcements.claim_announcement(said, made, END - 180, END - 180)
        announcements.note_doubt(said, made, NOW)
        return lambda: deed(said, made)

    def within(self, deed: Callable[[Any], object]) -> Deed:
        """Something that is done with a bridge."""
        self.running()
        seen = state.get_state(SID)
        return lambda: deed(seen)

    def settles(self) -> None:
        """A bridge that is over gives back what was reserved for it."""
        made = bridge(deadline=END, version=1, reserved_at=NOW, reserved_yen=9, ended_at=NOW)
        commands.keep_bridge(made, [])
        uses.settle(state.get_state(SID), NOW)

    # sessions

    def session(self, *numbers: str, **fields: Any) -> str:
        sid: str = deeds.create(self.service, *(numbers or (AIKO, BEN)), **fields).session_sid
        return sid

    def with_pins(self) -> World:
        """The same, where whoever comes into a session has a PIN."""
        services.change_service(services.get_service(self.service), deeds.form(PinEntry="true"))
        return self

    def of_session(self, deed: Callable[[str, str], object], *numbers: str, **fields: Any) -> Deed:
        sid = self.session(*numbers, **fields)
        return lambda: deed(self.service, sid)

    def of_closed(self, deed: Callable[[str, str], object]) -> Deed:
        sid = self.session()
        deeds.close(self.service, sid)
        return lambda: deed(self.service, sid)

    def of_counted(self, **change: Any) -> Deed:
        """A call is counted in a session that was changed before."""
        sid = self.session(MaxCalls=2)
        deeds.update(self.service, sid, **change)
        return lambda: made_calls.count_call(sid, "CA" + "1" * 32)

    def clean_up(self) -> None:
        """A session is cleaned up that has just expired; once in its life."""
        sid = self.session(Ttl=60)
        self.clock.shift(61)
        deeds.clean_up(sid)

    def called(self, *before: str, told: str = "initiated", closed: bool = False, **fields: Any) -> Deed:
        """A call in a session, of which Twilio has told this before, and now tells more."""
        sid = self.session(**fields)
        caller = read_session(self.service, sid)[1][0]
        leg = OutgoingLeg(self.twilio, caller.identifier, caller.proxy_identifier)
        leg.reports(*before)
        if closed:
            deeds.close(self.service, sid)
        path = MaskedLeg.read(urlsplit(leg.address).path)
        return lambda: interactions.record_leg_status(path, leg.form(told), event_bus.tell)

    def of_called(self, deed: Callable[[str], object]) -> Deed:
        sid = self.session()
        caller = read_session(self.service, sid)[1][0]
        OutgoingLeg(self.twilio, caller.identifier, caller.proxy_identifier).reports("initiated")
        return lambda: deed(sid)

    def of_team(self, deed: Callable[[MaskedLeg, OutgoingLeg], object]) -> Deed:
        """A call to a team, of one of whose legs has been told before."""
        team = json.dumps({"Identifier": BEN, "MoreIdentifiers": ["+819022220009"]})
        wanted = deeds.form(Participants=[json.dumps({"Identifier": AIKO}), team])
        _, [caller, _] = claims.open_session(self.service, wanted)
        leg = OutgoingLeg(self.twilio, AIKO, caller.proxy_identifier)
        leg.reports("ringing")
        return lambda: deed(MaskedLeg.read(urlsplit(leg.address).path), leg)

    def called_team(self, told: str) -> Deed:
        """The same, of which more is told."""
        return self.of_team(lambda path, leg: team_legs.record_team_leg(path, leg.form(told), event_bus.tell))

    def of_closed_team(self) -> Deed:
        """One of a team is to be erased, whose session is over."""
        team = json.dumps({"Identifier": AIKO, "MoreIdentifiers": [BEN]})
        session, _ = claims.open_session(self.service, deeds.form(Participants=[team]))
        deeds.close(self.service, session.session_sid)
        return lambda: erasure.leave_team(session.session_sid, BEN)

    def left(self, deed: Callable[[str, str], object]) -> Deed:
        """Something that is done with a session that somebody was taken out of."""
        sid = self.session()
        deeds.take_out(self.service, sid)
        return lambda: deed(self.service, sid)

    def relayed(self) -> Deed:
        """What one of a session has written to their line goes on to the other."""
        sid = self.session()
        aiko, ben = find_with_people(sid)[1]
        wrote = inbound.Text("SM" + "1" * 32, aiko.identifier, aiko.proxy_identifier, "hello", [], None, NOW)
        route = route_of(find_with_people(sid)[0], aiko, ben)
        return lambda: relaying.keep_relayed(relaying.RelayedText(wrote, inbound.KnownOfSender(None), route))

    def stopped(self) -> Deed:
        """What one of a session has written goes no further, for the owner's system has not let it."""
        text = {"sid": "KI" + "3" * 32, "participant_sid": "KP" + "1" * 32, "intercepted": True, "date_created": NOW}
        row = written.MessageInteraction(self.session(), f"interaction#{text['sid']}", **text)
        return lambda: asking.keep_stopped(row)

    def written(self, deed: Callable[[str, str], object]) -> Deed:
        """Something that is done with a text that was sent in a session."""
        sid, text_sid = self.session(), "KI" + "2" * 32
        made = {"sid": text_sid, "participant_sid": "KP" + "1" * 32, "date_created": NOW}
        written.MessageInteraction(sid, f"interaction#{text_sid}", **made).save()
        return lambda: deed(sid, text_sid)

    # all others

    def caller(self, deed: Callable[[], object]) -> Deed:
        changes.keep_caller(AIKO, {"name": "Aiko"})
        return deed

    def text(self, deed: Callable[[], object]) -> Deed:
        text().save()
        return deed

    def answered(self, deed: Callable[[], object]) -> Deed:
        reply_limit.count_answer(None, AIKO, LINES[0], "Yes", NOW).save()
        return deed

    def number(self, deed: Callable[[Any], object]) -> Deed:
        found = pool.get_pool_number(self.service, owned(LINES[0])["sid"])
        return lambda: deed(found)

    def reception(self, deed: Callable[[], object], *lines: str) -> Deed:
        receptions.save_reception("desk", "said", "text/plain", document("said"))
        for line in lines:
            receptions.give_line(line, owned(line), "desk")
        return deed

    def behind(self) -> Deed:
        """A line to which what counts has not come, for somebody died on the way."""
        self.reception(lambda: None, LINES[0])
        lines.Line(*lines.line_key(LINES[0])).update([lines.Line.version.set(0)])
        return lambda: receptions.save_reception("desk", "said", "text/plain", document("said"))

    def recording(self, deed: Callable[[Any], object]) -> Deed:
        claimed = recordings.claim_recording(report())
        return lambda: deed(claimed)

    def stored(self, deed: Callable[[], object]) -> Deed:
        self.recording(lambda claimed: recordings.keep_recording(claimed, 2048, "ab" * 32))()
        return deed

    def other_service(self, deed: Callable[[Any], object]) -> Deed:
        made = services.new_service(deeds.form(UniqueName="clinic"))
        return lambda: deed(made)


Deed = Callable[[], object]

RECORDING = "RE" + "1" * 32
NEW_LINE = "+815010000009"
OWNED = owned(NEW_LINE) | {"friendly_name": "", "capabilities": {"voice": True, "sms": False, "mms": False}}


def report() -> Report:
    return Report("/recording/voicemail/clinic/sealed", RECORDING, "CA" + "1" * 32, "completed", 9, 1, NOW)


def text() -> Any:
    made = {"direction": "outbound-api", "status": "accepted", "line": LINES[0], "person": AIKO}
    return messages.new_message("KM" + "1" * 32, NOW, **made)


def document(words: str) -> Any:
    return {"steps": {"hello": {"kind": "say", "say": words}}}


def pull_a_card() -> None:
    pulled_cards.keep_unfinished(shipped_card(), ["JP"], NOW)


def pulled() -> Deed:
    """A pull that was not finished is there, and goes."""
    pull_a_card()
    return pulled_cards.forget_unfinished


def turn() -> Any:
    wrote = inbound.Text("SM" + "1" * 32, AIKO, LINES[0], "STOP", [], None, NOW)
    return inbound.TextContext(wrote, inbound.KnownOfSender(None), wish="stop")


DEEDS: dict[str, Callable[[World], Deed]] = {
    "bridges.announcements.claim_announcement": lambda w: w.within(
        lambda seen: announcements.claim_announcement(announcement(before_end=180), seen.bridge, END - 180, END - 180)
    ),
    "bridges.announcements.note_doubt": lambda w: w.spoken(
        lambda said, seen: announcements.note_doubt(said, seen, NOW + 2)
    ),
    "bridges.announcements.move_doubt": lambda w: w.spoken(
        lambda said, seen: announcements.move_doubt(said, seen, NOW, NOW + 2)
    ),
    "bridges.announcements.note_heard": lambda w: w.spoken(lambda *_: announcements.note_heard(SID, 1, 1, "token")),
    "bridges.commands.note_call_doubt": lambda w: w.doubted(lambda seen: commands.note_call_doubt(seen, 1, NOW + 5)),
    "bridges.commands.forget_call_doubt": lambda w: w.doubted(lambda seen: commands.forget_call_doubt(seen, 1)),
    "bridges.commands.take_back_call": lambda w: w.doubted(lambda seen: commands.take_back_call(seen, 1)),
    "bridges.steps.Settle.claim": lambda w: w.doubted(lambda seen: steps.Settle(seen).claim(NOW + 5)),
    "bridges.commands.note_call": lambda w: w.about(lambda seen: commands.note_call(seen, 0, call_sid(2))),
    "bridges.commands.note_more_reserved": lambda w: w.within(lambda seen: commands.note_more_reserved(seen.bridge, 9)),
    "bridges.commands.note_refusal": lambda w: w.about(lambda seen: commands.note_refusal(seen, 0, "no")),
    "bridges.events.record_bridge_event": lambda w: lambda: events.record_bridge_event(*of_leg(1, 1, NOW, "ringing")),
    "bridges.uses.settle": lambda w: w.settles,
    "bridges.forgetting.forget_bridge": lambda w: w.within(lambda _: forgetting.forget_bridge(SID)),
    "bridges.commands.keep_bridge_with": lambda w: w.running,
    "bridges.commands.plan_look": lambda w: w.within(lambda seen: commands.plan_look(seen.bridge, NOW + 9, "1")),
    "bridges.commands.prolong_bridge": lambda w: w.within(lambda seen: commands.prolong_bridge(seen.bridge, 10, NOW)),
    "bridges.commands.add_announcement": lambda w: w.within(
        lambda seen: commands.add_announcement(seen, Announcement(at=NOW, words="hi", language="en-US"))
    ),
    "bridges.commands.add_party": lambda w: w.within(lambda seen: commands.add_party(seen, party(3))),
    "bridges.commands.remove_party": lambda w: w.about(lambda seen: commands.remove_party(seen, NOW)),
    "bridges.commands.end_bridge": lambda w: w.within(lambda seen: commands.end_bridge(seen.bridge, "time", NOW)),
    "bridges.records.update_unread_if": lambda w: w.within(lambda seen: commands.end_bridge(seen.bridge, "time", NOW)),
    "bridges.steps.Ring.claim": lambda w: w.claims(steps.Ring),
    "bridges.steps.Begin.claim": lambda w: (
        commands.keep_bridge(bridge(), []),
        lambda: steps.Begin(bridge(), END, END).claim(NOW),
    )[1],
    "bridges.steps.Follow.claim": lambda w: w.claims(lambda seen, _: steps.Follow(seen, END - 60)),
    "bridges.steps.Leave.claim": lambda w: w.claims(lambda seen, _: steps.Leave(seen)),
    "bridges.steps.Limit.claim": lambda w: w.claims(lambda _, seen: steps.Limit(seen, call_sid(2), 600, 1)),
    "bridges.steps.Prolong.claim": lambda w: w.claims(lambda seen, _: steps.Prolong(seen)),
    "bridges.steps.Arm.claim": lambda w: w.claims(lambda seen, _: steps.Arm(seen, ())),
    "bridges.steps.Close.claim": lambda w: w.claims(lambda seen, _: steps.Close(seen, "CF1")),
    "bridges.steps.Release.claim": lambda w: w.claims(lambda _, seen: steps.Release(seen, call_sid(2), 1, None)),
    "subscriptions.records.change_subscription": lambda w: of_subscription(
        lambda one: subscriptions.change_subscription(one.sid, {"name": "Shop"})
    ),
    "subscriptions.records.delete_subscription": lambda w: of_subscription(
        lambda one: subscriptions.delete_subscription(one.sid)
    ),
    "subscriptions.records.note_answered": lambda w: of_subscription(
        subscriptions.note_answered, lambda one: subscriptions.note_unanswered(one, NOW, gone=False)
    ),
    "subscriptions.records.note_unanswered": lambda w: of_subscription(
        lambda one: subscriptions.note_unanswered(one, NOW, gone=True)
    ),
    "subscriptions.records.save_first": lambda w: lambda: subscribed(),
    "subscriptions.lanes.note_slow": lambda w: of_subscription(lambda one: lanes.note_slow(one.sid, NOW)),
    "subscriptions.lanes.note_passed_on": lambda w: of_subscription(
        lambda one: lanes.note_passed_on(one.sid, "group", "last", NOW)
    ),
    "subscriptions.lanes.note_done": lambda w: of_subscription(
        lambda one: lanes.note_done(one.sid, "group", "last"),
        lambda one: lanes.note_passed_on(one.sid, "group", "last", NOW),
    ),
    "subscriptions.deliveries.keep_delivery": lambda w: of_subscription(
        lambda one: deliveries.keep_delivery(one, new_event("call.ended", SID, {}))
    ),
    "subscriptions.deliveries.change_delivery": lambda w: of_subscription(
        lambda one: deliveries.note_status(one, deliveries.CANCELED),
        lambda one: None,
        lambda one: deliveries.keep_delivery(one, new_event("call.ended", SID, {})),
    ),
    "callers.changes.keep_caller": lambda w: lambda: changes.keep_caller(AIKO, {"name": "Aiko"}),
    "callers.changes.change_caller": lambda w: w.caller(lambda: changes.change_caller(AIKO, {"name": "Aiko T"})),
    "callers.changes.forget_caller": lambda w: w.caller(lambda: changes.forget_caller(AIKO)),
    "callers.changes.forget_caller_if_known": lambda w: w.caller(lambda: changes.forget_caller_if_known(AIKO)),
    "callers.changes.opt_out": lambda w: lambda: changes.opt_out(AIKO),
    "callers.changes.opt_in": lambda w: lambda: changes.opt_in(AIKO),
    "masking.interactions.update_interaction": lambda w: w.called("initiated", told="completed"),
    "masking.interactions.keep_and_slide": lambda w: w.called(Ttl=600),
    "masking.interactions.keep_alone": lambda w: w.called(closed=True),
    "masking.interactions.note_recording": lambda w: w.of_called(
        lambda sid: interactions.note_recording(sid, "CA" + "1" * 32, RECORDING)
    ),
    "masking.team_legs.add_word": lambda w: w.called_team("initiated"),
    "masking.team_legs.keep_whole": lambda w: w.called_team("completed"),
    "masking.team_legs.note_refused_leg": lambda w: w.of_team(
        lambda path, leg: team_legs.note_refused_leg(path, leg.call_sid)
    ),
    "masking.interactions.note_refused": lambda w: w.of_called(
        lambda sid: interactions.note_refused(sid, "CA" + "1" * 32)
    ),
    "masking.message_interactions.forget_what_happened": lambda w: w.of_called(written.forget_what_happened),
    "masking.message_interactions.hide_interaction:1": lambda w: w.written(written.hide_interaction),
    "masking.message_interactions.hide_interaction:2": lambda w: w.of_called(
        lambda sid: written.hide_interaction(sid, "KI" + "1" * 32)
    ),
    "foundation.api_keys.create_key": lambda w: lambda: api_keys.create_key("SK" + "c" * 32, "secret"),
    "messages.inbound.keep_inbound": lambda w: lambda: inbound.keep_inbound(turn()),
    "masking.relaying.write_relayed": lambda w: w.relayed(),
    "masking.asking.keep_stopped": lambda w: w.stopped(),
    "messages.outbound.keep_outbound": lambda w: lambda: outbound.keep_outbound(text()),
    "messages.records.change_message": lambda w: w.text(
        lambda: messages.progress(text().message_id, "SM1", "delivered")
    ),
    "messages.reply_limit.forget_answers": lambda w: w.answered(lambda: reply_limit.forget_answers(AIKO)),
    "masking.erasure.forget_routes": lambda w: w.of_closed(lambda *_: erasure.forget_routes(AIKO)),
    "messages.records.forget_messages": lambda w: w.text(lambda: messages.erase_some_messages(AIKO, 9)),
    "masking.pool.add_to_pool": lambda w: lambda: pool.add_to_pool(w.service, OWNED, False),
    "masking.pool.reserve": lambda w: w.number(lambda found: pool.reserve(found, True)),
    "masking.pool.write_into_lines": lambda w: w.number(lambda number: pool.cut_off(number.service_sid, NOW)),
    "masking.pool.remove_as_seen": lambda w: w.number(pool.remove_from_pool),
    "masking.pool.begin_move": lambda w: w.number(lambda found: pool.begin_move(found, int(NOW))),
    "masking.pool.bring_in": lambda w: w.number(pool.bring_in),
    "masking.pool.leave_out": lambda w: w.number(pool.leave_out),
    "receptions.publishing.add_version": lambda w: w.reception(
        lambda: receptions.save_reception("desk", "other", "text/plain", document("other")), LINES[0]
    ),
    "receptions.publishing.delete_reception": lambda w: w.reception(lambda: receptions.delete_reception("desk")),
    "receptions.publishing.give_line": lambda w: w.reception(
        lambda: receptions.give_line(LINES[0], owned(LINES[0]), "desk")
    ),
    "receptions.publishing.take_line_as_seen": lambda w: w.reception(lambda: receptions.take_line(LINES[0]), LINES[0]),
    "receptions.publishing.bring": lambda w: w.behind(),
    "tariffs.pulled_cards.write_card": lambda w: pull_a_card,
    "tariffs.pulled_cards.forget_unfinished": lambda w: pulled(),
    "limits.charges.keep_charges": lambda w: lambda: charges.keep_charges(charges.shipped_charges()),
    "limits.switch.turn": lambda w: lambda: switch.stop_exchange("a strange bill", NOW),
    "foundation.once.update_key": lambda w: (
        lambda: once.begin_once(once.read_request("SK1", "key", "/v1/Services", b""))
    ),
    "limits.usage.update": lambda w: lambda: usage.release(usage.Use(LINES[0], calls=1), NOW),
    "masking.demand.change_tally": lambda w: (
        lambda: demand.change_tally(w.service, NOW, "ADD #name :n", "refused JP", 1)
    ),
    "limits.usage.forget_use": lambda w: lambda: usage.forget_use(AIKO, NOW),
    "costs.days.keep_day": lambda w: lambda: keep_day(date(2026, 11, 28), DaySums(), unusual=False),
    "costs.records.keep_cost": lambda w: lambda: costs.keep_cost(a_cost()),
    "costs.records.keep_unlinked_costs": lambda w: lambda: costs.keep_unlinked_costs([a_cost()]),
    "costs.records.complete_cost": lambda w: kept_cost(lambda cost: costs.complete_cost(cost, a_cost(Decimal(1)))),
    "costs.records.forget_person_in_costs": lambda w: kept_cost(lambda _: costs.forget_person_in_costs(AIKO)),
    "recordings.records.claim_recording": lambda w: lambda: recordings.claim_recording(report()),
    "recordings.records.note_failure": lambda w: lambda: recordings.note_failure(report()),
    "recordings.records.keep_recording": lambda w: w.recording(
        lambda claimed: recordings.keep_recording(claimed, 2048, "ab" * 32)
    ),
    "recordings.records.release_claim": lambda w: w.recording(recordings.release_claim),
    "recordings.records.settle": lambda w: w.recording(recordings.settle),
    "recordings.records.note_heard": lambda w: w.stored(lambda: recordings.note_heard(RECORDING, True)),
    "recordings.records.forget_recording": lambda w: w.stored(lambda: recordings.forget_recording(RECORDING)),
    "masking.services.new_service": lambda w: lambda: services.new_service(deeds.form(UniqueName="clinic")),
    "masking.services.change_service": lambda w: w.other_service(
        lambda made: services.change_service(made, deeds.form(UniqueName="surgery"))
    ),
    "masking.claims.save_session": lambda w: w.session,
    "masking.claims.save_participant": lambda w: w.of_session(lambda *sid: deeds.add(*sid, BEN), AIKO),
    "masking.in_conference.forget_bridge": lambda w: w.of_session(lambda _, sid: in_conference.forget_bridge(sid, SID)),
    "masking.erasure.erase_session:1": lambda w: w.of_closed(lambda _, sid: erasure.erase_session(sid)),
    "masking.erasure.erase_session:2": lambda w: w.with_pins().of_closed(lambda _, sid: erasure.erase_session(sid)),
    "masking.sessions.forget_people": lambda w: w.of_closed(lambda _, sid: forget_people(sid)),
    "masking.telephones.save_numbers": lambda w: w.of_session(deeds.renumber),
    "masking.erasure.leave_team": lambda w: w.of_closed_team(),
    "masking.lifecycle.change_open": lambda w: w.of_session(lambda *sid: deeds.update(*sid, Ttl=600)),
    "masking.lifecycle.prolong_session": lambda w: w.of_session(
        lambda _, sid: sessions.prolong_session(sid, 0, NOW * 2), Ttl=600
    ),
    "masking.made_calls.note_call_made:1": lambda w: w.of_counted(Status="closed"),
    "masking.made_calls.note_call_made:2": lambda w: w.of_counted(Ttl=600),
    "masking.lifecycle.end_session": lambda w: w.of_session(deeds.close),
    "masking.lifecycle.reopen": lambda w: w.of_closed(deeds.reopen),
    "masking.lifecycle.end_what_hangs:1": lambda w: w.clean_up,
    "masking.lifecycle.end_what_hangs:2": lambda w: w.with_pins().clean_up,
    "masking.lifecycle.expire_session": lambda w: w.clean_up,
    "masking.lifecycle.note_warning": lambda w: w.of_session(
        lambda *sids: sessions.note_warning(read_session(*sids)[0])
    ),
    "masking.lifecycle.forget_session": lambda w: w.of_closed(deeds.delete),
    "masking.removal.take_out": lambda w: w.of_session(deeds.take_out),
    "masking.services.begin_removal": lambda w: w.other_service(lambda made: services.begin_removal(made.service_sid)),
    "masking.services.forget_service": lambda w: w.other_service(services.forget_service),
}


def a_cost(amount: Decimal | None = None) -> costs.Cost:
    """What a leg to Aiko did cost; None: Twilio has not said."""
    sold = Sold(
        sid=call_sid(1),
        incoming=False,
        from_=LINES[0],
        to=AIKO,
        status="completed",
        began_at=NOW,
        size=61,
        amount=amount,
    )
    return costs.new_cost(sold, shipped_card(), CostOrigin(sid=sold.sid, of=SID))


def kept_cost(deed: Callable[[costs.Cost], object]) -> Deed:
    """Something that is done with a cost that is kept."""
    cost = a_cost()
    costs.keep_cost(cost)
    return lambda: deed(cost)


def subscribed() -> Any:
    return subscriptions.create_subscription("https://shop.example.com/", ["*"], None, enabled=True)


def of_subscription(
    deed: Callable[[Any], object],
    before: Callable[[Any], object] = lambda one: None,
    subject: Callable[[Any], Any] = lambda one: one,
) -> Deed:
    """Something that is done with a subscription, or with a delivery to it, after something else was."""
    one = subscribed()
    before(one)
    seen = subject(one)
    return lambda: deed(seen)


def test_every_write_of_the_domain_is_done_here():
    there = {str(site) for site in sites()} | {site.name for site in sites()} - TOLD_OTHERWISE
    assert {name for name in DEEDS if name not in there} == set(), "there are no such writes any more"
    missing = {str(site) for site in sites() if not find_deed(site) and site.name not in TOLD_OTHERWISE}
    assert missing == set(), "a write is new: say in DEEDS how it is reached"


def find_deed(site: Site) -> Callable[[World], Deed] | None:
    return DEEDS.get(str(site)) or DEEDS.get(site.name)


# ---- what is refused -------------------------------------------------------------------------------------------------

CODES = ("ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError")
READS = ("BatchGetItem", "GetItem", "Query", "Scan")
ADDRESS = "https://dynamodb.example.com"


def errors(operation: str, items: int) -> Iterator[Exception]:
    """What DynamoDB may answer but that a condition failed, or a network instead of it."""
    for code in CODES:
        yield ClientError({"Error": {"Code": code, "Message": "on purpose"}}, operation)
    yield EndpointConnectionError(endpoint_url=ADDRESS)
    yield ReadTimeoutError(endpoint_url=ADDRESS)
    if operation == "TransactWriteItems":
        for code in ("TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "ValidationError"):
            for place in range(items) if code == "ValidationError" else {0, items - 1}:
                yield canceled(*(code if one == place else "None" for one in range(items)))
            yield canceled(*(code if one else "ConditionalCheckFailed" for one in range(max(items, 2))))
        yield ClientError({"Error": {"Code": "TransactionInProgressException", "Message": "on purpose"}}, operation)
    else:
        yield ClientError({"Error": {"Code": "TransactionConflictException", "Message": "on purpose"}}, operation)


class Refusal:
    """Refuses all writes at a place, with one error after the other."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.left: list[Exception] | None = None
        self.error: Exception | None = None

    def __call__(self, operation: str, request: dict[str, Any], carry: Callable[[], Any]) -> Any:
        if operation in READS or not self.site.is_reached:
            return carry()
        if self.left is None:
            self.left = list(errors(operation, len(request.get("TransactItems", ()))))
        self.error = self.error or self.left.pop()
        raise self.error


@pytest.mark.thorough
@pytest.mark.parametrize("site", [site for site in sites() if find_deed(site)], ids=str)
def test_whatever_else_dynamodb_says_comes_through_and_nothing_is_taken_for_done(site, service, twilio, clock, wire):
    deed, refusal = find_deed(site)(World(service.fetch().sid, twilio, clock)), Refusal(site)
    while refusal.left != []:
        refusal.error = None
        with wire.has(refusal), pytest.raises((ClientError, BotoCoreError, PynamoDBException, Contended)) as raised:
            deed()
        assert refusal.error in causes(raised.value)
    deed()


def causes(error: BaseException | None) -> list[BaseException]:
    """An error, and what it was raised from, down to the first one."""
    found: list[BaseException] = []
    while error:
        found.append(error)
        error = getattr(error, "cause", None) or error.__cause__
    return found
