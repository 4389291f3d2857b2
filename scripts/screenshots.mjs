// Takes pictures of pages with Chromium, spoken to over a pipe (Chrome DevTools Protocol):
//   node scripts/screenshots.mjs BASE-ADDRESS FOLDER [docs]
// With docs, those of the documentation alone: of one window, in English. The
// server must be the demo; pages of the administration are seen by its ready
// accounts, and something to see is made first.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { administration, logIn } from "./screenshots-admin.mjs";

const [base, folder, choice] = process.argv.slice(2);
const documented = choice === "docs";
const widths = documented ? [1120] : [320, 768, 1440];
const pages = documented ? [] : [
  { name: "home", path: "/", dark: true },
  { name: "home-en", path: "/en" },
  { name: "datasets", path: "/datasets" },
  { name: "search", path: "/datasets/search?q=transport", dark: true },
  { name: "search-filtered", path: "/datasets/search?format_family=geographical&sort=-created" },
  { name: "search-nothing", path: "/datasets/search?q=zzqxjwv" },
  { name: "search-all", path: "/search?q=logement" },
  { name: "dataset", path: await most((d) => (d.resources.length > 5 && d.resources.length < 30 ? d.metrics.views : 0)), dark: true },
  { name: "dataset-informations", path: (await pageOf("/api/1/datasets/?geozone=fr:region:84&page_size=1")) + "/informations", settle: 1500 },
  { name: "dataset-uses", path: (await pageOf("/api/1/datasets/?sort=-reuses&page_size=1")) + "/reuses_and_dataservices" },
  { name: "dataset-long", path: await most((d) => d.title.length) },
  { name: "dataset-many", path: await most((d) => d.resources.length) },
  { name: "organizations", path: "/organizations" },
  { name: "organization", path: await pageOf("/api/1/organizations/?sort=-datasets&page_size=1") },
  { name: "organization-information", path: (await pageOf("/api/1/organizations/?sort=-datasets&page_size=1")) + "/information" },
  { name: "reuses", path: "/reuses" },
  { name: "reuse", path: await pageOf("/api/1/reuses/?page_size=1") },
  { name: "dataservices", path: "/dataservices/search" },
  { name: "dataservice", path: await pageOf("/api/1/dataservices/?page_size=1") },
  { name: "topics", path: "/topics" },
  { name: "topic", path: await pageOf("/api/2/topics/?page_size=1") },
  { name: "posts", path: "/posts" },
  { name: "post", path: await pageOf("/api/1/posts/?page_size=1") },
  { name: "tags", path: "/tags" },
  { name: "licenses", path: "/licenses" },
  { name: "exports", path: "/exports" },
  { name: "developers", path: "/developers" },
  { name: "dashboard", path: "/dashboard" },
  { name: "support", path: "/support" },
  { name: "sitemap", path: "/sitemap" },
  { name: "legal", path: "/pages/legal/mentions" },
  { name: "not-found", path: "/datasets/rien-de-tel", status: 404 },
  { name: "apidoc", path: "/apidoc/", settle: 4000 },
];
pages.push(...(await administration(base)).filter((page) => page.documented || !documented));
// Pages without end are cut here, in CSS pixels.
const maxHeight = documented ? 800 : 4000;

// The address of the page of the first object of a list.
async function pageOf(list) {
  const [first] = (await listed(list)).data;
  return `/${/\/api\/\d\/(\w+)/.exec(list)[1]}/${first.slug}`;
}

