"""ministack, made as strict as AWS where the exchange depends on it: `.tools/ministack/bin/python stand_in.py`.

With AUTH=true ministack (1.5.33) evaluates the role of a function for every call that the function makes, but not
always against what the call is about; and it does not where AWS itself acts in somebody's name, so a permission that
only AWS uses could be missing and nothing would show it. Each such gap is closed here, by ministack's own evaluator:

    who reads parameters may read each of them             ssm:GetParameters (there: of everything)
    a schedule belongs to its group                        scheduler:* (there: always the default group)
    who gives a role to a schedule may pass that role      iam:PassRole, with iam:PassedToService
    the Scheduler does what the schedule's role may do     lambda:InvokeFunction, sqs:SendMessage; else a dead letter
    Lambda reads a queue as the function                   sqs:ReceiveMessage, DeleteMessage, GetQueueAttributes
    Lambda reads a table's stream as the function          dynamodb:GetRecords, and three more that it needs for that
    Lambda repeats what has failed, and then gives it up   sqs:SendMessage of the function's role
    Lambda writes the log as the function                  logs:CreateLogStream, logs:PutLogEvents
    a role is assumed only by whom it trusts               sts:AssumeRole, with aws:SourceAccount, aws:SourceArn
    what is asked of an alias holds for its version        of those that nobody waits for: how often it is tried again
    a queue that feeds an alias feeds its version          also where it has fed the function itself before

A change of a function reaches it in pieces, its settings before its code, for CloudFormation asks Lambda for one after
the other (https://github.com/aws/aws-cdk/issues/8446): whoever calls a function by its name may meet both.

Besides, whoever comes is taken to come by TLS, as to AWS; layers are unpacked one over the other, and once;
functions run on the bare interpreter, for ministack's own has boto3 and hides what a layer lacks; schedules are looked
at every second instead of every ten; logs are searched for any of several words; a stack may keep questions to logs,
which nobody asks here; and a table can be brought back to an earlier second (point_in_time.py).
"""

import functools
import io
import json
import logging
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import point_in_time
from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.core.arn import parse_arn
from ministack.core.concurrency import esm_wake
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, eventbridge, iam, lambda_svc, scheduler, ssm
from ministack.services.cloudformation import provisioners, stacks

log = logging.getLogger("stand_in")

Answer = tuple[int, dict[str, str], bytes]

BETWEEN_SETTINGS_AND_CODE = 1.0  # seconds; for each function that an upgrade changes

LAMBDA, SCHEDULER = "lambda.amazonaws.com", "scheduler.amazonaws.com"


# ---- what a role may do ----------------------------------------------------------------------------------------------


def may(role_arn: str, service: str, source: str, action: str, resource: str) -> bool:
    """Whether this service may do that with this role, because of `source`: the role trusts it, and allows it."""
    name = role_arn.rsplit("/", 1)[-1]
    trust = (iam._roles.get_scoped(get_account_id(), None, name) or {}).get("AssumeRolePolicyDocument", "")
    trusts = service in str(trust) and iam_evaluator.evaluate_trust_policy(
        trust, root(), context("sts:AssumeRole", role_arn, source)
    )
    policies = iam_evaluator._gather_role_policies(name, get_account_id())
    allows = iam_evaluator.evaluate(context(action, resource, source), policies).decision == "Allow"
    if not (trusts and allows):
        log.error("%s may not %s on %s, for %s of %s", role_arn, action, resource, service, source)
        return False
    note_use(role_arn, action, resource)
    return True


def context(action: str, resource: str, source: str) -> Any:
    account = get_account_id()
    return iam_evaluator.EvalContext(
        principal_arn=root(),
        principal_type="Service",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context={"aws:sourceaccount": account, "aws:sourcearn": source},
    )


def root() -> str:
    """Whom ministack takes a service of AWS for."""
    return f"arn:aws:iam::{get_account_id()}:root"


USES, lately = Path("uses"), dict[str, float]()


