"""A service moves from Proxy while people call each other: wherever that is broken off, they are put through.

Proxy is played by another exchange, a program of its own with an account of its own. The telephone network is one.
"""

import itertools
import json
import os
import subprocess
import sys
import threading
from typing import Any
from urllib.parse import quote

import pytest
import requests
import typer

from command import account, migrate
from command.exchange import Exchange
from command.moving import Move
from command.refusals import Refused
from command.stages import Stage
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, ROOT
from tests.stories.owners import Owner
from tests.stories.people import Desk, Scene
from tests.stories.test_make_run import surroundings, wait_until_ready

fresh = itertools.count(815050000001)  # numbers that no other service has


class Killed(BaseException):
    """The command is gone, in the middle of what it did."""


class Here(Exchange):
    """The exchange of the box, as the command knows one."""

    account_sid, address, carrier_url, environment = ACCOUNT_SID, "", "", {}  # type: ignore[assignment]

    def __init__(self, box: Any) -> None:
        super().__init__(Stage("local", "ap-northeast-1"))
        self.address, self.carrier_url = box.exchange, box.network

    def twilio(self):
        return account.connect(ACCOUNT_SID, AUTH_TOKEN, self.carrier_url)


class Old:
    """A service at Proxy, as it stands there."""

    def __init__(self, desk: Desk, box: Any, name: str, sms: bool = False, **settings: Any) -> None:
        self.desk, self.box, self.name = desk, box, name
        self.lines = [f"+{next(fresh)}" for _ in range(2)]
        desk.opens(*self.lines, name=name, sms=sms, **settings)
        self.service = desk.service
        self.former = {line: webhook(desk.scene, line) for line in self.lines}
        for line in self.lines:
            able = {"voice": True, "sms": sms, "mms": False}
            leading = {f"{kind}_url": webhook(desk.scene, line, kind) for kind in ("voice", "sms") if able[kind]}
            box.call("POST", "/numbers", {"phone_number": line, "capabilities": able, **leading})

    def brings_together(self, a: str, b: str, *lines: str, **options: Any) -> str:
        pairs = zip((a, b), lines or self.lines, strict=False)
        people = [{"Identifier": who, "ProxyIdentifier": line} for who, line in pairs]
        return self.service.sessions.create(participants=people, **options).sid


def webhook(scene: Scene, line: str, kind: str = "voice") -> str:
    """Where calls to a line go, or its texts."""
    path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/IncomingPhoneNumbers.json"
    answer = scene.http.get(path, params={"PhoneNumber": line}, auth=(ACCOUNT_SID, AUTH_TOKEN))
    return answer.json()["incoming_phone_numbers"][0][f"{kind}_url"]


@pytest.fixture(scope="module")
def proxy():
    """Who stands for Proxy, by its desk."""
    env = surroundings()
    env["PYTHONPATH"] += os.pathsep + str(ROOT)
    scene = Scene(f"http://127.0.0.1:{env['PORT']}", f"http://127.0.0.1:{env['NETWORK_PORT']}")
    with subprocess.Popen([sys.executable, "-m", "tests.stories.other_exchange"], env=env) as process:
        try:
            wait_until_ready(scene.http, process)
            yield Desk(scene)
        finally:
            process.kill()
            scene.http.close()


@pytest.fixture
def old(proxy, box):
    """A service at Proxy with two lines."""
    return Old(proxy, box, f"move-{next(fresh)}", DefaultTtl=7200)


@pytest.fixture
def move(box, desk, proxy):
    """Sees what is to be moved of a service."""

    def look(old: Old, *named: str, leave_behind: bool = False) -> Move:
        seen = Move(Here(box), desk.sdk, proxy.sdk, old.name, list(named), leave_behind)
        seen.look()
        return seen

    return look


@pytest.fixture
def types(box, desk, proxy, monkeypatch, capsys):
    """The command, as somebody types it whom nobody can ask: how it ends, what it answers, what it says meanwhile."""
    monkeypatch.setenv("PROXY_URL", proxy.scene.exchange)
    monkeypatch.setenv("PROXY_KEY", f"{ACCOUNT_SID}:{AUTH_TOKEN}")

    def run(old: Old, **options: Any) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            migrate.bring(Here(box), old.name, **options)
            code = 0
        except typer.Exit as over:
            code = over.exit_code
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def moved(move, old, *named):
    """The service after it was moved, as far as it could be."""
    done = move(old, *named)
    done.go()
    return done


