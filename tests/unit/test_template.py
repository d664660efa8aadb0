"""What is deployed, for what linters miss: each rule of the template stands here once, over what SAM makes of it."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from command.checks.cloud import FORGETTING, TELLING
from tests.conftest import ROOT
from tests.unit.deployment import KEY, TEMPLATE, Json, deploy, named, read, transformed
from toritsugi.adapters import door, schedules
from toritsugi.adapters.owner_webhook import RECEIVER_PATIENCE_SECONDS
from toritsugi.foundation.retention import DAY_SECONDS
from toritsugi.recordings import records
from toritsugi.subscriptions.changes import TOLD_OF
from toritsugi.subscriptions.deliveries import MAX_DELIVERY_TRIES, wait_after
from toritsugi.subscriptions.records import FAILING_SECONDS, MAX_SUBSCRIPTIONS

EVERYTHING = {
    "KeyArn": KEY,
    "DomainName": "exchange.example.com",
    "CertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/made-up",
    "HostedZoneId": "Z0MADEUP",
    "AlarmEmail": "somebody@example.com",
    "MonthlyBudget": 100,
    "CallConcurrency": 5,
    "ApiConcurrency": 2,
    "WarmCalls": 3,
    "Rollout": "Canary10Percent5Minutes",
    "FileAccessLogs": "somebodys-logs",
    "CanaryRings": "true",
}

USUAL, WHOLE = deploy(), deploy(**EVERYTHING)  # as it comes, and with whatever can be asked for

NESTED = sorted((ROOT / "infra").glob("*.yaml"))


def of_type(kind: str, resources: dict[str, Json] = WHOLE) -> dict[str, Json]:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def walk(value: Any) -> Iterator[Any]:
    """The value and whatever is in it."""
    yield value
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for inner in inside:
        yield from walk(inner)


def test_the_template_reads_well_on_a_laptop():
    lines = (ROOT / "template.yaml").read_text().splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > 160] == []


# ---- who may do what -------------------------------------------------------------------------------------------------

FUNCTIONS = of_type("AWS::Lambda::Function")
ROLES = of_type("AWS::IAM::Role")


def statements(role: str) -> list[Json]:
    """What a role may do, by its own policies and by those that are attached to it."""
    own = [policy["PolicyDocument"] for policy in ROLES[role]["Policies"]]
    attached = [one["PolicyDocument"] for one in of_type("AWS::IAM::Policy").values() if {"Ref": role} in one["Roles"]]
    return [statement for document in own + attached for statement in document["Statement"]]


def resources_of(role: str, service: str) -> set[str]:
    """The logical ids and ARNs on which a role may do something of that service."""
    allowed = [one for one in statements(role) if as_list(one["Action"])[0].startswith(f"{service}:")]
    return {named(resource) or resource for one in allowed for resource in as_list(one["Resource"])}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_a_role_of_its_own(name):
    roles = [named(function["Role"]) for function in FUNCTIONS.values()]
    assert named(FUNCTIONS[name]["Role"]) == f"{name}Role"
    assert len(set(roles)) == len(roles)


@pytest.mark.parametrize("role", ROLES)
def test_no_role_gets_more_than_it_shows(role):
    assert "ManagedPolicyArns" not in ROLES[role]


@pytest.mark.parametrize("role", ROLES)
def test_no_action_and_no_resource_is_a_star(role):
    assert statements(role)
    for statement in statements(role):
        assert not [action for action in as_list(statement["Action"]) if "*" in action or ":" not in action]
        assert not {"NotAction", "NotResource"} & set(statement)
        wide = [resource for resource in as_list(statement["Resource"]) if "*" in str(resource)]
        # A schedule is named after whose it is and its second, which nobody knows before. Its group is ours alone.
        allowed = r"arn:\S+:schedule/\$\{ScheduleGroup\}/(KC\*-expiry-\*|KB\*-timer-\*|sweep-\*)"
        allowed += r"|\$\{RecordingsBucket\.Arn\}/recordings/\*"  # nor does anybody know a recording's SID
        # CodeDeploy asks for the versions of our functions, and describes alarms by their names.
        allowed += r"|\$\{\w+\.Arn\}:\*|arn:\S+:alarm:\*"
        assert all(re.fullmatch(allowed, resource) for resource in wide), wide


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_allowed_a_thing_once(role):
    allowed = Counter(
        (action, json.dumps(resource))
        for statement in statements(role)
        if "Condition" not in statement
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    )
    assert [permission for permission, times in allowed.items() if times > 1] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_writes_its_own_log_and_no_other(name):
    assert named(FUNCTIONS[name]["LoggingConfig"]["LogGroup"]) == f"{name}Log"
    assert resources_of(f"{name}Role", "logs") == {f"{name}Log"}


def actions_on(role: str, resource: str) -> set[str]:
    """What a role may do with this resource of the template."""
    allowed = [one for one in statements(role) if resource in map(named, as_list(one["Resource"]))]
    return {action for one in allowed for action in as_list(one["Action"])}


def test_only_the_rest_apis_read_keys_and_nobody_writes_but_when_one_was_used():
    able = {role: actions_on(role, "KeysTable") for role in ROLES}
    assert {role: actions for role, actions in able.items() if actions} == {
        "ProxyRole": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "ApiRole": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
    }
    for role in ("ProxyRole", "ApiRole"):
        [write] = [one for one in statements(role) if one["Action"] == "dynamodb:UpdateItem" and of_keys(one)]
        assert write["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["key_sid", "used_at"]}}


def of_keys(statement: Json) -> bool:
    return "KeysTable" in map(named, as_list(statement["Resource"]))


def test_a_telephone_changes_nothing_but_its_own_call_and_makes_its_session():
    tables = {"DirectoryTable", "ServicesTable", "ReceptionsTable", "SessionsTable", "BridgesTable", "UsageTable"}
    assert resources_of("VoiceRole", "dynamodb") == tables
    new = {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:ConditionCheckItem"}
    assert actions_on("VoiceRole", "SessionsTable") == {"dynamodb:GetItem", "dynamodb:BatchGetItem"} | new
    assert actions_on("VoiceRole", "ServicesTable") == {"dynamodb:GetItem", "dynamodb:UpdateItem"} | new
    assert actions_on("VoiceRole", "ReceptionsTable") == {"dynamodb:GetItem"}
    claims = {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    assert actions_on("VoiceRole", "DirectoryTable") == {"dynamodb:BatchGetItem"} | claims
    assert actions_on("VoiceRole", "BridgesTable") == {"dynamodb:BatchGetItem", "dynamodb:UpdateItem"}
    assert actions_on("VoiceRole", "UsageTable") == {"dynamodb:UpdateItem"}


@pytest.mark.parametrize(
    "role",
    ["VoiceRole", "SmsRole", "StatusRole", "RecordingRole", "TimerRole", "NotificationRole", "ProxyRole", "ApiRole"],
)
def test_of_the_settings_exactly_six_are_read(role):
    names = {resource.rpartition(":parameter")[2] for resource in resources_of(role, "ssm")}
    read = ("public-base-url", "all-base-urls", "own-secrets", "auth-tokens", "shared-keys", "api-keys")
    assert names == {f"/toritsugi/blue/{name}" for name in read}


def test_the_page_of_prices_for_which_nobody_needs_a_key_may_write_its_log_and_nothing_else():
    allowed = statements("PricesRole")
    assert [as_list(one["Action"]) for one in allowed] == [["logs:CreateLogStream", "logs:PutLogEvents"]]
    assert named(allowed[0]["Resource"]) == "PricesLog"


def test_the_canary_knows_what_twilio_signs_with_and_may_nothing_else():
    assert {one["Action"] for one in statements("CanaryRole") if isinstance(one["Action"], str)} == {
        "ssm:GetParameters",
        "kms:Decrypt",
    }
    read = {resource.rpartition("/")[2] for resource in resources_of("CanaryRole", "ssm")}
    assert read == set(door.SETTINGS)
    assert not [name for name in USUAL if "Canary" in name]  # where nobody asks for it


@pytest.mark.parametrize("role", [role for role in ROLES if resources_of(role, "scheduler")])
def test_a_role_is_handed_to_the_scheduler_and_to_nobody_else(role):
    (passing,) = [one for one in statements(role) if one["Action"] == "iam:PassRole"]
    assert named(passing["Resource"]) == "ScheduleRole"
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}


def test_a_key_of_ones_own_opens_only_through_the_services_that_use_it():
    using = {
        (role, one["Condition"]["StringEquals"]["kms:ViaService"].partition(".")[0])
        for role in ROLES
        for one in statements(role)
        if KEY in as_list(one["Resource"])
    }
    tables = {(role, "dynamodb") for role in ROLES if resources_of(role, "dynamodb")}
    tokens = {(role, "ssm") for role in ROLES if resources_of(role, "ssm")}
    letters = {(role, "sqs") for role in ROLES if resources_of(role, "sqs")}
    files = {(role, "s3") for role in ROLES if resources_of(role, "s3")}
    assert using == tables | tokens | letters | files


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_environment_holds_no_secret(name):
    secret = re.compile(r"(?i)(token|secret|password|credential|_key$|\b[0-9a-f]{32}\b|\b[\w/+]{40}\b)")
    variables = FUNCTIONS[name]["Environment"]["Variables"]
    assert not [key for key, value in variables.items() if secret.search(key) or secret.search(f"{value}")]


# ---- nobody acts for a stranger --------------------------------------------------------------------------------------


def trusts(resources: dict[str, Json]) -> list[Json]:
    """The statements that let a service of AWS do something, wherever they stand."""
    found = [part for part in walk(resources) if isinstance(part, dict) and "Service" in str(part.get("Principal"))]
    return [part for part in found if "Effect" in part]


@pytest.mark.parametrize(
    "trust",
    [*trusts(WHOLE), *trusts(read(ROOT / "infra/key.yaml"))],
    ids=lambda trust: str(trust["Principal"]["Service"]).partition(".")[0],
)
def test_a_service_acts_only_for_our_own_account(trust):
    """AWS says of Lambda that the condition may be there, and nothing of CodeDeploy, whose roles no stranger can pass.

    https://docs.aws.amazon.com/lambda/latest/dg/permissions-managed-policies.html
    """
    assert "AWS::AccountId" in str(trust.get("Condition")) or "codedeploy" in str(trust["Principal"])


def test_the_scheduler_acts_only_for_our_own_group():
    (trust,) = ROLES["ScheduleRole"]["AssumeRolePolicyDocument"]["Statement"]
    assert named(trust["Condition"]["StringEquals"]["aws:SourceArn"]) == "ScheduleGroup"


def test_only_our_own_routes_call_our_functions():
    permissions = of_type("AWS::Lambda::Permission")
    sources = [(named(one["FunctionName"]), str(one["SourceArn"])) for one in permissions.values()]
    assert {function for function, _ in sources} == {"Voice", "Sms", "Status", "Recording", "Prices", "Proxy", "Api"}
    assert all("{'Ref': 'Exchange'}" in source and "AWS::AccountId" in source for _, source in sources)


def test_a_schedule_uses_the_role_that_the_template_shows():
    schedules = of_type("AWS::Scheduler::Schedule").values()
    assert [named(schedule["Target"]["RoleArn"]) for schedule in schedules] == ["ScheduleRole"] * 3


# ---- what is kept ----------------------------------------------------------------------------------------------------

TABLES = of_type("AWS::DynamoDB::Table")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_outlives_mistakes(name):
    assert TABLES[name]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert TABLES[name]["DeletionProtectionEnabled"] is True
    assert (WHOLE[name]["DeletionPolicy"], WHOLE[name]["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_doctor_and_restore_know_each_table_that_forgets_by_itself_and_by_what():
    tables = of_type("AWS::DynamoDB::Table").items()
    said = {name: table["TimeToLiveSpecification"] for name, table in tables if "TimeToLiveSpecification" in table}
    assert {name: one["AttributeName"] for name, one in said.items() if one["Enabled"]} == FORGETTING


def test_a_stage_for_trying_need_not_protect_its_tables():
    tables = of_type("AWS::DynamoDB::Table", deploy(ProtectTables="false")).values()
    assert {table["DeletionProtectionEnabled"] for table in tables} == {False}


def test_with_a_key_of_ones_own_everything_that_is_kept_is_encrypted_with_it():
    keys = {name: table["SSESpecification"]["KMSMasterKeyId"] for name, table in TABLES.items()}
    keys |= {name: queue["KmsMasterKeyId"] for name, queue in of_type("AWS::SQS::Queue").items()}
    keys |= {name: group["KmsKeyId"] for name, group in of_type("AWS::Logs::LogGroup").items()}
    keys |= {name: topic["KmsMasterKeyId"] for name, topic in of_type("AWS::SNS::Topic").items()}
    (rule,) = BUCKET["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    keys["RecordingsBucket"] = rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    assert set(keys.values()) == {KEY}


def test_a_stage_that_lives_can_let_its_roles_use_a_key_before_anything_is_encrypted_with_it():
    """Roles depend on tables, so in one deployment these would be first, and nobody could read them meanwhile."""
    first, then = (deploy(KeyArn=KEY, KeyInUse=in_use) for in_use in ("false", "true"))
    assert of_type("AWS::IAM::Policy", first) == of_type("AWS::IAM::Policy", then) != {}
    encrypted = {name for name, one in then.items() if KEY in str(one) and one["Type"] != "AWS::IAM::Policy"}
    assert {"KeysTable", "Timers", "VoiceLog", "RecordingsBucket"} < encrypted
    left = {name for name in encrypted if KEY in str(first[name])}
    assert left == {"Alarms", "Alarms/Topic"}  # an alarm is no role's


def test_without_one_nothing_asks_for_a_key_and_queues_are_encrypted_all_the_same():
    assert not [part for part in walk(USUAL) if isinstance(part, str) and part.startswith("kms:")]
    assert not of_type("AWS::IAM::Policy", USUAL)
    assert all(queue["SqsManagedSseEnabled"] for queue in of_type("AWS::SQS::Queue", USUAL).values())
    (rule,) = USUAL["RecordingsBucket"]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms"}  # by AWS's own key


BUCKET = WHOLE["RecordingsBucket"]["Properties"]


def test_who_fetches_a_file_is_written_down_where_somebody_has_named_a_bucket_for_it():
    assert "LoggingConfiguration" not in USUAL["RecordingsBucket"]["Properties"]
    logged = {"DestinationBucketName": "somebodys-logs", "LogFilePrefix": "toritsugi-blue/"}
    assert BUCKET["LoggingConfiguration"] == logged


def test_who_records_can_put_files_and_neither_read_nor_delete_one():
    able = {role: resources_of(role, "s3") for role in ROLES if resources_of(role, "s3")}
    assert able == {role: {"${RecordingsBucket.Arn}/recordings/*"} for role in ("RecordingRole", "ApiRole")}
    (puts,) = [one["Action"] for one in statements("RecordingRole") if "s3:" in str(one["Action"])]
    assert puts == "s3:PutObject"
    opens = {role: keys_used(role, "s3") for role in ("RecordingRole", "ApiRole")}
    assert opens == {"RecordingRole": {"kms:GenerateDataKey"}, "ApiRole": {"kms:Decrypt"}}


def keys_used(role: str, service: str) -> set[str]:
    """What a role may do with a key of one's own by way of this service."""
    using = [one for one in statements(role) if f"'kms:ViaService': '{service}." in str(one.get("Condition"))]
    return {action for one in using for action in as_list(one["Action"])}