def note_use(principal_arn: str, action: str, resource: str) -> None:
    """Writes down what somebody was allowed to do, at most once a second, for queues are asked all the time."""
    line, now = f"{principal_arn} {action} {resource}\n", time.monotonic()
    if now - lately.get(line, -1) >= 1:
        lately[line] = now
        with USES.open("a") as uses:
            uses.write(line)


evaluate_call, evaluate = iam_evaluator.enforce, iam_evaluator.evaluate


def evaluate_and_note(context: Any, *policies_and_limits: Any) -> Any:
    """What ministack decides of a call of a role; a use stands among the uses."""
    result = evaluate(context, *policies_and_limits)
    if result.decision == "Allow" and context.principal_arn != root():
        note_use(context.principal_arn, context.action, context.resource_arn)
    return result


def enforce_aloud(key: str, action: str, service: str, region: str, resource_arn: str = "*", **more: Any) -> Any:
    """What ministack decides of a call; a refusal stands in the log."""
    denied = evaluate_call(key, action, service, region, resource_arn=resource_arn, **more)
    if isinstance(denied, iam_evaluator.EvalResult):
        log.error("%s may not %s on %s", denied.principal_arn, action, resource_arn)
    return denied


# ---- what a call is about --------------------------------------------------------------------------------------------

find_resource, handle_parameters = iam_actions.extract_resource_arn, ssm.handle_request


def resource_of(
    service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
) -> str:
    """The ARN that a call is evaluated against."""
    if service == "ssm" and (names := parameters_read(headers, body)):
        return parameter(names[0])
    if service == "scheduler" and path.startswith("/schedules/"):
        group = json.loads(body or b"{}").get("GroupName") or (query.get("groupName") or ["default"])[0]
        return f"arn:aws:scheduler:{region}:{account}:schedule/{group}/{path.split('/')[2]}"
    found: str = find_resource(service, method, path, headers, body, query, region, account)
    return found


def parameters_read(headers: Any, body: bytes) -> list[str]:
    asked = headers.get("x-amz-target", "").endswith(".GetParameters")
    names: list[str] = json.loads(body)["Names"] if asked else []
    return names


def parameter(name: str) -> str:
    return f"arn:aws:ssm:{get_region()}:{get_account_id()}:parameter{name}"


async def read_each_parameter(method: str, path: str, headers: Any, body: bytes, query: Any) -> Answer:
    for name in parameters_read(headers, body):
        if refusal := refused("ssm", "ssm:GetParameters", headers, query, parameter(name)):
            return refusal
    done: Answer = await handle_parameters(method, path, headers, body, query)
    return done


def refused(service: str, action: str, headers: Any, query: Any, resource: str, said: Any = None) -> Answer | None:
    """The answer for somebody who may not do that."""
    answer: Answer | None = app._enforce_data_plane(
        service, action, headers, query, "", resource_arn=resource, service_context=said
    )
    return answer


# ---- the Scheduler ---------------------------------------------------------------------------------------------------

handle_schedule, obey_rule = scheduler.handle_request, eventbridge._invoke_target


async def schedule_with_role(method: str, path: str, headers: Any, body: bytes, query: Any) -> Answer:
    if method in ("POST", "PUT") and path.startswith("/schedules/"):
        role = json.loads(body or b"{}").get("Target", {}).get("RoleArn", "")
        passed = {"iam:PassedToService": SCHEDULER}
        if refusal := refused("scheduler", "iam:PassRole", headers, query, role, passed):
            return refusal
    done: Answer = await handle_schedule(method, path, headers, body, query)
    return done


