"""botocore's descriptions of AWS, cut down to what our functions may ask for.

A client reads the whole description of its service when it is made, and writes a method for each of its operations:
for DynamoDB and SSM together more than a tenth of a second of a cold start, nearly all of it for operations that
nobody here calls. What may be called stands in template.yaml, for whatever is called must be allowed.
"""

import gzip
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Json = dict[str, Any]

ALLOWED = re.compile(r"\b([a-z][a-z0-9]*):([A-Z]\w+)")

# Allowed under the names of what they are made of. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
TRANSACTIONS = {"TransactWriteItems", "TransactGetItems"}

DESCRIPTIONS = ("service-2", "endpoint-rule-set-1")  # paginators, waiters and examples are for callers that we are not
ROOTS = ("partitions", "sdk-default-configuration", "_retry", "endpoints")


def operations(template: str) -> dict[str, set[str]]:
    """What the text of a template allows: service -> operations."""
    found: dict[str, set[str]] = defaultdict(set)
    for service, operation in ALLOWED.findall(template):
        found[service].add(operation)
    if "dynamodb" in found:
        found["dynamodb"] |= TRANSACTIONS
    return dict(found)


def trim(data: Path, wanted: dict[str, set[str]]) -> None:
    """Leaves of botocore's `data` folder what these operations need, and nothing else."""
    kept = {service for service, names in wanted.items() if (data / service).is_dir() and keep(data / service, names)}
    endpoints = read(data, "endpoints")
    for partition in endpoints["partitions"]:
        partition["services"] = {name: said for name, said in partition["services"].items() if name in kept}
    write(data, "endpoints", endpoints)
    for path in data.iterdir():
        if path.is_dir() and path.name not in kept:
            shutil.rmtree(path)
        elif path.is_file() and path.name.split(".")[0] not in ROOTS:
            path.unlink()


def keep(service: Path, names: set[str]) -> bool:
    """Leaves the newest description of a service, with these operations; says whether it has any of them."""
    *old, newest = sorted(service.iterdir())
    for version in old:
        shutil.rmtree(version)
    model = without_documentation(read(newest, "service-2"))
    model["operations"] = {name: said for name, said in model["operations"].items() if name in names}
    model["shapes"] = reachable(model["operations"].values(), model["shapes"])
    for parameter in model.get("clientContextParams", {}).values():  # S3 has some, and botocore reads what they are for
        parameter["documentation"] = ""
    write(newest, "service-2", model)
    for path in newest.iterdir():
        if path.name.split(".")[0] not in DESCRIPTIONS:
            path.unlink()
    return bool(model["operations"])


def reachable(described: Iterable[Json], shapes: dict[str, Json]) -> dict[str, Json]:
    """The shapes that these operations are described with, directly or through others."""
    ways, found = list(references(list(described))), {}
    while ways:
        name = ways.pop()
        if name not in found:
            found[name] = shapes[name]
            ways.extend(references(shapes[name]))
    return {name: shapes[name] for name in shapes if name in found}


def references(described: Any) -> Iterable[str]:
    """The names of shapes that a part of a description mentions."""
    if isinstance(described, list):
        for part in described:
            yield from references(part)
    elif isinstance(described, dict):
        for key, part in described.items():
            if key == "shape" and isinstance(part, str):
                yield part
            else:
                yield from references(part)


def without_documentation(described: Any) -> Any:
    if isinstance(described, list):
        return [without_documentation(part) for part in described]
    if isinstance(described, dict):
        return {
            key: without_documentation(part)
            for key, part in described.items()
            if key != "documentation" or not isinstance(part, str)
        }
    return described


def read(folder: Path, name: str) -> Json:
    """A description, packed or not."""
    packed = folder / f"{name}.json.gz"
    return json.loads(
        gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / f"{name}.json").read_bytes()
    )


def write(folder: Path, name: str, described: Json) -> None:
    (folder / f"{name}.json.gz").unlink(missing_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(described, separators=(",", ":")))
