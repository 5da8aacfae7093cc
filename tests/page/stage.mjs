// What the tests share: runs, pages, and a browser that has no network.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const program = process.env.SYNOD ?? join(root, "target/debug/synod");

/** Runs synod; `codes` are the exit codes that are fine. */
export function synod(args, codes = [0]) {
  try {
    return execFileSync(program, args, {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 1 << 28,
    });
  } catch (error) {
    if (codes.includes(error.status)) return error.stdout;
    throw new Error(`synod ${args.join(" ")}: exit ${error.status}\n${error.stderr}`);
  }
}

export function folder() {
  const path = mkdtempSync(join(tmpdir(), "synod-page-"));
  return {
    path,
    file: (name) => join(path, name),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export function trace(file) {
  const lines = readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const header = lines[0];
  const footer = lines.at(-1).kind === "end" ? lines.at(-1) : undefined;
  const nodes = Array.isArray(header.nodes)
    ? header.nodes
    : Array.from({ length: header.nodes }, (_, place) => `n${place + 1}`);
  return { header, nodes, footer, events: lines.slice(1, footer ? -1 : undefined) };
}

let browser;

/** A browser without network, in which every message on the console is a failure. */
export async function launch() {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  return browser;
}

export async function close() {
  await browser?.close();
  browser = undefined;
}

/** Opens a page; `complaints` gathers errors, and what it asked the network for. */
export async function open(file, { hash = "", media = {}, viewport = { width: 1400, height: 860 } } = {}) {
  const context = await (
    await launch()
  ).newContext({ viewport, offline: true, acceptDownloads: true, ...media });
  const page = await context.newPage();
  const complaints = [];
  page.on(
    "console",
    (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()),
  );
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on(
    "request",
    (request) => /^(file|blob|data):/.test(request.url()) || complaints.push(`asks for ${request.url()}`),
  );
  await page.goto(`file://${file}${hash}`);
  await page.waitForFunction(() => performance.getEntriesByName("synod-drawn").length > 0, undefined, {
    timeout: 60_000,
  });
  return { page, complaints, end: () => context.close() };
}

/** Waits until the page has drawn what was asked of it. */
export const settle = (page) =>
  page.evaluate(
    () =>
      new Promise((done) =>
        requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))),
      ),
  );

export const selected = (page) => page.evaluate(() => window.synod.selected());

/** Makes tests of pages, by name, each of which must end without a word on the console. */
export const looker = (pages) => (title, name, body, options) =>
  test(title, { timeout: 120_000 }, async () => {
    const { page, complaints, end } = await open(pages[name], options);
    await body(page);
    await settle(page);
    // A page that is made to break its policy says so.
    const refused = (text) => options?.refuses && /Content Security Policy/.test(text);
    assert.deepEqual(
      complaints.filter((text) => !refused(text)),
      [],
    );
    await end();
  });
