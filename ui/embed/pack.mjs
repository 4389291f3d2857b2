// Makes the npm package out of what was built: node embed/pack.mjs VERSION FOLDER
import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "..", "dist", "embed");
const [version = "0.0.0", folder = "dist"] = process.argv.slice(2);
const semantic = /^v?(\d+\.\d+\.\d+)/.exec(version)?.[1] ?? "0.0.0";
const place = await mkdtemp(join(tmpdir(), "grenier-embed-"));

try {
  const about = JSON.parse(await readFile(join(here, "package.json"), "utf8"));
  await writeFile(join(place, "package.json"), JSON.stringify({ ...about, version: semantic }, null, 2) + "\n");
  for (const name of (await readdir(built)).filter((each) => each.startsWith("udata"))) {
    const text = await readFile(join(built, name), "utf8");
    // what a site puts there while it serves them
    await writeFile(join(place, name), text.replaceAll("__GRENIER_LANGUAGE__", "").replaceAll("__GRENIER_STYLE__", ""));
  }
  await cp(join(here, "README.md"), join(place, "README.md"));
  await cp(join(here, "..", "..", "LICENSE"), join(place, "LICENSE"));
  await cp(join(here, "..", "dist", "portal", "LICENSES.txt"), join(place, "LICENSES.txt"));
  const types = ["--declaration", "--emitDeclarationOnly", "--noEmit", "false", "--outDir", join(place, "types"), "--rootDir", join(here, "src")];
  execFileSync(process.execPath, [join(here, "..", "node_modules", "typescript", "bin", "tsc"), "--project", join(here, "tsconfig.json"), ...types], { stdio: "inherit" });
  await mkdir(resolve(folder), { recursive: true });
  const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", resolve(folder)], { cwd: place, encoding: "utf8" });
  console.log(join(folder, packed.trim().split("\n").pop()));
} finally {
  await rm(place, { recursive: true, force: true });
}
