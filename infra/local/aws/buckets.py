"""S3 on this machine: whole files, checked as they come, and the links by which anybody gets one for a while.

moto's own keeps what arrives otherwise than its checksum says.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from local.aws.template import Template

KNOWN = {
    "PutObject": {"Bucket", "Key", "Body", "ContentType", "ChecksumSHA256"},
    "GetObject": {"Bucket", "Key"},
    "DeleteObject": {"Bucket", "Key"},
}
LINKS = "/s3"  # below this path of the exchange's own address


class Refused(Exception):
    """S3 does not do that: HTTP status, and its code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass(frozen=True)
class File:
    """What lies under a key."""

    content: bytes
    content_type: str


class Buckets:
    """The buckets of a template, by name: key -> file."""

    def __init__(self, template: Template) -> None:
        self.named: dict[str, dict[str, File]] = {
            template.name(logical_id): {} for logical_id in template.of_type("AWS::S3::Bucket")
        }

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The answer of an operation. Raises Refused as S3 does, and ValueError for what is not built."""
        if operation not in KNOWN or request.keys() - KNOWN[operation]:
            raise ValueError(f"the local stack does not know {operation} of S3 with {', '.join(request)}")
        files = self.files_of(request["Bucket"])
        if operation == "PutObject":
            return self.put(files, request)
        if operation == "DeleteObject":
            files.pop(request["Key"], None)
            return {}
        file = files.get(request["Key"])
        if file is None:
            raise Refused(404, "NoSuchKey")
        return {"Body": file.content, "ContentType": file.content_type, "ContentLength": len(file.content)}

    def files_of(self, bucket: str) -> dict[str, File]:
        if bucket not in self.named:
            raise Refused(404, "NoSuchBucket")
        return self.named[bucket]

    def put(self, files: dict[str, File], request: dict[str, Any]) -> dict[str, Any]:
        body = request["Body"]
        content: bytes = body if isinstance(body, bytes) else body.read()
        checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
        if request.get("ChecksumSHA256", checksum) != checksum:
            raise Refused(400, "BadDigest")
        files[request["Key"]] = File(content, request.get("ContentType", "binary/octet-stream"))
        return {"ChecksumSHA256": checksum}

    # ---- links -----------------------------------------------------------------------------------------------------

    def here(self, base: str, link: str) -> str:
        """The link that botocore has made to S3, as one to this machine."""
        parts = urlsplit(link)
        bucket, _, rest = str(parts.hostname).partition(".")
        path = parts.path if rest.split(".")[0] != "s3" else f"/{bucket}{parts.path}"
        return f"{base}{LINKS}{path}?{parts.query}"

    def follow(self, bucket: str, key: str, query: str) -> tuple[File, dict[str, str]]:
        """The file of a link, and the headers that it asks for. Raises Refused where the link is over, or is none."""
        said = dict(parse_qsl(query))
        try:
            made = datetime.strptime(said["X-Amz-Date"] + "+0000", "%Y%m%dT%H%M%SZ%z").timestamp()
            is_good = bool(said["X-Amz-Signature"]) and time.time() <= made + int(said["X-Amz-Expires"])
        except (KeyError, ValueError):
            is_good = False
        if not is_good:
            raise Refused(403, "AccessDenied")
        file = self.files_of(bucket).get(key)
        if file is None:
            raise Refused(404, "NoSuchKey")
        disposition = said.get("response-content-disposition")
        return file, {"content-disposition": disposition} if disposition else {}
