"""What a REST API creates once for an Idempotency-Key: the same again is shown what was made, as it is now."""

import json
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from toritsugi.foundation import api_keys, config, forms, once, rest
from toritsugi.foundation.errors import RequestRefused, Unanswered

Make = Callable[..., Response[str]]


class Creations:
    """Those of an API, each an operation that makes something of a kind, by the letters of its SID."""

    def __init__(self, app: APIGatewayHttpResolver) -> None:
        self.app = app

    def made_once(self, kind: str, status: int = 201) -> Callable[[Make], Make]:
        """A decorator of an operation that answers with this status what it has made."""

        def decorate(make: Make) -> Make:
            @wraps(make)
            def make_or_show(**sids: str) -> Response[str]:
                event = self.app.current_event.raw_event
                if (key := event["headers"].get("idempotency-key")) is None:
                    return make(**sids)
                path, client = event["rawPath"], api_keys.key_sid_of(event["headers"].get("authorization", ""))
                request = once.read_request(client, key, path, forms.read_body(event))
                turn, sid = once.begin_once(request), kind + request.seed
                if turn.again and self.is_made(f"{path}/{sid}"):
                    turn = once.Turn(status, f"{path}/{sid}")
                    once.note_made(request, status, f"{path}/{sid}")
                if turn.made:
                    return self.show_made(turn.made, turn.status)
                self.app.append_context(sid=sid)  # type: ignore[no-untyped-call]
                return make_and_note(request, partial(make, **sids))

            return make_or_show

        return decorate

    @property
    def sid(self) -> str | None:
        """The SID that what is made has for the key of this request; None: any."""
        sid: str | None = self.app.context.get("sid")
        return sid

    def show_made(self, path: str, status: int | None) -> Response[str]:
        """What was made, as it is now, with the status of then. Raises RequestRefused 20404 for what is gone."""
        answer = self.look_at(path)
        answer.status_code = status or answer.status_code
        answer.headers["Idempotent-Replayed"] = "true"
        return answer

    def is_made(self, path: str) -> bool:
        """Whether something is found at a path."""
        try:
            self.look_at(path)
        except RequestRefused:
            return False
        return True

    def look_at(self, path: str) -> Response[str]:
        """The answer to a GET of this path. Raises RequestRefused."""
        route = next(route for route in rest.routes_of(self.app, path) if route.method == "GET")
        found: Any = route.rule.match(path)
        answer: Response[str] = route.func(**found.groupdict())
        return answer


def make_and_note(request: once.KeyedRequest, make: Callable[[], Response[str]]) -> Response[str]:
    """What is made, of which is noted where it is; or that nothing was, or that nobody knows."""
    try:
        answer = make()
    except RequestRefused as refusal:
        (once.note_failed if isinstance(refusal, Unanswered) else once.free_key)(request)
        raise
    except Exception:
        once.note_failed(request)
        raise
    if url := json.loads(answer.body or "{}").get("url"):
        once.note_made(request, answer.status_code, url.removeprefix(config.settings().public_base_url))
    else:
        once.free_key(request)  # a dry run has made nothing
    return answer
