"""The words in which stories are told: people have telephones, and the desk has the official SDK.

They know the exchange and the network by HTTP alone, so a story can be told of whatever answers there.
"""

import json
from typing import Any
from urllib.parse import quote

import httpx
from twilio.rest import Client

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN

AFRESH = httpx.Limits(max_keepalive_connections=0)  # an exchange may be another one by the next request


class Scene:
    """An exchange and a telephone network, by their addresses."""

    def __init__(self, exchange: str, network: str) -> None:
        self.exchange, self.network = exchange, network
        # Nobody here speaks TLS, and to load the world's certificates takes as long as ten requests.
        self.http = httpx.Client(base_url=network, trust_env=False, timeout=300, verify=False)
        self.told: set[str] = set()  # the SIDs of the calls that the story tells

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def calls(self) -> list[dict[str, Any]]:
        """All calls of the network."""
        calls: list[dict[str, Any]] = self.call("GET", "/calls")["calls"]
        return calls

    def webhooks(self) -> list[dict[str, Any]]:
        """All requests that the network has made to the exchange."""
        hooks: list[dict[str, Any]] = self.call("GET", "/webhooks")["webhooks"]
        return hooks

    def settle(self) -> None:
        """Returns when everything has happened that takes no time."""
        self.call("POST", "/clock", {"advance": 0})

    def surprises(self) -> list[str]:
        """Whatever happened on the telephones that was not told."""
        found = [f"a call nobody tells of: {c['from']} -> {c['to']}" for c in self.calls() if c["sid"] not in self.told]
        wrong = [hook for hook in self.webhooks() if went_wrong(hook)]
        return found + [f"{hook['method']} {hook['url']}: {hook['status']} {hook['error']}" for hook in wrong]


def went_wrong(hook: dict[str, Any]) -> bool:
    """Whether a webhook failed, and not because the story asked for that."""
    if hook["error"]:
        return "a fault that was asked for" not in f"{hook['error']['message']} {hook['answer']}"
    return hook["status"] not in (200, 204, 307)  # which leads on to a file


class Person:
    """Somebody with a telephone."""

    def __init__(self, scene: Scene, name: str, number: str) -> None:
        self.scene, self.name, self.number, self.path = scene, name, number, f"/phones/{quote(number)}"

    def __repr__(self) -> str:
        return f"{self.name} ({self.number})"

    @property
    def telephone(self) -> dict[str, Any]:
        return self.scene.call("GET", self.path)

    # ---- what people do

    def dials(self, number: str, **claimed: str) -> str:
        """Perhaps with another number that they show (`shows`), or with what Twilio says of it (`stir_verstat`)."""
        sid = self.scene.call("POST", f"{self.path}/dial", {"to": number, **claimed})["call_sid"]
        self.scene.told.add(sid)
        return sid

    def answers(self) -> None:
        self.scene.call("POST", f"{self.path}/answer")

    def rejects(self) -> None:
        self.scene.call("POST", f"{self.path}/reject")

    def hangs_up(self) -> None:
        self.scene.call("POST", f"{self.path}/hangup")

    def presses(self, digits: str) -> None:
        self.scene.call("POST", f"{self.path}/press", {"digits": digits})

    def says(self, text: str) -> None:
        self.scene.call("POST", f"{self.path}/speak", {"text": text})

    def texts(self, number: str, text: str, *media: str) -> None:
        self.scene.call("POST", f"{self.path}/send", {"to": number, "body": text, "media": list(media)})

    def will(self, answers: str, **how: Any) -> None:
        """How this telephone behaves by itself: at once, busy, never, by hand."""
        self.scene.call("PUT", self.path, {"answers": answers, **how})

    # ---- what happens to them

    def rings(self, *, showing: str) -> None:
        telephone = self.telephone
        assert telephone["state"] == "ringing", f"{self} does not ring: {telephone['state']}"
        assert telephone["shows"] == showing, f"{self} sees {telephone['shows']}, not {showing}"
        self.scene.told.add(telephone["call_sid"])

    def was_called(self, *, showing: str) -> None:
        """Called without a chance to answer: the telephone is busy, or answers at once."""
        calls = [c for c in self.scene.calls() if c["to"] == self.number and c["from"] == showing]
        assert calls, f"nobody called {self} from {showing}"
        self.scene.told.add(calls[-1]["sid"])

    def hears(self, words: str) -> None:
        heard = [item["text"] for item in self.telephone["heard"]]
        assert any(words in text for text in heard), f"{self} did not hear {words!r}, but {heard}"

    def hears_nothing(self) -> None:
        words = [item["text"] for item in self.telephone["heard"] if item["kind"] in ("say", "play", "speech")]
        assert not words, f"{self} heard {words}"

    @property
    def letters(self) -> list[str]:
        """The texts that came in."""
        return [one["body"] for one in self.telephone["messages"] if one["direction"] == "in"]

    def reads(self, words: str) -> None:
        assert any(words in text for text in self.letters), f"{self} did not read {words!r}, but {self.letters}"

    def has_read(self, *texts: str) -> None:
        """These texts, one after the other, and nothing else."""
        assert self.letters == list(texts), f"{self} read {self.letters}"

    def receives(self, *texts: str, showing: str) -> None:
        """These texts, one after the other, and nothing else, all from a number that is no telephone's."""
        came = [(one["body"], one["from"]) for one in self.telephone["messages"] if one["direction"] == "in"]
        assert came == [(text, showing) for text in texts], f"{self} received {came}"

    def is_recorded(self, words: str) -> None:
        """What this person has said can be listened to by whoever has the recording."""
        kept = [one for one in self.scene.call("GET", "/recordings")["recordings"] if one["completed_at"]]
        said = [one["text"] for recording in kept for one in recording["words"] if one["from"] == self.number]
        assert any(words in text for text in said), f"{words!r} of {self} was not recorded, but {said}"

    def talks_with(self, other: "Person") -> None:
        assert self.telephone["talking_with"] == [other.number], f"{self} talks with {self.telephone['talking_with']}"

    def is_idle(self) -> None:
        assert self.telephone["state"] == "idle", f"{self} is {self.telephone['state']}"


