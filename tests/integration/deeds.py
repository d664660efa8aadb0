"""What clients do, handed straight to the rules: a Lambda answers one request at a time, here many threads do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import proxy
from toritsugi.foundation.errors import Contended, RequestRefused
from toritsugi.foundation.forms import Form
from toritsugi.masking import claims, lifecycle, removal, telephones
from toritsugi.masking.sessions import present, read_session


def form(**fields: Any) -> Form:
    return Form(urlencode(fields, doseq=True))


def create(service_sid: str, *numbers: str, lines: tuple[str, ...] = (), **fields: Any) -> Any:
    people = [{"Identifier": number} for number in numbers]
    for person, line in zip(people, lines, strict=False):
        person["ProxyIdentifier"] = line
    wanted = form(Participants=[json.dumps(person) for person in people], **fields)
    session, _ = claims.open_session(service_sid, wanted)
    proxy.arm_cleanup(session)
    return session


def add(service_sid: str, session_sid: str, number: str, **fields: Any) -> Any:
    return claims.join_session(service_sid, session_sid, form(Identifier=number, **fields))


def update(service_sid: str, session_sid: str, **fields: Any) -> Any:
    session = lifecycle.change_session(service_sid, session_sid, form(**fields))
    proxy.arm_cleanup(session)
    return session


def close(service_sid: str, session_sid: str) -> Any:
    return update(service_sid, session_sid, Status="closed")


def reopen(service_sid: str, session_sid: str, **fields: Any) -> Any:
    return update(service_sid, session_sid, Status="in-progress", **fields)


def delete(service_sid: str, session_sid: str) -> None:
    lifecycle.delete_whole_session(service_sid, session_sid)


def take_out(service_sid: str, session_sid: str) -> None:
    """The first of its people is taken out of a session."""
    [first, *_] = present(read_session(service_sid, session_sid)[1])
    removal.remove_participant(service_sid, session_sid, first.sid)


def renumber(service_sid: str, session_sid: str, number: str = "+819033330009") -> Any:
    """The first of a session's people gets another telephone."""
    [first, *_] = present(read_session(service_sid, session_sid)[1])
    return telephones.change_numbers(service_sid, session_sid, first.sid, form(Identifier=number))


def clean_up(session_sid: str) -> None:
    lifecycle.expire_session(session_sid, time.time())


def outcome(deed: Callable[[], Any]) -> int:
    """0, or the code with which the API refuses it; any other error is none of these and comes through."""
    try:
        deed()
    except RequestRefused as refusal:
        return refusal.code
    except Contended:
        return 20409
    return 0
