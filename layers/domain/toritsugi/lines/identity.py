"""Whether a caller has the number that they show, as far as Twilio can tell, and what the owner wants where not.

Calls are signed by carriers of the United States, Canada and France; of all others Twilio says nothing, so nothing
happens to them here. https://www.twilio.com/docs/voice/trusted-calling-with-shakenstir
"""

from toritsugi.foundation.errors import CallerUnconfirmed

REFUSE, ANNOUNCE, TAKE = UNCONFIRMED_CALLERS = ("refuse", "announce", "take")

# What each of these begins with: TN-Validation-Failed, -A, -B and -C, and the same with -Diverted or -Passthrough.
# `No-TN-Validation` and `NULL` are no failures: many a call of an honest caller arrives so.
FAILED_VERSTAT = "TN-Validation-Failed"


def has_to_be_announced(stir_verstat: str, wanted: str | None) -> bool:
    """Whether the callee hears that the caller's number could not be confirmed. `wanted` absent: such are refused.

    Raises CallerUnconfirmed where they are refused.
    """
    if not stir_verstat.startswith(FAILED_VERSTAT) or wanted == TAKE:
        return False
    if wanted == ANNOUNCE:
        return True
    raise CallerUnconfirmed
