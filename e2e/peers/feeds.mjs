// Checks feeds and descriptions of a search as other programs read them: by a RELAX NG schema in libxml2, and by a
// feed reader that shares no code with the server.
//   node feeds.mjs SCHEMAS < LIST
// LIST has lines of a kind (atom, rss, opensearch) and an address; SCHEMAS is the folder of atom.rng and the others.
// Prints one JSON line each: {"address", "errors": [...], "title", "items": [title, ...]}.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseFeed } from "feedsmith";
import { RelaxNGValidator, XmlDocument } from "libxml2-wasm";

const folder = process.argv[2];
const validators = {};
for (const kind of ["atom", "rss", "opensearch"]) {
  validators[kind] = RelaxNGValidator.fromDoc(XmlDocument.fromString(readFileSync(join(folder, kind + ".rng"), "utf8")));
}

async function check(kind, address) {
  const answer = await fetch(address, { redirect: "error", signal: AbortSignal.timeout(30_000) });
  const found = { address, status: answer.status, type: answer.headers.get("content-type"), errors: [], title: "", items: [] };
  const text = await answer.text();
  if (!answer.ok) return found;
  try {
    const document = XmlDocument.fromString(text);
    try {
      validators[kind].validate(document);
    } finally {
      document.dispose();
    }
  } catch (error) {
    found.errors = error.details?.map((one) => `line ${one.line}: ${one.message.trim()}`) ?? [String(error)];
  }
  if (kind !== "opensearch") {
    const read = parseFeed(text);
    if (read.format !== kind) found.errors.push(`a feed reader takes it as ${read.format}`);
    const text_ = (title) => (typeof title === "string" ? title : (title?.value ?? ""));
    found.title = text_(read.feed.title);
    found.items = (read.feed.entries ?? read.feed.items ?? []).map((one) => text_(one.title));
  }
  return found;
}

for (const line of readFileSync(0, "utf8").split("\n")) {
  const [kind, address] = line.trim().split(" ");
  if (address) console.log(JSON.stringify(await check(kind, address)));
}
