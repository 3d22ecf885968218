"""What S3 clients see of trees that are deleted and restored, and of bytes that are erased."""

from datetime import UTC, datetime, timedelta
from itertools import repeat

from domain.resources import Kind
from proxy.sweeper import Sweeper
from tests.proxy.s3.face import Face


async def test_a_tree_is_gone_at_once_and_comes_back(face: Face) -> None:
    s3, ada = await face.client(), (await face.person("ada")).id
    project = await face.world.project(ada, "tree-gone")
    await s3.put_object(Bucket="tree-gone", Key="c/d/o", Body=b"bytes")
    await s3.put_object(Bucket="tree-gone", Key="top", Body=b"top")
    rows = await face.world.ask(
        "MATCH (c:Collection {name: 'c'})-[:BELONGS_TO]->({id: $id}) RETURN c.id AS id", id=project
    )
    collection = rows[0]["id"]

    await face.world.delete_container(ada, collection, is_recursive=True)

    assert await s3.refused("get_object", Bucket="tree-gone", Key="c/d/o") == (404, "NoSuchKey")
    assert [key["Key"] for key in (await s3.list_objects_v2(Bucket="tree-gone"))["Contents"]] == ["top"]
    await s3.put_object(Bucket="tree-gone", Key="c/d/o", Body=b"another")
    await s3.delete_object(Bucket="tree-gone", Key="c/d/o")
    await face.world.restore(ada, collection)
    assert await s3.read(Bucket="tree-gone", Key="c/d/o") == b"bytes"
    await face.world.delete_container(ada, project, is_recursive=True)
    assert await s3.refused("list_objects_v2", Bucket="tree-gone") == (404, "NoSuchBucket")
    await s3.create_bucket(Bucket="tree-gone")
    await s3.delete_bucket(Bucket="tree-gone")
    await face.world.restore(ada, project)
    assert await s3.read(Bucket="tree-gone", Key="top") == b"top"


async def test_a_shared_key_is_gone_with_its_home_and_free_soon(face: Face) -> None:
    s3, ada = await face.client(), (await face.person("ada")).id
    home, other = await face.world.project(ada, "share-home"), await face.world.project(ada, "share-other")
    dataset = await face.world.container(ada, Kind.DATASET, other, "data")
    await s3.put_object(Bucket="share-home", Key="o", Body=b"1")
    rows = await face.world.ask("MATCH (o:Object)-[:BELONGS_TO]->({id: $id}) RETURN o.id AS id", id=home)
    await face.world.share(ada, rows[0]["id"], dataset, "seen")
    key = {"Bucket": "share-other", "Key": "data/seen"}
    assert await s3.read(**key) == b"1"

    await face.world.delete_container(ada, home, is_recursive=True)

    assert await s3.refused("get_object", **key) == (404, "NoSuchKey")
    assert await s3.refused("head_object", **key) == (404, "404")
    assert "Contents" not in await s3.list_objects_v2(Bucket="share-other")
    await s3.delete_object(**key)
    # Clients try again by themselves.
    assert (await s3.refused("put_object", **key, Body=b"2"))[0] == 503
    await face.world.finish_tasks()
    await s3.put_object(**key, Body=b"2")
    assert await s3.read(**key) == b"2"


async def test_erased_bytes_are_not_there_and_are_swept(face: Face) -> None:
    s3, ada = await face.client(), (await face.person("ada")).id
    await face.world.project(ada, "erased-bytes")
    files = face.files()
    for body in (b"first", b"second"):
        await s3.put_object(Bucket="erased-bytes", Key="o", Body=body)
    rows = await face.world.ask(
        "MATCH (o:Object {name: 'o'})-[:VERSION]->(r:Revision)-[:CONTENT]->(c:Content) WHERE c.length = 5 "
        "RETURN o.id AS id, o.versionId AS newest, r.versionId AS older"
    )
    (found,) = rows
    older = {"Bucket": "erased-bytes", "Key": "o", "VersionId": found["older"]}
    assert await s3.read(**older) == b"first"

    await face.world.erase(ada, found["id"], found["older"])

    assert await s3.refused("get_object", **older) == (404, "NoSuchVersion")
    assert await s3.refused("head_object", **older) == (404, "404")
    assert await s3.read(Bucket="erased-bytes", Key="o") == b"second"
    await face.world.erase(ada, found["id"])
    assert await s3.refused("get_object", Bucket="erased-bytes", Key="o") == (404, "NoSuchKey")
    newest = {"Bucket": "erased-bytes", "Key": "o", "VersionId": found["newest"]}
    assert await s3.refused("get_object", **newest) == (404, "NoSuchVersion")
    sweeper = Sweeper(
        face.world.store,
        face.storage.blobs,
        lambda: datetime.now(UTC) + timedelta(days=1),
        repeat("unused"),
        timedelta(days=7),
    )
    await sweeper.sweep_once()
    assert face.files() == files
