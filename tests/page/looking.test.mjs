// What people do with the page: look, click, press keys, search, play, compare, save. Without network and without an error.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, folder, looker, open, selected, settle, synod, trace } from "./stage.mjs";

let files;
const page = {};
before(() => {
  files = folder();
  const run = (name, scenario, ...more) => {
    page[name] = files.file(`${name}.html`);
    synod(
      [
        "run",
        `scenarios/${scenario}.yaml`,
        "--trace",
        files.file(`${name}.jsonl`),
        "--report",
        page[name],
        ...more,
      ],
      [0, 1, 3],
    );
  };
  run("token", "mutual_exclusion/a_token_that_was_only_late");
  run("parts", "world/two_partitions_overlap");
  run("crash", "world/everybody_crashes_and_restarts");
  run("pause", "world/a_paused_node_catches_up");
  run("lossy", "mutual_exclusion/ricart_agrawala_over_a_lossy_network");
  run("other", "mutual_exclusion/ricart_agrawala_over_a_lossy_network", "--seed", "9");
  page.diff = files.file("diff.html");
  synod(
    ["trace", "diff", files.file("lossy.jsonl"), files.file("other.jsonl"), "--to", "html", "-o", page.diff],
    [4],
  );
});
after(async () => {
  files.remove();
  await close();
});

const look = looker(page);
const chosen = (opened) => opened.locator(".details h3").textContent();

look("the first violation is selected, told and marked", "token", async (opened) => {
  const told = trace(files.file("token.jsonl"));
  const { events, because } = told.footer.verdicts["mutual-exclusion"];
  assert.equal(await selected(opened), events.at(-1));
  assert.match(await opened.locator(".verdicts .violated").textContent(), new RegExp(because));
  assert.equal(await opened.locator(".marks .alarm").count(), events.length);
  assert.match(
    await opened.locator(".command code").textContent(),
    /synod run scenarios\/mutual_exclusion\/a_token_that_was_only_late\.yaml --seed 0/,
  );
  assert.match(await opened.locator("h1").textContent(), /PASS.*a token that was only late/);
});

look("a jump from a verdict goes to its event", "token", async (opened) => {
  const { events } = trace(files.file("token.jsonl")).footer.verdicts["mutual-exclusion"];
  await opened.locator(".verdicts .violated .jump").first().click();
  assert.equal(await selected(opened), events[0]);
  await opened.keyboard.press("x");
  assert.equal(await selected(opened), events[1]);
});

look("a click on a mark selects its event, one on an arrow its arrival", "token", async (opened) => {
  const told = trace(files.file("token.jsonl"));
  const receive = told.events.find((event) => event.e === "receive");
  const box = await opened.locator(".diagram svg").boundingBox();
  const [columns, heights, arrows] = await opened.evaluate(() => [
    window.synod.columns(),
    window.synod.heights(),
    window.synod.arrows(),
  ]);
  await opened.mouse.click(box.x + columns[receive.n], box.y + heights[receive.i]);
  assert.equal(await selected(opened), receive.i);
  assert.match(
    await chosen(opened),
    new RegExp(`${receive.n} gets token #${receive.m} from ${receive.from}`),
  );
  const arrow = arrows.find(({ message }) => message === 2);
  await opened.mouse.click(box.x + (arrow.x0 + arrow.x1) / 2, box.y + (arrow.y0 + arrow.y1) / 2);
  assert.equal(await selected(opened), arrow.end);
});

look("keys go from event to event, along a node, to causes and effects", "token", async (opened) => {
  const { events } = trace(files.file("token.jsonl"));
  await opened.keyboard.press("Home");
  assert.equal(await selected(opened), 0);
  for (const [key, index] of [
    ["j", 1],
    ["j", 2],
    ["k", 1],
    ["ArrowDown", 2],
    ["End", events.length - 1],
  ]) {
    await opened.keyboard.press(key);
    assert.equal(await selected(opened), index, key);
  }
  const receive = events.find((event) => event.e === "receive");
  await opened.evaluate((index) => window.synod.app.choose(index), receive.i);
  await opened.keyboard.press("c");
  assert.equal(await selected(opened), receive.cause);
  await opened.keyboard.press("e");
  assert.equal(await selected(opened), receive.i);
  const next = events.find((event) => event.i > receive.i && event.n === receive.n);
  await opened.keyboard.press("n");
  assert.equal(await selected(opened), next.i);
  await opened.keyboard.press("p");
  assert.equal(await selected(opened), receive.i);
});

look("the address names the event, and an address opens it", "token", async (opened) => {
  await opened.keyboard.press("Home");
  await opened.keyboard.press("j");
  assert.equal(await opened.evaluate(() => location.hash), "#e1");
  await opened.evaluate(() => (location.hash = "#e9"));
  await opened.waitForFunction(() => window.synod.selected() === 9);
});

