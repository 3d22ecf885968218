"""The order in which the statements of one transaction run."""

from typing import Final

from domain.resources import Kind
from graphstore.cypher.changes import (
    accounts,
    containers,
    entries,
    events,
    fields,
    licenses,
    objects,
    relations,
    uploads,
)
from graphstore.statements import Statement

ORDER: Final[tuple[Statement[None], ...]] = (
    accounts.USER_ADDED,
    accounts.TOKEN_ADDED,
    accounts.CREDENTIAL_ADDED,
    licenses.LICENSE_ADDED,
    containers.PROJECT_ADDED,
    containers.CONTAINER_REVIVED,
    containers.CONTAINER_ADDED[Kind.COLLECTION],
    containers.CONTAINER_ADDED[Kind.DATASET],
    objects.OBJECT_ADDED,
    objects.OBJECT_PUBLISHED,
    entries.PAST_ENTRY_ADDED,
    entries.ENTRY_RENEWED,
    objects.REVISION_PUSHED_BACK,
    objects.CONTENT_ADDED,
    objects.CONTENT_ADDED_OF_PARTS,
    objects.PART_LINKED,
    objects.REVISION_PUBLISHED,
    uploads.UPLOAD_ADDED,
    uploads.PART_ADDED,
    uploads.UPLOAD_FINISHED,
    uploads.UPLOAD_FAILED,
    objects.OBJECT_STATE_CHANGED,
    objects.OBJECT_REMOVED,
    containers.CONTAINER_HIDDEN,
    containers.CONTAINER_REMOVED,
    fields.FIELDS_CHANGED,
    containers.VERSIONING_SET,
    *relations.RELATION_ADDED.values(),
    *relations.RELATION_REMOVED.values(),
    relations.EXTERNAL_RELATION_ADDED,
    relations.EXTERNAL_RELATION_REMOVED,
    accounts.GRANT_SET,
    accounts.GRANT_REMOVED,
    accounts.USER_STATE_CHANGED,
    accounts.TOKEN_REVOKED,
    accounts.CREDENTIAL_REVOKED,
    containers.COUNTERS_CHANGED,
    events.EVENT_OF_NEW,
    events.EVENT,
)
"""Makers of nodes before those that match them; counters late, summed per container; events last."""
