"""The page at the exchange's own address: what is here, and where it is read of, in Japanese and English."""

from __future__ import annotations

import html
from pathlib import Path

from toritsugi import __version__

PAGE = Path(__file__).with_name("welcome.html")


def page(exchange: str, network: str) -> str:
    """The page, with the addresses of this machine in it."""
    text = PAGE.read_text(encoding="utf-8")
    for name, value in {"EXCHANGE": exchange, "NETWORK": network, "VERSION": __version__}.items():
        text = text.replace(f"{{{name}}}", html.escape(value))
    return text
