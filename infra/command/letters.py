"""`toritsugi letters`: what nobody could do lies in the queue of the dead letters. It is looked at, and sent again.

What could not be told to systems of the owner's lies in a second one, in its order. Three write there, and each in a
shape of its own: the Scheduler, where a target could not be told; a queue, where a function has failed again and again;
and Lambda, where an invocation that nobody waits for has.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from command.exchange import Exchange, standing
from command.masked import mask
from command.refusals import Refused
from command.screen import AsJson, Yes, confirm, say, show, table
from command.stages import Region, StageName
from toritsugi.foundation.logs import SID_IN_TEXT

app = typer.Typer(no_args_is_help=True, help="What nobody could do: look at it, and have it tried again.")

HELD_SECONDS = 120  # nobody else sees the letters while somebody decides
MOST = 1000

Named = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="As `list` shows them.")]
All = Annotated[bool, typer.Option("--all", help="All of them.")]

CLEANUP, TIMER, RECORDING, NOTIFICATION, COSTS = "cleanup", "timer", "recording", "notification", "costs"  # functions
QUEUES = ("DeadLetters", "Undelivered")
KINDS = {  # by what stands in it
    "session_sid": CLEANUP,
    "sweep": CLEANUP,
    "bridge": TIMER,
    "begin": TIMER,
    "dismiss": TIMER,
    "recording_sid": RECORDING,
    "cost": COSTS,
    "day": COSTS,
    "delivery": NOTIFICATION,
    "event": NOTIFICATION,
    "callback": NOTIFICATION,
}
# Where the Scheduler and Lambda put what was to be said. Of a queue's message, it is all that there is.
WRAPPINGS = ("requestPayload", "MessageBody", "Payload")


@dataclass(frozen=True)
class Letter:
    """A dead letter of a `queue`: what was `said` to a function, `by` whom it was given up, when and why.

    Those of a `group` are told in their order.
    """

    id: str
    queue: str
    group: str
    receipt: str
    at: float
    by: str
    why: str
    said: Any

    @property
    def function(self) -> str:
        """The function that it was for; blank if nobody knows."""
        return next((function for name, function in KINDS.items() if name in self.said), "")


@app.command("list")
def list_letters(stage: StageName = "", region: Region = "", as_json: AsJson = False) -> None:
    """Show what nobody could do, whose it was, and why."""
    exchange = standing(stage, region)
    with held(exchange) as (letters, _):
        shown = [as_dict(letter) for letter in letters]
    columns = ("id", "since", "function", "given_up_by", "why", "about")
    rows = [[str(one[name]) for name in columns] for one in shown]
    show(shown, as_json, table(columns, rows) if rows else "There are none: all that had to be done is done.")


@app.command()
def send(
    named: Named = None,
    everything: All = False,
    stage: StageName = "",
    region: Region = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Have it tried again, by the function that it was for. Whatever is done already is not done twice."""
    take(standing(stage, region), named, everything, yes, as_json, "sent", "Send {} again?", forward)


