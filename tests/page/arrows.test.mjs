// Every arrow in a page is a message of the trace, and every message an arrow: in all scenarios.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { close, folder, launch, synod, trace } from "./stage.mjs";

let files;
before(() => {
  files = folder();
  synod([
    "run",
    "scenarios",
    "--trace",
    files.file("traces"),
    "--report",
    files.file("pages"),
    "--progress",
    "never",
  ]);
});
after(async () => {
  files.remove();
  await close();
});

/** The arrows that a trace should have, worked out here from its lines alone. */
function expected({ events }) {
  const sends = new Map();
  const copies = new Map();
  for (const event of events) {
    if (event.e === "send") sends.set(event.m, event);
    if (event.e === "duplicate") copies.set(event.m, (copies.get(event.m) ?? 0) + 1);
  }
  const arrows = [];
  const fates = new Map();
  for (const event of events) {
    if (event.e !== "receive" && event.e !== "drop") continue;
    const send = sends.get(event.m);
    if (!send) continue;
    fates.set(event.m, (fates.get(event.m) ?? 0) + 1);
    const kind = event.e === "receive" ? "received" : "lost";
    arrows.push({
      message: event.m,
      kind,
      send: send.i,
      end: event.i,
      from: send.n,
      at: event.n,
      why: event.why,
    });
  }
  for (const send of sends.values()) {
    if ((fates.get(send.m) ?? 0) < 1 + (copies.get(send.m) ?? 0)) {
      arrows.push({
        message: send.m,
        kind: "under way",
        send: send.i,
        end: -1,
        from: send.n,
        at: send.to,
        why: undefined,
      });
    }
  }
  return arrows.sort(order);
}

const order = (a, b) => a.send - b.send || a.end - b.end;
const near = (a, b) => Math.abs(a - b) < 0.01;

function compare(name, told, { arrows, columns, heights }) {
  const wanted = expected(told);
  arrows.sort(order);
  assert.equal(arrows.length, wanted.length, `${name}: so many arrows`);
  wanted.forEach((want, place) => {
    const drawn = arrows[place];
    const of = `${name}: message ${want.message}, ${want.kind}`;
    const facts = ({ message, kind, send, end, from, why }) => ({
      message,
      kind,
      send,
      end,
      from,
      why: why ?? undefined,
    });
    assert.deepEqual(facts(drawn), facts(want), of);
    assert.ok(near(drawn.x0, columns[want.from]), `${of}: begins at its sender`);
    assert.ok(near(drawn.y0, heights[want.send]), `${of}: begins where it was sent`);
    if (want.end >= 0) assert.ok(near(drawn.y1, heights[want.end]), `${of}: ends where its fate is met`);
    if (want.kind === "received") assert.ok(near(drawn.x1, columns[want.at]), `${of}: ends at its receiver`);
    // A lost message gets part of its way, and no further.
    if (want.kind === "lost" && want.from !== want.at) {
      const share = (drawn.x1 - drawn.x0) / (columns[want.at] - columns[want.from]);
      assert.ok(share > 0.1 && share < 1, `${of}: is lost on its way`);
    }
  });
  return wanted;
}

test("every arrow is a message, in all scenarios and views of time", { timeout: 1_200_000 }, async () => {
  const names = readdirSync(files.file("pages"));
  assert.ok(names.length > 100, "the scenarios are there");
  const seen = { received: 0, lost: 0, "under way": 0, copies: 0, overtaking: 0 };
  const context = await (
    await launch()
  ).newContext({ viewport: { width: 1200, height: 800 }, offline: true });
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  for (const name of names) {
    const told = trace(files.file(`traces/${name.replace(/\.html$/, ".jsonl")}`));
    await page.goto(`file://${files.file(`pages/${name}`)}`);
    await page.waitForFunction(() => window.synod);
    for (const view of ["rows", "real", "squeezed", "logical"]) {
      const laid = await page.evaluate((view) => {
        window.synod.app.setView(view);
        return {
          arrows: window.synod.arrows(),
          columns: window.synod.columns(),
          heights: window.synod.heights(),
        };
      }, view);
      const wanted = compare(`${name}, ${view}`, told, laid);
      if (view === "rows") tally(seen, wanted, told);
    }
    assert.deepEqual(complaints, [], name);
  }
  await context.close();
  for (const [what, count] of Object.entries(seen))
    assert.ok(count > 0, `no arrow is ${what}: the scenarios show it`);
  console.log(`# ${names.length} scenarios: ${JSON.stringify(seen)}`);
});

function tally(seen, wanted, { events }) {
  const arrived = new Set();
  const latest = new Map();
  for (const arrow of wanted) {
    seen[arrow.kind]++;
    if (arrow.kind !== "received") continue;
    if (arrived.has(arrow.message)) seen.copies++;
    arrived.add(arrow.message);
    const link = `${arrow.from} ${arrow.at}`;
    const before = latest.get(link) ?? -1;
    if (arrow.end < before) seen.overtaking++;
    latest.set(link, Math.max(before, arrow.end));
  }
  assert.ok(events.length >= wanted.length);
}