def test_the_bucket_is_nobodys_business():
    assert set(BUCKET["PublicAccessBlockConfiguration"].values()) == {True}
    (policy,) = of_type("AWS::S3::BucketPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Principal"] == "*"
    assert [named(one) or one for one in statement["Resource"]] == ["RecordingsBucket", "${RecordingsBucket.Arn}/*"]
    assert "VersioningConfiguration" not in BUCKET  # what is deleted is gone
    assert USUAL["RecordingsBucket"]["DeletionPolicy"] == "Retain"


def test_recordings_are_forgotten_by_bucket_table_and_code_at_the_same_time():
    resources = deploy(RecordingRetention=30)
    (rule,) = resources["RecordingsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["Prefix"], rule["ExpirationInDays"]) == ("Enabled", "recordings/", 30)
    environment = resources["Recording"]["Properties"]["Environment"]["Variables"]
    assert environment["RECORDING_RETENTION"] == 30
    assert TABLES["RecordingsTable"]["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert "LifecycleConfiguration" not in deploy(RecordingRetention=0)["RecordingsBucket"]["Properties"]


def test_what_has_ended_is_forgotten_after_as_many_days_as_the_owner_says():
    days = {"MessageRetention": 7, "SessionRetention": 8, "CallRetention": 0}
    environment = deploy(**days)["Api"]["Properties"]["Environment"]["Variables"]
    assert [environment[f"{kind}_RETENTION"] for kind in ("MESSAGE", "SESSION", "CALL")] == [7, 8, 0]
    assert {
        deploy()["Api"]["Properties"]["Environment"]["Variables"][f"{kind}_RETENTION"]
        for kind in ("MESSAGE", "SESSION", "CALL")
    } == {90}
    forgotten = {name for name, table in TABLES.items() if "TimeToLiveSpecification" in table}
    named = ("Costs", "Directory", "Messages", "Notifications", "Recordings", "Usage")
    assert forgotten == {f"{name}Table" for name in named}


def test_no_log_is_kept_for_ever():
    groups = of_type("AWS::Logs::LogGroup", deploy(**EVERYTHING | {"LogRetention": 7}))
    assert {group["RetentionInDays"] for group in groups.values()} == {7}
    assert {f"{name}Log" for name in FUNCTIONS} < set(groups)


# ---- the door --------------------------------------------------------------------------------------------------------

(STAGE,) = of_type("AWS::ApiGatewayV2::Stage").values()
ROUTES = {
    f"{method.upper().replace('X-AMAZON-APIGATEWAY-ANY-METHOD', 'ANY')} {path}"
    for path, methods in WHOLE["Exchange"]["Properties"]["Body"]["paths"].items()
    for method in methods
}
ACCESS_LOG: Json = json.loads(re.sub(r"\$context\.[\w.]+", "0", STAGE["AccessLogSettings"]["Format"]))


def test_the_access_log_says_what_was_asked_and_never_by_whom_or_for_whom():
    written = set(re.findall(r"\$context\.([\w.]+)", STAGE["AccessLogSettings"]["Format"]))
    assert written == {"routeKey", "status", "responseLatency", "integration.requestId", "integrationErrorMessage"}
    assert named(STAGE["AccessLogSettings"]["DestinationArn"]) == "AccessLog"


def test_every_route_has_a_limit():
    limits = [STAGE["DefaultRouteSettings"], *STAGE["RouteSettings"].values()]
    assert all(0 < limit["ThrottlingRateLimit"] <= limit["ThrottlingBurstLimit"] for limit in limits)
    assert set(STAGE["RouteSettings"]) < ROUTES


def test_the_limits_of_webhooks_and_rest_api_are_set_apart():
    (stage,) = of_type("AWS::ApiGatewayV2::Stage", deploy(CallRate=7)).values()
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 7, "ThrottlingBurstLimit": 7}
    limits = {"ThrottlingRateLimit": 50, "ThrottlingBurstLimit": 50}
    by_route = stage["RouteSettings"]
    assert {name: one for name, one in by_route.items() if name.startswith("ANY")} == {
        "ANY /v1/{proxy+}": limits,
        "ANY /api/{proxy+}": limits,
    }


def test_beside_a_route_stand_plain_figures_for_cloudformation_knows_no_types_there():
    (stage,) = (one for one in transformed()["Resources"].values() if one["Type"] == "AWS::ApiGatewayV2::Stage")
    figures = [figure for limit in stage["Properties"]["RouteSettings"].values() for figure in limit.values()]
    assert {type(figure) for figure in figures} == {int}


def test_what_is_heavy_or_not_signed_is_let_in_a_few_times_a_second():
    rates = {name: one["ThrottlingRateLimit"] for name, one in STAGE["RouteSettings"].items() if "GET " in name}
    files = ("GET /voice/ringing/{proxy+}", "GET /sms/files/{proxy+}", "GET /prices", "GET /prices/{proxy+}")
    unsigned = dict.fromkeys(files, 20)
    assert rates == {**unsigned, "GET /api/docs": 1, "GET /api/openapi.json": 1, "GET /api/proxy/{proxy+}": 1}


def test_processes_are_reserved_only_when_asked_for():
    def reserved(resources: dict[str, Json]) -> dict[str, Any]:
        functions = of_type("AWS::Lambda::Function", resources)
        return {name: function.get("ReservedConcurrentExecutions") for name, function in functions.items()}

    assert set(reserved(USUAL).values()) == {None}
    assert reserved(WHOLE) == {
        "Voice": 5,
        "Sms": 5,
        "Status": 5,
        "Recording": 5,
        "Proxy": 2,
        "Api": 2,
        "Cleanup": None,
        "Timer": None,
        "Notification": None,
        "Canary": None,
        "Costs": None,
        "Prices": None,
    }


def test_the_public_address_is_the_domain_where_there_is_one():
    moved = deploy(DomainName="exchange.example.com")
    assert USUAL["PublicBaseUrl"]["Properties"]["Value"].startswith("https://${Exchange}.execute-api.")
    assert moved["PublicBaseUrl"]["Properties"]["Value"] == "https://exchange.example.com"
    assert {name.partition("/")[0] for name in set(moved) - set(USUAL)} == {"Domain"}


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("DomainName", "https://old.example.com"),
        ("OtherDomainName", "https://new.example.com"),
        ("AWS", "https://${Exchange}.execute-api.${AWS::Region}.${AWS::URLSuffix}"),
    ],
)
def test_two_domains_lead_here_while_one_takes_the_others_place(told, address):
    both = {"DomainName": "old.example.com", "OtherDomainName": "new.example.com", "PublicAddress": told}
    moving = deploy(**both, CertificateArn="arn:old", OtherCertificateArn="arn:new")
    assert moving["PublicBaseUrl"]["Properties"]["Value"] == address
    separator, known = moving["AllBaseUrls"]["Properties"]["Value"]["Fn::Join"]
    assert (separator, known[1:]) == (",", ["https://old.example.com", "https://new.example.com"])
    names = [moving[f"{place}Domain/Name"]["Properties"]["DomainName"] for place in ("", "Other")]
    assert names == ["old.example.com", "new.example.com"]


