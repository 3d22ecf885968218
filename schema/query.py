"""What can be asked. What isn't there, or may not be seen, is null."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from domain.licenses import License as KnownLicense
from domain.relations import ExternalReference as Reference
from domain.relations import ExternalType
from domain.views import ContainerView, EventView, ResourceView, UserView
from resolvers import containers, events, labels, licenses, references, relations, resources, users
from schema.containers import ProjectConnection
from schema.differences import SnapshotDifferenceConnection, snapshot_diff
from schema.events import EventConnection
from schema.fields import answered_by
from schema.impact import Impact, resolve_impact
from schema.info import Info
from schema.licenses import License
from schema.nodes import Node
from schema.pages import After, Before, Connection, First, Last, Size, connection, itself
from schema.relations import ExternalReference, ResourceConnection
from schema.resources import Resource
from schema.scalars import Url
from schema.users import User, UserConnection


@strawberry.type(description="This server.")
class ServerInfo:
    """This server."""

    version: str = strawberry.field(description="Version of the program.")
    s3_url: Url = strawberry.field(description="Endpoint for S3 clients.")


async def _node(
    info: Info, node_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="Its id.")]
) -> ResourceView | UserView | None:
    return await resources.find_node(info.context, str(node_id))


async def _nodes(
    info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Ids, at most 100.")]
) -> list[ResourceView | UserView | None]:
    return await resources.find_nodes(info.context, [str(node_id) for node_id in ids])


async def _resource(
    info: Info,
    ref: Annotated[
        str,
        strawberry.argument(
            description="An id; `project/collection/dataset/key`, where a trailing `/` means the container and without "
            "it the Object comes first; or `s3://bucket/key`. A snapshot stands behind a container's name: "
            "`project/collection@1.2.0/dataset/key`, `project@latest/` (`latest` is the highest release), "
            "`s3://bucket/collection@1.2.0/key`, `s3://bucket/@1.2.0/key`."
        ),
    ],
) -> ResourceView | None:
    return await references.find_resource(info.context, ref)


async def _projects(
    info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Connection[ContainerView]:
    page, count = await containers.list_projects(info.context, first=first, last=last, after=after, before=before)
    return connection(containers.PROJECTS, page, node_of=itself, total_count=count)


async def _viewer(info: Info) -> UserView | None:
    caller = info.context.caller
    return None if caller.is_anonymous else await info.context.loaders.users.load(caller.user_id)


async def _user(
    info: Info, user_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the user.")]
) -> UserView | None:
    return await users.find_user(info.context, str(user_id))


async def _users(info: Info, first: Size, after: After = None) -> Connection[UserView] | None:
    page = await users.list_users(info.context, first=first, after=after)
    return None if page is None else connection(users.LISTING, page, node_of=itself)


def _external_reference(
    kind: Annotated[ExternalType, strawberry.argument(name="type", description="What it is.")],
    value: Annotated[str, strawberry.argument(description="The identifier, in any of its usual forms.")],
    name: Annotated[str | None, strawberry.argument(description="Its name, if CUSTOM.")] = None,
) -> Reference | None:
    return relations.find_reference(kind, value, name)


async def _events(info: Info, first: Size, after: After = None) -> Connection[EventView]:
    page = await events.list_events(info.context, first=first, after=after)
    return connection(events.LISTING, page, node_of=itself)


async def _labelled(
    info: Info,
    key: Annotated[str, strawberry.argument(description="The label's key.")],
    first: Size,
    value: Annotated[str | None, strawberry.argument(description="Its value; null for any.")] = None,
    after: After = None,
) -> Connection[ResourceView]:
    page = await labels.list_labelled(info.context, key, value, first=first, after=after)
    return connection(labels.LISTING, page, node_of=itself)


async def _licenses(info: Info) -> Sequence[KnownLicense]:
    return await licenses.list_licenses(info.context)


async def _license(
    info: Info, spdx_id: Annotated[str, strawberry.argument(description="SPDX id, in whatever case.")]
) -> KnownLicense | None:
    return await licenses.find_license(info.context, spdx_id)


def _server_info(info: Info) -> ServerInfo:
    settings = info.context.services.settings
    return ServerInfo(version=settings.version, s3_url=Url(settings.s3_public_url))


@strawberry.type(description="What can be asked. What isn't there, or may not be seen, is null.")
class Query:
    """What can be asked."""

    node: Node | None = answered_by(_node, "A resource or, for signed-in callers, a user.")
    nodes: list[Node | None] = answered_by(_nodes, "Several at once, in the order of the ids; null for each miss.")
    resource: Resource | None = answered_by(_resource, "One resource by what people write and paste.")
    projects: ProjectConnection = answered_by(
        _projects, "Projects that you have a grant on, by name. Give exactly one of `first` and `last`."
    )
    viewer: User | None = answered_by(_viewer, "Who is calling; null without a token.")
    user: User | None = answered_by(_user, "A user; null for anonymous callers.")
    users: UserConnection | None = answered_by(_users, "All users, oldest first; null unless you are an administrator.")
    external_reference: ExternalReference | None = answered_by(
        _external_reference, "Something outside, and who cites it; null for what can't be one of its type."
    )
    events: EventConnection = answered_by(
        _events,
        "What happened to resources that you may read, by number. A page may be short with more to come. Where it ends "
        "for now, `endCursor` is where to go on from later.",
    )
    labelled: ResourceConnection = answered_by(
        _labelled,
        "Resources that you may see and that bear a label, by its value and their age. A page may be short with more "
        "to come, where much was passed over.",
    )
    impact: Impact | None = answered_by(
        resolve_impact,
        "What a deletion, archive, erasure or tightening would touch; null for what you don't read by a grant.",
    )
    snapshot_diff: SnapshotDifferenceConnection | None = answered_by(
        snapshot_diff,
        "What differs between two snapshots of one container, or a snapshot and its original, by path: what was added, "
        "removed, moved (told once, where it leads), given other bytes or other fields. Null where you may not read "
        "both. COST_EXCEEDED where one request walks below more than 25 containers.",
    )
    licenses: list[License] = answered_by(
        _licenses, "Licences that resources can name: the predefined ones, then those that were added here, each by id."
    )
    license: License | None = answered_by(_license, "A licence.")
    server_info: ServerInfo = answered_by(_server_info, "This server.")
