"""S3, where the files of recordings lie, under keys without numbers.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

import base64
from typing import IO

from toritsugi.foundation import clients, config

LINK_SECONDS = 300


def store_file(recording_sid: str, file: IO[bytes], checksum: str) -> None:
    """Puts a recording's file there, unless it arrives otherwise than with this SHA-256 (in hexadecimal)."""
    file.seek(0)
    clients.aws_client("s3").put_object(
        Bucket=config.RECORDINGS_BUCKET,
        Key=key_of(recording_sid),
        Body=file,
        ContentType="audio/wav",
        ChecksumSHA256=base64.b64encode(bytes.fromhex(checksum)).decode(),
    )


def link(recording_sid: str, name: str) -> str:
    """An address at which anybody gets the file, under this name, for LINK_SECONDS."""
    asked = {
        "Bucket": config.RECORDINGS_BUCKET,
        "Key": key_of(recording_sid),
        "ResponseContentDisposition": f'attachment; filename="{name}"',
    }
    url: str = clients.aws_client("s3").generate_presigned_url("get_object", Params=asked, ExpiresIn=LINK_SECONDS)
    return url


def delete_file(recording_sid: str) -> None:
    """Deletes a recording's file; one that is gone is gone. The bucket keeps no versions of it."""
    clients.aws_client("s3").delete_object(Bucket=config.RECORDINGS_BUCKET, Key=key_of(recording_sid))


def key_of(recording_sid: str) -> str:
    """Where the bucket keeps a recording's file."""
    return f"recordings/{recording_sid}.wav"