def test_a_domain_leads_to_the_root_of_the_api():
    mapping = WHOLE["Domain/Mapping"]["Properties"]
    assert "ApiMappingKey" not in mapping  # payload 2.0 would leave it out of the path that Twilio has signed
    assert (named(mapping["ApiId"]), named(mapping["Stage"])) == ("Exchange", "ExchangeApiGatewayDefaultStage")
    assert "Domain/Record" in WHOLE
    assert "Domain/Record" not in deploy(**EVERYTHING | {"HostedZoneId": ""})


def test_impossible_wishes_are_answered_with_a_sentence():
    rules = read(TEMPLATE)["Rules"]
    assert rules.keys() == {"Domain", "OtherDomain", "Address", "Budget", "Snapshots", "Canary"}
    said = [assertion["AssertDescription"] for rule in rules.values() for assertion in rule["Assertions"]]
    assert len(said) == 7
    assert all(re.match(r"(A )?\w+ needs ", sentence) for sentence in said)


# ---- one moment ------------------------------------------------------------------------------------------------------

ALIASES = {f"{name}Aliaslive" for name in FUNCTIONS}
CALLED = set(FUNCTIONS) - {"Canary"}  # the canary calls others, and nobody calls it


def test_whoever_calls_a_function_calls_its_alias():
    """Also the schedules that are made later, and what becomes of a call for which nobody waits."""
    permitted = {one["FunctionName"]["Ref"] for one in of_type("AWS::Lambda::Permission").values()}
    fed = {one["FunctionName"]["Ref"] for one in of_type("AWS::Lambda::EventSourceMapping").values()}
    woken = {one["Target"]["Arn"]["Ref"] for one in of_type("AWS::Scheduler::Schedule").values()}
    routed = set(re.findall(r"functions/\$\{(\w+)\}", str(WHOLE["Exchange"]["Properties"]["Body"])))
    assert permitted | fed | woken | routed == ALIASES
    assert permitted == routed
    (repeated,) = of_type("AWS::Lambda::EventInvokeConfig").values()
    assert repeated["Qualifier"] == "live"
    assert {one["Environment"]["Variables"]["CLEANUP_ARN"].rpartition(":")[2] for one in FUNCTIONS.values()} == {"live"}


