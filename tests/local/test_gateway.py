"""API Gateway on this machine: which request becomes whose event."""

import asyncio
from types import SimpleNamespace

import httpx
import pytest

from local import gateway
from local.aws import Template
from tests.conftest import PARAMETERS, ROOT


@pytest.mark.parametrize(("path", "read"), [("a%0Ab%0Dc", "a\nb\rc"), ("%E2%80%A8", "\u2028"), ("+81", "+81")])
def test_a_path_with_any_characters_goes_where_its_noun_goes(path, read):
    asked = []

    async def invoke(function, event):
        asked.append((function["Handler"], event["rawPath"]))
        return {"statusCode": 200, "headers": {}, "body": "there"}

    cloud = SimpleNamespace(template=Template(ROOT / "template.yaml", PARAMETERS), invoke=invoke)

    async def ask():
        transport = httpx.ASGITransport(app=gateway.build(cloud))
        async with httpx.AsyncClient(transport=transport, base_url="http://exchange", timeout=300) as client:
            return await client.get(f"/api/lines/{path}")

    assert asyncio.run(ask()).text == "there"
    assert asked == [("api.handler", f"/api/lines/{read}")]
