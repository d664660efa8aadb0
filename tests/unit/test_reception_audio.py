"""Audio files of a reception: what Twilio can play, what it cannot, and what nobody asks for."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from toritsugi.adapters import owner_webhook
from toritsugi.foundation import config


@pytest.fixture(autouse=True)
def base():
    """Has the exchange be reached under this address."""
    before = config._settings

    def is_at(url):
        config._settings, config._read_at = config.Settings(url, (), ("own secret",), ("token",)), time.time()

    is_at("http://127.0.0.1:1")
    yield is_at
    config._settings = before


@pytest.fixture
def files():
    """A web server, with what it answers at each path: a status, and headers."""

    class Files(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.ranges.append(self.headers["Range"])
            status, headers = self.server.at[self.path]
            if status == 0:
                self.server.over.wait(10)
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ID3")

        def log_message(self, *_):
            """It is quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    server.at, server.ranges, server.over = {}, [], threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


def listened(files, path="/welcome.mp3"):
    return owner_webhook.listen(f"http://127.0.0.1:{files.server_port}{path}")


@pytest.mark.parametrize(
    ("status", "kind"), [(200, "audio/mpeg"), (206, "audio/wav"), (200, "Audio/X-WAV; charset=binary")]
)
def test_audio_is_found_and_not_fetched_whole(files, status, kind):
    files.at["/welcome.mp3"] = status, {"Content-Type": kind}
    assert listened(files) is None
    assert files.ranges == ["bytes=0-0"]


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (404, {}, "it answers 404"),
        (403, {"Content-Type": "audio/mpeg"}, "it answers 403"),
        (500, {}, "it answers 500"),
        (200, {"Content-Type": "text/html"}, "it is text/html, and Twilio plays audio/mpeg and audio/wav"),
        (200, {"Content-Type": "binary/octet-stream"}, "it is binary/octet-stream"),
        (200, {}, "it is of no type"),
        (302, {}, "it answers 302"),
    ],
)
def test_what_twilio_cannot_play_is_a_mistake(files, status, headers, words):
    files.at["/welcome.mp3"] = status, headers
    with pytest.raises(ValueError, match=words):
        listened(files)


def test_a_redirect_is_followed_but_not_for_ever(files):
    files.at["/welcome.mp3"] = 302, {"Location": "/there"}
    files.at["/there"] = 200, {"Content-Type": "audio/mpeg"}
    files.at["/round"] = 307, {"Location": "/round"}
    assert listened(files) is None
    with pytest.raises(ValueError, match="it answers 307"):
        listened(files, "/round")


def test_where_nobody_listens_there_is_no_audio(files):
    files.shutdown()
    files.server_close()
    with pytest.raises(ValueError, match="there is no audio at http://127"):
        listened(files)


def test_a_slow_server_is_only_strange(files):
    files.at["/welcome.mp3"] = 0, {}
    assert "is slow: a caller hears nothing for more than 2 seconds" in listened(files)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/a.mp3",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost/a.mp3",
        "https://[::1]/a.mp3",
        "https://10.0.0.1/a.mp3",
        "https://2130706433/a.mp3",
        "http://93.184.216.34/a.mp3",
        "https://exchange.example.com/voice/ringing/JP",
        "https://[not-an-address/a.mp3",
        "https://93.184.216.34:99999/a.mp3",
    ],
)
def test_an_exchange_on_the_web_listens_to_nothing_near(base, url):
    base("https://exchange.example.com")
    with pytest.raises(ValueError, match="there is no audio at"):
        owner_webhook.listen(url)