look(
  "an event in the address is shown first",
  "token",
  async (opened) => assert.equal(await selected(opened), 9),
  { hash: "#e9" },
);

look("clocks, state before and after, cause and effects are told", "token", async (opened) => {
  const { events } = trace(files.file("token.jsonl"));
  const enter = events.find((event) => event.e === "output");
  await opened.evaluate((index) => window.synod.app.choose(index), enter.cause);
  const details = opened.locator(".details");
  const text = await details.textContent();
  assert.match(text, new RegExp(`Lamport ${events[enter.cause].lc}`));
  assert.match(
    await details.locator(".changed", { hasText: "phase" }).textContent(),
    /Waiting.*\u2192.*Inside/,
  );
  assert.match(text, /Cause/);
  assert.match(text, new RegExp(`#${enter.i} n2 says: enter`));
});

test("vector clocks are those of Fidge and Mattern", { timeout: 120_000 }, async () => {
  const { page: opened, end } = await open(page.lossy);
  const { events, nodes } = trace(files.file("lossy.jsonl"));
  const network = new Set(["drop", "duplicate", "partition", "heal", "cut", "link"]);
  const clocks = new Map(nodes.map((name) => [name, nodes.map(() => 0)]));
  const sent = new Map();
  const wanted = [];
  for (const event of events) {
    if (event.n === undefined || network.has(event.e)) continue;
    const own = clocks.get(event.n);
    const known = event.e === "receive" ? sent.get(event.m) : undefined;
    if (known) known.forEach((count, node) => (own[node] = Math.max(own[node], count)));
    own[nodes.indexOf(event.n)]++;
    if (event.e === "send") sent.set(event.m, own.slice());
    wanted.push([event.i, own.slice()]);
  }
  const found = await opened.evaluate(
    (indexes) => indexes.map((index) => [index, window.synod.vector(index)]),
    wanted.map(([index]) => index),
  );
  assert.deepEqual(found, wanted);
  // Of two events one is in the other's past if its clock is smaller; past and future are each other's mirror.
  const relations = await opened.evaluate(() => {
    const { app } = window.synod;
    const place = Math.floor(app.runs[0].count / 2);
    app.choose(place);
    const { cones } = app.diagrams[0];
    return {
      place,
      all: Array.from({ length: app.runs[0].count }, (_, index) => cones.relation(index)),
      counts: cones.counts,
    };
  });
  const clock = new Map(wanted);
  const below = (a, b) => a.every((count, node) => count <= b[node]);
  const counts = { past: 0, future: 0, concurrent: 0 };
  for (const [index, own] of wanted) {
    if (index === relations.place) continue;
    const middle = clock.get(relations.place);
    const relation = below(own, middle) ? "past" : below(middle, own) ? "future" : "concurrent";
    counts[relation]++;
    assert.equal(relations.all[index], relation, `event ${index}`);
  }
  assert.deepEqual(relations.counts, counts);
  await end();
});

look("cones are highlighted when they are asked for", "lossy", async (opened) => {
  await opened.evaluate(() => window.synod.app.choose(30));
  await settle(opened);
  assert.ok((await opened.locator(".cone line.past").count()) > 0);
  assert.equal(await opened.locator(".marks .faint").count(), 0);
  await opened.keyboard.press("1");
  await settle(opened);
  assert.ok((await opened.locator(".marks .faint").count()) > 0);
  assert.equal(await opened.locator("button.cone.past").getAttribute("aria-pressed"), "true");
  await opened.keyboard.press("Escape");
  await settle(opened);
  assert.equal(await opened.locator(".marks .faint").count(), 0);
});

look(
  "the scrubber and the buttons step both ways, and what is to come is veiled",
  "token",
  async (opened) => {
    const range = opened.locator("input[type=range]");
    await range.fill("20");
    assert.equal(await selected(opened), 20);
    await settle(opened);
    assert.equal(await opened.locator(".veil rect").count(), 1);
    await opened.getByRole("button", { name: "One event on (j)" }).click();
    assert.equal(await selected(opened), 21);
    await opened.getByRole("button", { name: "One event back (k)" }).click();
    assert.equal(await selected(opened), 20);
    await opened.keyboard.press("Escape");
    await settle(opened);
    assert.equal(await opened.locator(".veil rect").count(), 0);
  },
);

