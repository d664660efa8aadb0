"""A small stack of its own on the local AWS, with functions that write down what wakes them and do as a test says."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.aws import ACCOUNT, REGION, Cloud
from local.clock import Clock
from tests.local.diary import START, now
from tests.local.listener import diary as listener
from tests.local.timer import diary as timer

__all__ = ["BATCHES", "DEAD", "LINES", "LOST", "START", "TEMPLATE", "TIMERS", "Lab", "listener", "now", "timer"]

TIMERS = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/Timers"
BATCHES, DEAD = TIMERS.replace("Timers", "Batches"), TIMERS.replace("Timers", "Dead")
LINES, LOST = TIMERS.replace("Timers", "lines.fifo"), TIMERS.replace("Timers", "lost.fifo")

TEMPLATE = """
Parameters: { Stage: { Type: String } }
Globals: { Function: { Timeout: 9, Environment: { Variables: { LAB_TIMERS: !Ref Timers, LAB_NAME: !GetAtt Timers.QueueName } } } }
Resources:
  Timer:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub lab-${Stage}-timer
      Handler: tests.local.timer.handler
      EventInvokeConfig: { MaximumRetryAttempts: 1, DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt Dead.Arn } } }
      Events:
        Due: { Type: SQS, Properties: { Queue: !GetAtt Timers.Arn, BatchSize: 1 } }
        Batch: { Type: SQS, Properties: { Queue: !GetAtt Batches.Arn, BatchSize: 3, FunctionResponseTypes: [ReportBatchItemFailures] } }
        Line: { Type: SQS, Properties: { Queue: !GetAtt Lines.Arn, BatchSize: 1, FunctionResponseTypes: [ReportBatchItemFailures] } }
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub lab-${Stage}-listener
      Handler: tests.local.listener.handler
      Events: { Change: { Type: DynamoDB, Properties: { Stream: !GetAtt Rows.StreamArn, StartingPosition: LATEST, BatchSize: 2 } } }
  Timers:
    Type: AWS::SQS::Queue
    Properties: { DelaySeconds: 5, VisibilityTimeout: 20, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2 } }
  Batches: { Type: AWS::SQS::Queue }
  Dead: { Type: AWS::SQS::Queue }
  Lines: { Type: AWS::SQS::Queue, Properties: { QueueName: lines.fifo, FifoQueue: true, VisibilityTimeout: 20, RedrivePolicy: { deadLetterTargetArn: !GetAtt Lost.Arn, maxReceiveCount: 2 } } }
  Lost: { Type: AWS::SQS::Queue, Properties: { QueueName: lost.fifo, FifoQueue: true } }
  Group: { Type: AWS::Scheduler::ScheduleGroup, Properties: { Name: lab } }
  Role: { Type: AWS::IAM::Role, Properties: {} }
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: name, AttributeType: S }]
      KeySchema: [{ AttributeName: name, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
  Shelves:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: shelf, AttributeType: S }, { AttributeName: place, AttributeType: S }, { AttributeName: color, AttributeType: S }]
      KeySchema: [{ AttributeName: shelf, KeyType: HASH }, { AttributeName: place, KeyType: RANGE }]
      GlobalSecondaryIndexes: [{ IndexName: of-color, KeySchema: [{ AttributeName: color, KeyType: HASH }, { AttributeName: place, KeyType: RANGE }], Projection: { ProjectionType: ALL } }]
"""  # noqa: E501


class Lab:
    """The stack, on a clock that moves when it is told."""

    def __init__(self, folder: Path, pace: int = 0) -> None:
        timer.forget()
        listener.forget()
        self.path, self.pace, self.ready = folder / "template.yaml", pace, threading.Event()
        self.path.write_text(TEMPLATE)

    def __enter__(self) -> Lab:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self.live(),), daemon=True)
        self.thread.start()
        assert self.ready.wait(10)
        self.sqs, self.scheduler, self.dynamodb = map(self.cloud.client, ("sqs", "scheduler", "dynamodb"))
        return self

    async def live(self) -> None:
        self.over = asyncio.Event()
        with Cloud(self.path, {}, {}) as self.cloud:
            async with Clock(self.pace, START) as self.clock:
                self.cloud.start(self.clock)
                self.ready.set()
                await self.over.wait()

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join(10)
        assert not self.thread.is_alive()
        self.loop.close()

    def wait_for(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    # ---- what a test does

    def forward(self, seconds: float) -> None:
        self.wait_for(self.clock.advance(seconds))

    def send(self, body: str, delay: int | None = None, url: str = TIMERS) -> str:
        delayed = {} if delay is None else {"DelaySeconds": delay}
        sid: str = self.sqs.send_message(QueueUrl=url, MessageBody=body, **delayed)["MessageId"]
        return sid

    def line_up(self, body: str, group: str, same: str = "") -> str:
        """Sends a message behind those of its group."""
        order = {"MessageGroupId": group, "MessageDeduplicationId": same or body}
        sid: str = self.sqs.send_message(QueueUrl=LINES, MessageBody=body, **order)["MessageId"]
        return sid

    def arm(self, name: str, seconds: float, arn: str | None = None, said: Any = None) -> None:
        """A one-time schedule, so many seconds after the start, that wakes the timer or whatever has this ARN."""
        at = datetime.fromtimestamp(START + seconds, UTC)
        self.scheduler.create_schedule(
            Name=name,
            GroupName="lab",
            ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={
                "Arn": arn or self.cloud.template.arn("Timer"),
                "RoleArn": "arn:aws:iam::123456789012:role/Role",
                "Input": json.dumps(said or {"name": name}),
            },
        )

    def disarm(self, name: str) -> None:
        self.scheduler.delete_schedule(Name=name, GroupName="lab")

    def schedules(self) -> list[str]:
        return [one["Name"] for one in self.scheduler.list_schedules()["Schedules"]]

    def put(self, name: str, **attributes: str) -> None:
        item = {key: {"S": value} for key, value in {"name": name, **attributes}.items()}
        self.dynamodb.put_item(TableName="Rows", Item=item)

    # ---- what it sees

    def dead(self) -> list[str]:
        answer = self.sqs.receive_message(QueueUrl=DEAD, MaxNumberOfMessages=10)
        return [message["Body"] for message in answer.get("Messages", [])]

    def rows(self) -> list[str]:
        return sorted(item["name"]["S"] for item in self.dynamodb.scan(TableName="Rows")["Items"])

    def failures(self) -> list[str]:
        """What went wrong and was not asked for; it is forgotten by that."""
        found = [*self.cloud.failures, *map(repr, self.clock.failures)]
        self.cloud.failures.clear()
        self.clock.failures.clear()
        return found
