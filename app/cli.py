"""The command `aruna`: serve, demo load, verify, keyring, export-schema, version."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from typing import Final

import uvloop

from app.data_folder import DataFolder, DataFolderError
from app.demo.command import load_demo
from app.logs import start_logging
from app.maintenance_command import Opened, Order, add_commands, do_order
from app.servers import Listener, PortTaken, bind
from app.settings import Settings, SettingsError, read_settings
from app.wiring import GraphAddress, open_empty_installation, open_installation, serve
from domain.errors import DomainError
from graphstore.embedded import EmbeddedGraph, EmbeddedGraphError
from graphstore.errors import UnknownMigration
from identity.keyring import Keyring
from schema.export import export_schema

_LOG: Final = logging.getLogger("aruna")
_FAILED: Final = 1
_USAGE: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers its exit code."""
    options = _parser().parse_args(arguments)
    match options.command:
        case "version":
            print(f"aruna-graph {version('aruna-graph')}")
            return 0
        case "export-schema":
            print(export_schema(), end="")
            return 0
        case "demo":
            return _with_settings(load_demo)
        case "serve":
            return _with_settings(_serve)
        case _:
            order: Order = options.order_of(options)
            return _with_settings(lambda settings: _maintain(settings, order))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aruna", description="Research data as a typed graph, by GraphQL and S3.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="start the server; settings are ARUNA_* environment variables (README.md)")
    demo = commands.add_parser("demo", help="work with the demo project on a running server")
    demo.add_subparsers(dest="action", required=True).add_parser("load", help="load real files into a project 'demo'")
    add_commands(commands.add_parser)
    commands.add_parser("export-schema", help="print the GraphQL schema")
    commands.add_parser("version", help="print the version")
    return parser


def _with_settings(command: Callable[[Settings], int]) -> int:
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return _USAGE
    return command(settings)


def _serve(settings: Settings) -> int:
    start_logging(settings.log_level, settings.log_format)
    try:
        with ExitStack() as resources:
            folder = resources.enter_context(DataFolder.open(settings.data_dir))
            http = bind(settings.host, settings.http_port, "ARUNA_HTTP_PORT")
            resources.callback(http.socket.close)
            s3 = bind(settings.host, settings.s3_port, "ARUNA_S3_PORT")
            resources.callback(s3.socket.close)
            graph = _graph_address(settings, folder, resources)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(_until_signalled(settings, folder, graph, http, s3))
    except (DataFolderError, PortTaken, EmbeddedGraphError, UnknownMigration, DomainError) as error:
        print(f"aruna: {error}", file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        return 0


def _maintain(settings: Settings, order: Order) -> int:
    """Do a job with the whole installation, inside the server that runs on it or here."""

    def open_here(folder: DataFolder, resources: ExitStack, keyring: Keyring | None) -> Opened:
        start_logging(settings.log_level, settings.log_format)
        graph = _graph_address(settings, folder, resources)
        if keyring is not None:
            return open_empty_installation(settings, folder, graph, keyring)
        return open_installation(settings, folder, graph)

    try:
        return do_order(settings, order, open_here)
    except (DataFolderError, EmbeddedGraphError, UnknownMigration, DomainError) as error:
        print(f"aruna: {error}", file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        return _FAILED


def _graph_address(settings: Settings, folder: DataFolder, resources: ExitStack) -> GraphAddress:
    """Start the embedded graph, or take the address that the settings give."""
    if settings.graph_uri is not None:
        return GraphAddress(
            settings.graph_uri,
            settings.graph_user or "",
            settings.graph_password or "",
            settings.graph_database,
            is_running=lambda: True,
        )
    graph = resources.enter_context(
        EmbeddedGraph.start(
            folder.graph, heap_mib=settings.graph_heap_mib, jvm_options=settings.graph_jvm_options or ()
        )
    )
    return GraphAddress(graph.uri, graph.user, graph.password, graph.database, is_running=lambda: graph.is_running)


async def _until_signalled(
    settings: Settings, folder: DataFolder, graph: GraphAddress, http: Listener, s3: Listener
) -> int:
    """Serve until SIGINT or SIGTERM, or until the embedded graph ends by itself."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return await serve(settings, folder, graph, (http, s3), stop)


if __name__ == "__main__":
    sys.exit(main())
