"""What becomes of a caller, by what Twilio says of the number that they show and by what the owner wants."""

import pytest

from local.network.numbers import VERSTATS
from toritsugi.foundation.errors import CallerUnconfirmed
from toritsugi.lines.identity import ANNOUNCE, TAKE, UNCONFIRMED_CALLERS, has_to_be_announced

FAILED = [verstat for verstat in VERSTATS if "Failed" in verstat]
OTHERS = ["", *(verstat for verstat in VERSTATS if verstat not in FAILED), "TN-Validation", "tn-validation-failed-a"]


@pytest.mark.parametrize("wanted", [None, *UNCONFIRMED_CALLERS])
def test_where_twilio_does_not_say_failed_nothing_is_different(wanted):
    assert [verstat for verstat in OTHERS if has_to_be_announced(verstat, wanted)] == []


@pytest.mark.parametrize("verstat", FAILED)
def test_where_it_does_the_owner_decides(verstat):
    assert len(FAILED) == 10
    assert has_to_be_announced(verstat, ANNOUNCE)
    assert not has_to_be_announced(verstat, TAKE)
    for wanted in (None, "refuse", "a setting of a later version"):
        with pytest.raises(CallerUnconfirmed):
            has_to_be_announced(verstat, wanted)
