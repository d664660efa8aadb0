"""The exchange rings its own door, as Twilio would: silence is noticed before a caller hears it."""

import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.stories.test_no_auth_token import without_token  # noqa: F401  an exchange that Twilio signs for with a key


@pytest.fixture
def rings(box):
    """What the canary's log says after it has rung."""
    said = []

    class Ear(logging.Handler):
        def emit(self, record):
            said.append((record.levelname, record.getMessage(), vars(record).get("why")))

    def ring():
        import canary

        ear, log = Ear(), logging.getLogger("toritsugi")
        log.addHandler(ear)
        try:
            canary.handler({}, None)
        finally:
            log.removeHandler(ear)
        return [one for one in said if "the door" in one[1]][-1]

    return ring


def settings(box):
    """What lies in SSM, by its name."""
    path = box.stack.cloud.template.environment["SETTINGS_PATH"]
    values = box.stack.cloud.parameters.values
    return path, values


def test_a_door_that_is_answered_as_callers_are_is_well_and_no_telephone_rings(box, rings):
    assert rings() == ("INFO", "the door was answered", None)
    assert box.calls() == []


@pytest.mark.usefixtures("without_token")
def test_where_twilio_signs_with_a_key_so_does_the_canary(rings):
    assert rings() == ("INFO", "the door was answered", None)


def test_an_address_at_which_nobody_answers_is_trouble(box, rings, log):
    path, values = settings(box)
    values[f"{path}/public-base-url"] = "http://127.0.0.1:9"
    level, said, why = rings()
    log.errors.clear()  # which this story tells of
    assert (level, said, why.startswith("it cannot be reached: ")) == ("ERROR", "the door was not answered", True)


def test_a_call_that_is_taken_for_forged_is_trouble(box, rings, log):
    path, values = settings(box)
    assert rings()[0] == "INFO"  # from now on voice.py knows the tokens, for half a minute
    values[f"{path}/auth-tokens"] = "0" * 32
    level, said, why = rings()
    log.errors.clear()
    assert (level, said, why) == ("ERROR", "the door was not answered", "it answers 403")


@pytest.fixture
def stranger():
    """The address of a server that answers everything, and knows nothing of calls."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(200)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_somebody_else_who_answers_there_is_trouble(box, rings, log, stranger):
    path, values = settings(box)
    values[f"{path}/public-base-url"] = stranger
    level, said, why = rings()
    log.errors.clear()
    assert (level, said, why) == ("ERROR", "the door was not answered", "it apologises, or something else answers")


def test_a_path_that_leads_elsewhere_is_trouble(box, rings, log):
    path, values = settings(box)
    values[f"{path}/public-base-url"] = f"{box.exchange}/somewhere"
    level, said, why = rings()
    log.errors.clear()
    assert (level, said, why) == ("ERROR", "the door was not answered", "it answers 404")