def versions(template: Json) -> set[str]:
    return {name for name, one in template["Resources"].items() if one["Type"] == "AWS::Lambda::Version"}


def test_an_alias_moves_to_a_new_version_when_anything_has_changed_and_else_to_none():
    """SAM sees neither a parameter's change nor a layer's of itself.

    https://github.com/aws/serverless-application-model/issues/3820
    """
    assert versions(transformed()) == versions(transformed(layer="layer"))
    assert not versions(transformed()) & versions(transformed(layer="another"))
    first, second = (transformed(("Release", release)) for release in ("0123456789", "abcdefabcd"))
    assert len(versions(first)) == len(versions(second)) == len(FUNCTIONS)
    assert not versions(first) & versions(second)
    assert first["Resources"]["Voice"]["Properties"]["Description"] == "A call comes in 0123456789"


def test_an_old_version_stays_for_whoever_is_in_it_and_its_layers_with_it_but_not_for_ever():
    """What is deleted of a layer stays while a version refers to it; `toritsugi deploy` deletes the versions."""
    policies = {
        kind: {one["DeletionPolicy"] for one in WHOLE.values() if one["Type"] == f"AWS::Lambda::{kind}"}
        for kind in ("Version", "LayerVersion")
    }
    assert policies == {"Version": {"Retain"}, "LayerVersion": {"Delete"}}


