// The MCP SDK for Node: initialize, list the tools, call one with the prompt as its argument.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const client = new Client({ name: "example", version: "1" });
await client.connect(new StreamableHTTPClientTransport(new URL("https://mcp.linear.app/mcp")));
await client.listTools();
const result = await client.callTool({ name: "search", arguments: { query: process.argv[2] } });
process.stdout.write(result.content.map((block) => block.text).join(""));
await client.close();
