"""The status of a call, as Twilio writes it: how far it has come, and whether it is over.

A call ends only once, so no two callbacks of one rank say different things.
https://www.twilio.com/docs/voice/twiml/number
"""

FINAL = ("completed", "busy", "no-answer", "failed", "canceled")
RANKS = {"queued": 0, "initiated": 1, "ringing": 2, "in-progress": 3, "answered": 3, **dict.fromkeys(FINAL, 9)}
