"""How nodes are read into views: one map projection for resources, and its decoder."""

import json
from collections.abc import Mapping
from typing import Any, LiteralString

from domain.access import Level
from domain.authors import authors_from_text
from domain.resources import DEFAULT_LICENSE, DataClass, Kind, State, Versioning
from domain.views import ContainerView, FrozenView, HeldView, ObjectView, ResourceView, RevisionView
from graphstore.cypher.facts import headers_of
from graphstore.instants import from_ms, optional_from_ms


def view_map(node: LiteralString, level: LiteralString) -> LiteralString:
    """Expression for all that `resource_view` reads of a node, with a level expression.

    Its inner names (homeEdge, homeOf) must not be names of the statement around it.
    """
    return f"{node}{{.*, level: {level}, state: {state_of(node)}}}"


def state_of(node: LiteralString) -> LiteralString:
    """Expression for a resource's state: an Object is deleted with its home (decision 0013)."""
    return (
        f"CASE WHEN {node}.kind = 'OBJECT' AND "
        f"size([({node})-[homeEdge:BELONGS_TO {{home: true}}]->(homeOf:Resource {{state: 'DELETED'}}) | 1]) > 0 "
        f"THEN 'DELETED' ELSE {node}.state END"
    )


def resource_view(found: Mapping[str, Any]) -> ResourceView:
    """Read what `view_map` answers."""
    kind = Kind(found["kind"])
    if kind is Kind.OBJECT:
        return object_view(found)
    return ContainerView(
        id=found["id"],
        kind=kind,
        name=found["name"],
        title=found.get("title"),
        description=found.get("description"),
        state=State(found["state"]),
        data_class=DataClass(found["dataClass"]),
        metadata_license=found["metadataLicense"],
        data_license=found["dataLicense"],
        revision=found["revision"],
        level=Level(found["level"]),
        created_at=from_ms(found["createdAt"]),
        created_by=found["createdBy"],
        updated_at=from_ms(found["updatedAt"]),
        changed_at=from_ms(_counter(found, "frozenChangedAt", "changedAt")),
        entry_count=_counter(found, "frozenEntries", "entries"),
        object_count=_counter(found, "frozenObjects", "objects"),
        byte_count=_counter(found, "frozenBytes", "bytes"),
        versioning=Versioning(found.get("versioning") or Versioning.OFF),
        location_constraint=found.get("locationConstraint"),
        authors=authors_from_text(found.get("authors")),
        archived_at=optional_from_ms(found.get("archivedAt")),
        frozen=_frozen(found),
    )


def _counter(found: Mapping[str, Any], frozen: str, living: str) -> int:
    """Read what a container counts; an archive goes on to show what it counted when it was made."""
    return found[living] if found.get(frozen) is None else found[frozen]


def _frozen(found: Mapping[str, Any]) -> FrozenView | None:
    if not found.get("frozen"):
        return None
    return FrozenView(
        original_id=found.get("snapshotOf") or found["id"],
        epoch=found["frozenAt"],
        root_id=found.get("snapshotRoot"),
        version=found.get("version"),
        tree_objects=found["treeObjects"],
        tree_bytes=found["treeBytes"],
        tree_changed_at=from_ms(found["treeChangedAt"]),
    )


def _held(found: Mapping[str, Any]) -> HeldView | None:
    """Read how an Object of a frozen container is seen (graphstore/cypher/frozen_rows.py)."""
    return HeldView(found["heldBy"], found["name"]) if found.get("heldBy") else None


def container_view(found: Mapping[str, Any]) -> ContainerView:
    """Read a node that is known to be a container."""
    view = resource_view(found)
    assert isinstance(view, ContainerView), "the statement matched a container"
    return view


def object_view(found: Mapping[str, Any]) -> ObjectView:
    """Read an Object node."""
    return ObjectView(
        id=found["id"],
        name=found["name"],
        title=found.get("title"),
        description=found.get("description"),
        state=State(found["state"]),
        state_reason=found.get("stateReason"),
        data_class=DataClass(found["dataClass"]),
        metadata_license=found["metadataLicense"],
        data_license=found["dataLicense"],
        revision=found["revision"],
        level=Level(found["level"]),
        created_at=from_ms(found["createdAt"]),
        created_by=found["createdBy"],
        updated_at=from_ms(found["updatedAt"]),
        published=revision_view(found) if found.get("versionId") else None,
        authors=authors_from_text(found.get("authors")),
        held=_held(found),
    )


def revision_view(found: Mapping[str, Any]) -> RevisionView:
    """Read the published state that an Object or Revision node holds."""
    return RevisionView(
        object_id=found.get("objectId") or found["id"],
        version_id=found["versionId"],
        revision_number=found["revisionNumber"],
        state=State(found["state"]),
        length_bytes=found["contentLength"],
        etag=found["etag"],
        md5=found.get("md5"),
        sha256=found.get("sha256"),
        checksums=json.loads(found.get("checksums") or "{}"),
        checksum_type=found.get("checksumType") or "FULL_OBJECT",
        part_count=found.get("partCount") or 0,
        headers=headers_of(found),
        data_class=DataClass(found["dataClass"]),
        shown=Versioning(found.get("shown") or Versioning.OFF),
        published_at=from_ms(found["publishedAt"]),
        published_by=found["publishedBy"],
        title=found.get("title"),
        description=found.get("description"),
        authors=authors_from_text(found.get("authors")),
        # Before revisions kept their licences nobody could change them.
        metadata_license=found.get("metadataLicense") or DEFAULT_LICENSE,
        data_license=found.get("dataLicense") or DEFAULT_LICENSE,
        held=_held(found),
        erased_at=optional_from_ms(found.get("erasedAt")),
    )
