"""`toritsugi trace`: the story of one call, text, recording or session, over Twilio, all tables and all logs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from command.exchange import standing
from command.masked import mask
from command.refusals import Refused
from command.screen import AsJson, busy, plain, say, show, table
from command.stages import Region, StageName

if TYPE_CHECKING:
    from command.story.moments import Moment

ID_FACTS = ("_sid", "_id", "invocation", "requestId")  # for programs: people read the SID that they have asked for


def trace(
    sid: Annotated[str, typer.Argument(help="CA... MM... SM... RE... KB... or KC...", show_default=False)],
    stage: StageName = "",
    region: Region = "",
    as_json: AsJson = False,
) -> None:
    """Tell what has happened to a call, a text, a recording or a session, in order of time; of numbers only the end."""
    exchange = standing(stage, region)
    exchange.enter()
    from command import story

    with busy("Reading tables, logs, and what Twilio knows ..."):
        told = story.tell(exchange, sid)
    for why in dict.fromkeys(told.untold):
        say(f"[yellow]not asked[/]  {plain(why)}")
    if not told.moments:
        raise Refused(f"Nobody knows of {sid}: neither tables nor logs, which keep for so long as you have said.")
    moments = [as_dict(moment) | {"facts": mask(moment.facts)} for moment in told.moments]
    rows = [(one["at"], one["who"], sentence(one)) for one in moments]
    show({"sid": sid, "sids": sorted(told.sids), "story": moments}, as_json, table(["when", "who", "what"], rows))


def as_dict(moment: Moment) -> dict[str, Any]:
    at = datetime.fromtimestamp(moment.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"at": at, "who": moment.who, "what": moment.what}


def sentence(one: dict[str, Any]) -> str:
    """What has happened, and what there is to say of it."""
    facts = [f"{name} {said}" for name, said in one["facts"].items() if not name.endswith(ID_FACTS)]
    return ", ".join([one["what"], *facts])
