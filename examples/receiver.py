"""A system of yours that is told what happens on the exchange: it checks who says so, and takes each event once.

source .toritsugi/env
python examples/receiver.py
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from twilio.request_validator import RequestValidator

ADDRESS = "http://127.0.0.1:8700"  # as it stands in the subscription
validator = RequestValidator(os.environ["OWN_SECRET"])  # on your own exchange: toritsugi tokens show
taken = set()


class Receiver(BaseHTTPRequestHandler):
    """Answers within five seconds; what takes longer is done afterwards."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if not validator.validate(ADDRESS + self.path, body, self.headers["X-Twilio-Signature"]):
            return self.answer(403)
        event = json.loads(body)
        if event["id"] not in taken:
            taken.add(event["id"])
            print(event["time"], event["type"], event["subject"], flush=True)
        return self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        """It prints what it was told, and nothing else."""


print("listening", flush=True)
ThreadingHTTPServer(("127.0.0.1", 8700), Receiver).serve_forever()
