"""The exchange beside a small model, in whatever order Hypothesis likes, with one call of many going wrong.

At every write the oracle holds what rows must be among themselves: A1 a pair leads to one session, A2 a session has
both its pairs or none, A3 who is reached reaches back, and nobody themselves, A7 a line is in one pool, S3 a status
goes one way. Here is held what only a model can say: A4 a line rests while there is another, A5 who opens again
claims anew, A6 whoever can be given a line is, and anybody else hears the one right code, S1 nobody is put through
but by an open session, S2 nor for longer than it lasts, I1 a call or a text is kept once, I2 as far as it ever came,
I3 and sent on once. P1, that nobody sees a number, are rules_of_secrets.py; I4, recordings, rules_of_recordings.py.
"""

from __future__ import annotations

import json
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast
from urllib.parse import urlencode

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.conftest import ACCOUNT_SID, BASE
from tests.histories.actors import Actor, Outcome
from tests.histories.carrier import sid_of
from tests.histories.choices import Choices
from tests.histories.model import Held, Model, Pair, Pool
from tests.histories.oracle import Row, is_over
from tests.histories.tables import Rows
from tests.histories.telephones import FINAL, moment
from tests.histories.world import KEY, World

PEOPLE = ("+819011110001", "+819022220002", "+819033330003")
LINES = ("+815010000001", "+815010000002", "+815010000003", "+815010000004")
POOLS = {"desk": LINES[:2], "shop": LINES[2:3]}  # the last line is in no pool yet
FIRST = (("shop", PEOPLE[:2]), ("desk", PEOPLE[:2]), ("desk", PEOPLE[1:]))
SETTINGS = {"Quarantine": 60, "CallbackUrl": "https://example.com/told"}  # so Twilio tells when somebody answers, too
WITH_PINS = "shop"
RANKS = {"initiated": 0, "in-progress": 2, **dict.fromkeys(FINAL, 3)}
SLEPT = 3  # seconds that a request may wait before it tries again
NOBODY_KNOWS = {80504, 20409, 80623}  # our trouble, and others who were faster: it was done, or it was not
# Which call of a deed goes wrong, and how: so much of what can strike that call. 0: none does.
FAULTS = some.one_of(some.just((0, 0)), some.just((0, 0)), some.tuples(some.integers(1, 8), some.integers(1, 7)))


@dataclass
class Told:
    """One thing that Twilio tells of a call or a text, or will: when it likes, and again if it has no answer."""

    address: str
    fields: dict[str, str]
    session: str
    began: float


@dataclass
class Text:
    """A text that somebody has written; `answer` is what was answered first."""

    fields: dict[str, str]
    answer: str | None = None


@dataclass
class Answer:
    """What a client is answered; `code` None: nothing that says what has become of it."""

    code: int | None
    body: dict[str, Any] = field(default_factory=dict)


@cache
def furniture(clock: Any) -> dict[str, Rows]:
    """A key and two services with their lines, which can do calls and texts; and limits that nobody comes near."""
    from tests.integration.conftest import give_numbers
    from toritsugi.foundation import api_keys
    from toritsugi.foundation.forms import Form
    from toritsugi.limits import switch
    from toritsugi.masking import services

    world = World(Choices(), clock)
    with world.open():
        api_keys.create_key(*KEY)
        switch.set_limits({"calls_at_once_per_caller": 0})
        for name, lines in POOLS.items():
            made = services.new_service(Form(urlencode(SETTINGS | {"UniqueName": name, "PinEntry": name == WITH_PINS})))
            give_numbers(made.service_sid, list(lines), sms=True)
    return {name: table.rows for name, table in world.aws.tables.named.items()}


