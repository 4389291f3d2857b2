// Keeps a copy of the catalogue of BASE in the folder FOLDER, a file for each object:
//   node mirror.mjs BASE FOLDER [once]
// Run it again whenever you like: it goes on where it stopped.
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
const [base, folder, once] = process.argv.slice(2);
const places = `${folder}/position`;

async function ask(address) {
  for (let pause = 1; ; pause = Math.min(2 * pause, 60)) {
    const answer = await fetch(address).catch(() => null);
    if (answer && answer.status !== 429 && answer.status < 500) return answer;
    await new Promise((resume) => setTimeout(resume, 1000 * (Number(answer?.headers.get("Retry-After")) || pause)));
  }
}

const lines = (text) => text.split("\n").filter(Boolean).map((line) => JSON.parse(line));

// apply makes the copy of one object what it is now; what is gone leaves the copy.
async function apply({ kind, object }) {
  const file = `${folder}/${object.kind}-${object.id}.json`;
  const answer = kind.endsWith(".withdrawn") ? null : await ask(object.uri);
  if (answer?.ok) await writeFile(file, await answer.text());
  else await rm(file, { force: true });
}

// start copies everything, drops what is no more, and returns the position to follow from.
async function start(address) {
  const all = lines(await (await ask(address)).text());
  if (all.at(-1)?.kind !== "start.done") return start(address); // the answer was cut
  const there = new Set(["position"]);
  for (const line of all.slice(1, -1)) {
    there.add(`${line.object.kind}-${line.object.id}.json`);
    await apply(line);
  }
  for (const file of await readdir(folder)) if (!there.has(file)) await rm(`${folder}/${file}`);
  return all[0].position;
}

await mkdir(folder, { recursive: true });
let position = await readFile(places, "utf8").catch(() => null) ?? await start(`${base}/api/2/changes/start`);
for (;;) {
  await writeFile(places, position);
  const answer = await ask(`${base}/api/2/changes?limit=1000&wait=${once ? 0 : 30}&after=${position}`);
  if (answer.status === 410) { position = await start((await answer.json()).start); continue; }
  const changes = lines(await answer.text());
  const last = new Map(changes.map((change) => [change.object.id, change])); // of each object, the last one says it all
  for (const change of last.values()) await apply(change);
  position = answer.headers.get("X-Next-Position");
  if (once && changes.length === 0) break;
}
