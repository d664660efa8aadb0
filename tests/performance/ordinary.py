"""The ordinary implementation of a masked call, to be measured against: how most people write it for Lambda.

It is meant to be good: one module, Powertools' resolver and logger, boto3's tables, pydantic's models, Twilio's
signature checked, clients made once at import, the REST client for a text to whoever was not reached. The auth token
comes from the environment, which is quicker than asking for it. A session is found by the number that was called; every
call is a record, brought up to date by every status callback. It lacks what Toritsugi promises beyond that: no pair of
caller and number is exclusive, nothing expires, and callbacks count in the order in which they come.
"""

import base64
import os
import time
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from boto3.dynamodb.conditions import Key
from pydantic import BaseModel
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import Dial, VoiceResponse

BASE = os.environ["ORDINARY_BASE_URL"]
EVENTS = "initiated ringing answered completed"

logger = Logger(service="ordinary")
app = APIGatewayHttpResolver()
validator = RequestValidator(os.environ["ORDINARY_AUTH_TOKEN"])
twilio = Client(os.environ["ORDINARY_ACCOUNT_SID"], os.environ["ORDINARY_AUTH_TOKEN"])

dynamodb = boto3.resource("dynamodb")
sessions = dynamodb.Table("ordinary-sessions")
calls = dynamodb.Table("ordinary-calls")

# Its tables, for whoever measures it.
TABLES: list[dict[str, Any]] = [
    {
        "TableName": "ordinary-sessions",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "proxy_number")],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by-proxy-number",
                "KeySchema": [{"AttributeName": "proxy_number", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        "BillingMode": "PAY_PER_REQUEST",
    },
    {
        "TableName": "ordinary-calls",
        "KeySchema": [{"AttributeName": "call_sid", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "call_sid", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    },
]


class Session(BaseModel):
    id: str
    proxy_number: str
    customer: str
    provider: str
    active: bool = True

    def partner_of(self, number: str) -> str | None:
        return {self.customer: self.provider, self.provider: self.customer}.get(number)


class CallRecord(BaseModel):
    call_sid: str
    session_id: str
    status: str
    created_at: int
    updated_at: int


class IncomingCall(BaseModel):
    CallSid: str
    From: str
    To: str


class StatusCallback(BaseModel):
    ParentCallSid: str
    From: str
    To: str
    CallStatus: str
    CallDuration: int | None = None


def read_form() -> dict[str, str]:
    """The fields of a signed form; raises ValueError for any other."""
    event = app.current_event
    body = base64.b64decode(event.body).decode() if event.is_base64_encoded else event.body
    fields = dict(parse_qsl(body, keep_blank_values=True))
    if not validator.validate(BASE + event.path, fields, event.headers.get("x-twilio-signature", "")):
        raise ValueError("The signature is invalid")
    return fields


@app.exception_handler(ValueError)
def forbidden(_: ValueError) -> Response[str]:
    return Response(403, "text/plain", "Forbidden")


@app.post("/voice")
def voice() -> Response[str]:
    call = IncomingCall.model_validate(read_form())
    found = sessions.query(IndexName="by-proxy-number", KeyConditionExpression=Key("proxy_number").eq(call.To))
    response = VoiceResponse()
    for session in map(Session.model_validate, found["Items"]):
        partner = session.partner_of(call.From)
        if partner and session.active:
            logger.info("call connected", extra={"session": session.id, "call_sid": call.CallSid})
            now = int(time.time())
            record = CallRecord(
                call_sid=call.CallSid, session_id=session.id, status="ringing", created_at=now, updated_at=now
            )
            calls.put_item(Item=record.model_dump())
            dial = Dial(caller_id=session.proxy_number, answer_on_bridge=True)
            dial.number(partner, status_callback=f"{BASE}/status", status_callback_event=EVENTS)
            response.append(dial)
            break
    else:
        logger.info("no session", extra={"call_sid": call.CallSid})
        response.say("This number is not available.")
        response.hangup()
    return Response(200, "text/xml", str(response))


@app.post("/status")
def status() -> Response[str]:
    callback = StatusCallback.model_validate({name: value for name, value in read_form().items() if value})
    logger.info("call changed", extra={"call_sid": callback.ParentCallSid, "status": callback.CallStatus})
    calls.update_item(
        Key={"call_sid": callback.ParentCallSid},
        UpdateExpression="SET #s = :s, #d = :d, updated_at = :n",
        ExpressionAttributeNames={"#s": "status", "#d": "duration"},
        ExpressionAttributeValues={":s": callback.CallStatus, ":d": callback.CallDuration, ":n": int(time.time())},
    )
    if callback.CallStatus in ("no-answer", "busy"):
        twilio.messages.create(to=callback.To, from_=callback.From, body="Somebody has tried to call you.")
    return Response(204)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.resolve(event, context)


def example(proxy_number: str, customer: str, provider: str) -> dict[str, Any]:
    """A session as its tables hold it."""
    return Session(id=uuid4().hex, proxy_number=proxy_number, customer=customer, provider=provider).model_dump()
