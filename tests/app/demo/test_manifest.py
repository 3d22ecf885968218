"""The table of what the demo holds is consistent in itself and keeps the system's own rules."""

import json
from collections import Counter

import pytest

from app.demo import manifest
from app.demo.manifest import CONTAINERS, FILES, File
from app.demo.s3_client import PART_BYTES
from domain.keys import cut_key
from domain.names import check_container_name, check_object_name, check_project_name
from domain.relations import ExternalType, RelationKind, check_relation_facts, external_reference
from domain.resources import Kind

OBJECTS = {
    *(file.key for file in FILES),
    *(manifest.MONTHS, manifest.CHART, manifest.COPY, manifest.METADATA),
}
RESOURCES = OBJECTS | {f"{container.path}/" for container in CONTAINERS}


def test_names_are_ones_that_the_system_takes() -> None:
    check_project_name(manifest.PROJECT)
    for container in CONTAINERS:
        check_container_name(container.path.rpartition("/")[2])


def test_every_container_comes_after_its_parent() -> None:
    seen = {""}
    for container in CONTAINERS:
        assert container.path.rpartition("/")[0] in seen
        seen.add(container.path)
    assert len(seen) == 1 + len(CONTAINERS)


def test_datasets_hold_no_containers() -> None:
    datasets = {container.path for container in CONTAINERS if container.is_dataset}
    assert [it.path for it in CONTAINERS if it.path.rpartition("/")[0] in datasets] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.key)
def test_a_file_lies_in_a_container_of_the_table(file: File) -> None:
    by_path = {container.path: container for container in CONTAINERS}
    cut = cut_key(file.key)
    way = ["/".join(cut.containers[: depth + 1]) for depth in range(len(cut.containers))]
    homes = [path for path in way if path in by_path]

    assert homes, file.key
    home = by_path[homes[-1]]
    assert home.is_dataset or file.key.count("/") == 1, "what lies deeper than a dataset is in the Object's name"
    check_object_name(file.key.removeprefix(f"{home.path}/"), Kind.DATASET if home.is_dataset else Kind.COLLECTION)


def test_no_two_objects_have_one_key() -> None:
    keys = [file.key for file in FILES]
    keys += [manifest.MONTHS, manifest.CHART, manifest.DRAFT, manifest.COPY, manifest.METADATA]
    assert [key for key, count in Counter(keys).items() if count > 1] == []


def test_relations_join_what_is_there_by_rules_that_the_system_keeps() -> None:
    for relation in manifest.RELATIONS:
        assert {relation.source, relation.target} <= RESOURCES, relation
        check_relation_facts(RelationKind(relation.kind), relation.name, relation.note)
    for citation in manifest.CITATIONS:
        assert citation.source in RESOURCES, citation
        assert external_reference(ExternalType(citation.type), citation.value, None).value == citation.value


def test_every_archive_is_used_and_pinned() -> None:
    used = {file.archive for file in FILES}
    assert used == set(manifest.ARCHIVES)
    for archive in manifest.ARCHIVES:
        assert len(archive.sha256) == 64
        # Wheels without compiled code: one file that serves every machine.
        assert archive.filename.startswith(f"{archive.distribution}-{archive.version}-")
        assert archive.filename.endswith("-none-any.whl")


def test_the_whole_download_stays_below_30_mb_and_holds_one_file_for_a_multipart_upload() -> None:
    assert sum(archive.size_bytes for archive in manifest.ARCHIVES) < 30_000_000
    assert max(archive.size_bytes for archive in manifest.ARCHIVES) > PART_BYTES


def test_the_described_dataset_s_metadata_is_json_with_its_licence() -> None:
    assert json.loads(json.dumps(manifest.METADATA_CONTENT))["license"] == "CC0-1.0"
    assert f"{manifest.DESCRIBED}/" in RESOURCES
