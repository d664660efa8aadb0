"""One stack of template.yaml on this machine: its parts, and what their APIs answer."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from moto import mock_aws

from local.aws import buckets, rows, tables, wire
from local.aws.buckets import Buckets
from local.aws.bus import Buses
from local.aws.expiry import Expiry
from local.aws.faults import Crashes, Faults, ScheduleFaults
from local.aws.functions import Functions
from local.aws.messages import Refused
from local.aws.parameters import Parameters
from local.aws.queues import Queues
from local.aws.roles import Roles, WhoActs, who_runs
from local.aws.schedules import Key, Schedules
from local.aws.streams import Streams
from local.aws.template import REGION, Template
from local.clock import Clock

# Modules of the functions that remember what they have read, and what has them forget it.
REMEMBERING = {
    "toritsugi.foundation.config": "forget_settings",
    "toritsugi.receptions.records": "forget_documents",
    "toritsugi.limits.switch": "forget_limits",
    "toritsugi.limits.charges": "forget_charges",
    "toritsugi.subscriptions.records": "forget_subscriptions",
}


def leave_aws() -> None:
    """Has this process know nothing of a real account at AWS: no profile, no endpoint, no region of whoever starts it.

    Otherwise a request would go where their settings say, and past this stack.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


class Troubles:
    """What goes wrong on purpose: `schedules` (late, twice, never), `messages` (late, twice), `crashes`."""

    def __init__(self) -> None:
        self.schedules, self.messages, self.crashes = ScheduleFaults(), Faults(), Crashes()

    def missed(self) -> list[str]:
        """Faults that were asked for and did not strike as often as that, in words."""
        return [one for kind in (self.schedules, self.messages, self.crashes) for one in kind.missed()]


class Cloud:
    """The resources of one stack, a context manager. Import handlers only inside, for they read the environment.

    `keeps` is how many of the events on its buses can still be seen (None: all of them). `who_acts` says whose role
    counts.
    """

    def __init__(
        self,
        template: Path,
        parameters: dict[str, str],
        settings: dict[str, str],
        keeps: int | None = None,
        who_acts: WhoActs = who_runs,
    ) -> None:
        self.template = Template(template, {"Stage": "local"} | parameters)
        self.roles = Roles(self.template, who_acts)
        path = self.template.environment.get("SETTINGS_PATH", "")
        self.parameters = Parameters({f"{path}/{name}": value for name, value in settings.items()})
        self.faults = Troubles()
        self.functions = Functions(self.template, self.faults.crashes)
        self.queues = Queues(self.template, self.functions, self.faults.messages)
        self.schedules = Schedules(self.template, self.functions, self.queues, self.faults.schedules)
        self.streams, self.expiry = Streams(self.template, self.functions), Expiry(self.template, self.client)
        self.buckets, self.buses = Buckets(self.template), Buses(self.template, keeps)
        self.address = settings.get("public-base-url", "")
        self.events = self.buses.events
        self.invoke, self.failures = self.functions.invoke, self.functions.failures

    def __enter__(self) -> Cloud:
        leave_aws()
        os.environ |= self.template.environment
        tables.relieve_moto()
        self.inside = ExitStack()
        moto = mock_aws()
        moto.start()
        self.inside.callback(moto.stop)
        self.inside.enter_context(wire.open_wire(self.answer, lambda link: self.buckets.here(self.address, link)))
        self.inside.enter_context(self.functions)
        tables.create_tables(self.template)
        for group in self.template.of_type("AWS::Scheduler::ScheduleGroup").values():
            self.client("scheduler").create_schedule_group(Name=group["Name"])
        for name, forget in REMEMBERING.items():  # an earlier cloud was here, in this very process
            if name in sys.modules:
                vars(sys.modules[name])[forget]()
        return self

    def __exit__(self, *_: object) -> None:
        self.inside.close()

    def start(self, clock: Clock) -> None:
        """From now on time passes here, too: schedules fire, messages and changes of tables wake functions.

        Call it in the loop in which the clock runs.
        """
        self.functions.clock = clock
        self.queues.start(clock)
        self.schedules.start(clock, self.delete_schedule)
        self.streams.start(clock)
        self.expiry.start(clock)

    def crash(
        self, function: str, *, before: str | None = None, after: str | None = None, times: int | None = 1
    ) -> None:
        """Has the function's process end at its next call that begins so, as if Lambda had lost it there.

        `function` is its file's name; a call is dynamodb.PutItem (or, of one table, dynamodb.PutItem SessionsTable),
        sqs.SendMessage TimerQueue, scheduler.CreateSchedule, or twilio POST /Calls. Raises ValueError.
        """
        self.functions.crash(function, before, after, times)

    def client(self, service: str) -> Any:
        return wire.session().create_client(service, region_name=REGION)

    # ---- the APIs --------------------------------------------------------------------------------------------------

    def answer(self, moto: wire.Operation) -> wire.Operation:
        """What an operation of AWS's answers: of SSM, SQS, S3 and EventBridge our own, of all others moto's."""

        def answered(client: Any, operation: str, request: dict[str, Any]) -> Any:
            service = client.meta.service_model.service_name
            if service == "ssm":
                return self.parameters.call(operation, request)
            if service == "events":
                return self.buses.call(operation, request)
            if service == "s3":
                return self.answer_of_buckets(operation, request)
            if service == "sqs":
                with refusing(client, operation):
                    return self.queues.call(operation, request)
            if service == "scheduler":
                with refusing(client, operation):
                    self.schedules.check(operation, request)
            if service == "dynamodb":
                self.roles.check(operation, request)
            directly = rows.are_answered_directly(client, operation)
            answer = (rows.answer if directly else moto)(client, operation, request)
            if service == "scheduler":
                self.schedules.happened(operation, request)
            if service == "dynamodb":
                self.streams.look()
            return answer

        return answered

    def answer_of_buckets(self, operation: str, request: dict[str, Any]) -> Any:
        try:
            return self.buckets.call(operation, request)
        except buckets.Refused as no:
            raise ClientError({"Error": {"Code": no.code, "Message": no.code}}, operation) from None

    def delete_schedule(self, key: Key) -> None:
        with suppress(ClientError):  # somebody has deleted it meanwhile
            self.client("scheduler").delete_schedule(GroupName=key[0], Name=key[1])


@contextmanager
def refusing(client: Any, operation: str) -> Iterator[None]:
    """Inside, what is refused is said as botocore says it."""
    try:
        yield
    except Refused as no:
        said = {"Error": {"Code": no.code, "Message": no.message, "Type": "Sender"}}
        error: type[ClientError] = client.exceptions.from_code(no.shape)
        raise error(said, operation) from None
