// Builds the scripts and styles of the program into dist, from where ui.go embeds them.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const swagger = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
const out = join(here, "dist", "swagger-ui");

// Swagger UI comes as one script that hangs itself on the window, and one style sheet: they are
// minified again without their references to source maps, not bundled.
async function swaggerUI() {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await build({
    entryPoints: ["swagger-ui.css", "swagger-ui-bundle.js"].map((name) => join(swagger, name)),
    outdir: out,
    minify: true,
    legalComments: "none",
    target: ["es2020"],
    logLevel: "warning",
  });
  for (const name of ["LICENSE", "NOTICE"]) {
    await copyFile(join(swagger, name), join(out, `${name}.txt`));
  }
  await copyFile(join(swagger, "swagger-ui-bundle.js.LICENSE.txt"), join(out, "LICENSES-bundled.txt"));
}

async function report() {
  const { version } = JSON.parse(await readFile(join(swagger, "package.json"), "utf8"));
  const sizes = await Promise.all(
    ["swagger-ui.css", "swagger-ui-bundle.js"].map(async (name) => `${name} ${((await stat(join(out, name))).size / 1024).toFixed(0)} KiB`),
  );
  console.log(`Swagger UI ${version}: ${sizes.join(", ")}`);
}

await swaggerUI();
await report();
