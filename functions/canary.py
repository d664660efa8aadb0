"""It is time to see whether a call would be answered: the exchange rings its own door. An alarm waits for the answer.

That is all that this function may do; where nobody asks for it, it is not there.
"""

import time
from typing import Any

from toritsugi.adapters import door
from toritsugi.foundation.logs import log, traced


@traced
def handler(_event: dict[str, Any], _context: Any) -> None:
    began = time.monotonic()
    trouble = door.find_trouble()
    milliseconds = round((time.monotonic() - began) * 1_000)
    if trouble:
        log.error("the door was not answered", why=trouble, milliseconds=milliseconds)
    else:
        log.info("the door was answered", milliseconds=milliseconds)
