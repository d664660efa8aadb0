"""What is left of botocore's descriptions is enough for what the template allows, and no more."""

import re
import shutil
from pathlib import Path

import botocore
import pytest
from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session, get_session

from package import models
from tests.conftest import ROOT
from toritsugi.foundation import clients

WANTED = models.operations((ROOT / "template.yaml").read_text())
CALLED = ["dynamodb", "events", "s3", "scheduler", "sqs", "ssm"]


@pytest.fixture(scope="module")
def trimmed(tmp_path_factory) -> Session:
    """A session that knows nothing but what is left."""
    whole, left = Path(botocore.__file__).parent / "data", tmp_path_factory.mktemp("botocore") / "data"
    left.mkdir()
    for path in whole.iterdir():  # of the services, a few are as good as all four hundred
        if path.is_file():
            shutil.copy(path, left)
        elif path.name in {*WANTED, "ec2", "sts"}:
            shutil.copytree(path, left / path.name)
    models.trim(left, WANTED)
    session = get_session()
    session.register_component(
        "data_loader", Loader(extra_search_paths=[str(left)], include_default_search_paths=False)
    )
    return session


def client(session: Session, service: str, config: Config | None = None):
    keys = {"aws_access_key_id": "made-up", "aws_secret_access_key": "made-up"}
    return session.create_client(service, region_name="ap-northeast-1", config=config, **keys)


def test_a_template_says_what_may_be_called():
    said = models.operations(
        '{ Action: ["dynamodb:GetItem", "ssm:GetParameters"], Resource: "arn:aws:sqs:eu:1:Queue" }'
    )
    assert said == {"dynamodb": {"GetItem", "TransactWriteItems", "TransactGetItems"}, "ssm": {"GetParameters"}}


@pytest.mark.parametrize("service", CALLED)
def test_every_allowed_operation_is_described_as_it_was(trimmed, service):
    before, after = client(get_session(), service).meta, client(trimmed, service).meta
    assert after.endpoint_url == before.endpoint_url
    described = set(after.service_model.operation_names)
    assert described == WANTED[service] & set(before.service_model.operation_names) != set()
    for name in described:
        one, other = (meta.service_model.operation_model(name) for meta in (before, after))
        assert spelled(one.input_shape) == spelled(other.input_shape)
        assert spelled(one.output_shape) == spelled(other.output_shape)
        assert {error.name for error in one.error_shapes} == {error.name for error in other.error_shapes}


def spelled(shape, above=()):
    """A shape written out, down to where it holds itself."""
    if shape is None or shape.name in above:
        return shape and shape.name
    parts = dict(getattr(shape, "members", {})) if shape.type_name == "structure" else {}
    for name in ("member", "key", "value"):
        if hasattr(shape, name):
            parts[name] = getattr(shape, name)
    written = {name: spelled(part, (*above, shape.name)) for name, part in parts.items()}
    return shape.name, shape.type_name, written, shape.serialization, shape.metadata


def test_what_nobody_may_call_is_gone(trimmed):
    assert set(trimmed.get_available_services()) <= WANTED.keys()
    assert not hasattr(client(trimmed, "ssm"), "delete_parameters")


def test_every_client_that_the_code_makes_is_described(trimmed):
    for service in CALLED:
        assert client(trimmed, service)
    source = "".join(path.read_text() for path in (ROOT / "layers/domain").rglob("*.py"))
    assert set(re.findall(r'clients\.aws_client\("([\w-]+)"\)', source)) | {"dynamodb"} == set(CALLED)


def test_a_link_to_a_file_is_the_same_made_of_what_is_left(trimmed):
    asked = {"Bucket": "files", "Key": "one"}
    chosen = Config(**clients.OTHERWISE["s3"])
    makers = [client(one, "s3", chosen) for one in (get_session(), trimmed)]
    links = [maker.generate_presigned_url("get_object", Params=asked).partition("?")[0] for maker in makers]
    assert links == ["https://files.s3.ap-northeast-1.amazonaws.com/one"] * 2