def sessions_here(desk, old):
    (service,) = [one for one in desk.proxy.services.list() if one.unique_name == old.name]
    return desk.proxy.services(service.sid).sessions


def put_through(aiko, ben, line, shown):
    """Aiko dials her line and reaches Ben, who sees his."""
    aiko.dials(line)
    ben.rings(showing=shown)
    aiko.hangs_up()
    ben.is_idle()


def test_a_service_comes_with_its_settings_numbers_and_open_sessions(move, old, desk, box, aiko, ben, eve):
    named = old.brings_together(aiko.number, ben.number, unique_name="order 17", ttl=600)
    nameless = old.brings_together(eve.number, ben.number, *reversed(old.lines), mode="voice-only")
    over = old.brings_together(eve.number, aiko.number, unique_name="over")
    old.service.sessions(over).update(status="closed")
    put_through(aiko, ben, *old.lines)
    done = moved(move, old)
    copies = {copy.unique_name: copy for copy in sessions_here(desk, old).list()}
    assert set(copies) == {"order 17", f"proxy-{nameless}"}
    assert {named: copies["order 17"].sid, nameless: copies[f"proxy-{nameless}"].sid} == done.work.sids
    copy = copies["order 17"]
    assert (copy.ttl, copy.status, copy.mode) == (600, "in-progress", "voice-only")
    people = sessions_here(desk, old)(copies["order 17"].sid).participants.list()
    assert [(one.identifier, one.proxy_identifier) for one in people] == list(
        zip((aiko.number, ben.number), old.lines, strict=True)
    )
    (service,) = [one for one in desk.proxy.services.list() if one.unique_name == old.name]
    pool = desk.proxy.services(service.sid).phone_numbers.list()
    assert {number.phone_number: number.is_reserved for number in pool} == dict.fromkeys(old.lines, False)
    assert all(webhook(box, line).startswith(f"{box.exchange}/voice") for line in old.lines)
    put_through(aiko, ben, *old.lines)
    assert old.service.sessions(named).fetch().status == "in-progress", "nothing is changed at Proxy"


# ---- as it is typed --------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_come_and_changes_nothing(types, old, desk, box, aiko, ben, eve):
    old.brings_together(aiko.number, ben.number, unique_name="order 17")
    strange = old.brings_together(eve.number, ben.number, *reversed(old.lines), unique_name="a tie")
    code, out, err = types(old, dry_run=True)
    assert (code, "Nothing was changed." in out, "Sessions that are copied: 2" in err) == (0, True, True)
    _, out, _ = types(old, dry_run=True, as_json=True)
    would = json.loads(out)
    assert [one.unique_name for one in desk.proxy.services.list()] == []
    assert {line: webhook(box, line) for line in old.lines} == old.former
    _, out, _ = types(old, yes=True, as_json=True)
    done = json.loads(out)
    assert strange in done["sessions"].pop("sids")
    assert would["sessions"].pop("sids") == {}
    assert (would["sessions"], would["numbers"]) == (done["sessions"], done["numbers"])
    assert done["sessions"] == {"copied": 2, "joined": 0, "closed": 0}
    assert done["numbers"] == {"added": old.lines, "pointed": old.lines, "staying": {}}


def test_nothing_is_moved_before_somebody_has_said_yes(types, old, desk, box):
    with pytest.raises(Refused, match="add --yes"):
        types(old)
    assert desk.proxy.services.list() == []
    assert {line: webhook(box, line) for line in old.lines} == old.former


