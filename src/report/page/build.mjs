// Bundles the page's script and style into `built` (or the folder named as argument), and writes beside them the hashes
// by which the page's content security policy knows them.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "built");
mkdirSync(out, { recursive: true });

await build({
  absWorkingDir: here,
  entryPoints: { page: "source/main.js" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "ascii",
  legalComments: "none",
  banner: {
    js: "/* synod; with d3-selection, d3-zoom, d3-scale, d3-axis and what they need, (c) 2010-2021 Mike Bostock, ISC license */",
  },
  logLevel: "warning",
});

const hashes = {};
for (const name of ["page.js", "page.css"]) {
  const text = readFileSync(join(out, name), "utf8");
  // Inside the page neither may end the element that holds it, nor begin a comment that hides its end.
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`${name} cannot stand inside a page`);
  hashes[name] = `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
writeFileSync(join(out, "hashes.json"), `${JSON.stringify(hashes, null, 2)}\n`);
