"""The legs of a call to a team: several, and one interaction.

Each callback is kept as a word in a set, so once, however often and in whichever order it comes. What the interaction
says is made of that set: the call as a whole is over when one has talked, or when nobody is left who could answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pynamodb.expressions.update import Action

from toritsugi.foundation.call_status import FINAL, RANKS
from toritsugi.foundation.transactions import MAX_TRIES, update_if, update_or_read
from toritsugi.foundation.types import Fields
from toritsugi.limits.usage import Tell
from toritsugi.masking.interactions import (
    Interaction,
    LegNews,
    begin_interaction,
    check_callback,
    interaction_entry,
    read_interaction,
)
from toritsugi.masking.masked_legs import MaskedLeg
from toritsugi.masking.teams import IN_TURN

UNANSWERED = ("canceled", "no-answer", "busy", "failed")  # of several legs, the first of these that occurs counts
REFUSED_LEG = "refused"


@dataclass(frozen=True)
class LegWord:
    """What one callback says of one leg of a team; as it is stored, with the leg's `place` first."""

    place: int
    status: str
    duration: int = 0
    call_sid: str = ""

    def __str__(self) -> str:
        return f"{self.place} {self.status} {self.duration} {self.call_sid}"

    @classmethod
    def read(cls, text: str) -> "LegWord":
        place, status, duration, call_sid = text.split(" ")
        return cls(int(place), status, int(duration), call_sid)


def record_team_leg(leg: MaskedLeg, fields: Fields, tell: Tell, most: int = 0, counted_for: int = 0) -> LegNews:
    """Keeps what a callback says of a leg of a team; what was new in it of that leg.

    Raises LimitReached for a call that is more than the `most` that a session may have at once, RequestRefused.
    """
    check_callback(fields)
    interaction = read_interaction(leg, fields)
    word = LegWord(leg.place, fields["CallStatus"], int(interaction.duration or 0), fields["CallSid"])
    interaction.counted_for, interaction.legs = counted_for or None, {str(word)}
    set_whole(interaction, leg)
    moment = interaction.date_updated
    for _ in range(MAX_TRIES):
        if (new := add_word(interaction, word)) is not None:
            keep_whole(interaction, leg, moment)
            return news_of_leg(interaction, word, new)
        if begin_interaction(interaction, leg, [], most, tell):
            return LegNews(True, word.status in FINAL, counted_for)
    raise RuntimeError("the interaction was there and not there, in turns")


def add_word(interaction: Interaction, word: LegWord) -> bool | None:
    """Whether the word was new to the interaction, which is as it is stored then; None where there is none."""
    unsaid = Interaction.entry.exists() & ~Interaction.legs.contains(str(word))
    return update_or_read(interaction, [Interaction.legs.add({str(word)})], unsaid)


def news_of_leg(interaction: Interaction, word: LegWord, new: bool) -> LegNews:
    """What a word has told of its leg that was not known: of a leg that was refused nothing more."""
    said = [one for one in words_of(interaction) if one.place == word.place]
    if not new or interaction.refused or any(one.status == REFUSED_LEG for one in said):
        return LegNews()
    counted_for = int(interaction.counted_for or 0)
    return LegNews(begun=len(said) == 1, ended=word.status in FINAL, counted_for=counted_for)


def keep_whole(interaction: Interaction, leg: MaskedLeg, moment: float) -> None:
    """Writes down what the words mean for the call as a whole; unless there are more by now, whose teller does it."""
    before = interaction.status, interaction.duration, interaction.outbound_call_sid
    set_whole(interaction, leg)
    if before == (interaction.status, interaction.duration, interaction.outbound_call_sid):
        return
    actions: list[Action] = [
        Interaction.status.set(interaction.status),
        Interaction.rank.set(interaction.rank),
        Interaction.outbound_call_sid.set(interaction.outbound_call_sid),
        Interaction.date_updated.set(max(moment, interaction.date_updated)),
    ]
    if interaction.duration is not None:
        actions.append(Interaction.duration.set(interaction.duration))
    update_if(interaction, actions, Interaction.legs == interaction.legs)


def set_whole(interaction: Interaction, leg: MaskedLeg) -> None:
    """Sets how the call as a whole stands, by all that was said of its legs."""
    said = [one for one in words_of(interaction) if one.status != REFUSED_LEG]
    status = status_of_whole(said, leg.way, leg.of)
    alike = [one for one in said if one.status == status] or said
    shown = max(alike, key=lambda one: (one.duration, -one.place, one.call_sid))
    interaction.status, interaction.rank = status, RANKS[status]
    interaction.outbound_call_sid = shown.call_sid
    interaction.duration = shown.duration if status in FINAL else None


def status_of_whole(said: Iterable[LegWord], way: str, of: int) -> str:
    """How a call stands whose legs have said this: `of` so many, who ring in this way."""
    told = {(one.place, one.status) for one in said}
    statuses = {status for _, status in told}
    if "completed" in statuses:
        return "completed"
    over = {place for place, status in told if status in UNANSWERED}
    last = of in over or "canceled" in statuses if way == IN_TURN else len(over) == of
    if last:
        return next(status for status in UNANSWERED if status in statuses)
    alive = statuses - {*UNANSWERED}
    return max(alive, key=lambda status: RANKS[status], default="ringing")


def words_of(interaction: Interaction) -> list[LegWord]:
    return [LegWord.read(one) for one in interaction.legs or ()]


def note_refused_leg(leg: MaskedLeg, call_sid: str) -> None:
    """One leg of this call was more than is allowed, and counts nowhere."""
    interaction = Interaction(leg.session_sid, interaction_entry("KI" + call_sid[2:]))
    update_if(interaction, [Interaction.legs.add({str(LegWord(leg.place, REFUSED_LEG))})], Interaction.entry.exists())
