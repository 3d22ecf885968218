"""Where a load stops: what the server refuses midway is said, and nothing after it is tried."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.demo import manifest
from app.demo.command import cache_folder
from app.demo.errors import DemoError, ServerRefusal
from app.demo.graphql_client import GraphQLClient
from app.demo.loading import Loader
from app.demo.s3_client import S3Client
from tests.app.demo.fake_server import Answer, fake_server

EMPTY_PAGE = {"edges": list[object](), "pageInfo": {"hasNextPage": False, "endCursor": None}}


def said(**data: object) -> Answer:
    return Answer(200, json.dumps({"data": data}).encode())


def loader(url: str, said_so_far: list[str], archives: Path = Path("nowhere")) -> Loader:
    s3 = S3Client(url, "AKEXAMPLE", "secret", lambda: datetime(2026, 11, 21, tzinfo=UTC))
    return Loader(GraphQLClient(f"{url}/graphql", "token"), s3, archives, said_so_far.append)


def test_a_project_name_that_someone_else_has_ends_the_load() -> None:
    refusal = {"code": "ALREADY_EXISTS", "message": "a project demo exists already; take another name"}
    answers = [said(resource=None), said(projectCreate={"project": None, "userErrors": [refusal]})]
    lines: list[str] = []

    with fake_server(answers) as server, pytest.raises(ServerRefusal) as error:
        loader(server.url, lines).load()

    assert str(error.value) == "MakeProject: ALREADY_EXISTS: a project demo exists already; take another name"
    assert (len(server.asked), lines) == (2, [])


def test_a_server_that_goes_away_midway_is_said_with_what_was_done_before() -> None:
    answers = [said(resource=None), said(projectCreate={"project": {"id": "1"}, "userErrors": []})]
    lines: list[str] = []

    with fake_server(answers) as server, pytest.raises(DemoError, match="is `aruna serve` running"):
        loader(server.url, lines).load()

    assert lines == ["project demo"]


def test_a_missing_archive_is_named_before_anything_is_uploaded(tmp_path: Path) -> None:
    project = {"id": "1", "descendants": EMPTY_PAGE}
    made = [
        said(datasetCreate={"dataset": {"id": it.path}, "userErrors": list[object]()})
        if it.is_dataset
        else said(collectionCreate={"collection": {"id": it.path}, "userErrors": list[object]()})
        for it in manifest.CONTAINERS
    ]

    with fake_server([said(resource=project), *made]) as server, pytest.raises(DemoError, match=r"\.whl can't be read"):
        loader(server.url, [], tmp_path).load()

    assert {asked.target for asked in server.asked} == {"/graphql"}


def test_the_cache_follows_the_desktop_s_convention_and_passes_over_a_relative_path() -> None:
    home = Path.home() / ".cache" / "aruna-graph" / "demo"

    assert cache_folder({"XDG_CACHE_HOME": "/var/cache/me"}) == Path("/var/cache/me/aruna-graph/demo")
    assert cache_folder({"XDG_CACHE_HOME": "cache"}) == home
    assert cache_folder({}) == home