def fire(target: dict[str, Any], event: Any, schedule: dict[str, Any], view: Any = None) -> None:
    """Tells the target of a schedule, a function or a queue; what may not be told becomes a dead letter.

    The rules of a bus come here too, and are ministack's business.
    """
    if "GroupName" not in schedule:
        obey_rule(target, event, schedule, view)
        return
    source, said = scheduler._group_arn(schedule["GroupName"]), target.get("Input", "{}")
    arn, letters = parse_arn(target["Arn"]), target.get("DeadLetterConfig", {}).get("Arn", "")
    if arn.service == "sqs" and send(target["RoleArn"], source, target["Arn"], said):
        return
    if arn.service == "lambda" and may(target["RoleArn"], SCHEDULER, source, "lambda:InvokeFunction", target["Arn"]):
        function, _, _ = lambda_svc._get_func_record_for_ref(target["Arn"])
        if function:
            lambda_svc.invoke_async_with_retry(function, json.loads(said))
            return
    if letters:
        send(target["RoleArn"], source, letters, said)


def send(role: str, source: str, queue: str, said: str) -> bool:
    """Whether the Scheduler has put that into a queue."""
    allowed = may(role, SCHEDULER, source, "sqs:SendMessage", queue)
    if allowed:
        eventbridge._dispatch_to_sqs(parse_arn(queue), said)
        esm_wake.set()
    return allowed


# ---- Lambda ----------------------------------------------------------------------------------------------------------

give_up, write_log = lambda_svc._route_async_failure, lambda_svc._emit_lambda_logs
repeat = lambda_svc.invoke_async_with_retry
choose_records = lambda_svc._apply_filter_criteria
count_pollers = lambda_svc._sqs_esm_concurrency


def pollers_of(mapping: dict[str, Any], function: Any, config: dict[str, Any], queue: Any = None) -> int:
    """How many messages of a queue Lambda may have given to a function at once; none, unless the function may read it.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    actions = "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"
    source = mapping["EventSourceArn"]
    if all(may(config["Role"], LAMBDA, config["FunctionArn"], action, source) for action in actions):
        scaling = {name: int(figure) for name, figure in (mapping.get("ScalingConfig") or {}).items()}
        most: int = count_pollers(mapping | {"ScalingConfig": scaling}, function, config, queue)
        return most
    return 0


def records_for_reader(batch: list[Any], mapping: dict[str, Any]) -> list[Any]:
    """What Lambda gives a function of a table's stream; nothing, unless the function may read it.

    Here it is lost then, and on AWS it waits: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
    """
    source, reader = mapping["EventSourceArn"], (mapping["FunctionName"], mapping.get("Qualifier"))
    names = ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams") if "/stream/" in source else ()
    _, config = lambda_svc._get_func_record_for_qualifier(*reader)
    allowed = [may(config["Role"], LAMBDA, config["FunctionArn"], f"dynamodb:{name}", source) for name in names]
    found: list[Any] = choose_records(batch, mapping) if all(allowed) else []
    return found


def repeat_as_asked_of_alias(function: dict[str, Any], event: Any) -> None:
    """Invokes a function for which nobody waits; of a version, as often as is asked of the alias that leads to it."""
    config = function["config"]
    whole = lambda_svc._functions[config["FunctionName"]]
    aliases = [name for name, alias in whole["aliases"].items() if alias["FunctionVersion"] == config["Version"]]
    asked = [whole["event_invoke_configs"][name] for name in aliases if name in whole["event_invoke_configs"]]
    repeat(function | ({"event_invoke_config": asked[0]} if asked else {}), event)


def give_up_as_function(target: str, name: str, event: Any, result: Any) -> None:
    config = lambda_svc._functions[name]["config"]
    if may(config["Role"], LAMBDA, config["FunctionArn"], "sqs:SendMessage", target):
        give_up(target, name, event, result)


def write_log_as_function(function: dict[str, Any], request_id: str, *what: Any, **how: Any) -> None:
    config = function.get("config") or function
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
    stream = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}:log-stream:{request_id}"
    actions = "logs:CreateLogStream", "logs:PutLogEvents"
    if all(may(config["Role"], LAMBDA, config["FunctionArn"], action, stream) for action in actions):
        write_log(function, request_id, *what, **how)


change_function, takes_its_time = provisioners._lambda_update, stacks._runs_on_worker_thread


def change_in_pieces(name: str, before: Any, after: Any, *where: Any) -> Any:
    """CloudFormation's change of a function: first its settings, a while later its code with its layers."""
    if before.get("Environment") != after.get("Environment") and name in lambda_svc._functions:
        lambda_svc._update_config(name, {"Environment": {"Variables": after["Environment"]["Variables"]}})
        time.sleep(BETWEEN_SETTINGS_AND_CODE)
    return change_function(name, before, after, *where)


