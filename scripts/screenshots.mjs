// Takes pictures of pages with Chromium, spoken to over a pipe (Chrome DevTools Protocol):
//   node scripts/screenshots.mjs BASE-ADDRESS FOLDER
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [base, folder] = process.argv.slice(2);
const widths = [390, 820, 1440];
const pages = [
  { name: "home", path: "/", language: "fr", scheme: "light" },
  { name: "home-dark", path: "/", language: "en", scheme: "dark" },
  { name: "apidoc", path: "/apidoc/", language: "en", scheme: "light", settle: 4000 },
];
// Pages without end are cut here, in CSS pixels.
const maxHeight = 4000;

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

async function picture(page, width) {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const tab = (method, params) => send(method, params, sessionId);
  const problems = [];
  const loaded = new Promise((resolve) => {
    listeners.push((message) => {
      if (message.sessionId !== sessionId) return;
      if (message.method === "Page.loadEventFired") resolve();
      if (message.method === "Log.entryAdded" && message.params.entry.level === "error") problems.push(message.params.entry.text);
      if (message.method === "Runtime.exceptionThrown") problems.push(message.params.exceptionDetails.text);
    });
  });
  for (const domain of ["Page", "Log", "Runtime", "Network"]) await tab(`${domain}.enable`);
  await tab("Network.setExtraHTTPHeaders", { headers: { "Accept-Language": page.language } });
  await tab("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: page.scheme }] });
  const screen = { width, deviceScaleFactor: 1, mobile: width < 800 };
  await tab("Emulation.setDeviceMetricsOverride", { ...screen, height: 900 });
  await tab("Page.navigate", { url: base + page.path });
  await Promise.race([loaded, pause(20_000)]);
  await pause(page.settle ?? 300);
  const { cssContentSize } = await tab("Page.getLayoutMetrics");
  if (cssContentSize.width > width) problems.push(`the page is ${cssContentSize.width} pixels wide, more than ${width}`);
  const clip = { x: 0, y: 0, width, height: Math.min(Math.ceil(cssContentSize.height), maxHeight), scale: 1 };
  const { data } = await tab("Page.captureScreenshot", { format: "png", clip, captureBeyondViewport: true });
  const file = join(folder, `${page.name}-${width}.png`);
  await writeFile(file, Buffer.from(data, "base64"));
  console.log(file);
  for (const problem of problems) console.error(`${page.path} at ${width}: ${problem}`);
  await send("Target.closeTarget", { targetId });
  return problems.length;
}

let failures = 0;
try {
  for (const page of pages) for (const width of widths) failures += await picture(page, width);
} finally {
  const ended = new Promise((resolve) => browser.once("exit", resolve));
  await Promise.race([send("Browser.close").catch(() => {}), pause(3000)]);
  await Promise.race([ended, pause(5000)]);
  if (browser.exitCode === null) browser.kill("SIGKILL");
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}
process.exit(failures > 0 ? 1 : 0);
