"""Durations of calls, in seconds: each of them is said here and nowhere else."""

DEFAULT_RING_SECONDS = 30
TRANSFER_RING_SECONDS = 20  # a caller waits for it, and several telephones may ring one after the other
MIN_RING_SECONDS, MAX_RING_SECONDS = 5, 600  # https://www.twilio.com/docs/voice/twiml/dial
ACCEPT_SECONDS = 8  # for which a 1 is waited for
RETRY_SECONDS = 5  # between two attempts to reach somebody
MAX_CALL_SECONDS = 4 * 3600  # where nobody has said how long a call may last
MAX_LEG_SECONDS = 86_400  # https://www.twilio.com/docs/voice/api/call-resource
DEFAULT_WARNING_SECONDS = 180  # before the end of a conference that may be extended
