"""`lockgate mcp`: the MCP servers that were seen, their tools and how these changed, and accepting them as they are."""

import getpass
import json
from datetime import UTC, datetime

import click

from lockgate.cli.home_option import HomeOption
from lockgate.cli.mcp_text import server_data, server_line, server_page, servers_heading
from lockgate.facts.problem import Problem, UsageError, nearest_name
from lockgate.home.mcp_file import AcceptedEntry, accept_tools, load_accepted
from lockgate.store.mcp_tables import Happening, McpServer, ToolHistory
from lockgate.store.record_store import StoreUnavailable
from lockgate.store.sqlite import SqliteStore

_NOTHING = (
    "No MCP server was seen yet. They appear when an agent speaks to one through the gateway, on a host that is decrypted."
)


@click.group()
def mcp() -> None:
    """Look at the MCP servers that agents use, and accept their tools.

    Until a tool is accepted, the first definition that was seen of it counts as accepted (trust on first use). A policy asks
    with `mcp.tool_changed` whether a tool is called that has shown another one since.
    """


@mcp.command(name="list")
@click.option("--changed", "only_changed", is_flag=True, help="Only servers with a tool that changed.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_servers(home_option: HomeOption, *, only_changed: bool, as_json: bool) -> None:
    """List servers, the one last seen first: tools, how many of them changed, requests, people."""
    accepted = load_accepted(home_option.home)
    found = _all_servers(home_option)
    chosen = [server for server in found if not only_changed or server_data(server, accepted)["changed"]]
    if as_json:
        click.echo(json.dumps([server_data(server, accepted) for server in chosen], indent=2))
        return
    if not chosen:
        click.echo("No tool changed." if found else _NOTHING)
        return
    click.echo(servers_heading())
    for server in chosen:
        click.echo(server_line(server, accepted))


@mcp.command()
@click.argument("server")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every definition.")
@click.pass_obj
def show(home_option: HomeOption, server: str, *, as_json: bool) -> None:
    """Show SERVER (`host[:port]/path`): its tools, what happened to them, and how the definitions of changed ones differ."""
    known, happened = _one_server(home_option, server)
    accepted = load_accepted(home_option.home)
    if as_json:
        click.echo(json.dumps(server_data(known, accepted, happened), indent=2))
    else:
        click.echo(server_page(known, happened, accepted))


@mcp.command()
@click.argument("server")
@click.option("--tool", "names", multiple=True, help="Only this tool; repeat for more.")
@click.option("--all-variants", is_flag=True, help="Every definition that was seen, not only those listed now.")
@click.pass_obj
def accept(home_option: HomeOption, server: str, names: tuple[str, ...], *, all_variants: bool) -> None:
    """Accept the tools of SERVER as they are now, in mcp.yaml of the home. A running gateway takes it over by itself."""
    known, _ = _one_server(home_option, server)
    tools = {tool.name: tool for tool in known.tools}
    for name in names:
        if name not in tools:
            help_text = nearest_name(name, tools) or f"its tools: {', '.join(tools) or 'none were listed'}"
            raise UsageError(Problem(problem=f"`{server}` has no tool `{name}`", help=help_text))
    now, who = datetime.now(UTC), getpass.getuser()
    entries = {
        name: AcceptedEntry(digests=digests, at=now, by=who)
        for name in names or tools
        if (digests := _digests(tools[name], all_variants=all_variants))
    }
    if not entries:
        raise UsageError(Problem(problem=f"`{server}` lists no tools now", help="accept past ones with --all-variants"))
    accept_tools(home_option.home, server, entries)
    click.echo(f"Accepted {len(entries)} tools of {server} as they are, in {home_option.home.mcp_file}:")
    for name in sorted(entries):
        click.echo(f"  {name}")


def _digests(tool: ToolHistory, *, all_variants: bool) -> tuple[str, ...]:
    return tuple(variant.digest for variant in tool.variants if all_variants or variant.digest in tool.current)


def _all_servers(home_option: HomeOption) -> tuple[McpServer, ...]:
    if not home_option.records_db.exists():
        return ()
    store = SqliteStore.for_reading(home_option.records_db)
    try:
        return store.mcp_servers()
    except StoreUnavailable:
        return ()  # written by a gateway that did not keep them yet
    finally:
        store.close()


def _one_server(home_option: HomeOption, name: str) -> tuple[McpServer, tuple[Happening, ...]]:
    known = _all_servers(home_option)
    if name not in {server.server for server in known}:
        help_text = nearest_name(name, [server.server for server in known]) or "all of them: lockgate mcp list"
        raise UsageError(Problem(problem=f"no MCP server `{name}` was seen", help=help_text))
    store = SqliteStore.for_reading(home_option.records_db)
    try:
        found = store.mcp_server(name)
        if found is None:
            raise UsageError(Problem(problem=f"no MCP server `{name}` is known any more"))
        return found, store.mcp_happenings(name)
    finally:
        store.close()
