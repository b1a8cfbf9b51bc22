// Keeps a copy of an endpoint, as an application in TypeScript would: all once, then what changed.
//
//     node copy_of.mjs ENDPOINT KEY < …
//
// Its types are those that a generator made of the version's OpenAPI document. It goes on until its
// input ends, and prints the copy by id.

import type { paths } from "./schema";

type Asked = paths["/products"]["post"]["requestBody"]["content"]["application/json"];
type Answer = paths["/products"]["post"]["responses"][200]["content"]["application/json"];
type Entry = Exclude<Answer["results"][number], string>;

declare const process: {
  argv: [string, string, string, string];
  stdin: { on(event: "end", then: () => void): unknown; resume(): unknown };
  stdout: { write(text: string): unknown };
};

const PAGE = 7;
const EVERY = 100;
const [, , address, key] = process.argv;

async function ask(body: Asked): Promise<Answer> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

async function broughtUp(copy: Map<string, Entry>, since?: string): Promise<string> {
  const asked: Asked = since ? { period: { since }, includeDeleted: true } : {};
  let until = "";
  let after: string[] = [];
  for (;;) {
    const page = await ask({ ...asked, sortAsc: ["id"], top: PAGE, after });
    until ||= page.until;
    for (const gone of page.deleted ?? []) copy.delete(gone);
    const entries = page.results.filter((each): each is Entry => typeof each !== "string");
    for (const entry of entries) copy.set(entry.id, entry);
    const last = entries.at(-1);
    if (page.cursor === null || last === undefined) return until;
    after = [last.id];
  }
}

// What the version does not have is a mistake that the compiler finds.
// @ts-expect-error
const never: Asked = { limit: 3 };
// @ts-expect-error
const noSuch = (entry: Entry) => entry.no_such_property;
void [never, noSuch];

let ended = false;
process.stdin.on("end", () => (ended = true));
process.stdin.resume();
const copy = new Map<string, Entry>();
let since: string | undefined;
for (let isLast = false; !isLast; ) {
  await new Promise((resolve) => setTimeout(resolve, EVERY));
  isLast = ended;
  since = await broughtUp(copy, since);
}
process.stdout.write(JSON.stringify(Object.fromEntries(copy)));
