// A client with MCP Apps: the official AppBridge and Client, and as little around them as it takes.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import {
  AppBridge, PostMessageTransport, RESOURCE_MIME_TYPE, getToolUiResourceUri,
} from "@modelcontextprotocol/ext-apps/app-bridge";

const SELF = { name: "tests", version: "1" };
const EXTENSION = { "io.modelcontextprotocol/ui": { mimeTypes: [RESOURCE_MIME_TYPE] } };
const seen = { opened: [], called: [], context: [], sizes: [], csp: null, version: null };
window.seen = seen;

async function connect({ mcp, token, era }) {
  const options = era === "modern" ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {};
  const client = new Client(SELF, { capabilities: { extensions: EXTENSION }, ...options });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(mcp), { requestInit }));
  return client;
}

// The frame on another origin that loads the page under the policy that its resource declares.
function sandbox(view, address, csp) {
  view.setAttribute("sandbox", "allow-scripts allow-same-origin");
  const ready = new Promise((resolve) => addEventListener("message", ({ source, data }) => {
    if (source === view.contentWindow && data.method === "ui/notifications/sandbox-proxy-ready") resolve();
  }));
  view.src = `${address}?csp=${encodeURIComponent(JSON.stringify(csp || {}))}`;
  return ready;
}

function bridged(client, { can, context }, view) {
  const bridge = new AppBridge(client, SELF, can, { hostContext: context });
  bridge.onopenlink = async ({ url }) => { seen.opened.push(url); return {}; };
  bridge.onupdatemodelcontext = async (params) => { seen.context.push(params); return {}; };
  bridge.onsizechange = ({ height }) => { seen.sizes.push(height); view.style.height = `${height}px`; };
  return bridge;
}

// Put around the bridge's own forwarding, which connecting sets up.
function watched(bridge, client, { can }) {
  bridge.oncalltool = async (params) => {
    seen.called.push(params);
    if (!can.serverTools) throw new Error("This client lets pages call nothing.");
    return client.callTool(params);
  };
}

// Call a tool and show its page with its answer, or with another one.
window.show = async (asked) => {
  const client = await connect(asked);
  seen.version = client.getNegotiatedProtocolVersion();
  const { tools } = await client.listTools();
  const uri = getToolUiResourceUri(tools.find(({ name }) => name === asked.tool));
  const { contents: [content] } = await client.readResource({ uri });
  const csp = content._meta?.ui?.csp;
  seen.csp = csp;
  const result = asked.result || await client.callTool({ name: asked.tool, arguments: asked.arguments });
  const view = document.getElementById("view");
  await sandbox(view, asked.sandbox, csp);
  const bridge = bridged(client, asked, view);
  window.bridge = bridge;
  const initialized = new Promise((resolve) => { bridge.oninitialized = resolve; });
  await bridge.connect(new PostMessageTransport(view.contentWindow, view.contentWindow));
  watched(bridge, client, asked);
  await bridge.sendSandboxResourceReady({ html: content.text, csp });
  await initialized;
  await bridge.sendToolInput({ arguments: asked.arguments || {} });
  await bridge.sendToolResult(result);
  return result;
};
window.ready = true;