def test_a_new_version_takes_over_at_once_and_nobody_else_has_a_hand_in_it():
    assert not [one for one in USUAL.values() if one["Type"].startswith("AWS::CodeDeploy::") or "UpdatePolicy" in one]
    assert "RolloutRole" not in USUAL


def test_or_bit_by_bit_and_back_again_at_an_alarm():
    groups = of_type("AWS::CodeDeploy::DeploymentGroup")
    assert set(groups) == {f"{name}DeploymentGroup" for name in CALLED}
    assert {named(group["ServiceRoleArn"]) for group in groups.values()} == {"RolloutRole"}
    moved = [one for one in statements("RolloutRole") if "lambda:UpdateAlias" in one["Action"]]
    assert {named(resource) for one in moved for resource in one["Resource"]} == CALLED
    watched = {alarm["Name"] for group in groups.values() for alarm in group["AlarmConfiguration"]["Alarms"]}
    assert watched == {"toritsugi-blue-failed-webhooks", "toritsugi-blue-apologies"}
    assert watched < {alarm["AlarmName"] for alarm in ALARMS.values()}
    assert all("UpdatePolicy" in WHOLE[f"{name}Aliaslive"] for name in CALLED)
    unwatched = of_type("AWS::CodeDeploy::DeploymentGroup", deploy(**EVERYTHING | {"Watched": "false"}))
    assert not [group for group in unwatched.values() if group.get("AlarmConfiguration")]


def test_callers_can_be_spared_a_start_by_processes_that_wait_or_by_snapshots():
    aliases = of_type("AWS::Lambda::Alias").items()
    waiting = {
        name: one["ProvisionedConcurrencyConfig"] for name, one in aliases if "ProvisionedConcurrencyConfig" in one
    }
    assert waiting == {"VoiceAliaslive": {"ProvisionedConcurrentExecutions": 3}}
    snapshots = of_type("AWS::Lambda::Function", deploy(SnapStart="true"))
    assert {name for name, one in snapshots.items() if "SnapStart" in one} == {"Voice", "Sms", "Status"}
    assert not [one for one in of_type("AWS::Lambda::Function", USUAL).values() if "SnapStart" in one]
    assert not [name for name, one in snapshots.items() if "SnapStart" in one and "EphemeralStorage" in one]  # not both


# ---- time ------------------------------------------------------------------------------------------------------------


def test_a_sweep_that_fails_is_not_repeated_into_the_next_one():
    for target in (schedule["Target"] for schedule in of_type("AWS::Scheduler::Schedule", USUAL).values()):
        assert target["RetryPolicy"] == {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 3600}
        assert named(target["DeadLetterConfig"]["Arn"]) == "DeadLetters"


def test_costs_are_summed_up_only_where_they_are_followed():
    def state(**parameters: str) -> tuple[str, object]:
        whole = deploy(**parameters)
        (schedule,) = (
            one
            for one in of_type("AWS::Scheduler::Schedule", whole).values()
            if one["ScheduleExpression"] == "rate(1 day)"
        )
        mappings = of_type("AWS::Lambda::EventSourceMapping", whole).values()
        (asked,) = (one for one in mappings if named(one["EventSourceArn"]) == "Inquiries")
        return schedule["State"], asked["Enabled"]

    assert state() == ("DISABLED", False)
    assert state(FollowCosts="true") == ("ENABLED", True)


