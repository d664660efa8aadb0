"""Parts of a file: what a browser asks for when somebody jumps to another place in what they listen to."""

from __future__ import annotations

import re

from starlette.responses import Response


def part(content: bytes, asked: str) -> Response:
    """The file, or what is asked for of it: a browser jumps only where it can have parts (RFC 9110, 14.2)."""
    headers, whole = {"Accept-Ranges": "bytes"}, len(content)
    found = re.fullmatch(r"bytes=(\d{1,18})-(\d{0,18})", asked)
    if found is None:
        return Response(content, media_type="audio/wav", headers=headers)
    first, last = int(found[1]), min(int(found[2] or whole), whole - 1)
    if first > last:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{whole}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{whole}"
    return Response(content[first : last + 1], 206, media_type="audio/wav", headers=headers)
