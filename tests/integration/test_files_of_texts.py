"""Twilio fetches a picture that goes on to the other of a session: it is led to the file, and to no password."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.aws import Context
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, BASE, NETWORK_PORT
from tests.integration.conftest import AIKO, LINES, event_of, give_numbers, open_session
from tests.integration.tapes import basic
from tests.integration.test_masked_texts import passed_on
from tests.integration.texts import form, send
from toritsugi.messages import records

FILE = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/MM{'1' * 32}/Media/ME{'1' * 32}"
PLACE = "https://media.example.com/signed?until=16"  # where anybody may fetch it


class Shelf:
    """Twilio as the keeper of files that came with texts: it leads whoever has the password to them."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 307

    def answer(self, path: str, authorization: str) -> int:
        self.asked.append(path)
        return self.status if authorization == basic(AUTH_TOKEN) else 401


@contextmanager
def served(shelf: Shelf):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(shelf.answer(self.path, self.headers["Authorization"] or ""))
            self.send_header("Location", PLACE)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """It is quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", NETWORK_PORT), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield shelf
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def shelf():
    with served(Shelf()) as shelf:
        yield shelf


def pictured(client, twilio, url=f"https://api.twilio.com{FILE}") -> str:
    """The path at which Twilio is to fetch what Aiko sends to Ben."""
    made = client.proxy.v1.services.create(unique_name="pictures")
    give_numbers(made.sid, LINES, sms=True, mms=True)
    _, lines = open_session(client.proxy.v1.services(made.sid))
    more = {"NumMedia": "1", "MediaUrl0": url, "MediaContentType0": "image/jpeg"}
    [address] = passed_on(send(twilio, form("", AIKO, lines[AIKO], **more)))[3]
    return address.removeprefix(BASE)


def fetches(path: str) -> tuple[int, str | None]:
    """The status with which the exchange answers, and where it leads."""
    import sms

    answer = sms.handler(event_of("GET", BASE + path, "", {}), Context("test"))
    return answer["statusCode"], answer.get("headers", {}).get("location")


def test_who_fetches_a_picture_is_led_to_it_and_the_exchange_alone_shows_the_password(client, twilio, shelf, clock):
    assert fetches(pictured(client, twilio)) == (307, PLACE)
    assert shelf.asked == [FILE]


def test_an_address_of_a_picture_is_good_for_a_day(client, twilio, shelf, clock):
    path = pictured(client, twilio)
    clock.shift(86_000)
    assert fetches(path) == (307, PLACE)
    clock.shift(1000)
    assert (fetches(path), len(shelf.asked)) == ((404, None), 1)


@pytest.mark.parametrize("wrong", ["/sms/files/KM" + "0" * 32 + "/0", "/1", "/9"])
def test_where_there_is_no_picture_nobody_is_asked(client, twilio, shelf, clock, wrong):
    path = pictured(client, twilio)
    assert fetches(wrong if "KM" in wrong else path.removesuffix("/0") + wrong) == (404, None)
    assert shelf.asked == []


@pytest.mark.parametrize("status", [404, 410])
def test_a_picture_that_twilio_has_no_more_is_not_there(client, twilio, shelf, clock, status):
    shelf.status = status
    assert fetches(pictured(client, twilio)) == (404, None)


@pytest.mark.parametrize("status", [200, 500])
def test_where_twilio_says_nothing_of_use_it_is_a_failure_of_theirs(client, twilio, shelf, clock, status):
    shelf.status = status
    assert fetches(pictured(client, twilio)) == (502, None)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/cat.png",
        f"https://api.twilio.com{FILE.replace(ACCOUNT_SID, 'AC' + '9' * 32)}",
        f"https://api.twilio.com{FILE}/../../../../Recordings/RE{'1' * 32}",
        f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/RE{'1' * 32}",
    ],
)
def test_the_password_opens_files_of_the_accounts_own_texts_and_nothing_else(client, twilio, shelf, clock, url):
    assert fetches(pictured(client, twilio, url)) == (404, None)
    assert shelf.asked == []


def test_under_the_sid_that_a_text_has_at_twilio_nothing_is_found(client, twilio, shelf, clock):
    """It is a request without a signature, like any other."""
    path = pictured(client, twilio)
    copy = records.find_message(path.split("/")[3])
    assert fetches(f"/sms/files/{copy.in_reply_to}/0") == (403, None)
    assert shelf.asked == []
