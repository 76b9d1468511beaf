"""The MCP SDK: initialize, list the tools, call one with the prompt as its argument."""

import asyncio
import sys

from mcp import Client


async def main() -> None:
    async with Client("https://mcp.linear.app/mcp") as client:
        await client.list_tools()
        result = await client.call_tool("search", {"query": sys.argv[1]})
        sys.stdout.write("".join(block.text for block in result.content if block.type == "text"))


asyncio.run(main())
