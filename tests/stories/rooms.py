"""What stories of bridges share: a line that works for no service, and two people who have just met in a room."""

from tests.stories.people import Bridge, Desk, Person

LINE = "+815010000011"


def meet(desk: Desk, aiko: Person, ben: Person, **wanted: object) -> Bridge:
    """A conference that Aiko and Ben have just begun: it lasts from now on."""
    aiko.will("at once")
    ben.will("at once")
    desk.owns(LINE)
    bridge = desk.calls(aiko, ben, line=LINE, **wanted)
    desk.scene.call("POST", "/clock", {"advance": 1})  # Twilio makes one call a second
    for person in (aiko, ben):
        person.was_called(showing=LINE)
    aiko.talks_with(ben)
    return bridge