look("it plays, both ways, and pauses", "token", async (opened) => {
  await opened.getByLabel("Speed").selectOption("25");
  await opened.evaluate(() => window.synod.app.choose(5));
  await opened.locator("body").press(" ");
  await opened.waitForFunction(() => window.synod.selected() > 12);
  await opened.getByRole("button", { name: "Pause (space)" }).click();
  const stopped = await selected(opened);
  await opened.waitForTimeout(200);
  assert.equal(await selected(opened), stopped);
  await opened.getByLabel("backwards").check();
  await opened.getByRole("button", { name: "Play (space)" }).click();
  await opened.waitForFunction((index) => window.synod.selected() < index - 3, stopped);
});

look("search, nodes and kinds pick events in log and picture", "lossy", async (opened) => {
  const { events } = trace(files.file("lossy.jsonl"));
  await opened.keyboard.press("/");
  await opened.keyboard.type("n2 ack send");
  const found = events.filter((event) => event.e === "send" && /ack/.test(event.type) && event.n === "n2");
  const about = events.filter(
    (event) => event.e === "send" && event.type === "ack" && (event.n === "n2" || event.to === "n2"),
  );
  await opened.waitForFunction(
    (count) => document.querySelector(".hits").textContent.startsWith(`${count} of`),
    about.length,
  );
  assert.ok(found.length > 0 && (await opened.locator(".marks .dim").count()) > 0);
  await opened.keyboard.press("Escape");
  await opened.waitForFunction(() => document.querySelector(".hits").textContent === "");
  await opened.getByText("Kinds", { exact: true }).click();
  await opened.locator("input[data-name=receive]").uncheck();
  await settle(opened);
  assert.equal(await opened.locator(".marks .k-receive").count(), 0);
  assert.equal(await opened.locator(".arrows .received").count(), 0);
  await opened.locator("input[data-name=receive]").check();
  await opened.getByText("Nodes", { exact: true }).click();
  await opened.locator("input[data-name=n2]").uncheck();
  await settle(opened);
  assert.deepEqual(await opened.locator(".heads .node").allTextContents(), ["n1", "n3"]);
  assert.equal(
    await opened.locator(".hits").textContent(),
    `${events.filter((event) => event.n !== "n2").length} of ${events.length}`,
  );
});

look("bands show partitions, each from its beginning to its end", "parts", async (opened) => {
  const { events } = trace(files.file("parts.jsonl"));
  const parts = events.filter((event) => event.e === "partition");
  const heals = events.filter((event) => event.e === "heal");
  const end = (part) =>
    heals.find((heal) => JSON.stringify(heal.body.partition) === JSON.stringify(part.body));
  const bands = await opened.evaluate(() => window.synod.bands());
  assert.deepEqual(
    bands.map(({ from, to }) => [from, to]),
    parts.map((part) => [part.i, end(part).i]),
  );
  assert.ok((await opened.locator(".bands .wall").count()) > 0);
});

look("bands show crashes", "crash", async (opened) => {
  const { events, nodes } = trace(files.file("crash.jsonl"));
  const crashes = events.filter((event) => event.e === "crash");
  const bands = await opened.evaluate(() => window.synod.bands());
  const wanted = crashes.map((crash) => ({
    kind: "down",
    node: nodes.indexOf(crash.n),
    from: crash.i,
    to: events.find((event) => event.e === "restart" && event.n === crash.n).i,
  }));
  assert.deepEqual(bands, wanted);
  assert.equal(await opened.locator(".bands .down").count(), crashes.length);
});

look("bands show pauses", "pause", async (opened) => {
  const { events } = trace(files.file("pause.jsonl"));
  const bands = await opened.evaluate(() => window.synod.bands());
  const index = (kind) => events.find((event) => event.e === kind).i;
  assert.deepEqual(bands, [{ kind: "paused", node: 2, from: index("pause"), to: index("resume") }]);
});

look("a bar shows who is in the critical section", "token", async (opened) => {
  const { events, nodes } = trace(files.file("token.jsonl"));
  const said = (word) => events.filter((event) => event.e === "output" && event.body === word);
  const wanted = said("enter").map((enter) => ({
    kind: "inside",
    node: nodes.indexOf(enter.n),
    from: enter.i,
    to: said("exit").find((exit) => exit.n === enter.n).i,
  }));
  assert.deepEqual(await opened.evaluate(() => window.synod.bands()), wanted);
  assert.equal(await opened.locator(".sections rect").count(), wanted.length);
});