@app.command()
def drop(
    named: Named = None,
    everything: All = False,
    stage: StageName = "",
    region: Region = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Throw it away, for good: what it asks for is not done."""
    question = "What {} ask for will never be done. Drop them?"
    take(standing(stage, region), named, everything, yes, as_json, "dropped", question, lambda *_: True)


def take(
    exchange: Exchange,
    named: list[str] | None,
    everything: bool,
    yes: bool,
    as_json: bool,
    done: str,
    question: str,
    do: Callable[[Exchange, Letter], bool],
) -> None:
    """Does that with the letters that are meant; with what it is done they are gone."""
    taken = []
    with held(exchange) as (letters, remove):
        chosen = choose(letters, named, everything)
        if chosen:
            confirm(question.format(f"{len(chosen)} letters" if len(chosen) > 1 else "1 letter"), yes)
        for letter in chosen:
            if do(exchange, letter):
                remove(letter)
                taken.append(letter.id)
                say(f"[green]{done}[/]  {letter.id}")
            else:
                say(f"[yellow]It stays, for nobody knows for whom it was:[/]  {letter.id}")
    show({done: taken}, as_json, f"{len(taken)} {done}.")


def choose(letters: list[Letter], named: list[str] | None, everything: bool) -> list[Letter]:
    """The letters that are meant. Raises Refused where none is named, or one that is not there."""
    if named:
        if strange := sorted(set(named) - {letter.id for letter in letters}):
            raise Refused(f"There is no letter {strange[0]}: `toritsugi letters list` shows those there are.")
        return [letter for letter in letters if letter.id in named]
    if not everything:
        raise Refused("Say which: name them, as `toritsugi letters list` shows them, or --all.")
    return letters


# ---- the queue -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def held(exchange: Exchange) -> Iterator[tuple[list[Letter], Callable[[Letter], None]]]:
    """The letters, the oldest first, and what removes one. In this block nobody else sees them; then all else is back.

    A queue shows a message only to who takes it out.
    """
    sqs = exchange.aws("sqs")
    left = {letter.id: letter for name in QUEUES for letter in receive(sqs, exchange.named(name))}

    def remove(letter: Letter) -> None:
        sqs.delete_message(QueueUrl=letter.queue, ReceiptHandle=letter.receipt)
        del left[letter.id]

    try:
        yield sorted(left.values(), key=lambda letter: letter.at), remove
    finally:
        for letter in left.values():
            sqs.change_message_visibility(QueueUrl=letter.queue, ReceiptHandle=letter.receipt, VisibilityTimeout=0)


def receive(sqs: Any, queue: str) -> Iterator[Letter]:
    """Yields the letters that lie there, MOST of them at most."""
    for _ in range(MOST // 10):
        found = sqs.receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=10,
            VisibilityTimeout=HELD_SECONDS,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        if not found:
            return
        yield from (read_letter(queue, message) for message in found)


def forward(exchange: Exchange, letter: Letter) -> bool:
    """Whether the function for which a letter was has been told again what it says."""
    said, known = json.dumps(letter.said, ensure_ascii=False), exchange.environment
    match letter.function:
        case "cleanup":
            arn = known["CLEANUP_ARN"]
            exchange.aws("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=said.encode())
        case "timer":
            exchange.aws("sqs").send_message(QueueUrl=known["TIMERS_URL"], MessageBody=said)
        case "recording":
            exchange.aws("sqs").send_message(QueueUrl=known["RECORDINGS_URL"], MessageBody=said)
        case "costs":
            exchange.aws("sqs").send_message(QueueUrl=known["INQUIRIES_URL"], MessageBody=said)
        case "notification":
            order = {"MessageGroupId": letter.group, "MessageDeduplicationId": f"{letter.id}-{time.time_ns()}"}
            exchange.aws("sqs").send_message(QueueUrl=known["NOTIFICATIONS_URL"], MessageBody=said, **order)
        case _:
            return False
    return True


# ---- what a letter says ----------------------------------------------------------------------------------------------


def read_letter(queue: str, message: dict[str, Any]) -> Letter:
    """A message of a queue, of whichever shape."""
    told = {name: one.get("StringValue", "") for name, one in message.get("MessageAttributes", {}).items()}
    system = message.get("Attributes", {})
    whole = read_json(message["Body"])
    if "requestPayload" in whole:
        answer = whole.get("responsePayload") or {}
        by, why = "Lambda", f"{answer.get('errorType', 'Error')}: {answer.get('errorMessage', '')}"
    elif "SCHEDULE_ARN" in told or "ERROR_CODE" in told:
        by, why = "Scheduler", f"{told.get('ERROR_CODE', '')}: {told.get('ERROR_MESSAGE', '')}"
    else:
        by, why = "queue", "its function has failed, again and again: toritsugi trace"
    return Letter(
        id=message["MessageId"],
        queue=queue,
        group=system.get("MessageGroupId", ""),
        receipt=message["ReceiptHandle"],
        at=int(system.get("SentTimestamp", 0)) / 1000,
        by=by,
        why=why,
        said=unwrap(whole),
    )


def unwrap(whole: dict[str, Any]) -> dict[str, Any]:
    """What was to be said to the function."""
    for name in WRAPPINGS:
        if name in whole:
            inner = whole[name]
            return read_json(inner) if isinstance(inner, str) else dict(inner or {})
    return whole


def read_json(text: str) -> dict[str, Any]:
    """An object in JSON; of anything else, an object that says it."""
    with contextlib.suppress(ValueError):
        if isinstance(found := json.loads(text), dict):
            return found
    return {"text": text}


def as_dict(letter: Letter) -> dict[str, Any]:
    """What there is to say of a letter, and of no number more than its end."""
    sids = dict.fromkeys(found[0] for found in SID_IN_TEXT.finditer(json.dumps(letter.said)))
    about = " ".join(sids) or ", ".join(letter.said)
    since = datetime.fromtimestamp(letter.at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    function = letter.function or "unknown"
    facts = {"id": letter.id, "since": since, "function": function, "given_up_by": letter.by, "why": letter.why}
    return mask({**facts, "about": about, "said": letter.said})
