// One empty tool on the TypeScript SDK's 1.x line: stateless, so a server per request; JSON.
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

createServer(async (request, response) => {
  const server = new McpServer({ name: "peer", version: "1" });
  server.registerTool("empty", { description: "Empty." }, async () => ({
    content: [{ type: "text", text: "ok" }],
  }));
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: true,
  });
  response.on("close", () => server.close());
  await server.connect(transport);
  await transport.handleRequest(request, response);
}).listen(Number(process.argv[2]), "127.0.0.1");
