// Builds the scripts and styles of the program into dist, from where ui.go embeds them.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { embed } from "./embed/build.mjs";
import { world } from "./world.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const packageOf = (name) => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
const swagger = packageOf("swagger-ui-dist");
const dist = join(here, "dist");

const common = { bundle: true, minify: true, write: false, legalComments: "none", logLevel: "warning", target: ["es2022"] };

// Swagger UI comes as one script that hangs itself on the window, and one style sheet: they are
// minified again without their references to source maps, not bundled.
async function swaggerUI(put) {
  const { outputFiles } = await build({
    ...common,
    entryPoints: ["swagger-ui.css", "swagger-ui-bundle.js"].map((name) => join(swagger, name)),
    outdir: dist,
    bundle: false,
    target: ["es2020"],
  });
  for (const file of outputFiles) put(basename(file.path), file.contents);
  for (const name of ["LICENSE", "NOTICE"]) put(`${name}.txt`, await readFile(join(swagger, name)));
  put("LICENSES-bundled.txt", await readFile(join(swagger, "swagger-ui-bundle.js.LICENSE.txt")));
}

// The files of the pages. Each but a few is named by the hash of its content, what it refers to first.
async function portal(put) {
  const manifest = {};
  const putHashed = (name, body) => {
    const file = hashed(name, body);
    put(file, body);
    if (name !== "chunk.js") manifest[name] = file; // what several parts share, no page asks for
    return file;
  };
  putHashed("icons.svg", await sprite(join(here, "icons")));
  putHashed("main.css", await style(join(here, "styles", "main.css")));
  putHashed("tools.css", await style(join(here, "styles", "tools.css")));
  const names = {
    MAP_CSS: putHashed("map.css", await style(join(here, "src", "map", "map.css"))),
    WORLD_JSON: putHashed("world.json", JSON.stringify(await world(join(packageOf("world-atlas"), "countries-50m.json")))),
  };
  await scripts(names, putHashed);
  put("theme-boot.js", await inline(join(here, "src", "theme-boot.ts")));
  put("LICENSES.txt", await licences(["leaflet", "topojson-client", "world-atlas"]));
  put("manifest.json", JSON.stringify(manifest, null, 1) + "\n");
  return manifest;
}

// main.js, tools.js of pages that one writes on, and the parts that they load when they are needed.
async function scripts(names, putHashed) {
  const define = Object.fromEntries(Object.entries(names).map(([name, file]) => [name, JSON.stringify(file)]));
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: { main: join(here, "src", "main.ts"), tools: join(here, "src", "tools.ts") },
    outdir: dist,
    absWorkingDir: here,
    format: "esm",
    splitting: true,
    chunkNames: "[name]-[hash]",
    metafile: true,
    drop: ["console"],
    alias: { leaflet: "leaflet/dist/leaflet-src.esm.js" }, // its package names only the form for old loaders
    define,
  });
  const texts = new Map(outputFiles.map((file) => [basename(file.path), file.text]));
  const imports = new Map(
    Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output.imports.map((i) => basename(i.path))]),
  );
  // The hash of a part must be known before the text that names it is hashed itself.
  const final = new Map();
  while (final.size < texts.size) {
    const ready = [...texts.keys()].filter((name) => !final.has(name) && imports.get(name).every((part) => final.has(part)));
    if (ready.length === 0) throw new Error("parts of main.js import each other in a circle");
    for (const name of ready) {
      let text = texts.get(name);
      for (const part of imports.get(name)) text = text.replaceAll(part, final.get(part));
      final.set(name, putHashed(name.replace(/-[A-Z0-9]+\.js$/, ".js"), text));
    }
  }
}

async function style(entry) {
  const { outputFiles } = await build({ ...common, entryPoints: [entry], outdir: dist, target: ["es2022", "chrome111", "firefox115", "safari16.4"] });
  return outputFiles[0].text;
}

// A script small enough to stand in the page itself: the file holds exactly the text between its tags.
async function inline(entry) {
  const { outputFiles } = await build({ ...common, entryPoints: [entry], format: "iife", outdir: dist });
  return outputFiles[0].text.trim();
}

// One file for all icons; the name of a file is the name of its symbol.
async function sprite(folder) {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".svg")).sort();
  const symbols = await Promise.all(
    files.map(async (file) => {
      const parts = /^\s*<svg\s([^>]*)>(.*)<\/svg>\s*$/s.exec(await readFile(join(folder, file), "utf8"));
      if (!parts) throw new Error(`icons/${file} is not one svg element`);
      const attributes = parts[1].replace(/(^|\s)(xmlns|id|width|height)="[^"]*"/g, "").trim();
      return `<symbol id="${basename(file, ".svg")}" ${attributes}>${parts[2].replace(/>\s+</g, "><").trim()}</symbol>`;
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

async function licences(packages) {
  const parts = await Promise.all(
    packages.map(async (name) => {
      const { version } = JSON.parse(await readFile(join(packageOf(name), "package.json"), "utf8"));
      return `${name} ${version}\n\n${(await readFile(join(packageOf(name), "LICENSE"), "utf8")).trim()}\n`;
    }),
  );
  const icons = await readFile(join(here, "icons", "LICENSE"), "utf8");
  return [`Icons\n\n${icons.trim()}\n`, ...parts].join(`\n${"-".repeat(78)}\n\n`);
}

// What tests load into pages; it is not part of the program.
async function forTests(put) {
  const axe = packageOf("axe-core");
  put("axe.min.js", await readFile(join(axe, "axe.min.js")));
  put("axe-LICENSE.txt", await readFile(join(axe, "LICENSE")));
}

// name.js becomes name.<the first 8 hex digits of the SHA-256 of its content>.js.
function hashed(name, body) {
  const dot = name.lastIndexOf(".");
  return `${name.slice(0, dot)}.${createHash("sha256").update(body).digest("hex").slice(0, 8)}${name.slice(dot)}`;
}

// A build that fails leaves what the one before made.
async function write(folders) {
  for (const [folder, files] of folders) {
    await rm(join(dist, folder), { recursive: true, force: true });
    await mkdir(join(dist, folder), { recursive: true });
    for (const [name, body] of files) await writeFile(join(dist, folder, name), body);
  }
}

const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

const folders = new Map(["swagger-ui", "test", "portal", "embed"].map((name) => [name, new Map()]));
const putIn = (folder) => (name, body) => folders.get(folder).set(name, body);
const [manifest] = await Promise.all([portal(putIn("portal")), swaggerUI(putIn("swagger-ui")), forTests(putIn("test")), embed(putIn("embed"))]);
await write(folders);
const sizes = Object.entries(manifest).map(([name, file]) => `${name} ${kib(gzipSync(folders.get("portal").get(file)).length)}`);
for (const [file, body] of folders.get("embed")) sizes.push(`${file} ${kib(gzipSync(body).length)}`);
console.log(`Scripts and styles, compressed: ${sizes.join(", ")}`);
