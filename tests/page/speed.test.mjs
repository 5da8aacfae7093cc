// The bars: how large a page is, how soon it shows something, how smoothly it scrolls.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { after, before, test } from "node:test";
import { close, folder, open, synod } from "./stage.mjs";

let files;
before(() => {
  files = folder();
  // Jitter makes times and orders that do not repeat, as compression would like.
  const run = (name, times) => {
    const events = `events=[{at: 0s, node: {any: all}, request: {enter: 1ms}, every: 60ms, times: ${times}}]`;
    const sets = ["nodes=20", "network.jitter=7ms", events, "until=null", "expect={}"].flatMap((set) => [
      "--set",
      set,
    ]);
    synod(
      [
        "run",
        "scenarios/mutual_exclusion/lamport_mutex_at_work.yaml",
        ...sets,
        "--report",
        files.file(`${name}.html`),
      ],
      [0, 1, 3],
    );
  };
  run("ten", 5);
  run("hundred", 43);
});
after(async () => {
  files.remove();
  await close();
});

const size = (name) => statSync(files.file(`${name}.html`)).size;
const count = (page) => page.evaluate(() => window.synod.app.runs[0].count);

/** Scheduling on a busy machine only ever adds: the best of a few tries is what the page does. */
async function best(tries, bar, measure) {
  const all = [];
  for (let i = 0; i < tries; i++) {
    all.push(await measure());
    if (all.at(-1) < bar) break;
  }
  return Math.min(...all);
}

test("10,000 events: under 1 MB, first picture within 1 s", { timeout: 300_000 }, async () => {
  assert.ok(size("ten") < 1e6, `${size("ten")} bytes`);
  let events = 0;
  const first = await best(5, 1000, async () => {
    const { page, end } = await open(files.file("ten.html"));
    events = await count(page);
    const time = await page.evaluate(() => performance.getEntriesByName("synod-drawn")[0].startTime);
    await end();
    return time;
  });
  assert.ok(events >= 10_000, `${events} events`);
  assert.ok(first < 1000, `${first} ms`);
  console.log(`# ${events} events, ${size("ten")} bytes, first picture after ${Math.round(first)} ms`);
});

test(
  "100,000 events: under 6 MB, scrolling without a long task over 100 ms",
  { timeout: 600_000 },
  async () => {
    assert.ok(size("hundred") < 6e6, `${size("hundred")} bytes`);
    const { page, complaints, end } = await open(files.file("hundred.html"));
    const events = await count(page);
    assert.ok(events >= 100_000, `${events} events`);
    await page.evaluate(() => {
      window.long = [];
      new PerformanceObserver((list) =>
        window.long.push(...list.getEntries().map((entry) => entry.duration)),
      ).observe({ type: "longtask" });
    });
    const longest = async (scroll) => {
      await page.waitForTimeout(300);
      await page.evaluate(() => (window.long.length = 0));
      await scroll();
      await page.waitForTimeout(300);
      return page.evaluate(() => Math.max(0, ...window.long));
    };
    const wheel = async () => {
      await page.mouse.move(500, 500);
      for (let i = 0; i < 60; i++) {
        await page.mouse.wheel(0, 700);
        await page.waitForTimeout(16);
      }
    };
    const whole = () =>
      page.evaluate(async () => {
        const [diagram] = window.synod.app.diagrams;
        for (let i = -60; i < 60; i++) {
          diagram.scrollBy((Math.sign(i) * diagram.layout.last * diagram.transform.k) / 60);
          await new Promise(requestAnimationFrame);
        }
      });
    const log = () =>
      page.evaluate(async () => {
        const list = document.querySelector(".log");
        for (let i = 0; i < 80; i++) {
          list.scrollTop = (list.scrollHeight * i) / 80;
          await new Promise(requestAnimationFrame);
        }
      });
    const told = {};
    for (const [what, scroll] of Object.entries({ wheel, whole, log })) {
      told[what] = await best(5, 100, () => longest(scroll));
      assert.ok(told[what] < 100, `${what}: a task of ${told[what]} ms`);
    }
    const elements = await page.evaluate(() => document.querySelectorAll(".diagram svg *").length);
    assert.ok(elements < 2000, `${elements} elements are drawn`);
    await page.keyboard.press("0");
    await page.waitForTimeout(500);
    const zoomedOut = await page.evaluate(() => document.querySelectorAll(".diagram svg *").length);
    assert.ok(zoomedOut < 2500, `${zoomedOut} elements are drawn of the whole run`);
    assert.deepEqual(complaints, []);
    await end();
    console.log(
      `# ${events} events, ${size("hundred")} bytes, longest tasks in ms: ${JSON.stringify(told)}, ${elements} elements, ${zoomedOut} zoomed out`,
    );
  },
);