class Desk:
    """The company whose exchange this is: it works with the official SDK, and nothing of it changed but the address."""

    def __init__(self, scene: Scene, key: tuple[str, str] = (ACCOUNT_SID, AUTH_TOKEN)) -> None:
        self.scene, self.key = scene, key
        self.http = httpx.Client(auth=key, trust_env=False, timeout=300, verify=False, limits=AFRESH)
        self.sdk = Client(*key)
        self.sdk.proxy.base_url = scene.exchange
        self.proxy = self.sdk.proxy.v1
        self.service: Any = None

    def opens(
        self,
        *lines: str,
        name: str = "order-desk",
        voice: bool = True,
        sms: bool = False,
        mms: bool = False,
        **settings: Any,
    ) -> None:
        """A service with these lines. Settings of ours go by HTTP, for the SDK does not know them."""
        self.service = self.proxy.services(self.proxy.services.create(unique_name=name).sid)
        if settings:
            self.sets(**settings)
        for line in lines:
            able = {"voice": voice, "sms": sms, "mms": mms}
            self.scene.call("POST", "/numbers", {"phone_number": line, "capabilities": able})
            self.service.phone_numbers.create(phone_number=line)

    def sets(self, **settings: Any) -> None:
        """Settings of the service, those of ours among them."""
        url = f"{self.scene.exchange}/v1/Services/{self.service.fetch().sid}"
        answer = self.http.post(url, data=settings)
        assert answer.status_code == 200, answer.text

    def owns(self, *lines: str) -> None:
        """Lines that work for no service."""
        for line in lines:
            able = {"voice": True, "sms": False, "mms": False}
            self.scene.call("POST", "/numbers", {"phone_number": line, "capabilities": able})

    def writes(self, name: str, text: str) -> dict[str, Any]:
        """A reception, as its owner writes it: in YAML."""
        url, kind = f"{self.scene.exchange}/api/receptions/{name}", {"content-type": "application/yaml"}
        answer = self.http.put(url, content=text.encode(), headers=kind)
        assert answer.is_success, answer.text
        return answer.json()

    def answers_at(self, line: str, text: str, name: str = "desk", *, sms: bool = False) -> None:
        """A line of the desk's, at which this reception answers."""
        able = {"voice": True, "sms": sms, "mms": False}
        self.scene.call("POST", "/numbers", {"phone_number": line, "capabilities": able})
        self.writes(name, text)
        self.asks("PUT", f"/api/lines/{quote(line)}", {"reception": name})

    def knows(self, person: Person, **known: Any) -> None:
        """Keeps what it knows of somebody who calls."""
        self.asks("PUT", f"/api/callers/{quote(person.number)}", {"name": person.name, **known})

    def asks(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """What our own REST API answers."""
        answer = self.request(method, path, body, **headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def does(self, method: str, path: str, body: Any = None) -> Any:
        """The same, with everything that follows from it and takes no time."""
        answer = self.asks(method, path, body)
        self.scene.settle()
        return answer

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        url = f"{self.scene.exchange}{path}"
        return self.http.request(method, url, json=body, headers=headers)

    def calls(self, *people: Person, line: str, **wanted: Any) -> "Bridge":
        """Has the exchange call these people and put them through."""
        body = {"parties": [person.number for person in people], "from": line, **wanted}
        bridge = Bridge(self, self.asks("POST", "/api/calls", body)["sid"])
        self.scene.settle()
        return bridge

    def changes(self, session: "Session", former: Person, **fields: Any) -> dict[str, Any]:
        """Something about somebody in a session that the SDK has no method for, and goes by HTTP."""
        sid = session.sid_of(former)
        answer = self.sdk.request("POST", f"{self.scene.exchange}{session.path}/Participants/{sid}", data=fields)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text)

    def brings_together(self, *people: Person, **options: Any) -> "Session":
        wanted = [json.dumps({"Identifier": p.number, "FriendlyName": p.name}) for p in people]
        created = self.service.sessions.create(participants=[json.loads(w) for w in wanted], **options)
        return Session(self.service.sessions(created.sid))

    def brings_together_with_team(self, person: Person, team: list[Person], **facts: Any) -> "Session":
        """Somebody, and on the other side several, who are one participant."""
        first, *more = [one.number for one in team]
        several = {"Identifier": first, "MoreIdentifiers": more, **facts}
        created = self.service.sessions.create(participants=[{"Identifier": person.number}, several])
        return Session(self.service.sessions(created.sid))


class Bridge:
    """A call that the exchange makes to two or more people, as the desk sees it: the JSON of our own REST API."""

    def __init__(self, desk: "Desk", sid: str) -> None:
        self.desk, self.sid, self.path = desk, sid, f"/api/calls/{sid}"

    @property
    def seen(self) -> dict[str, Any]:
        return self.desk.asks("GET", self.path)

    @property
    def room(self) -> dict[str, Any]:
        """The newest conference of its room, as the network sees it."""
        rooms = self.desk.scene.call("GET", "/conferences")["conferences"]
        return [room for room in rooms if room["friendly_name"] == self.sid][-1]

    def spoken(self) -> list[str]:
        """The dates at which announcements were spoken."""
        return sorted(date for one in self.seen["announcements"] for date in one["spoken_at"])

    def extend(self) -> dict[str, Any]:
        return self.desk.does("POST", f"{self.path}/extend")

    def announce(self, **said: Any) -> dict[str, Any]:
        return self.desk.does("POST", f"{self.path}/announce", said)

    def end(self) -> None:
        self.desk.does("DELETE", self.path)


class Session:
    """A session as the desk sees it."""

    def __init__(self, sdk: Any) -> None:
        self.sdk = sdk

    def line_of(self, person: Person) -> str:
        lines = {p.identifier: p.proxy_identifier for p in self.sdk.participants.list()}
        return lines[person.number]

    def sid_of(self, person: Person) -> str:
        return next(p.sid for p in self.sdk.participants.list() if p.identifier == person.number)

    @property
    def path(self) -> str:
        shown = self.sdk.fetch()
        return f"/v1/Services/{shown.service_sid}/Sessions/{shown.sid}"

    def changes(self, desk: "Desk", **settings: Any) -> dict[str, Any]:
        """Is changed, also in what the SDK does not know; how it is shown then."""
        answer = desk.http.post(self.sdk.fetch().url, data=settings)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    @property
    def status(self) -> str:
        return self.sdk.fetch().status

    @property
    def interactions(self) -> list[Any]:
        return self.sdk.interactions.list()
