/* The page's end of MCP Apps: JSON-RPC by postMessage to the client that shows it. */
const client = (() => {
  const waiting = new Map();
  const heard = {};
  let last = 0;
  const send = (message) => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const settle = ({ id, result, error }) => {
    const asked = waiting.get(id);
    if (!asked) return;
    waiting.delete(id);
    if (error) asked.reject(new Error(error.message || "The client refused."));
    else asked.resolve(result || {});
  };
  const answer = ({ id, method }) => {
    const known = method === "ping" || method === "ui/resource-teardown";
    send(known ? { id, result: {} } : { id, error: { code: -32601, message: "Method not found" } });
  };
  addEventListener("message", ({ source, data }) => {
    if (source !== parent || !data || data.jsonrpc !== "2.0") return;
    if (data.method === undefined) settle(data);
    else if (data.id !== undefined) answer(data);
    else if (heard[data.method]) heard[data.method](data.params || {});
  });
  return {
    can: {},
    context: {},
    asked: {},
    on: (method, hear) => { heard[method] = hear; },
    tell: (method, params) => send({ method, params }),
    ask: (method, params) => new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      send({ id: last, method, params });
    }),
  };
})();

/* An element with attributes and children. Texts are only ever texts. */
function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== undefined && child !== null && child !== false) made.append(child);
  }
  return made;
}

/* The address, if it is one that a browser may open. */
function web(text) {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/* A link that the client opens; where it does not open links, the browser may. */
function link(text, address, attributes) {
  const url = web(address);
  if (!url) return make("span", attributes, text);
  const open = (event) => {
    if (!client.can.openLinks) return;
    event.preventDefault();
    client.ask("ui/open-link", { url }).catch(() => say("The client did not open the link."));
  };
  return make("a", { href: url, target: "_blank", rel: "noopener noreferrer", click: open, ...attributes }, text);
}

/* One sentence for everybody, screen readers too. */
function say(text) {
  document.getElementById("said").textContent = text;
}

function show(...children) {
  document.getElementById("page").replaceChildren(...children.flat(Infinity).filter(Boolean), make("p", { id: "said", role: "status", class: "quiet" }));
}

/* The client's colours are taken only if it has all of them: half of them might not be readable. */
const THEME = {
  "--page": "--color-background-primary",
  "--text": "--color-text-primary",
  "--quiet": "--color-text-secondary",
  "--line": "--color-border-primary",
};

function dress(context) {
  Object.assign(client.context, context);
  const root = document.documentElement;
  const { theme, styles, locale } = client.context;
  if (theme === "light" || theme === "dark") root.style.colorScheme = theme;
  if (locale) root.lang = locale.slice(0, 2) === "en" ? locale : "en";
  const given = (styles && styles.variables) || {};
  if (Object.values(THEME).every((name) => given[name])) {
    for (const [own, name] of Object.entries(THEME)) root.style.setProperty(own, given[name]);
  }
  if (given["--font-sans"]) root.style.setProperty("--font", given["--font-sans"]);
}

function measure() {
  const { width, height } = document.body.getBoundingClientRect();
  client.tell("ui/notifications/size-changed", { width: Math.ceil(width), height: Math.ceil(height) });
}

/* What a tool answered: its structured content, or else the JSON of its text. */
function answered(result) {
  if (result.structuredContent) return result.structuredContent;
  const block = (result.content || []).find((each) => each.type === "text");
  try {
    return JSON.parse(block.text);
  } catch {
    return block ? block.text : null;
  }
}

async function begin(name) {
  show(make("p", { class: "quiet" }, "Waiting for the answer…"));
  client.on("ui/notifications/host-context-changed", dress);
  client.on("ui/notifications/tool-input", (params) => { client.asked = params.arguments || {}; });
  client.on("ui/notifications/tool-cancelled", () => show(make("p", {}, "This was cancelled.")));
  const told = await client.ask("ui/initialize", {
    protocolVersion: "2026-01-26",
    appInfo: { name, version: "1" },
    appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
  });
  client.can = told.hostCapabilities || {};
  dress(told.hostContext || {});
  client.tell("ui/notifications/initialized", {});
  new ResizeObserver(measure).observe(document.body);
}