async function listed(path) {
  const answer = await fetch(base + path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// The address of the page of the dataset of the whole catalogue that has the most of something.
async function most(measure) {
  let best = { slug: "", value: -1 };
  for (let page = 1, all = []; all.length > 0 || page === 1; page++) {
    all = (await listed(`/api/1/datasets/?page_size=500&page=${page}`)).data;
    for (const dataset of all) if (measure(dataset) > best.value) best = { slug: dataset.slug, value: measure(dataset) };
    if (all.length < 500) break;
  }
  return `/datasets/${best.slug}`;
}

const profile = await mkdtemp(join(tmpdir(), "grenier-browser-"));
const browser = spawn(
  "chromium",
  [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    `--user-data-dir=${profile}`, "--remote-debugging-pipe", "about:blank",
  ],
  { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
);

const waiting = new Map();
const listeners = [];
let lastID = 0;
let rest = "";
browser.stdio[4].setEncoding("utf8").on("data", (text) => {
  const messages = (rest + text).split("\0");
  rest = messages.pop();
  for (const message of messages.map((m) => JSON.parse(m))) {
    if (message.id) {
      const { resolve, reject } = waiting.get(message.id);
      waiting.delete(message.id);
      message.error ? reject(new Error(message.error.message)) : resolve(message.result);
    } else {
      for (const listener of listeners) listener(message);
    }
  }
});
browser.on("exit", (code) => {
  for (const { reject } of waiting.values()) reject(new Error(`Chromium ended with status ${code}`));
});

function send(method, params = {}, sessionId) {
  const id = ++lastID;
  browser.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function picture(page, width, scheme) {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const tab = (method, params) => send(method, params, sessionId);
  const problems = [];
  const loaded = new Promise((resolve) => {
    listeners.push((message) => {
      if (message.sessionId !== sessionId) return;
      if (message.method === "Page.loadEventFired") resolve();
      if (message.method === "Log.entryAdded" && message.params.entry.level === "error" && !page.status) problems.push(message.params.entry.text);
      if (message.method === "Runtime.exceptionThrown") problems.push(message.params.exceptionDetails.text);
    });
  });
  for (const domain of ["Page", "Log", "Runtime", "Network"]) await tab(`${domain}.enable`);
  await tab("Emulation.setUserAgentOverride", { userAgent: "Mozilla/5.0 (X11; Linux x86_64) Chrome", acceptLanguage: page.path.startsWith("/en") ? "en" : "fr" });
  await tab("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  const screen = { width, deviceScaleFactor: 1, mobile: false };
  await tab("Emulation.setDeviceMetricsOverride", { ...screen, height: documented ? maxHeight : 900 });
  // One profile for all: whoever was logged in before is logged out.
  await tab("Network.clearBrowserCookies");
  if (page.as) await tab("Network.setCookie", { ...(await logIn(base, page.as)), url: base });
  await tab("Page.navigate", { url: base + page.path });
  await Promise.race([loaded, pause(20_000)]);
  await pause(page.settle ?? 300);
  if (page.act) {
    await tab("Runtime.evaluate", { expression: page.act });
    await pause(300);
  }
  const { cssContentSize } = await tab("Page.getLayoutMetrics");
  if (cssContentSize.width > width) problems.push(`the page is ${cssContentSize.width} pixels wide, more than ${width}`);
  // A window of the page's height brings the pictures that load when they come near.
  await tab("Emulation.setDeviceMetricsOverride", { ...screen, height: Math.min(Math.ceil(cssContentSize.height), maxHeight) });
  await pause(400);
  const { result: scrolled } = await tab("Runtime.evaluate", { expression: "Math.round(scrollY)" });
  const clip = { x: 0, y: documented ? scrolled.value : 0, width, height: Math.min(Math.ceil(cssContentSize.height), maxHeight), scale: 1 };
  const { data } = await tab("Page.captureScreenshot", { format: "png", clip, captureBeyondViewport: true });
  const file = join(folder, documented ? `${page.name}.png` : `${page.name}-${width}${scheme === "dark" ? "-dark" : ""}.png`);
  await writeFile(file, Buffer.from(data, "base64"));
  console.log(file);
  for (const problem of problems) console.error(`${page.path} at ${width}: ${problem}`);
  await send("Target.closeTarget", { targetId });
  return problems.length;
}

let failures = 0;
try {
  for (const page of pages) {
    for (const scheme of page.dark ? ["light", "dark"] : ["light"]) {
      for (const width of widths) failures += await picture(page, width, scheme);
    }
  }
} finally {
  const ended = new Promise((resolve) => browser.once("exit", resolve));
  await Promise.race([send("Browser.close").catch(() => {}), pause(3000)]);
  await Promise.race([ended, pause(5000)]);
  if (browser.exitCode === null) browser.kill("SIGKILL");
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}
process.exit(failures > 0 ? 1 : 0);
