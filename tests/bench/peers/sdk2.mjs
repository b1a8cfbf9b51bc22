// One empty tool on the TypeScript SDK's 2.x server package, by its own entry for both eras.
import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "peer", version: "1" });
  server.registerTool("empty", { description: "Empty." }, async () => ({
    content: [{ type: "text", text: "ok" }],
  }));
  return server;
});
createServer(toNodeHandler(handler)).listen(Number(process.argv[2]), "127.0.0.1");