class Exchange(RuleBasedStateMachine):
    """Each rule is what somebody does; each is looked at, beside the model, as soon as it is over."""

    clock: Any = None
    lived = 0

    def __init__(self) -> None:
        super().__init__()
        self.world = World(Choices(repeated={}), self.clock)
        self.inside = self.world.open(furniture(self.clock))
        self.inside.__enter__()
        self.world.oracle.furnish()
        self.books = self.world.oracle.books
        for line in LINES:
            self.world.carrier.own(line, sms=True)
        named = {row["unique_name"]: row["service_sid"] for row in self.books.kind("ServicesTable", "service")}
        self.model = Model({sid: Pool(dict.fromkeys(POOLS[name], False)) for name, sid in named.items()})
        self.made = 0
        self.to_tell: list[Told] = []
        self.texts: list[Text] = []
        self.interactions: dict[tuple[str, str], int] = {}  # session, entry -> how far Twilio has told that it came

    def teardown(self) -> None:
        """Whatever is on the way arrives, and a day later all is in order."""
        self.pass_by(time.time() + 86_400)
        self.play(self.world.clean_up("the sweep", {"sweep": {}}))
        self.world.oracle.at_rest()
        faults = self.world.oracle.faults
        self.inside.__exit__(None, None, None)
        assert not faults, faults
        Exchange.lived += 1

    # ---- how things are done ---------------------------------------------------------------------------------------

    def name(self, fault: tuple[int, int] = (0, 0)) -> str:
        """A name for what is done next, one call of which goes wrong."""
        self.made += 1
        call, which = fault
        if call:
            assert self.world.choices.repeated is not None
            self.world.choices.repeated[f"d{self.made}/{call} fault"] = which
        return f"d{self.made}"

    def play(self, actor: Actor) -> None:
        self.world.stage.play(actor)
        while not actor.body.dead:  # it waits before it tries again
            self.world.stage.play(self.world.stage.next_event(time.time() + 60))
        self.pass_by(time.time())

    def pass_by(self, until: float) -> None:
        while actor := self.world.stage.next_event(until):
            self.world.stage.play(actor)
        if time.time() < until:
            self.world.move(until)

    def ask(self, fault: tuple[int, int], method: str, path: str, **sent: Any) -> Answer:
        answers: list[Answer] = []

        def then(outcome: Outcome) -> None:
            body = json.loads(outcome.answer.get("body") or "{}") if outcome.is_fine else {}
            code = body.get("code", 0) if outcome.is_fine else None
            answers.append(Answer(None if code in NOBODY_KNOWS else code, body))

        self.play(self.world.request(self.name(fault), method, path, sent, then))
        assert answers[0].code is not None or any(fault)
        return answers[0]

    def hook(self, fault: tuple[int, int], address: str, fields: dict[str, str]) -> str | None:
        """The answer to what Twilio asks once; None, where there is none."""
        answers: list[str | None] = []
        self.play(self.world.webhook(self.name(fault), address, fields, 1, answers.append))
        return answers[0]

    # ---- beside the model ------------------------------------------------------------------------------------------

    def seen(self) -> dict[str, Any]:
        """What the rows say, in the words of the model."""
        found: dict[str, Any] = {}
        for sid, row in self.rows().items():
            people = {one["identifier"]: one["proxy_identifier"] for one in self.people_of(sid)}
            found[sid] = (row["service_sid"], not is_over(row, time.time()), people)
        return found

    def expected(self, model: Model) -> dict[str, Any]:
        return {sid: (held.service, held.is_open, held.people) for sid, held in model.sessions.items()}

    def rows(self) -> dict[str, Row]:
        rows = {row["session_sid"]: row for row in self.books.kind("SessionsTable", "session")}
        return {sid: row for sid, row in rows.items() if row.get("closed_reason") != "deleted"}

    def people_of(self, sid: str) -> list[Row]:
        people = self.books.kind("SessionsTable", "participant")
        return [one for one in people if one["session_sid"] == sid and "date_deleted" not in one]

    def settle(self, answer: Answer, code: int, after: Model) -> None:
        """It is as the answer says; where nobody knows, it was done whole or not at all."""
        if answer.code is None:
            done = self.seen() == self.expected(after) and code == 0
        else:
            assert answer.code == code
            done = code == 0
        self.model = after if done else self.model

    def pick(self, data: Any, fits: Callable[[Held], bool]) -> str:
        """A session that fits; often one of which Twilio has something to tell yet."""
        all_that_fit = [sid for sid, held in self.model.sessions.items() if fits(held)]
        busy = [sid for sid in all_that_fit if any(told.session == sid for told in self.to_tell)]
        return str(data.draw(some.sampled_from(busy or all_that_fit) | some.sampled_from(all_that_fit)))

    def path(self, sid: str) -> str:
        return f"/v1/Services/{self.model.sessions[sid].service}/Sessions/{sid}"

    # ---- clients ---------------------------------------------------------------------------------------------------

    @initialize(ttls=some.lists(some.sampled_from([0, 60, 600]), min_size=1, max_size=3))
    def open_some(self, ttls: list[int]) -> None:
        """Each life begins with sessions, for without any little can happen."""
        for ttl, (service, people) in zip(ttls, FIRST, strict=False):
            self.open_session(self.service(service), list(people), ttl, (0, 0))

    @rule(
        service=some.sampled_from(sorted(POOLS)),
        people=some.lists(some.sampled_from((*PEOPLE, *PEOPLE, LINES[0])), max_size=2),
        ttl=some.sampled_from([0, 60, 600]),
        fault=FAULTS,
    )
    def create(self, service: str, people: list[str], ttl: int, fault: tuple[int, int]) -> None:
        self.open_session(self.service(service), people, ttl, fault)

    @precondition(lambda self: any(not held.is_open for held in self.model.sessions.values()))
    @rule(data=some.data(), fault=FAULTS)
    def meet_again(self, data: Any, fault: tuple[int, int]) -> None:
        """The people of a session that is over are in another one, perhaps over the same lines."""
        held = self.model.sessions[self.pick(data, lambda held: not held.is_open)]
        self.open_session(held.service, sorted(held.people), held.ttl, fault)

    def open_session(self, sid: str, people: list[str], ttl: int, fault: tuple[int, int]) -> None:
        code, known = self.model.may_create(sid, people), self.remembered()
        sent = {"Ttl": ttl, "Participants": [json.dumps({"Identifier": who}) for who in people]}
        answer = self.ask(fault, "POST", f"/v1/Services/{sid}/Sessions", **sent)
        new = self.rows().keys() - self.model.sessions.keys()
        assert answer.code in (code, None)
        assert len(new) == (code == 0) or (answer.code is None and not new)
        for made in new:
            held = Held(sid, ttl, {one["identifier"]: one["proxy_identifier"] for one in self.people_of(made)})
            assert held.people.keys() == set(people)
            self.check_given(sid, held.people, known)
            held.begin()
            self.model.sessions[made] = held

    def service(self, name: str) -> str:
        return next(sid for sid, row in self.services().items() if row["unique_name"] == name)

    def services(self) -> dict[str, Row]:
        return {row["service_sid"]: row for row in self.books.kind("ServicesTable", "service")}

    def remembered(self) -> dict[Pair, tuple[str, bool]]:
        """Of every pair the latest session, and whether it is in quarantine."""
        ways = {
            (way["number"], way["entry"].partition("#")[2]): way for way in self.books.kind("DirectoryTable", "route")
        }
        now = time.time()
        rests = {pair for pair, way in ways.items() if is_over(way, now) and way.get("free_from", 1e12) > now}
        return {pair: (way["session_sid"], pair in rests) for pair, way in ways.items()}

    def check_given(self, service: str, given: dict[str, str], known: dict[Pair, tuple[str, bool]]) -> None:
        """A6: each has a line of the pool that leads them nowhere else. A4: it rests only where no other is free.

        Or where those two were in the session after which it rests: nobody is reached by whom they do not know.
        """
        taken, free = self.model.taken(), self.model.pools[service].free
        theirs = [{sid for (one, _), (sid, _) in known.items() if one == who} for who in given]
        reunion = set.intersection(*theirs) if len(theirs) == 2 else set()
        for pair in given.items():
            sid, rests = known.get(pair, ("", False))
            assert pair[1] in free
            assert pair not in taken
            if rests and sid not in reunion:
                others = [(pair[0], other) for other in free]
                assert all(other in taken or known.get(other, ("", False))[1] for other in others)

    @precondition(lambda self: self.model.sessions)
    @rule(data=some.data(), number=some.sampled_from((*PEOPLE, LINES[0])), fault=FAULTS)
    def join(self, data: Any, number: str, fault: tuple[int, int]) -> None:
        sid = self.pick(data, lambda held: True)
        code, known, after = self.model.may_join(sid, number), self.remembered(), self.model.copy()
        answer = self.ask(fault, "POST", f"{self.path(sid)}/Participants", Identifier=number)
        given = {one["identifier"]: one["proxy_identifier"] for one in self.people_of(sid)}
        if code == 0 and number in given:
            self.check_given(after.sessions[sid].service, {number: given[number]}, known)
            after.sessions[sid].people[number] = given[number]
        self.settle(answer, code, after)

    @precondition(lambda self: any(held.is_open for held in self.model.sessions.values()))
    @rule(data=some.data(), fault=FAULTS)
    def close(self, data: Any, fault: tuple[int, int]) -> None:
        sid, after = self.pick(data, lambda held: held.is_open), self.model.copy()
        after.sessions[sid].closed = True
        self.settle(self.ask(fault, "POST", self.path(sid), Status="closed"), 0, after)

    @precondition(lambda self: any(not held.is_open for held in self.model.sessions.values()))
    @rule(data=some.data(), fault=FAULTS)
    def reopen(self, data: Any, fault: tuple[int, int]) -> None:
        self.open_again(self.pick(data, lambda held: not held.is_open), fault)

    def open_again(self, sid: str, fault: tuple[int, int]) -> None:
        code, after = self.model.may_reopen(sid), self.model.copy()
        answer = self.ask(fault, "POST", self.path(sid), Status="in-progress")
        after.sessions[sid].begin()
        self.settle(answer, code, after)

    @precondition(lambda self: self.model.sessions)
    @rule(data=some.data(), fault=FAULTS)
    def delete(self, data: Any, fault: tuple[int, int]) -> None:
        sid, after = self.pick(data, lambda held: True), self.model.copy()
        path = self.path(sid)
        del after.sessions[sid]
        self.texts = [text for text in self.texts if sid not in self.of_text(text)]  # it is forgotten with its session
        answer = self.ask(fault, "DELETE", path)
        self.settle(answer, 0, after)
        if answer.code is None:  # who is not answered asks again
            again = self.ask((0, 0), "DELETE", path)
            assert again.code in (0, 20404)
            self.model = after

    @precondition(lambda self: any(held.people for held in self.model.sessions.values()))
    @rule(data=some.data(), fault=FAULTS)
    def take_out(self, data: Any, fault: tuple[int, int]) -> None:
        sid, after = self.pick(data, lambda held: bool(held.people)), self.model.copy()
        person = data.draw(some.sampled_from(sorted(self.people_of(sid), key=lambda one: one["identifier"])))
        after.sessions[sid].people.pop(person["identifier"])
        after.sessions[sid].gone.add(person["identifier"])
        self.settle(self.ask(fault, "DELETE", f"{self.path(sid)}/Participants/{person['sid']}"), 0, after)

    # ---- the pools -------------------------------------------------------------------------------------------------

    @rule(service=some.sampled_from(sorted(POOLS)))
    def add_line(self, service: str) -> None:
        """A7: the line that is in no pool comes into this one, and into no second."""
        line, pool = LINES[-1], self.model.pools[self.service(service)]
        code = 80104 if line in pool.lines else 80101 if line in self.model.ours else 0
        path = f"/v1/Services/{self.service(service)}/PhoneNumbers"
        assert self.ask((0, 0), "POST", path, Sid=sid_of(line)).code == code
        if code == 0:
            pool.lines[line] = False

    @rule(data=some.data())
    def remove_line(self, data: Any) -> None:
        """Often one that is to be missed when a session is opened again."""
        service, line = self.some_line(
            data, [one for held in self.model.sessions.values() for one in held.former_lines]
        )
        code = self.model.may_leave_pool(line)
        path = f"/v1/Services/{service}/PhoneNumbers/{sid_of(line)}"
        assert self.ask((0, 0), "DELETE", path).code == code
        if code == 0:
            del self.model.pools[service].lines[line]

    @rule(data=some.data(), reserved=some.booleans())
    def reserve(self, data: Any, reserved: bool) -> None:
        service, line = self.some_line(data)
        path = f"/v1/Services/{service}/PhoneNumbers/{sid_of(line)}"
        assert self.ask((0, 0), "POST", path, IsReserved=str(reserved).lower()).code == 0
        self.model.pools[service].lines[line] = reserved

    def some_line(self, data: Any, known: Collection[str] = ()) -> Pair:
        lines = [(sid, line) for sid, pool in self.model.pools.items() for line in pool.lines]
        lines = [pair for pair in lines if pair[1] in known] or lines
        return data.draw(some.sampled_from(lines)) if lines else self.bring_one_back()

    def bring_one_back(self) -> Pair:
        self.add_line("desk")
        return self.service("desk"), LINES[-1]

    # ---- people ----------------------------------------------------------------------------------------------------

    def some_pair(self, data: Any) -> Pair:
        """Somebody, and a line: most often one over which they are in a session, or were."""
        known = sorted({pair for held in self.model.sessions.values() for pair in held.people.items()})
        anybody = some.tuples(some.sampled_from(PEOPLE), some.sampled_from(LINES))
        often = [some.sampled_from(pairs) for pairs in (sorted(self.model.taken()), known) if pairs]
        return cast(Pair, data.draw(some.one_of(*often, anybody)))

    @rule(data=some.data(), fault=FAULTS)
    def call(self, data: Any, fault: tuple[int, int]) -> None:
        number, line = self.some_pair(data)
        self.dial({"From": number, "To": line}, "/voice", self.model.taken().get((number, line)), number, fault)

    @precondition(lambda self: any(self.has_pins(held) for held in self.model.sessions.values()))
    @rule(data=some.data(), is_right=some.sampled_from([True, True, False]), fault=FAULTS)
    def call_with_pin(self, data: Any, is_right: bool, fault: tuple[int, int]) -> None:
        """From any other telephone a PIN leads where its owner's calls go, and to no session but its own."""
        sid = self.pick(data, self.has_pins)
        people = self.ask((0, 0), "GET", f"{self.path(sid)}/Participants").body["participants"]
        person = data.draw(some.sampled_from(sorted(people, key=lambda one: one["identifier"])))
        number, line, pin = person["identifier"], person["proxy_identifier"], person["pin"]
        leads = is_right and self.model.taken().get((number, line)) == sid
        fields = {"From": f"+81907777{self.made:04}", "To": line, "Digits": pin if is_right else pin[1:]}
        self.dial(fields, "/voice/pins/1/en", sid if leads else None, number, fault)

    def has_pins(self, held: Held) -> bool:
        return bool(held.people) and held.service == self.service(WITH_PINS)

    def dial(self, fields: dict[str, str], path: str, sid: str | None, who: str, fault: tuple[int, int]) -> None:
        """S1, S2, P1: who calls reaches whom the model says, shows a line, and talks until it ends at most."""
        expected = self.model.reached(who, fields["To"]) if sid else None
        call = f"CA{self.made:032x}"
        fields |= {"CallSid": call, "CallStatus": "ringing", "Direction": "inbound", "AccountSid": ACCOUNT_SID}
        answer = self.hook(fault, BASE + path, fields)
        if answer is None:  # Twilio asks again, and the caller hears what it has to say
            answer = self.hook((0, 0), BASE + path, fields)
        assert answer is not None
        dial = ElementTree.fromstring(answer).find("Dial")
        if dial is None:
            assert expected is None or any(fault)
            return
        target = dial.find("Number")
        assert target is not None
        assert (target.text, dial.get("callerId")) == expected
        held = self.model.sessions[str(sid)]
        if held.until is not None:
            assert int(str(dial.get("timeLimit"))) <= max(held.until, time.time() + held.ttl) - time.time()
        for status in statuses_told_of(target):
            self.to_tell.append(self.told(call, status, expected, str(target.get("statusCallback")), str(sid)))

    def told(self, call: str, status: str, to: Pair | None, address: str, session: str) -> Told:
        """What Twilio tells of the second leg of a call."""
        assert to
        leg = "CA" + call[2:][::-1]
        fields = {"CallSid": leg, "ParentCallSid": call, "From": to[1], "To": to[0], "CallStatus": status}
        fields |= {"Timestamp": moment(time.time()), "AccountSid": ACCOUNT_SID}
        fields |= {"CallDuration": "60", "Duration": "1"} if status in FINAL else {}
        return Told(address, fields, session, time.time())

    @precondition(lambda self: self.to_tell)
    @rule(data=some.data(), most=some.integers(1, 4), keep=some.booleans(), fault=FAULTS)
    def tell(self, data: Any, most: int, keep: bool, fault: tuple[int, int]) -> None:
        """Some of what Twilio has to tell comes, in any order; what it keeps, it tells again."""
        for told in data.draw(some.permutations(self.to_tell))[:most]:
            self.tell_one(told, keep, fault)

    def tell_one(self, told: Told, keep: bool, fault: tuple[int, int]) -> None:
        """I1, I2: whatever is told, in whatever order, once or twice: one interaction, as far as it ever came."""
        answer = self.hook(fault, told.address, told.fields)
        entry = "interaction#KI" + told.fields["ParentCallSid"][2:]
        row = self.books.of("SessionsTable").get((told.session, entry))
        if answer is not None and not keep:
            self.to_tell.remove(told)
        held = self.model.sessions.get(told.session)
        if held is None or (row is None and answer is None):
            return
        assert row is not None
        if (told.session, entry) not in self.interactions:
            held.slide(told.began)
            self.interactions[told.session, entry] = -1
        rank = RANKS[told.fields["CallStatus"]]
        best = max(self.interactions[told.session, entry], rank)
        kept = RANKS[row["status"]]
        assert kept in ({best} if answer is not None else {best, self.interactions[told.session, entry]})
        self.interactions[told.session, entry] = kept

    def is_first(self, told: Told) -> bool:
        """Whether it would be the first that is heard of a call in a session that is open."""
        held, entry = self.model.sessions.get(told.session), "interaction#KI" + told.fields["ParentCallSid"][2:]
        return bool(held and held.is_open) and (told.session, entry) not in self.interactions

    @precondition(lambda self: any(self.is_first(told) for told in self.to_tell))
    @rule(data=some.data(), fault=FAULTS)
    def close_before_it_is_told(self, data: Any, fault: tuple[int, int]) -> None:
        """S3: the first that is heard of a call comes when its session has just been closed."""
        told = data.draw(some.sampled_from([told for told in self.to_tell if self.is_first(told)]))
        after = self.model.copy()
        after.sessions[told.session].closed = True
        self.settle(self.ask((0, 0), "POST", self.path(told.session), Status="closed"), 0, after)
        self.tell_one(told, False, fault)

    @precondition(lambda self: self.to_tell)
    @rule(data=some.data())
    def lose(self, data: Any) -> None:
        """Of what is lost, nobody ever hears; the end alone may say it all."""
        self.to_tell.remove(data.draw(some.sampled_from(self.to_tell)))

    @rule(data=some.data(), fault=FAULTS)
    def write(self, data: Any, fault: tuple[int, int]) -> None:
        self.write_to(self.some_pair(data), fault)

    def write_to(self, pair: Pair, fault: tuple[int, int]) -> None:
        sid = f"SM{self.made:032x}"
        fields = {"MessageSid": sid, "From": pair[0], "To": pair[1], "Body": "hello", "NumMedia": "0"}
        self.texts.append(Text(fields | {"AccountSid": ACCOUNT_SID}))
        self.bring(self.texts[-1], fault)

    @precondition(lambda self: self.texts)
    @rule(data=some.data(), fault=FAULTS)
    def write_again(self, data: Any, fault: tuple[int, int]) -> None:
        """Twilio brings the same text once more."""
        self.bring(data.draw(some.sampled_from(self.texts)), fault)

    @precondition(lambda self: any(self.model.is_over_for_two(sid) for sid in self.model.sessions))
    @rule(data=some.data(), fault=FAULTS)
    def write_too_early(self, data: Any, fault: tuple[int, int]) -> None:
        """To a session that is over; it is opened again, and Twilio brings the same text once more."""
        sid = data.draw(some.sampled_from([sid for sid in self.model.sessions if self.model.is_over_for_two(sid)]))
        self.write_to(data.draw(some.sampled_from(sorted(self.model.sessions[sid].people.items()))), fault)
        self.open_again(sid, (0, 0))
        self.bring(self.texts[-1], (0, 0))

    def bring(self, text: Text, fault: tuple[int, int]) -> None:
        """I3: a text goes to whom the model says, once: the same text has the same answer, whatever is by then."""
        number, line = text.fields["From"], text.fields["To"]
        expected, sid = self.model.reached(number, line), self.model.taken().get((number, line))
        known, decided = self.of_text(text), self.is_kept(text)
        answer = self.hook(fault, f"{BASE}/sms", text.fields)
        kept = self.of_text(text)
        assert len(kept) <= 1
        if kept and not known:
            assert expected
            assert kept == [sid]
            self.model.sessions[str(sid)].slide(time.time())
        if answer is None:
            return
        message = ElementTree.fromstring(answer).find("Message")
        reached = (message.get("to"), message.get("from")) if message is not None and message.get("to") else None
        if text.answer is not None:
            assert answer == text.answer
        elif not known:  # what was kept and not passed on stays so, although nobody has heard the answer
            assert reached == (None if decided else expected)
        text.answer = answer

    def is_kept(self, text: Text) -> bool:
        """Whether it is decided what becomes of this text."""
        return any(row.get("sid") == text.fields["MessageSid"] for row in self.books.of("MessagesTable").values())

    def of_text(self, text: Text) -> list[str]:
        """The sessions that keep an interaction of this text."""
        entry = "interaction#KI" + text.fields["MessageSid"][2:]
        return [sid for (sid, one) in self.books.of("SessionsTable") if one == entry]

    # ---- time ------------------------------------------------------------------------------------------------------

    @rule(seconds=some.sampled_from([1, 30, 60, 600]))
    def wait(self, seconds: int) -> None:
        self.pass_by(time.time() + seconds)

    @precondition(lambda self: any(held.is_open and held.until for held in self.model.sessions.values()))
    @rule(data=some.data())
    def outlast(self, data: Any) -> None:
        """The time of a session is over, and nobody has tidied up yet."""
        sid = self.pick(data, lambda held: held.is_open and bool(held.until))
        self.pass_by(self.model.sessions[sid].until or 0)

    @precondition(lambda self: self.model.sessions)
    @rule(data=some.data(), fault=FAULTS)
    def clean_up(self, data: Any, fault: tuple[int, int]) -> None:
        sid = self.pick(data, lambda held: True)
        self.play(self.world.clean_up(self.name(fault), {"session_sid": sid}))

    # ---- what always holds -----------------------------------------------------------------------------------------

    @invariant()
    def the_oracle_has_nothing_to_say(self) -> None:
        assert not self.world.oracle.faults, self.world.oracle.faults

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        assert self.seen() == self.expected(self.model)
        for sid, row in self.rows().items():
            held = self.model.sessions[sid]
            if held.is_open:
                until = row.get("expires_at")
                assert (until is None) == (held.until is None)
                assert abs((until or 0) - (held.until or 0)) <= SLEPT
                held.until = until

    @invariant()
    def every_pair_leads_where_the_model_says(self) -> None:
        ways = [way for way in self.books.kind("DirectoryTable", "route") if not is_over(way, time.time())]
        leads = {(way["number"], way["entry"].partition("#")[2]): way["session_sid"] for way in ways}
        assert leads == self.model.taken()

    @invariant()
    def each_call_is_kept_once(self) -> None:
        kept = Counter(
            row["inbound_call_sid"]
            for row in self.books.kind("SessionsTable", "interaction")
            if "inbound_call_sid" in row
        )
        assert set(kept.values()) <= {1}


def statuses_told_of(target: ElementTree.Element) -> list[str]:
    """The statuses of a leg that Twilio will tell, as its `<Number>` asks."""
    told = {"initiated": "initiated", "answered": "in-progress", "completed": "completed"}
    return [told[event] for event in str(target.get("statusCallbackEvent")).split()]


def live(clock: Any, lives: int, phases: Collection[Phase] = (Phase.generate, Phase.shrink)) -> int:
    """How many lives of an exchange went well. Raises AssertionError where one is not as the model says."""
    Exchange.clock, Exchange.lived = clock, 0
    wanted = settings(
        max_examples=lives,
        stateful_step_count=50,
        phases=phases,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(Exchange, settings=wanted)
    return Exchange.lived