change_mapping = provisioners._lambda_esm_update


def change_mapping_to_alias(mapping: str, before: Any, after: Any, stack: str) -> Any:
    _, lambda_svc._esms[mapping]["Qualifier"] = lambda_svc._resolve_name_and_qualifier(after["FunctionName"])
    return change_mapping(mapping, before, after, stack)


match_words = cloudwatch_logs._compile_filter_pattern


def match_any(pattern: str) -> Any:
    """Which lines a pattern finds; of one like ?this ?that those that have either.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    words = pattern.split()
    if not words or not all(word.startswith("?") for word in words):
        return match_words(pattern)
    sought = [word[1:].strip('"') for word in words]
    return lambda line: any(word in line for word in sought)


class Worker(lambda_runtime.Worker):  # type: ignore[misc]
    """The process of a function, which finds its layers where Lambda puts them."""

    def __init__(self, name: str, config: dict[str, Any], code: bytes) -> None:
        arns = tuple(layer if isinstance(layer, str) else layer["Arn"] for layer in config.get("Layers", []))
        variables = config.get("Environment", {}).get("Variables", {}) | {"_LAMBDA_LAYERS_DIRS": unpacked(arns)}
        super().__init__(name, config | {"Layers": [], "Environment": {"Variables": variables}}, code)


@functools.cache
def unpacked(arns: tuple[str, ...]) -> str:
    """The folder of these layers, unpacked one over the other, as on Lambda; what is in several is of the last.

    All functions that have these share it. ministack would unpack thousands of files for each process, and take them
    away with it, which was most of what a cold start took.
    """
    folder = tempfile.mkdtemp(prefix="layers-")
    for arn in arns:
        with zipfile.ZipFile(io.BytesIO(lambda_svc._resolve_layer_zip(arn))) as layer:
            layer.extractall(folder)
    return folder


def bare_interpreter(runtime: str, detect: Any = lambda_runtime._detect_runtime_binary) -> tuple[str, str]:
    interpreter, worker = detect(runtime)
    return str(Path(interpreter).resolve()), worker


# Kept by CloudFormation, and by nobody else.
QUESTIONS = {
    "create": lambda logical_id, properties, stack: (f"{stack}-{logical_id}", {}),
    "delete": lambda physical_id, properties: None,
}


# ---- the process -----------------------------------------------------------------------------------------------------


def main() -> None:
    app.pin_request_origin = lambda address, _: iam_evaluator.pin_request_origin(address, True)
    iam_evaluator.enforce = enforce_aloud
    iam_evaluator.evaluate = evaluate_and_note
    iam_actions.extract_resource_arn = resource_of
    ssm.handle_request = read_each_parameter
    scheduler.handle_request = schedule_with_role
    scheduler._SCHEDULE_TICK_INTERVAL = 1
    eventbridge._invoke_target = fire
    lambda_svc.invoke_async_with_retry = repeat_as_asked_of_alias
    lambda_svc._route_async_failure = give_up_as_function
    lambda_svc._emit_lambda_logs = write_log_as_function
    lambda_svc._sqs_esm_concurrency = pollers_of
    lambda_svc._apply_filter_criteria = records_for_reader
    provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]["update"] = change_in_pieces
    stacks._runs_on_worker_thread = lambda kind: kind == "AWS::Lambda::Function" or takes_its_time(kind)
    provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]["update"] = change_mapping_to_alias
    lambda_runtime.Worker = Worker
    point_in_time.teach()
    cloudwatch_logs._compile_filter_pattern = match_any
    provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = QUESTIONS
    lambda_runtime._detect_runtime_binary = bare_interpreter
    app.main()


if __name__ == "__main__":
    main()