def test_its_own_system_is_asked_and_told_and_signed_for_as_at_proxy(types, proxy, box, desk, aiko, ben, eve, clock):
    told, asked, strangers = Owner(AUTH_TOKEN), Owner(AUTH_TOKEN), Owner(AUTH_TOKEN)
    addresses = {"CallbackUrl": told.address, "InterceptCallbackUrl": asked.address}
    addresses["OutOfSessionCallbackUrl"] = strangers.address
    old = Old(proxy, box, "told", GeoMatchLevel="country", **addresses)
    old.brings_together(aiko.number, ben.number)
    code, out, _ = types(old, yes=True)
    here = desk.proxy.services("told").fetch()
    assert (code, "left out" in out) == (0, False)
    assert (here.callback_url, here.intercept_callback_url) == (told.address, asked.address)
    assert here.out_of_session_callback_url == strangers.address
    aiko.dials(old.lines[0])
    ben.rings(showing=old.lines[1])
    ben.answers()
    clock.forward(minutes=1)
    aiko.hangs_up()
    clock.forward(seconds=2)
    eve.dials(old.lines[0])
    eve.hangs_up()
    for owner in (told, asked, strangers):
        owner.close()
        assert owner.forged == []
    assert [one["outboundResourceStatus"] for one in told.asked] == ["initiated", "in-progress", "completed"]
    assert {one["interactionServiceSid"] for one in told.asked} == {here.sid}
    assert (len(asked.asked), len(strangers.asked)) == (1, 1)


def test_who_breaks_it_off_types_it_again_and_reads_what_was_left(types, old, desk, aiko, ben, eve, monkeypatch):
    pairs = [(aiko, ben), (ben, eve), (eve, aiko)]
    for number, (one, other) in enumerate(pairs):
        old.brings_together(one.number, other.number, unique_name=f"order {number}")
    with monkeypatch.context() as patched:
        Break(patched, at=3, after=True)  # the service, and two sessions
        with pytest.raises(Killed):
            types(old, yes=True)
    code, out, err = types(old, yes=True, as_json=True)
    assert (code, json.loads(out)["sessions"]["copied"], "Sessions that are copied: 1" in err) == (0, 1, True)
    assert len(sessions_here(desk, old).list()) == 3
    put_through(eve, aiko, *old.lines)
    _, out, err = types(old, as_json=True)
    assert (json.loads(out)["sessions"]["copied"], err.strip()) == (0, "")


def test_the_report_says_what_does_not_come_and_why_and_shows_no_whole_number(types, old, desk, aiko, ben):
    old.brings_together(aiko.number, ben.number, unique_name="both")
    desk.opens(name="beside")
    desk.service.phone_numbers.create(phone_number=old.lines[0])
    code, out, _ = types(old, yes=True)
    assert code == migrate.NOT_ALL
    assert "it is in the pool of another service here, beside" in out
    assert aiko.number not in out
    assert "they stay at Twilio" in out


# ---- texts -----------------------------------------------------------------------------------------------------------


def test_texts_go_on_before_the_move_after_it_and_after_the_way_back(types, move, proxy, box, aiko, ben, clock):
    old = Old(proxy, box, "texts", sms=True)
    old.brings_together(aiko.number, ben.number)
    aiko.texts(old.lines[0], "at Proxy")
    clock.forward(seconds=10)
    types(old, yes=True)
    assert all(webhook(box, line, "sms").startswith(f"{box.exchange}/sms") for line in old.lines)
    aiko.texts(old.lines[0], "here")
    clock.forward(seconds=10)
    move(old).go_back()
    aiko.texts(old.lines[0], "at Proxy again")
    clock.forward(seconds=10)
    ben.receives("at Proxy", "here", "at Proxy again", showing=old.lines[1])


# ---- broken off, and again -------------------------------------------------------------------------------------------


