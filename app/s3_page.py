"""Writes docs/s3.md: which S3 operations are answered, and what each takes, from the routing table itself.

Run as `python -m app.s3_page` (`make docs`); a test compares.
"""

import sys
from pathlib import Path
from typing import Final

from domain.access import NEEDED_LEVEL
from proxy.calling import Need, Place
from proxy.routing import ROUTES, Target

PAGE: Final = Path("docs/s3.md")
_HEAD: Final = """\
# The S3 face

A bucket is a project; a key is the path below it. The first segment of a key with more after it is a collection, the
second a dataset, the rest is the Object's name (in a dataset it may hold any `/`). A PUT makes the containers missing
on its way; they leave with their last key unless somebody has described, granted or related them since.

Requests are signed with Signature Version 4 (headers, presigned query, aws-chunked with trailers) or presigned with
Version 2. Any region is taken. What is PUBLIC is read without a signature. Every upload is verified against whatever
was declared: Content-MD5, `x-amz-content-sha256`, `x-amz-checksum-*`. The ETag is the MD5 of the bytes, or
`md5-of-md5s-N` for an upload in parts. Every revision stays readable by its versionId (`GET …?versionId=`).

A snapshot of a collection is read below its name, `@` and the version: `bucket/collection@1.2.0/…`; that of a dataset
as `bucket/collection/dataset@1.2.0/…` or `bucket/dataset@1.2.0/…`, that of the project as `bucket/@1.2.0/…`. `@latest`
is the highest release. Reads, ranges, copies from there and lists work as on any key; such keys are listed below that
prefix alone, and every write to them is AccessDenied. An archived project is read and listed as it was then.

Whatever has no row here answers NotImplemented (501), never a wrong success.

## Operations

Written by `make docs` from the routing table.

"""
_PLACES: Final = {
    Place.SIGNED: "a signature",
    Place.BUCKET: "the bucket",
    Place.EACH_KEY: "each key",
    Place.PREFIX: "the container that the prefix names",
    Place.OBJECT: "the Object",
    Place.KEY: "the Object at the key",
    Place.UPLOAD: "the Object that waits for the upload",
    Place.OWN_MULTIPART: "one's own open upload",
    Place.MULTIPART: "one's own open upload, and its key",
    Place.COMPLETION: "one's own upload, and its key",
}


def _takes(need: Need) -> str:
    if need.action is None:
        return _PLACES[need.place]
    words = f"{NEEDED_LEVEL[need.action].name} on {_PLACES[need.place]}"
    if need.action_if_absent is not None:
        words += f"; where there is none, {NEEDED_LEVEL[need.action_if_absent].name} on the lowest container on its way"
    return words


def s3_page() -> str:
    """Render the page."""
    rows: dict[str, tuple[str, str]] = {}
    for (target, method, subresource), operation in ROUTES.items():
        address = {Target.SERVICE: "/", Target.BUCKET: "/bucket", Target.OBJECT: "/bucket/key"}[target]
        chosen = subresource if subresource.startswith(("x-amz-copy", "uploadId x-")) else f"?{subresource}"
        request = f"`{method} {address}`" if not subresource else f"`{method} {address}` `{chosen}`"
        rows.setdefault(f"{operation.name} {request}", (operation.name, f"{request} | {_takes(operation.need)}"))
    lines = ["| operation | request | takes |", "| --- | --- | --- |"]
    lines += [f"| {name} | {rest} |" for name, rest in sorted(rows.values())]
    return _HEAD + "\n".join(lines) + "\n"


def main(file: Path = PAGE) -> None:
    """Write the page."""
    file.write_text(s3_page())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
