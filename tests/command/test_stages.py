"""What is remembered of a stage, where sam reads it too."""

import subprocess
import tomllib

import pytest

from command import stages
from command.refusals import Refused
from command.stages import Stage


@pytest.fixture
def memory(tmp_path, monkeypatch):
    file = tmp_path / "samconfig.toml"
    monkeypatch.setenv("TORITSUGI_CONFIG", str(file))
    return file


def test_a_stage_comes_back_as_it_was(memory):
    stage = Stage("trial", "ap-northeast-1", {"TwilioAccountSid": "AC1", "AlarmEmail": "a+b=c@example.com"})
    stages.remember(stage)
    assert stages.find("trial") == stage
    assert stages.find() == stage  # the only one there is


def test_what_others_wrote_into_the_file_stays(memory):
    memory.write_text("# ours\nversion = 0.1\n\n[default.build.parameters]\nparallel = true\n")
    stages.remember(Stage("trial", "ap-northeast-1", {}))
    stages.forget(Stage("trial"))
    assert memory.read_text().startswith("# ours\n")
    assert tomllib.loads(memory.read_text()) == {
        "version": 0.1,
        "default": {"build": {"parameters": {"parallel": True}}},
    }


@pytest.mark.parametrize("value", ["", "a b", 'say "yes"', "back\\slash", "'", "JP,US", "*", "a=b", "日本 語"])
def test_every_value_comes_back_as_it_was_and_sam_reads_it_as_we_do(memory, value):
    stages.remember(Stage("trial", "ap-northeast-1", {"AlarmEmail": value}))
    assert stages.find("trial").parameters == {"AlarmEmail": value}
    written = tomllib.loads(memory.read_text())["trial"]["deploy"]["parameters"]["parameter_overrides"]
    reads = "import sys; from samcli.cli.types import CfnParameterOverridesType as Type; "
    said = f"{reads}sys.stdout.buffer.write(Type().convert(tuple(sys.argv[1:]), None, None)['AlarmEmail'].encode())"
    sam = subprocess.run([stages.ROOT / ".tools/sam/bin/python", "-c", said, *written], capture_output=True, check=True)
    assert sam.stdout.decode() == value


@pytest.mark.parametrize(
    "text",
    [
        '[production.deploy.parameters]\nparameter_overrides = "Stage=production"\n',
        '[production]\ndeploy = "x"\n',
        "[production.deploy.parameters]\nparameter_overrides = [1]\n",
        "[production\n",
        "\udcff",
    ],
)
def test_a_file_that_somebody_else_has_written_is_refused_in_a_sentence(memory, text):
    memory.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(Refused, match="cannot be read"):
        stages.find("production")


def test_a_region_that_is_named_counts_for_more_than_the_one_remembered(memory):
    stages.remember(Stage("trial", "ap-northeast-1", {}))
    assert (stages.find("trial").region, stages.find("trial", "us-east-1").region) == ("ap-northeast-1", "us-east-1")


def test_sam_finds_what_it_needs(memory):
    stages.remember(Stage("trial", "ap-northeast-1", {"Memory": "1024"}))
    written = tomllib.loads(memory.read_text())["trial"]["deploy"]["parameters"]
    assert (written["stack_name"], written["region"]) == ("toritsugi-trial", "ap-northeast-1")
    assert written["parameter_overrides"] == ["Stage=trial", "Memory=1024"]


def test_every_question_is_about_a_parameter_of_the_template():
    from command.domain import PARAMETERS
    from command.questions import QUESTIONS
    from local.aws import Template

    parameters = Template(stages.ROOT / "template.yaml", {}).body["Parameters"]
    assert {*(question.parameter for question in QUESTIONS), *PARAMETERS, "CarrierUrl", "Stage"} <= set(parameters)
