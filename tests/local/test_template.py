"""What the local AWS makes of a template, as CloudFormation would, and what it says of the rest."""

import pytest

from local.aws import Cloud, Template

BODY = """
Parameters: { Stage: { Type: String }, KeyArn: { Type: String, Default: "" }, Loud: { Type: String, Default: "true" } }
Conditions:
  HasKey: !Not [!Equals [!Ref KeyArn, ""]]
  IsLoud: !Equals [!Ref Loud, "true"]
  Both: !And [!Condition HasKey, !Condition IsLoud]
  Either: !Or [!Condition HasKey, !Condition IsLoud]
Globals: { Function: { Timeout: 9, Environment: { Variables: {
  URL: !Ref Letters, NAME: !GetAtt Letters.QueueName, ARN: !GetAtt Letters.Arn, WAKES: !Sub "${Ringer.Arn}/${Letters.QueueName}",
  RINGER: !Ref Ringer, BOTH: !If [Both, "yes", "no"], EITHER: !If [Either, "yes", "no"], NONE: !If [HasKey, "x", !Ref AWS::NoValue]
} } } }
Resources:
  Ringer: { Type: AWS::Serverless::Function, Properties: { FunctionName: !Sub "ringer-${Stage}", Handler: a.handler } }
  Letters: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub "letters-${Stage}" } }
  Quiet: { Type: AWS::SQS::Queue, Condition: HasKey }
"""  # noqa: E501


@pytest.fixture
def read(tmp_path):
    def read(body=BODY, **parameters):
        path = tmp_path / "template.yaml"
        path.write_text(body)
        return Template(path, {"Stage": "blue"} | parameters)

    return read


def test_references_and_conditions_are_those_of_cloudformation(read):
    prefix = "arn:aws:lambda:ap-northeast-1:123456789012:function:"
    assert read().environment == {
        "URL": "https://sqs.ap-northeast-1.amazonaws.com/123456789012/letters-blue",
        "NAME": "letters-blue",
        "ARN": "arn:aws:sqs:ap-northeast-1:123456789012:letters-blue",
        "WAKES": f"{prefix}ringer-blue/letters-blue",
        "RINGER": "ringer-blue",
        "BOTH": "no",
        "EITHER": "yes",
    }


def test_parameters_decide_what_is_there(read):
    template = read(KeyArn="arn:key", Loud="true")
    assert (template.environment["BOTH"], template.environment["NONE"]) == ("yes", "x")
    assert list(template.of_type("AWS::SQS::Queue")) == ["Letters", "Quiet"]
    assert list(read().of_type("AWS::SQS::Queue")) == ["Letters"]


EVENT = "Handler: a.handler, Events: { Due: { Type: %s, Properties: { %s } } }"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("!Ref Letters", "!GetAtt Letters.KmsMasterKeyId", "!GetAtt Letters.KmsMasterKeyId"),
        ("!Ref Letters", "!Join [a, [b]]", "!Join"),
        ("Handler: a.handler", EVENT % ("Kinesis", "Stream: x"), "events of type Kinesis"),
        ("Handler: a.handler", EVENT % ("SQS", "Queue: x, FilterCriteria: {}"), "FilterCriteria of SQS Due"),
        ("Handler: a.handler", EVENT % ("SQS", "Queue: nowhere"), "no queue nowhere"),
        ('"letters-${Stage}"', '"letters", FifoQueue: true', "ends with .fifo: letters"),
        ('"letters-${Stage}"', '"letters", ContentBasedDeduplication: true', "ContentBasedDeduplication of a queue"),
        ("Handler: a.handler", "Timeout: 31, " + EVENT % ("SQS", "Queue: !GetAtt Letters.Arn"), "VisibilityTimeout"),
    ],
)
def test_what_is_not_built_is_named(read, tmp_path, old, new, sentence):
    read(BODY.replace(old, new))
    with pytest.raises(ValueError, match=sentence):
        Cloud(tmp_path / "template.yaml", {"Stage": "blue"}, {})
