"""What the tools that `deploy` starts are told: nothing that is none of their business."""

import json
import sys
from types import SimpleNamespace

import pytest

from command import sam
from command.deploy import gets_key
from command.releases import name_release
from command.stages import Stage

TOLD = "import json, os, sys; open(sys.argv[1], 'w').write(json.dumps(dict(os.environ)))"


@pytest.fixture
def told(tmp_path, monkeypatch):
    """The environment that a tool finds, where ours has these besides."""

    def look(**ours):
        for name, value in ours.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "stderr", SimpleNamespace(fileno=lambda: 2))  # pytest's own has no number
        sam.run([sys.executable, "-c", TOLD, str(tmp_path / "told")])
        return json.loads((tmp_path / "told").read_text())

    return look


@pytest.mark.parametrize("name", ["TWILIO_AUTH_TOKEN", "TWILIO_API_SECRET", "GITHUB_TOKEN", "KEY", "TORITSUGI_SECRET"])
def test_a_secret_of_ours_is_nothing_to_a_tool(told, name):
    assert name not in told(**{name: "secret"})


def test_a_tool_finds_its_way_to_aws_and_to_the_world(told):
    known = {
        "AWS_PROFILE": "shop",
        "HTTPS_PROXY": "http://proxy:1",
        "no_proxy": "localhost",
        "PIP_INDEX_URL": "http://a",
    }
    seen = told(**known)
    assert {name: seen[name] for name in known} == known
    assert (seen["SAM_CLI_TELEMETRY"], "PATH" in seen) == ("0", True)


def test_a_release_has_another_name_when_a_file_or_a_parameter_is_another(tmp_path):
    (tmp_path / "Voice").mkdir()
    code = tmp_path / "Voice/voice.py"
    code.write_text("handler = 1")
    first = name_release(tmp_path, {"Memory": "512"})
    assert len(first) == 10
    assert name_release(tmp_path, {"Memory": "512"}) == first
    assert name_release(tmp_path, {"Memory": "1024"}) != first
    code.write_text("handler = 2")
    assert name_release(tmp_path, {"Memory": "512"}) != first


@pytest.mark.parametrize(
    ("stands", "before", "wanted", "twice"),
    [
        (True, "", "arn:key/new", True),
        (True, "arn:key/old", "arn:key/new", True),
        (True, "arn:key/new", "arn:key/new", False),
        (True, "arn:key/old", "", False),
        (False, "", "arn:key/new", False),
    ],
)
def test_a_key_is_given_to_the_roles_of_a_stage_that_lives_before_it_encrypts(stands, before, wanted, twice):
    exchange = SimpleNamespace(stands=stands, parameters={"KeyArn": before})
    assert gets_key(exchange, Stage("trial", "ap-northeast-1", {"KeyArn": wanted})) is twice
