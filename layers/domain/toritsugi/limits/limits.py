"""How much is allowed: by the deployment, and by whoever has changed that since through the REST API."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache

from toritsugi.foundation import config

COUNTED_ONE_IN = 50  # at most: the fewer are counted, the cheaper is a call, and the later a limit is noticed
DEAREST_CALL_YEN = 90  # of a usual call to a country whose numbers are called: three minutes to a mobile in Japan
SAMPLES = 20  # of calls that a limit is worth at least: so one is noticed give or take a fifth


@dataclass(frozen=True)
class Limits:
    """The most of each; 0: no limit. Calls are those that the exchange makes, each leg one. Hours and days are UTC's.

    `unusual_an_hour` refuses nothing: somebody is told of it.
    """

    calls_at_once_per_caller: int
    calls_at_once_per_line: int
    calls_at_once: int
    calls_an_hour_per_line: int
    calls_a_day_per_line: int
    calls_an_hour: int
    calls_a_day: int
    texts_an_hour_per_line: int
    texts_a_day_per_line: int
    texts_an_hour: int
    texts_a_day: int
    yen_a_day: int
    unusual_an_hour: int

    @property
    def counted_one_in(self) -> int:
        """Of how many plain masked calls one is counted for all: the more, the larger the limits are."""
        calls = [
            most for name, most in asdict(self).items() if name.startswith("calls") and not name.endswith("caller")
        ]
        smallest = min((most for most in calls if most), default=COUNTED_ONE_IN * SAMPLES)
        affordable = self.yen_a_day // (SAMPLES * DEAREST_CALL_YEN) if self.yen_a_day else COUNTED_ONE_IN
        return max(1, min(COUNTED_ONE_IN, smallest // SAMPLES, affordable))

    def changed(self, changes: Mapping[str, int]) -> "Limits":
        """The limits with these changes; a change of what is no limit any more says nothing."""
        return replace(self, **{name: int(most) for name, most in changes.items() if name in NAMES})


NAMES = tuple(Limits.__dataclass_fields__)


@cache
def deployed() -> Limits:
    """The limits with which the exchange was deployed."""
    said = dict(pair.split("=") for pair in config.LIMITS.split(","))
    return Limits(**{name: int(said[name]) for name in NAMES})
