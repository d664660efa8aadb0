"""The owner's own system: what is asked of whom, and what is not."""

import datetime
import hashlib
import ipaddress
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twilio.request_validator import RequestValidator

from toritsugi.adapters import owner_webhook, web
from toritsugi.foundation import config
from toritsugi.foundation.errors import OwnerSilent


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
def door():
    """A web server; `answers` are its status, headers and content, one after the other."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.heard.append((self.headers, self.rfile.read(int(self.headers["content-length"]))))
            status, headers, chunks = self.server.answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for chunk in chunks:
                self.wfile.write(chunk)

        def log_message(self, *_):
            """It is quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.heard, server.answer = [], (200, {}, [b"{}"])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def asked(door, host="127.0.0.1", scheme="http"):
    return owner_webhook.ask_owner(f"{scheme}://{host}:{door.server_port}/parcel?x=1", {"digits": "12"}, "key")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fc00::1",
        "::ffff:10.0.0.1",
        "fd00:ec2::254",
        "2002:7f00:1::",
        "2002:5db8:d822::1",
        "2001:0:5db8:d822::1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::5db8:d822",
        "64:ff9b:1::a00:1",
        "::a9fe:a9fe",
        "::93.184.216.34",
        "::ffff:93.184.216.34",
        "::ffff:0:a00:1",
        "fec0::1",
        "100::1",
        "ff02::1",
        "ff0e::1",
        "fe80::1%eth0",
    ],
)
def test_what_is_near_is_not_everybodys(address):
    assert not web.is_everybodys(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_what_is_on_the_web_is(address):
    assert web.is_everybodys(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
def test_an_exchange_on_the_web_asks_nothing_near(base, host):
    base("https://exchange.example.com")
    with pytest.raises(OwnerSilent):
        owner_webhook.ask_owner(f"https://{host}:9/x", {}, "key")


def test_an_exchange_on_the_web_asks_only_by_https(base):
    base("https://exchange.example.com")
    with pytest.raises(OwnerSilent, match="https"):
        owner_webhook.ask_owner("http://93.184.216.34/x", {}, "key")


@pytest.mark.parametrize("url", ["https://exchange.example.com/voice", "https://exchange.example.com:443/voice"])
def test_the_exchange_never_asks_itself(base, url):
    base("https://exchange.example.com")
    with pytest.raises(OwnerSilent, match="this exchange"):
        owner_webhook.ask_owner(url, {}, "key")


def test_the_facts_come_as_json_with_a_key_by_which_a_repetition_is_known(door):
    assert asked(door) == {}
    [(headers, body)] = door.heard
    assert json.loads(body) == {"digits": "12"}
    assert (headers["idempotency-key"], headers["content-type"]) == ("key", "application/json")


@pytest.mark.parametrize(
    "answer",
    [
        (302, {"Location": "http://127.0.0.1:1/"}, []),
        (404, {}, [b"{}"]),
        (200, {}, []),
        (200, {}, [b"[" * 9000]),
        (200, {}, [b'"words"']),
        (200, {}, [b" " * 9000, b" " * 9000]),
        (200, {"Content-Encoding": "gzip"}, [b"no gzip"]),
        (200, {"Content-Length": "50"}, [b"{}"]),
    ],
)
def test_whatever_is_no_object_in_json_is_silence(door, answer):
    door.answer = answer
    with pytest.raises(OwnerSilent):
        asked(door)


@pytest.mark.parametrize("host", ["", "a" * 64 + ".example.com", "no such host"])
def test_what_is_no_host_is_silence(base, host):
    base("https://exchange.example.com")
    with pytest.raises(OwnerSilent, match="there is no such host"):
        web.resolve(host, 443, "https")


def test_what_is_on_the_web_is_asked_at_the_address_that_was_checked(base):
    base("https://exchange.example.com")
    assert web.resolve("93.184.216.34", 443, "https") == "93.184.216.34"


def test_on_one_machine_everything_may_be_asked_but_the_exchange(base):
    base("http://127.0.0.1:8000")
    assert web.resolve("127.0.0.1", 9, "http") == "127.0.0.1"
    with pytest.raises(OwnerSilent, match="this exchange"):
        web.resolve("127.0.0.1", 8000, "http")


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:99999999/"])
def test_what_is_no_address_is_silence(base, url):
    with pytest.raises(OwnerSilent, match="its address is none"):
        owner_webhook.ask_owner(url, {}, "key")


@pytest.mark.parametrize(
    ("size", "kept"), [(owner_webhook.MAX_ANSWER_BYTES, True), (owner_webhook.MAX_ANSWER_BYTES + 1, False)]
)
def test_an_answer_has_16_kilobytes_at_most(door, size, kept):
    door.answer = (200, {"Content-Length": str(size)}, [b"{}" + b" " * (size - 2)])
    if kept:
        assert asked(door) == {}
    else:
        with pytest.raises(OwnerSilent, match="too large"):
            asked(door)


@pytest.mark.parametrize(("status", "said"), [(200, True), (201, True), (299, True), (300, False)])
def test_only_what_went_well_is_an_answer(door, status, said):
    door.answer = (status, {"Content-Length": "2"}, [b"{}"])
    if said:
        assert asked(door) == {}
    else:
        with pytest.raises(OwnerSilent, match=str(status)):
            asked(door)


def test_the_question_is_signed_as_twilio_signs_its_own_but_with_our_own_secret(door):
    asked(door)
    [(headers, body)] = door.heard
    url = f"http://127.0.0.1:{door.server_port}/parcel?x=1&bodySHA256={hashlib.sha256(body).hexdigest()}"
    assert RequestValidator("own secret").validate(url, body.decode(), headers["X-Twilio-Signature"])
    assert headers["Host"] == f"127.0.0.1:{door.server_port}"


# ---- by https --------------------------------------------------------------------------------------------------------


def certificate(folder, host):
    """A key and a certificate of this host's, which signs itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
    made = made.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(key, hashes.SHA256())
    path = folder / "certificate.pem"
    secret = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*secret) + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(("host", "believed"), [("localhost", True), ("another.example.com", False)])
def test_the_host_is_asked_under_its_own_name_and_proves_it(door, tmp_path, monkeypatch, host, believed):
    path = certificate(tmp_path, host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    door.socket = context.wrap_socket(door.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    if believed:
        assert asked(door, "localhost", "https") == {}
        assert door.heard[0][0]["host"] == f"localhost:{door.server_port}"
    else:
        with pytest.raises(OwnerSilent):
            asked(door, "localhost", "https")
