"""Rows of changes of containers."""

from typing import assert_never

from domain.changes import (
    ContainerAdded,
    ContainerChange,
    ContainerHidden,
    ContainerRemoved,
    ContainerRevived,
    CountersChanged,
    VersioningSet,
)
from domain.keys import container_sort
from domain.resources import State
from graphstore.cypher.changes import containers as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows


def rows(change: ContainerChange) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    match change:
        case ContainerAdded():
            return (_container_added(change),)
        case ContainerHidden():
            row = {"id": change.id, "sort": container_sort(change.parent_id, change.name)}
            return ((cypher.CONTAINER_HIDDEN, row),)
        case ContainerRevived():
            row = {
                "id": change.id,
                "parent": change.parent_id,
                "sort": container_sort(change.parent_id, change.name),
            }
            return ((cypher.CONTAINER_REVIVED, row),)
        case ContainerRemoved():
            names = [
                {"parent": parent, "name": name, "sort": container_sort(parent, name)} for parent, name in change.names
            ]
            row = {
                "id": change.id,
                "deletion": change.deletion_id,
                "names": names,
                "at": to_ms(change.at),
                "by": change.by,
            }
            return ((cypher.CONTAINER_REMOVED, row),)
        case CountersChanged():
            raise AssertionError("counters are summed before they are written")
        case VersioningSet():
            return ((cypher.VERSIONING_SET, {"id": change.project_id, "versioning": change.versioning}),)
        case _:
            assert_never(change)


def _container_added(change: ContainerAdded) -> Rows:
    at = to_ms(change.at)
    node = {
        "id": change.id,
        "kind": change.kind,
        "name": change.name,
        "title": change.title,
        "description": change.description,
        "authors": change.authors,
        "state": State.AVAILABLE,
        "dataClass": change.data_class,
        "metadataLicense": change.metadata_license,
        "dataLicense": change.data_license,
        "revision": 0,
        "epoch": 0,
        "lockCount": 0,
        "entries": 0,
        "objects": 0,
        "bytes": 0,
        "madeByPut": change.is_made_by_put,
        "createdAt": at,
        "createdBy": change.by,
        "updatedAt": at,
        "changedAt": at,
    }
    if change.parent_id is None:
        node |= {"bucket": change.name, "locationConstraint": change.location_constraint, "versioning": "OFF"}
        return cypher.PROJECT_ADDED, {"node": node}
    row = {
        "node": node,
        "parent": change.parent_id,
        "name": change.name,
        "sort": container_sort(change.parent_id, change.name),
        "at": at,
        "by": change.by,
    }
    return cypher.CONTAINER_ADDED[change.kind], row
