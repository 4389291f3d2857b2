// Builds what pages of other sites load: each file has an address that never changes.
import { build, transform } from "esbuild";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "src");
const styles = join(here, "..", "..", "internal", "embed", "styles");
const common = { bundle: true, minify: true, write: false, charset: "utf8", legalComments: "none", logLevel: "warning", absWorkingDir: here };

async function css(file) {
  return (await transform(await readFile(file, "utf8"), { loader: "css", minify: true })).code.trim();
}

async function script(entry, format, target, define = {}) {
  const { outputFiles } = await build({
    ...common, entryPoints: [join(source, entry)], format, target, define,
    alias: { leaflet: "leaflet/dist/leaflet-src.esm.js" }, // its package names only the form for old loaders
  });
  return outputFiles[0].text;
}

const quoted = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));

/** Puts each file by its name; gives the names. */
export async function embed(put) {
  const sheets = quoted({ WIDGETS_CSS: await css(join(styles, "legacy.css")), CARD_CSS: `@layer udata{${await css(join(styles, "card.css"))}}` }); // a layer, as the theme that comes after it
  put("widgets.js", await script("widgets.ts", "iife", "es2019", sheets));
  put("oembed.js", await script("oembed.ts", "iife", "es2019", sheets));
  const library = quoted({ LIBRARY_CSS: await css(join(source, "library", "library.css")) });
  put("udata.mjs", await script("library/esm.ts", "esm", "es2022", library));
  put("udata.iife.js", await script("library/iife.ts", "iife", "es2022", library));
  put("udata-compat.js", await script("compat/index.ts", "iife", "es2022"));
  put("udata-files.mjs", await script("parts/files.ts", "esm", "es2022"));
  const leaflet = join(dirname(createRequire(import.meta.url).resolve("leaflet/package.json")), "dist", "leaflet.css");
  const pictures = /url\([^)]*\)/g; // of markers that our maps do not have
  put("udata-map.mjs", await script("parts/map.ts", "esm", "es2022", quoted({ LEAFLET_CSS: (await css(leaflet)).replace(pictures, "none") })));
}