def test_what_cleanup_gives_up_lies_in_the_dead_letters():
    (asked,) = of_type("AWS::Lambda::EventInvokeConfig").values()
    assert named(asked["FunctionName"]) == "Cleanup"
    assert named(asked["DestinationConfig"]["OnFailure"]["Destination"]) == "DeadLetters"
    assert (asked["MaximumRetryAttempts"], asked["MaximumEventAgeInSeconds"]) == (2, 3600)


def test_whoever_leaves_dead_letters_may_do_so():
    assert {role for role in ROLES if actions_on(role, "DeadLetters")} == {"ScheduleRole", "CleanupRole"}


MAPPINGS = {named(one["EventSourceArn"]): one for one in of_type("AWS::Lambda::EventSourceMapping").values()}
MAPPING = MAPPINGS["Timers"]
TIMERS = WHOLE["Timers"]["Properties"]


def test_each_timer_has_a_process_of_its_own_for_a_second_one_would_be_late():
    assert (named(MAPPING["FunctionName"]), named(MAPPING["EventSourceArn"])) == ("Timer", "Timers")
    assert MAPPING["BatchSize"] == 1
    assert "MaximumBatchingWindowInSeconds" not in MAPPING


def test_no_rush_at_a_queue_takes_the_processes_that_calls_need():
    """A new account has ten. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""

    def most(**parameters: int) -> dict[str | None, int]:
        mappings = of_type("AWS::Lambda::EventSourceMapping", deploy(**parameters)).values()
        of_queues = [one for one in mappings if "StartingPosition" not in one]  # a stream has a process a shard
        return {named(one["EventSourceArn"]): one["ScalingConfig"]["MaximumConcurrency"] for one in of_queues}

    assert most() == {"Timers": 4, "Recordings": 2, "Inquiries": 2, "Notifications": 2, "SlowNotifications": 2}
    more = most(TimersAtOnce=90, RecordingsAtOnce=20, NotificationsAtOnce=30)
    assert more == {"Timers": 90, "Recordings": 20, "Inquiries": 2, "Notifications": 30, "SlowNotifications": 30}


def test_a_timer_that_is_being_done_is_given_to_nobody_else_meanwhile():
    assert FUNCTIONS["Timer"]["Timeout"] <= TIMERS["VisibilityTimeout"] <= 60


def test_a_timer_that_cannot_be_done_lies_in_the_dead_letters_before_its_queue_forgets_it():
    redrive = TIMERS["RedrivePolicy"]
    assert named(redrive["deadLetterTargetArn"]) == "DeadLetters"
    held = schedules.EARLY_SECONDS + redrive["maxReceiveCount"] * TIMERS["VisibilityTimeout"]
    assert held < TIMERS["MessageRetentionPeriod"] < WHOLE["DeadLetters"]["Properties"]["MessageRetentionPeriod"]


def test_whoever_sets_a_timer_may_do_so_and_only_its_function_takes_it():
    able = {role: actions_on(role, "Timers") for role in ROLES if actions_on(role, "Timers")}
    takes = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    assert able.pop("TimerRole") == takes | {"sqs:SendMessage"}
    setting = ("VoiceRole", "StatusRole", "ProxyRole", "ApiRole", "ScheduleRole")
    assert able == {role: {"sqs:SendMessage"} for role in setting}


# ---- recordings ------------------------------------------------------------------------------------------------------

RECORDINGS = WHOLE["Recordings"]["Properties"]


def test_a_recording_being_copied_is_nobody_elses_and_is_free_when_its_message_comes_again():
    assert named(MAPPINGS["Recordings"]["FunctionName"]) == "Recording"
    assert MAPPINGS["Recordings"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert FUNCTIONS["Recording"]["Timeout"] < records.CLAIMED_SECONDS < RECORDINGS["VisibilityTimeout"]


def test_a_recording_that_cannot_be_copied_is_a_dead_letter_before_its_queue_forgets_it():
    redrive, dead = RECORDINGS["RedrivePolicy"], WHOLE["DeadLetters"]["Properties"]["MessageRetentionPeriod"]
    assert named(redrive["deadLetterTargetArn"]) == "DeadLetters"
    tried = redrive["maxReceiveCount"] * RECORDINGS["VisibilityTimeout"]
    assert 3 * 3600 < tried < RECORDINGS["MessageRetentionPeriod"] < dead < records.DELETED_REMEMBERED_SECONDS


# Jitter between tries, Twilio's 429 and its list of texts, DynamoDB's unprocessed rows, and the last fraction of a
# second before a timer.
SLEEPING = {"conflicts.py", "twilio_http.py", "twilio_api.py", "imports.py", "schedules.py"}


def test_no_process_sleeps_for_what_may_come_later():
    code = [path for room in ("layers/domain", "functions") for path in (ROOT / room).rglob("*.py")]
    assert {path.name for path in code if "time.sleep(" in path.read_text()} == SLEEPING


def test_only_who_copies_recordings_takes_messages_about_them():
    assert {role for role in ROLES if actions_on(role, "Recordings")} == {"RecordingRole"}


def test_only_who_counts_calls_and_texts_or_tells_of_changes_speaks_to_the_bus():
    counting = {role for role in ROLES if actions_on(role, "UsageTable")}
    assert counting == {"VoiceRole", "SmsRole", "StatusRole", "TimerRole", "ProxyRole", "ApiRole"}
    telling = {"NotificationRole", "CostsRole", *counting}  # the latter of a day that is out of its usual range
    assert {role for role in ROLES if actions_on(role, "Bus")} == telling
    assert {role for role in ROLES if actions_on(role, "Notifications")} == telling
    assert {role for role in ROLES if actions_on(role, "SlowNotifications")} == {"NotificationRole"}


# ---- notifications ---------------------------------------------------------------------------------------------------

NOTIFICATIONS = WHOLE["Notifications"]["Properties"]


def test_an_event_is_tried_for_three_days_and_then_lies_in_a_queue_of_its_own():
    redrive = NOTIFICATIONS["RedrivePolicy"]
    assert (named(redrive["deadLetterTargetArn"]), redrive["maxReceiveCount"]) == ("Undelivered", MAX_DELIVERY_TRIES)
    waited = sum(map(wait_after, range(1, MAX_DELIVERY_TRIES)))
    assert 3 * DAY_SECONDS <= waited < 3 * DAY_SECONDS + wait_after(MAX_DELIVERY_TRIES)
    assert 4 * waited < NOTIFICATIONS["MessageRetentionPeriod"]  # and those that waited behind it are tried as long
    assert waited >= FAILING_SECONDS


def test_events_keep_their_order_so_their_dead_letters_lie_in_a_fifo_queue_too():
    assert all(WHOLE[name]["Properties"]["FifoQueue"] for name in ("Notifications", "Undelivered"))
    assert NOTIFICATIONS["DeduplicationScope"] == "messageGroup"
    mapping = MAPPINGS["Notifications"]
    assert (mapping["BatchSize"], mapping["FunctionResponseTypes"]) == (1, ["ReportBatchItemFailures"])
    timeout = FUNCTIONS["Notification"]["Timeout"]
    assert RECEIVER_PATIENCE_SECONDS < timeout <= NOTIFICATIONS["VisibilityTimeout"]


def test_whatever_a_table_tells_of_is_read_from_its_beginning_and_nothing_else_wakes_anybody():
    streams = {name for name, table in TABLES.items() if "StreamSpecification" in table}
    assert streams == {name for name, one in MAPPINGS.items() if "StartingPosition" in one}
    assert streams == set(TELLING)
    assert streams == set(TOLD_OF)  # the local stack's tables are called after themselves
    assert {MAPPINGS[name]["StartingPosition"] for name in streams} == {"TRIM_HORIZON"}
    for name in streams:  # of each change and subscriber a delivery is written, and sent: a batch must fit
        most = MAPPINGS[name]["BatchSize"] * MAX_SUBSCRIPTIONS * 2 * 0.05  # s
        assert most < WHOLE["Notification"]["Properties"]["Timeout"]
    assert all(MAPPINGS[name]["FilterCriteria"]["Filters"] for name in streams)


def test_the_queue_for_who_is_slow_is_the_same_with_processes_of_its_own():
    named_alike = {"QueueName": NOTIFICATIONS["QueueName"]}
    assert WHOLE["SlowNotifications"]["Properties"] | named_alike == NOTIFICATIONS
    slow, other = (
        {name: one[name] for name in ("FunctionName", "BatchSize", "FunctionResponseTypes", "ScalingConfig")}
        for one in (MAPPINGS["SlowNotifications"], MAPPINGS["Notifications"])
    )
    assert slow == other


# ---- who watches -----------------------------------------------------------------------------------------------------

ALARMS = of_type("AWS::CloudWatch::Alarm")
FILTERS = of_type("AWS::Logs::MetricFilter")
COUNTED = {one["MetricName"] for filter_ in FILTERS.values() for one in filter_["MetricTransformations"]}

# What AWS counts by, and the kind of resource that bears such a name.
DIMENSIONS = {
    "FunctionName": "AWS::Lambda::Function",
    "ApiId": "AWS::ApiGatewayV2::Api",
    "QueueName": "AWS::SQS::Queue",
    "ScheduleGroup": "AWS::Scheduler::ScheduleGroup",
    "TableName": "AWS::DynamoDB::Table",
}


# Of all functions in the region together: they share the account's processes.
OF_THE_ACCOUNT = ("ClaimedAccountConcurrency", "Throttles")


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_tells_somebody(name):
    assert [named(action) for action in ALARMS[name]["AlarmActions"]] == ["Alarms/Topic"]
    of_silence = name == "Alarms/SilenceAlarm"  # else a quiet night is no alarm
    assert ALARMS[name]["TreatMissingData"] == ("breaching" if of_silence else "notBreaching")
    assert ALARMS[name]["AlarmDescription"].endswith(".")


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_looks_at_something_that_is_there(name):
    alarm = ALARMS[name]
    if alarm["Namespace"] == "Toritsugi/blue":
        assert alarm["MetricName"] in COUNTED
        assert "Dimensions" not in alarm
        return
    if alarm["MetricName"] in OF_THE_ACCOUNT:
        assert (alarm["Namespace"], alarm.get("Dimensions")) == ("AWS/Lambda", None)
        return
    (dimension,) = alarm["Dimensions"]
    assert WHOLE[str(named(dimension["Value"]))]["Type"] == DIMENSIONS[dimension["Name"]]
    assert alarm["Namespace"] in ("AWS/Lambda", "AWS/SQS", "AWS/Scheduler")


def test_whatever_is_counted_has_an_alarm():
    assert {alarm["MetricName"] for alarm in ALARMS.values() if alarm["Namespace"] == "Toritsugi/blue"} == COUNTED


def alarms_of(queue):
    """What is watched of a queue: the metrics of its alarms."""
    found = [alarm for alarm in ALARMS.values() if alarm["Namespace"] == "AWS/SQS"]
    return [one for one in found if one["Dimensions"][0]["Value"] == {"Fn::GetAtt": [queue, "QueueName"]}]


@pytest.mark.parametrize("queue", of_type("AWS::SQS::Queue"))
def test_every_queue_has_one_alarm_and_that_of_timers_one_more(queue):
    growth = ["NumberOfMessagesSent"] if queue == "Timers" else []
    watched = sorted(alarm["MetricName"] for alarm in alarms_of(queue))
    assert watched[len(watched) - len(growth) :] == growth
    assert len(watched) == 1 + len(growth)


def test_an_alarm_goes_off_when_a_minute_sets_more_timers_than_an_hour_usually_has_calls():
    (growth,) = (alarm for alarm in alarms_of("Timers") if alarm["MetricName"] == "NumberOfMessagesSent")
    assert (growth["Period"], growth["Statistic"], growth["Threshold"]) == (60, "Sum", 1000)


def test_what_the_alarms_look_for_in_a_log_is_what_the_code_writes_there():
    code = "\n".join(path.read_text() for room in ("layers", "functions") for path in (ROOT / room).rglob("*.py"))
    looked_for = re.findall(r'\$\.message = "(.+?)"', " ".join(one["FilterPattern"] for one in FILTERS.values()))
    assert sorted(set(looked_for)) == [
        "a call was not made",
        "a change was not told",
        "a subscription was switched off",
        "announcement dropped",
        "announcement not spoken",
        "call failed",
        "calls unusual",
        "closed late",
        "costs unusual",
        "limit reached",
        "number exhausted",
        "recording failed",
        "request refused",
        "the door was answered",
        "the owner's system is silent",
        "the owner's system names a step that is none",
    ]
    assert all(re.search(rf'(log\.\w+|tell)\(\s*"{message.replace(" ", "[ .]")}"', code) for message in looked_for)


def test_what_the_alarms_look_for_in_the_access_log_stands_there():
    patterns = [one["FilterPattern"] for one in FILTERS.values() if named(one["LogGroupName"]) == "AccessLog"]
    assert {field for pattern in patterns for field in re.findall(r"\$\.(\w+)", pattern)} <= set(ACCESS_LOG)
    routes = {route for pattern in patterns for route in re.findall(r'\$\.route = "(.+?)"', pattern)}
    assert routes == {"POST *", "POST /voice*", "GET /voice*", "ANY *", "GET /api/*"}
    assert {
        *("POST /voice", "POST /voice/{proxy+}", "GET /voice/ringing/{proxy+}", "POST /status/{proxy+}"),
        "GET /sms/files/{proxy+}",
        "POST /recording/{proxy+}",
        *("POST /sms", "ANY /v1/{proxy+}", "ANY /api/{proxy+}", "GET /api/docs", "GET /api/openapi.json"),
        "GET /api/proxy/{proxy+}",
        *("GET /prices", "GET /prices/{proxy+}"),
    } == ROUTES


def test_only_alarms_of_this_stage_reach_the_topic():
    (policy,) = of_type("AWS::SNS::TopicPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Condition"]["ArnLike"]["aws:SourceArn"].endswith(":alarm:toritsugi-blue-*")
    assert all(alarm["AlarmName"].startswith("toritsugi-blue-") for alarm in ALARMS.values())


def test_the_dashboard_shows_what_is_there():
    (dashboard,) = of_type("AWS::CloudWatch::Dashboard").values()
    shown = json.loads(dashboard["DashboardBody"])["widgets"]
    parts = [part for widget in shown for row in widget["properties"]["metrics"] for part in row]
    mentioned = [part for part in parts if isinstance(part, str) and part.startswith("${")]
    kinds = {WHOLE[part.removeprefix("${").removesuffix("}")]["Type"] for part in mentioned if "AWS::" not in part}
    assert kinds == set(DIMENSIONS.values())
    shown_names = {part.removeprefix("${").removesuffix("}") for part in mentioned}
    assert shown_names > {*FUNCTIONS, *TABLES, *of_type("AWS::SQS::Queue")} - {"KeysTable", "Canary"}
    assert not [metric for metric in COUNTED if metric not in parts]


def test_a_stage_for_trying_need_not_be_watched():
    unwatched = deploy(Watched="false")
    assert set(USUAL) - set(unwatched) == {name for name in USUAL if name.partition("/")[0] in ("Alarms", "Dashboard")}


def test_whoever_is_to_be_told_is_told():
    assert not of_type("AWS::SNS::Subscription", USUAL)
    (mail,) = of_type("AWS::SNS::Subscription").values()
    assert (mail["Protocol"], mail["Endpoint"]) == ("email", "somebody@example.com")


def test_a_budget_is_the_whole_accounts_so_there_is_one_only_when_asked_for():
    assert not of_type("AWS::Budgets::Budget", USUAL)
    (budget,) = of_type("AWS::Budgets::Budget").values()
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 100, "Unit": "USD"}


def test_a_budget_has_no_name_for_it_is_made_anew_when_its_address_changes():
    (budget,) = of_type("AWS::Budgets::Budget").values()
    assert "BudgetName" not in budget["Budget"]


def test_an_alarm_goes_off_before_the_account_has_no_process_left_and_when_it_has_none():
    busy = WHOLE["Alarms/BusyProcessesAlarm"]["Properties"]
    assert (busy["MetricName"], busy["Statistic"], busy["Threshold"]) == ("ClaimedAccountConcurrency", "Maximum", 800)
    assert WHOLE["Alarms/NoProcessAlarm"]["Properties"]["MetricName"] == "Throttles"


# ---- side by side ----------------------------------------------------------------------------------------------------

NAMES = ("Name", "FunctionName", "LogGroupName", "TopicName", "AlarmName", "DashboardName", "RoleName")
NAMES += ("TableName", "QueueName", "LayerName", "MetricNamespace")


def test_every_name_carries_the_stage_so_that_stages_stand_side_by_side():
    ours = [resource for resource in WHOLE.values() if resource["Type"] != "AWS::Lambda::Alias"]  # its function's own
    parts = [part for resource in ours for part in walk(resource["Properties"]) if isinstance(part, dict)]
    given = [part[name] for part in parts for name in NAMES if isinstance(part.get(name), str) and "Value" not in part]
    given.remove(WHOLE["Domain/Record"]["Properties"]["Name"])  # a domain's name is its owner's
    assert len(given) > 20
    assert not [name for name in given if "blue" not in name]


@pytest.mark.parametrize("path", NESTED, ids=lambda path: path.name)
def test_a_nested_stack_is_given_what_it_asks_for(path):
    stacks = of_type("AWS::CloudFormation::Stack").values()
    given = [set(stack["Parameters"]) for stack in stacks if ROOT / stack["TemplateURL"] == path]
    assert given == [set(read(path)["Parameters"])] * (path.name != "key.yaml")  # which stands alone


def test_only_the_function_that_plans_its_own_next_timer_may_wake_itself():
    assert {name for name, function in FUNCTIONS.items() if function.get("RecursiveLoop") == "Allow"} == {"Timer"}
