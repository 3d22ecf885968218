"""What `aruna demo load` says at the end: what there is to see, and lines to paste."""

from app.bootstrap import Bootstrap
from app.demo import manifest
from app.demo.loading import Loaded


def tour(bootstrap: Bootstrap, loaded: Loaded) -> str:
    """Say what was made and where to look; holds the reader's token if he was made just now."""
    s3 = bootstrap.s3Endpoint.rstrip("/")
    public = f"{s3}/{manifest.PROJECT}/{manifest.COPY_SOURCE}"
    head = (
        f"{len(loaded.changes)} change{'s'[: len(loaded.changes) != 1]}; the project `{manifest.PROJECT}` is complete."
        if loaded.changes
        else f"The project `{manifest.PROJECT}` is there already; nothing was changed."
    )
    reader = (
        f"his token, shown this once: {loaded.reader_token}"
        if loaded.reader_token
        else "his token was shown when he was made"
    )
    return f"""
{head}

  {len(manifest.FILES)} real files from {len(manifest.ARCHIVES)} packages in 5 fields: ecology, genomics,
  neuroimaging, astronomy and weather. Among them:
  - {manifest.WEATHER} has two revisions: 2012 alone, then all years
  - {manifest.CHART} plots a table that is derivedFrom it: walk its lineage
  - {manifest.COPY} is a copy with its ORIGIN, made by the server
  - {manifest.METADATA} describes its dataset; its upload was begun in GraphQL
  - 10.1371/journal.pone.0090081 is a DOI that two resources cite
  - {manifest.SNAPSHOT_OF}@{manifest.SNAPSHOT_VERSION} is a snapshot from between them: read it as
    resource(ref: "{manifest.PROJECT}/{manifest.SNAPSHOT_OF}@{manifest.SNAPSHOT_VERSION}/"), or over S3 below
    s3://{manifest.PROJECT}/{manifest.SNAPSHOT_OF}@{manifest.SNAPSHOT_VERSION}/
  - labelled(key: "species", value: "penguin") finds the penguins by their label
  - {manifest.DRAFT} was deleted; its tombstone is node(id: "{loaded.tombstone_id}")
  - {manifest.READER} may read {manifest.READABLE} and nothing else that isn't public;
    {reader}

GraphiQL, with saved operations on this data (token: adminToken in bootstrap.json):
  {bootstrap.graphqlUrl}

A public file, without any token:
  curl {public}

All keys, with the keys of bootstrap.json in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY:
  aws --endpoint-url {s3} s3 ls --recursive s3://{manifest.PROJECT}/
"""