class Break:
    """Breaks the command off before its `at`th writing request, or after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, after: bool) -> None:
        self.done, self.ours = 0, threading.get_ident()
        send = requests.Session.send

        def sent(session: Any, request: Any, **how: Any) -> Any:
            if threading.get_ident() != self.ours or request.method == "GET":
                return send(session, request, **how)
            self.done += 1
            if self.done == at and not after:
                raise Killed
            answer = send(session, request, **how)
            if self.done == at:
                raise Killed
            return answer

        monkeypatch.setattr(requests.Session, "send", sent)


@pytest.mark.thorough
@pytest.mark.parametrize("after", [False, True], ids=["before a request", "after it"])
def test_broken_off_anywhere_people_are_put_through_and_nothing_is_made_twice(
    move, proxy, box, desk, aiko, ben, eve, monkeypatch, after
):
    for at in itertools.count(1):
        old = Old(proxy, box, f"broken-{next(fresh)}")
        old.brings_together(aiko.number, ben.number, unique_name="order 17")
        old.brings_together(eve.number, ben.number, *reversed(old.lines))
        with monkeypatch.context() as patched:
            Break(patched, at, after)
            try:
                moved(move, old)
            except Killed:
                killed = True
            else:
                killed = False
        put_through(aiko, ben, *old.lines)
        again = moved(move, old)
        put_through(aiko, ben, *old.lines)
        put_through(ben, eve, *old.lines)
        assert len(sessions_here(desk, old).list()) == 2
        assert again.staying == {}
        assert again.work.left == {}
        last = move(old)
        assert not migrate.has_work(last), "there is nothing left to do"
        if not killed:
            assert at > 6, "it was broken off at every step before"
            return


def test_what_happens_at_proxy_meanwhile_comes_with_the_next_look(move, old, desk, aiko, ben, eve):
    alone = old.service.sessions.create(unique_name="half", participants=[{"Identifier": aiko.number}]).sid
    ending = old.brings_together(eve.number, ben.number, unique_name="ending")
    moved(move, old)
    old.service.sessions(alone).participants.create(identifier=ben.number)
    old.brings_together("+819044440004", eve.number, unique_name="late")
    old.service.sessions(ending).update(status="closed")
    again = moved(move, old)
    assert (again.copied, again.joined, again.closed) == (1, 1, 1)
    here = sessions_here(desk, old)
    assert {one.unique_name: one.status for one in here.list()} == {"half": "open", "late": "open", "ending": "closed"}
    assert len(here("half").participants.list()) == 2


def test_one_number_alone_moves_with_its_sessions_and_the_other_is_put_through_at_proxy(move, old, box, aiko, ben):
    old.brings_together(aiko.number, ben.number, unique_name="both")
    first, second = old.lines
    moved(move, old, first)
    assert (webhook(box, first) != old.former[first], webhook(box, second)) == (True, old.former[second])
    put_through(aiko, ben, first, second)
    put_through(ben, aiko, second, first)
    moved(move, old)
    assert webhook(box, second) != old.former[second]
    put_through(ben, aiko, second, first)


def test_numbers_go_back_to_proxy_and_come_again(move, old, box, desk, aiko, ben):
    old.brings_together(aiko.number, ben.number, unique_name="both")
    moved(move, old)
    sessions_here(desk, old).create(unique_name="new")
    returning = move(old)
    assert returning.count_made_here() == 1
    returning.go_back()
    assert {line: webhook(box, line) for line in old.lines} == old.former
    put_through(aiko, ben, *old.lines)
    assert moved(move, old).pointed == sorted(old.lines)
    put_through(aiko, ben, *old.lines)


def test_what_is_not_the_services_does_not_go_back(move, proxy, box, desk):
    old = Old(proxy, box, "partly", sms=True)
    moved(move, old)
    first, second = old.lines
    elsewhere, ours = "https://shop.example.com/texts", webhook(box, second)
    (number,) = Here(box).twilio().incoming_phone_numbers.list(phone_number=first)
    number.update(sms_url=elsewhere)
    desk.writes("desk", "steps:\n  hello:\n    say: Good morning\n")
    desk.asks("PUT", f"/api/lines/{quote(second)}", {"reception": "desk"})
    returning = move(old)
    assert returning.kept_here == {second: "the reception desk answers there"}
    returning.go_back()
    assert returning.pointed == [first]
    assert (webhook(box, first), webhook(box, first, "sms")) == (old.former[first], elsewhere)
    assert webhook(box, second) == ours


def test_a_session_that_cannot_come_keeps_its_numbers_at_proxy_unless_it_is_left_behind(
    move, old, box, desk, aiko, ben
):
    strange = old.brings_together(aiko.number, ben.number, unique_name="both")
    desk.opens(name="beside")
    desk.service.phone_numbers.create(phone_number=old.lines[0])
    done = moved(move, old)
    assert list(done.work.left) == [strange]
    assert "is in the pool of another service here, beside" in done.staying[old.lines[0]]
    assert "on it stays" in done.staying[old.lines[1]]
    assert webhook(box, old.lines[1]) == old.former[old.lines[1]]
    move(old, leave_behind=True).go()
    assert webhook(box, old.lines[1]) != old.former[old.lines[1]]
