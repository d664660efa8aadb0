"""Every operation of Twilio's specification of Proxy is there, and answers in the shape that stands in it.

The specification is Twilio's, in https://github.com/twilio/twilio-oai, and not part of this repository.
"""

import json
import re
from functools import cache

import jsonschema
import pytest

from tests.integration import test_lines_api
from tests.integration.conftest import AIKO, BEN, OutgoingLeg
from tests.integration.test_conflicts import routes_of
from tests.integration.test_lines_api import BOTH
from tests.integration.test_proxy_api import SPEC
from tests.integration.test_proxy_codes import Program

pytestmark = pytest.mark.skipif(not SPEC.exists(), reason="Twilio's specification of Proxy is not on this machine")

at_twilio = test_lines_api.at_twilio

OTHERWISE = {"DeleteParticipant": 204}  # as all that deletes; Twilio's says 200, and the SDKs take either
# Of a text that was only sent, Twilio's own examples show null where its specification has a status.
NULL_IN_EXAMPLES = "message_interaction_enum_resource_status"


@cache
def operations():
    """Of each operation its method, its path, and what it answers where it is done: status and schema."""
    document = json.loads(SPEC.read_text())
    schemas = document["components"]["schemas"]
    schemas["interaction_enum_resource_status"]["nullable"] = schemas[NULL_IN_EXAMPLES]["nullable"] = True
    components, found = as_json_schema(document["components"]), {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "operationId" in operation:
                [(status, answer)] = operation["responses"].items()
                schema = answer.get("content", {}).get("application/json", {}).get("schema")
                whole = schema and as_json_schema(schema) | {"components": components}
                found[operation["operationId"]] = (method.upper(), path, int(status), whole)
    return found


def as_json_schema(schema):
    """The same in JSON Schema, where something that may be null is said to be null or something."""
    if isinstance(schema, list):
        return [as_json_schema(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: as_json_schema(value) for name, value in schema.items() if name not in ("nullable", "example")}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


def lacking(said, schema, schemas):
    """The properties that the specification has, and an answer has not; of a list, any that one of its items has not.

    That one is required, it says of none.
    """
    if "$ref" in schema:
        return lacking(said, schemas[schema["$ref"].rpartition("/")[2]], schemas)
    specified = schema.get("properties", {})
    missing = set(specified) - set(said)
    for name in specified.keys() & said.keys():
        for item in said[name] if "items" in specified[name] else ():
            missing |= lacking(item, specified[name]["items"], schemas)
    return missing


class Walk:
    """A whole life of a service, step by step; every answer is compared with the specification."""

    def __init__(self, program):
        self.program, self.walked, self.named = program, set(), {}

    def does(self, operation, sids=(), query="", **fields):
        method, path, status, schema = operations()[operation]
        for sid in sids:
            path = re.sub(r"\{\w+\}", sid, path, count=1)
        told, said = self.program.asks(method, path + query, **fields)
        assert told == OTHERWISE.get(operation, status), said
        if schema:
            jsonschema.validate(said, schema, jsonschema.Draft202012Validator)
            assert lacking(said, schema, schema["components"]["schemas"]) == set()
        self.walked.add(operation)
        return said


@pytest.fixture
def walk(client, at_twilio, clock):
    return Walk(Program())


OUR_OWN = {"POST /v1/Services/{}/Sessions/{}/Participants/{}", "GET /v1/Services/{}/PoolForecast"}


def test_every_operation_is_there_under_twilios_path():
    import proxy

    ours = {re.sub("<.+?>", "{}", f"{one.method} {one.path}") for one in routes_of(proxy.app)}
    twilios = {re.sub(r"\{.+?\}", "{}", f"{method} {path}") for method, path, *_ in operations().values()}
    assert ours == twilios | OUR_OWN
    assert not twilios & OUR_OWN
    assert len(operations()) == 25


def test_every_answer_in_the_life_of_a_service_has_the_shape_that_twilio_specifies(walk, twilio, clock):
    service = walk.does("CreateService", UniqueName="delivery", CallbackUrl="https://8.8.8.8/told")["sid"]
    walk.does("FetchService", [service])
    walk.does("UpdateService", [service], DefaultTtl=600, GeoMatchLevel="overlay", ChatInstanceSid="IS" + "a" * 32)
    walk.does("ListService")
    taken = walk.program.asks("GET", f"{walk.program.service}/PhoneNumbers")[1]["phone_numbers"]
    for one in taken:  # the program's own service has them
        walk.program.asks("DELETE", f"{walk.program.service}/PhoneNumbers/{one['sid']}")
    number = walk.does("CreatePhoneNumber", [service], PhoneNumber=BOTH)["sid"]
    walk.does("FetchPhoneNumber", [service, number])
    walk.does("UpdatePhoneNumber", [service, number], IsReserved="false")
    walk.does("ListPhoneNumber", [service], "?PageSize=1")
    session = walk.does("CreateSession", [service], UniqueName="parcel", Ttl=900)["sid"]
    person = walk.does("CreateParticipant", [service, session], Identifier=AIKO, FriendlyName="Aiko")
    other = walk.does("CreateParticipant", [service, session], Identifier=BEN)["sid"]
    text = walk.does("CreateMessageInteraction", [service, session, person["sid"]], Body="It is here.")["sid"]
    walk.does("FetchMessageInteraction", [service, session, person["sid"], text])
    walk.does("ListMessageInteraction", [service, session, person["sid"]])
    clock.shift(1)
    OutgoingLeg(twilio, AIKO, person["proxy_identifier"]).reports("initiated", "completed")
    listed = {"meta": {"next_page_url": "?PageSize=1"}}
    for _ in range(2):
        where = listed["meta"]["next_page_url"].partition("?")[2]
        listed = walk.does("ListInteraction", [service, session], f"?{where}")
        walk.does("FetchInteraction", [service, session, listed["interactions"][0]["sid"]])
    walk.does("DeleteInteraction", [service, session, text])
    walk.does("FetchSession", [service, "parcel"])
    walk.does("ListSession", [service])
    walk.does("DeleteParticipant", [service, session, other])
    walk.does("FetchParticipant", [service, session, other])
    walk.does("ListParticipant", [service, session])
    walk.does("UpdateSession", [service, session], Status="closed")
    walk.does("DeleteSession", [service, session])
    walk.does("DeletePhoneNumber", [service, number])
    walk.does("DeleteService", [service])
    assert walk.walked == set(operations())
