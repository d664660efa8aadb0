"""Clients that were generated from the document: what they send is done, answers are objects, refusals problems."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import httpx
import pytest

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, ROOT

CLIENTS = ROOT / ".tools/clients/bin"
SETTINGS = Path(__file__).with_name("generator.yaml")
PROGRAM = Path(__file__).with_name("client_by_node.js")
AIKO, BEN, LINE, TEXTS = "+819011110001", "+819022220002", "+815010000001", "+12025550101"

pytestmark = pytest.mark.skipif(
    not CLIENTS.exists(), reason="the generators are not installed (make .tools/clients/installed)"
)


class Library:
    """The generated package, and a client of it with a key."""

    def __init__(self, name: str, address: str, left_out: set[str]) -> None:
        self.name, self.left_out = name, left_out  # types that the generator does not know
        self.client = self.module("client").AuthenticatedClient(
            base_url=address, token="", httpx_args={"auth": (ACCOUNT_SID, AUTH_TOKEN), "trust_env": False}, timeout=300
        )
        self.client.get_httpx_client().headers.pop("Authorization")  # the generator knows no Basic

    def module(self, path: str) -> ModuleType:
        return importlib.import_module(f"{self.name}.{path}")

    def model(self, name: str, said: dict):
        """A model of what is sent, from what it holds."""
        return getattr(self.module("models"), name).from_dict(said)

    def asks(self, operation: str, *path: str, **said):
        """What an operation answers, as the client reads it."""
        return self.module(f"api.{operation}").sync(*path, client=self.client, **said)

    def is_done(self, operation: str, *path: str) -> bool:
        """Whether an operation that answers nothing is done."""
        return self.module(f"api.{operation}").sync_detailed(*path, client=self.client).status_code == 204


@pytest.fixture
def document(box, tmp_path) -> Path:
    answer = httpx.get(
        f"{box.exchange}/api/openapi.json", auth=(ACCOUNT_SID, AUTH_TOKEN), trust_env=False, verify=False, timeout=300
    )
    place = tmp_path / "openapi.json"
    place.write_bytes(answer.raise_for_status().content)
    return place


@pytest.fixture
def library(box, document, tmp_path, monkeypatch):
    where = ["--meta", "none", "--path", document, "--output-path", tmp_path / "generated_client"]
    command = [CLIENTS / "openapi-python-client", "generate", "--config", SETTINGS, *where]
    env = {"PATH": str(CLIENTS)}
    written = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
    assert written.returncode == 0, written.stdout + written.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    library = Library(
        "generated_client",
        box.exchange,
        set(re.findall(r"Unsupported content.type (\S+)", written.stdout + written.stderr)),
    )
    yield library
    library.client.get_httpx_client().close()
    for name in [one for one in sys.modules if one.partition(".")[0] == "generated_client"]:
        del sys.modules[name]


def test_a_generated_client_lives_with_every_kind_of_thing(box, library, desk):
    desk.owns(LINE)
    box.call("POST", "/numbers", {"phone_number": TEXTS, "capabilities": {"voice": True, "sms": True, "mms": True}})
    callers_are_written_down_and_forgotten(library)
    a_reception_is_written_and_answers(library)
    a_call_is_made_and_ended(library)
    box.settle()
    box.told |= {call["sid"] for call in box.calls()}
    texts_are_measured_and_sent(library)
    limits_change(library)
    assert library.asks("recordings.list_recordings").recordings == []
    assert library.asks("recordings.fetch_recording", "RE" + "0" * 32).code == 20404
    an_address_is_told_of_events_and_then_of_none(library)
    erased = library.asks("erasures.erase_person", body=library.model("ErasureRequest", {"number": BEN}))
    assert erased.opted_out is False


def test_the_page_on_conventions_shows_the_settings_of_the_generator():
    page = (ROOT / "docs/api-conventions.md").read_text()
    (shown,) = re.findall(r"  ```yaml\n(  content_type.*?)  ```", page, re.DOTALL)
    assert dedent(shown) in SETTINGS.read_text()


def compiler() -> Path | None:
    """The compiler of TypeScript, where Node finds it. Since 7 its package shows nothing but what it says of itself."""
    asked = ["node", "-p", "require('path').resolve(require.resolve('typescript/package.json'), '../bin/tsc')"]
    found = subprocess.run(asked, capture_output=True, check=False, text=True) if shutil.which("node") else None
    return Path(found.stdout.strip()) if found and found.returncode == 0 else None


def what_typescript_lacks() -> str:
    """What is not on this machine of what the client in TypeScript needs, and how to get it; blank if all is there."""
    if missing := [program for program in ("java", "node") if not shutil.which(program)]:
        return f"there is no {' and no '.join(missing)} (apt-get install default-jre-headless nodejs npm)"
    get = "npm install --prefix FOLDER typescript; export NODE_PATH=FOLDER/node_modules"
    return "" if compiler() else f"Node finds no package typescript ({get})"


@pytest.mark.skipif(bool(what_typescript_lacks()), reason=what_typescript_lacks())
def test_a_generated_client_in_typescript_compiles_and_does_what_it_says(box, document, tmp_path):
    source, built = tmp_path / "source", tmp_path / "built"
    (generator,) = CLIENTS.parent.glob("lib/*/site-packages/openapi_generator_cli/*.jar")
    runs("java", "-jar", generator, "generate", "-g", "typescript-fetch", "-i", document, "-o", source)
    kind = ["--strict", "--target", "es2022", "--module", "commonjs", "--lib", "es2022,dom"]
    runs("node", compiler(), *kind, "--outDir", built, source / "index.ts")
    said = runs("node", PROGRAM, built, box.exchange, ACCOUNT_SID, AUTH_TOKEN, AIKO)
    assert json.loads(said) == {
        "made": ["Aiko", True],
        "found": [AIKO],
        "gone": [404, 20404],
        "saved": [1, ["hello"], True],
        "wrong": [422, True],
    }


def runs(*command: object) -> str:
    """What a program says that does what it was asked."""
    ran = subprocess.run(
        list(map(str, command)), env={**os.environ, "NO_PROXY": "*"}, check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def callers_are_written_down_and_forgotten(library):
    wanted = library.model("CallerRequest", {"name": "Aiko", "language": "ja-JP", "tags": ["VIP"]})
    made = library.asks("callers.put_caller", AIKO, body=wanted)
    assert (made.name, made.language.value, made.created_at.utcoffset().total_seconds()) == ("Aiko", "ja-JP", 0)
    change = library.model("CallerChange", {"blocked": True})
    assert library.asks("callers.patch_caller", AIKO, body=change, if_match=made.etag).blocked
    sheet = library.module("types").File(BytesIO(f"number,name\n{BEN},Ben\n".encode()))
    assert library.asks("callers.import_callers", body=sheet).created == 1
    late = library.asks("callers.patch_caller", AIKO, body=change, if_match=made.etag)
    assert (late.status, late.code) == (412, 20412)
    assert [one.number for one in library.asks("callers.list_callers", tag="VIP").callers] == [AIKO]
    assert BEN in library.asks("callers.export_callers")
    assert library.is_done("callers.delete_caller", AIKO)
    gone = library.asks("callers.fetch_caller", AIKO)
    assert (gone.status, gone.code, gone.title) == (404, 20404, "Not Found")


def a_reception_is_written_and_answers(library):
    # no text is sent as such: a reception goes in JSON, and a sheet of any kind as octets
    assert library.left_out == {"text/plain", "text/csv", "text/vcard"}
    assert "desk" in [one.name for one in library.asks("receptions.list_ready_receptions").ready_receptions]
    assert "steps:" in library.asks("receptions.fetch_ready_reception", "desk")
    hello = {"steps": {"hello": {"say": "Good morning"}}}
    wrong = library.asks("receptions.check_reception", body=library.model("CheckReceptionJsonBody", {"steps": {}}))
    assert (wrong.status, bool(wrong.errors[0].detail)) == (422, True)
    saved = library.asks("receptions.put_reception", "desk", body=library.model("PutReceptionJsonBody", hello))
    assert (saved.version, saved.warnings) == (1, [])
    assert "hello" in library.asks("receptions.fetch_reception", "desk").document.steps
    assert "<svg" in library.asks("receptions.draw_reception", "desk")
    assert len(library.asks("receptions.list_versions", "desk").versions) == 1
    line = library.asks("lines.put_line", LINE, body=library.model("LineRequest", {"reception": "desk"}))
    assert (line.reception, line.unconfirmed_callers.value) == ("desk", "refuse")
    assert library.asks("receptions.list_receptions").receptions[0].lines == [LINE]
    assert library.is_done("lines.release_line", LINE)
    assert library.is_done("receptions.drop_reception", "desk")


def a_call_is_made_and_ended(library):
    wanted = library.model("CallRequest", {"parties": [AIKO, BEN], "from": LINE, "minutes": 5})
    call = library.asks("calls.create_call", body=wanted)
    assert (call.status.value, call.through.value, call.ended_at) == ("ringing", "conference", None)
    assert [one.number for one in library.asks("participants.list_participants", call.sid).participants] == [AIKO, BEN]
    assert library.is_done("calls.end_call", call.sid)
    assert library.asks("calls.fetch_call", call.sid).end_reason == "api"
    alone = library.asks("calls.create_call", body=library.model("CallRequest", {"parties": [AIKO], "from": LINE}))
    assert (alone.status, alone.errors[0].pointer) == (422, "/parties")


def texts_are_measured_and_sent(library):
    size = library.asks("messages.preview_message", body=library.model("PreviewRequest", {"body": "今日は"}))
    assert (size.encoding.value, size.segments) == ("UCS-2", 1)
    wanted = library.model("MessageRequest", {"to": AIKO, "from": TEXTS, "body": "hello"})
    sent = library.asks("messages.send_message", body=wanted, idempotency_key="one")
    assert (sent.direction.value, sent.from_) == ("outbound-api", TEXTS)
    assert library.asks("messages.send_message", body=wanted, idempotency_key="one").sid == sent.sid


def an_address_is_told_of_events_and_then_of_none(library):
    wanted = {"url": "https://127.0.0.1:1/told", "events": ["call.ended"], "enabled": False}
    made = library.asks("subscriptions.subscribe", body=library.model("SubscriptionRequest", wanted))
    assert made.events == ["call.ended"], made
    change = library.model("SubscriptionChange", {"name": "books"})
    assert library.asks("subscriptions.edit_subscription", made.sid, body=change).name == "books"
    assert library.asks("subscriptions.show_deliveries", made.sid).deliveries == []
    assert [one.sid for one in library.asks("subscriptions.show_subscriptions").subscriptions] == [made.sid]
    assert library.is_done("subscriptions.unsubscribe", made.sid)
    assert "call.ended" in library.asks("events.show_events").events.additional_properties


def limits_change(library):
    assert library.asks("limits.change_limits", body=library.model("LimitsRequest", {"calls_a_day": 7}))
    assert library.asks("limits.fetch_limits").limits["calls_a_day"] == 7