look("of two runs the same events stand side by side, and no others", "diff", async (opened) => {
  const told = ["lossy", "other"].map((name) => trace(files.file(`${name}.jsonl`)).events);
  const { pairs, partner } = await opened.evaluate(() => {
    const { pairs, partner } = window.synod.app.aligned;
    return { pairs, partner: partner.map((of) => [...of]) };
  });
  const same = ({ e, n, to, from, type, body, why }) => JSON.stringify([e, n, to, from, type, body, why]);
  for (const side of [0, 1]) {
    const order = pairs.map((pair) => pair[side]).filter((index) => index >= 0);
    assert.deepEqual(
      order,
      told[side].map((event) => event.i),
      "each event has its row, in order",
    );
  }
  let together = 0;
  for (const [one, two] of pairs) {
    if (one < 0 || two < 0) continue;
    together++;
    assert.equal(partner[0][one], two);
    assert.equal(same(told[0][one]), same(told[1][two]));
  }
  assert.ok(together > 40 && together < told[0].length, `${together} pairs`);
  const moved = pairs.find(([one, two]) => one >= 0 && two >= 0 && one !== two);
  await opened.evaluate((index) => window.synod.app.choose(index), moved[0]);
  assert.equal(await opened.evaluate(() => window.synod.app.diagrams[1].selected), moved[1]);
  await opened.keyboard.press("s");
  assert.equal(await opened.evaluate(() => location.hash), `#b-e${moved[1]}`);
  const alone = partner[0].findIndex((other) => other < 0);
  await opened.evaluate((index) => window.synod.app.choose(index, 0), alone);
  assert.match(await opened.locator(".details").textContent(), /This run has no such event/);
  await settle(opened);
  assert.ok((await opened.locator(".marks .alone").count()) > 0);
});

look("of two runs the one follows where the other is scrolled", "diff", async (opened) => {
  const box = await opened.locator(".diagram svg").nth(1).boundingBox();
  await opened.mouse.move(box.x + 200, box.y + 200);
  await opened.mouse.wheel(0, 500);
  await settle(opened);
  const places = await opened.evaluate(() => {
    const [one, two] = window.synod.app.diagrams;
    const index = two.middle();
    return { there: two.y(index), here: one.y(window.synod.app.opposite(index, 1)), moved: two.transform.y };
  });
  assert.ok(places.moved < -300, `moved to ${places.moved}`);
  assert.ok(Math.abs(places.there - places.here) < 1, JSON.stringify(places));
});

look("two runs stand side by side, with their first difference", "diff", async (opened) => {
  const [one, two] = ["lossy", "other"].map((name) => trace(files.file(`${name}.jsonl`)).events);
  const first = one.findIndex((event, place) => JSON.stringify(event) !== JSON.stringify(two[place]));
  assert.equal(await opened.locator(".diagram svg").count(), 2);
  assert.equal(await selected(opened), first);
  assert.match(await opened.locator(".comparison").textContent(), new RegExp(`event ${first} `));
  await settle(opened);
  assert.equal(await opened.locator(".chosen line.difference").count(), 2);
  assert.ok((await opened.locator(".row.two .half.differs").count()) > 0);
  await opened.keyboard.press("Home");
  await opened.locator(".comparison .jump").click();
  assert.equal(await selected(opened), first);
  await opened.keyboard.press("s");
  assert.match(await opened.evaluate(() => location.hash), /^#b-e\d+$/);
});

look("a failure file is told as a story", "token", async (opened) => {
  assert.ok((await opened.locator(".story li").count()) > 3);
  await opened.locator(".story li .link").first().click();
  const first = Number(await opened.locator(".story li").first().getAttribute("data-event"));
  assert.equal(await selected(opened), first);
});

test("a search that finds something writes its page, with the story", { timeout: 120_000 }, async () => {
  const found = files.file("found.html");
  const wrong = ["--set", "network.order=any", "--set", "check=[mutual-exclusion]", "--set", "expect={}"];
  synod(
    [
      "fuzz",
      "scenarios/mutual_exclusion/lamport_mutex_at_work.yaml",
      ...wrong,
      "--runs",
      "300",
      "--out",
      files.file("failures"),
      "--report",
      found,
    ],
    [1],
  );
  const { page: opened, complaints, end } = await open(found);
  assert.match(
    await opened.locator(".story summary").textContent(),
    /step by step: mutual-exclusion is violated/,
  );
  assert.ok((await opened.locator(".story .shows").count()) >= 2);
  assert.match(await opened.locator(".command code").textContent(), /synod run .*failures.*\.yaml/);
  assert.deepEqual(complaints, []);
  await end();
});

test("a replay has the page of its run", { timeout: 60_000 }, async () => {
  const again = files.file("again.html");
  synod(["replay", files.file("token.jsonl"), "--report", again]);
  const { page: opened, complaints, end } = await open(again);
  assert.match(await opened.locator(".command code").textContent(), /synod replay .*token\.jsonl/);
  assert.equal(
    await selected(opened),
    trace(files.file("token.jsonl")).footer.verdicts["mutual-exclusion"].events.at(-1),
  );
  assert.deepEqual(complaints, []);
  await end();
});
