"""One request to an address that anybody may have written down: nobody near is asked, and it is over when time is up.

One deadline holds for all of it: the name, the connection, TLS, the question, the headers, the content. A limit for
each read would not do, for who sends a byte now and then keeps every one of them. So the request runs in a thread of
its own; when the time is up its connection is shut from here, whatever it waits for, and that ends the thread.

Only the resolver of the system cannot be interrupted. A thread that waits for it is left behind, and asks nothing
any more when it comes back: the resolver gives up by itself, after 30 s at most as resolv.conf(5) usually is.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit

from toritsugi.foundation import config
from toritsugi.foundation.errors import OwnerSilent, OwnerSlow

MAX_AT_ONCE = 64  # requests of this process, those left behind included: Lambda has one at a time, one machine more

# https://www.iana.org/assignments/ipv6-address-space: all that is global unicast. Outside are NAT64 (RFC 6052 and 8215)
# and whatever else hides an IPv4 address in its last bits; inside are two tunnels that do, Teredo and 6to4.
ON_THE_WEB, TUNNELS = "2000::/3", ("2001::/32", "2002::/16")

_at_once = threading.BoundedSemaphore(MAX_AT_ONCE)


@dataclass(frozen=True)
class WebAnswer:
    """What came back; of the content only as much as was asked for."""

    status: int
    headers: Message
    content: bytes


@dataclass
class Errand:
    """A request without redirects. `largest` is how much content there may be; None leaves it unread."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    largest: int | None
    until: float  # by time.monotonic()
    answer: WebAnswer | None = None
    failure: Exception | None = None
    line: socket.socket | None = None  # the connection once more, to be shut from another thread
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def seconds_left(self) -> float:
        """Until the deadline. Raises OwnerSlow when it has passed."""
        if (left := self.until - time.monotonic()) <= 0:
            raise OwnerSlow("it takes too long")
        return left

    def run(self) -> None:
        """Fills in the answer, or the failure."""
        try:
            self.answer = self.ask()
        except Exception as failure:
            self.failure = failure
        finally:
            self.shut()
            _at_once.release()

    def ask(self) -> WebAnswer:
        """The answer. Raises OwnerSilent, and whatever socket, ssl and http.client raise."""
        try:
            split = urlsplit(self.url)
            port = split.port or (443 if split.scheme == "https" else 80)
        except ValueError:
            raise OwnerSilent("its address is none") from None
        host, path = split.hostname or "", (split.path or "/") + (f"?{split.query}" if split.query else "")
        talk = HTTPConnection(host, port)
        talk.sock = self.connect(resolve(host, port, split.scheme), port, host if split.scheme == "https" else None)
        with talk.sock:
            talk.request(self.method, path, self.body, {"Host": split.netloc, **self.headers})
            with talk.getresponse() as answer:
                return WebAnswer(answer.status, answer.headers, self.read(answer))

    def read(self, answer: HTTPResponse) -> bytes:
        """The content of an answer. Raises OwnerSilent if it is too large, or less than was announced."""
        if self.largest is None:
            return b""
        content = answer.read(self.largest + 1)
        if len(content) > self.largest:
            raise OwnerSilent("its answer is too large")
        if answer.length:
            raise OwnerSilent("its answer breaks off")
        return content

    def connect(self, address: str, port: int, proves: str | None) -> socket.socket:
        """The connection, which can be shut from now on; by TLS, if the other side is to prove that it is that host."""
        plain = socket.create_connection((address, port), self.seconds_left)
        with self.lock:
            self.line = plain.dup()
        plain.settimeout(self.seconds_left)
        return ssl.create_default_context().wrap_socket(plain, server_hostname=proves) if proves else plain

    def shut(self) -> None:
        """Ends the connection, if there is one, whoever waits for something of it."""
        with self.lock:
            line, self.line = self.line, None
        if line:
            with suppress(OSError), line:
                line.shutdown(socket.SHUT_RDWR)


def request(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, largest: int | None, seconds: float
) -> WebAnswer:
    """The answer from somewhere on the web, without following redirects. Raises OwnerSilent, or OwnerSlow."""
    errand = Errand(method, url, headers, body, largest, time.monotonic() + seconds)
    if not _at_once.acquire(blocking=False):
        raise OwnerSlow("too many others are still waited for")
    thread = threading.Thread(target=errand.run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        errand.shut()
        raise OwnerSlow("it takes too long")
    if isinstance(errand.failure, TimeoutError):
        raise OwnerSlow("it takes too long")
    if isinstance(errand.failure, OwnerSilent):
        raise errand.failure
    if errand.answer is None:
        raise OwnerSilent(type(errand.failure).__name__)
    return errand.answer


def resolve(host: str, port: int, scheme: str) -> str:
    """The IP address of a host on the web, resolved once, so that nobody changes it in between. Raises OwnerSilent.

    On one machine, where the exchange itself is reached by http, everything is near, and may be asked; but never the
    exchange itself, under whichever of its addresses: the signature would open every door there.
    """
    ours = [urlsplit(url) for url in config.settings().own_urls]
    # A name may end with the dot of the root, and is the same: https://www.rfc-editor.org/rfc/rfc1034#section-3.1
    if any((host.lower().rstrip("."), port) == (own.hostname, own.port or 443) for own in ours):
        raise OwnerSilent("its address is this exchange's")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OwnerSilent("there is no such host") from None
    address = str(found[0][4][0])
    if ours[0].scheme == "http":
        return address
    if scheme != "https":
        raise OwnerSilent("its address is not https")
    if not all(is_everybodys(str(one[4][0])) for one in found):
        raise OwnerSilent("its address is not on the web")
    return address


def is_everybodys(address: str) -> bool:
    """Whether an IP address is one of the web: not this machine's, a private network's, or AWS's own."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6 and (not is_within(ip, ON_THE_WEB) or any(is_within(ip, tunnel) for tunnel in TUNNELS)):
        return False
    return ip.is_global and not ip.is_multicast


def is_within(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, network: str) -> bool:
    return ip in ipaddress.ip_network(network)
