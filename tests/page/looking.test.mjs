// What people do with the page: look, click, press keys, search, play, compare, save. Without network and without an error.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { close, folder, open, root, selected, settle, synod, trace } from "./stage.mjs";

let files;
const page = {};
before(() => {
  files = folder();
  const run = (name, scenario, ...more) => {
    page[name] = files.file(`${name}.html`);
    synod(["run", `scenarios/${scenario}.yaml`, "--trace", files.file(`${name}.jsonl`), "--report", page[name], ...more], [0, 1, 3]);
  };
  run("token", "mutual_exclusion/a_token_that_was_only_late");
  run("parts", "world/two_partitions_overlap");
  run("crash", "world/everybody_crashes_and_restarts");
  run("pause", "world/a_paused_node_catches_up");
  run("lossy", "mutual_exclusion/ricart_agrawala_over_a_lossy_network");
  run("other", "mutual_exclusion/ricart_agrawala_over_a_lossy_network", "--seed", "9");
  page.diff = files.file("diff.html");
  synod(["trace", "diff", files.file("lossy.jsonl"), files.file("other.jsonl"), "--to", "html", "-o", page.diff], [4]);
  page.every = files.file("every.html");
  synod(["trace", "convert", "tests/data/every_kind.jsonl", "--to", "html", "-o", page.every]);
});
after(async () => {
  files.remove();
  await close();
});

/** A test of one page, which must end without a word on the console. */
function look(title, name, body, options) {
  test(title, { timeout: 120_000 }, async () => {
    const { page: opened, complaints, end } = await open(page[name], options);
    await body(opened);
    await settle(opened);
    // A page that is made to break its policy says so.
    assert.deepEqual(options?.refuses ? complaints.filter((text) => !/Content Security Policy/.test(text)) : complaints, []);
    await end();
  });
}

const chosen = (opened) => opened.locator(".details h3").textContent();

look("the first violation is selected, told and marked", "token", async (opened) => {
  const told = trace(files.file("token.jsonl"));
  const { events, because } = told.footer.verdicts["mutual-exclusion"];
  assert.equal(await selected(opened), events.at(-1));
  assert.match(await opened.locator(".verdicts .violated").textContent(), new RegExp(because));
  assert.equal(await opened.locator(".marks .alarm").count(), events.length);
  assert.match(await opened.locator(".command code").textContent(), /synod run scenarios\/mutual_exclusion\/a_token_that_was_only_late\.yaml --seed 0/);
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
  const [columns, heights, arrows] = await opened.evaluate(() => [window.synod.columns(), window.synod.heights(), window.synod.arrows()]);
  await opened.mouse.click(box.x + columns[receive.n], box.y + heights[receive.i]);
  assert.equal(await selected(opened), receive.i);
  assert.match(await chosen(opened), new RegExp(`${receive.n} gets token #${receive.m} from ${receive.from}`));
  const arrow = arrows.find(({ message }) => message === 2);
  await opened.mouse.click(box.x + (arrow.x0 + arrow.x1) / 2, box.y + (arrow.y0 + arrow.y1) / 2);
  assert.equal(await selected(opened), arrow.end);
});

look("keys go from event to event, along a node, to causes and effects", "token", async (opened) => {
  const { events } = trace(files.file("token.jsonl"));
  await opened.keyboard.press("Home");
  assert.equal(await selected(opened), 0);
  for (const [key, index] of [["j", 1], ["j", 2], ["k", 1], ["ArrowDown", 2], ["End", events.length - 1]]) {
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

look("an event in the address is shown first", "token", async (opened) => assert.equal(await selected(opened), 9), { hash: "#e9" });

look("clocks, state before and after, cause and effects are told", "token", async (opened) => {
  const { events } = trace(files.file("token.jsonl"));
  const enter = events.find((event) => event.e === "output");
  await opened.evaluate((index) => window.synod.app.choose(index), enter.cause);
  const details = opened.locator(".details");
  const text = await details.textContent();
  assert.match(text, new RegExp(`Lamport${events[enter.cause].lc}`));
  assert.match(await details.locator(".changed", { hasText: "phase" }).textContent(), /Waiting.*\u2192.*Inside/);
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
  const found = await opened.evaluate((indexes) => indexes.map((index) => [index, window.synod.vector(index)]), wanted.map(([index]) => index));
  assert.deepEqual(found, wanted);
  // Of two events one is in the other's past if its clock is smaller; past and future are each other's mirror.
  const relations = await opened.evaluate(() => {
    const { app } = window.synod;
    const place = Math.floor(app.runs[0].count / 2);
    app.choose(place);
    const { cones } = app.diagrams[0];
    return { place, all: Array.from({ length: app.runs[0].count }, (_, index) => cones.relation(index)), counts: cones.counts };
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

look("the scrubber and the buttons step both ways, and what is to come is veiled", "token", async (opened) => {
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
});

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
  const about = events.filter((event) => event.e === "send" && event.type === "ack" && (event.n === "n2" || event.to === "n2"));
  await opened.waitForFunction((count) => document.querySelector(".hits").textContent.startsWith(`${count} of`), about.length);
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
  assert.equal(await opened.locator(".hits").textContent(), `${events.filter((event) => event.n !== "n2").length} of ${events.length}`);
});

look("bands show partitions, each from its beginning to its end", "parts", async (opened) => {
  const { events } = trace(files.file("parts.jsonl"));
  const parts = events.filter((event) => event.e === "partition");
  const heals = events.filter((event) => event.e === "heal");
  const end = (part) => heals.find((heal) => JSON.stringify(heal.body.partition) === JSON.stringify(part.body));
  const bands = await opened.evaluate(() => window.synod.bands());
  assert.deepEqual(bands.map(({ from, to }) => [from, to]), parts.map((part) => [part.i, end(part).i]));
  assert.ok((await opened.locator(".bands .wall").count()) > 0);
});

look("bands show crashes", "crash", async (opened) => {
  const { events, nodes } = trace(files.file("crash.jsonl"));
  const crashes = events.filter((event) => event.e === "crash");
  const bands = await opened.evaluate(() => window.synod.bands());
  const wanted = crashes.map((crash) => ({ kind: "down", node: nodes.indexOf(crash.n), from: crash.i, to: events.find((event) => event.e === "restart" && event.n === crash.n).i }));
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
  const wanted = said("enter").map((enter) => ({ kind: "inside", node: nodes.indexOf(enter.n), from: enter.i, to: said("exit").find((exit) => exit.n === enter.n).i }));
  assert.deepEqual(await opened.evaluate(() => window.synod.bands()), wanted);
  assert.equal(await opened.locator(".sections rect").count(), wanted.length);
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
  assert.equal(await opened.evaluate(() => location.hash), `#b-e${first}`);
});

look("all that a trace can hold is shown as text", "every", async (opened) => {
  assert.equal(await opened.locator("img, iframe, object, embed, link, b, i").count(), 0);
  assert.ok((await opened.locator(".heads .node").allTextContents()).some((name) => name.startsWith("so nu;#1")));
  const { events } = trace(`${root}/tests/data/every_kind.jsonl`);
  for (const event of events) {
    await opened.evaluate((index) => window.synod.app.choose(index), event.i);
    assert.ok((await chosen(opened)).length > 0, `event ${event.i}`);
  }
});

test("what a trace says is never markup, and never runs", { timeout: 60_000 }, async () => {
  const evil = `</script><img src=x onerror="window.pwned=1"><script>window.pwned=2</script>{{7*7}}`;
  const lines = [
    { v: 1, kind: "header", tool: evil, seed: evil, algorithm: evil, nodes: [evil, "b"], scenario: { name: evil, about: evil, expect: { [evil]: "violated" } } },
    { i: 0, t: 0, n: evil, e: "request", body: { [evil]: evil }, lc: 1, state: `${evil} { x: "${evil}" }` },
    { i: 1, t: 1, n: evil, e: "send", m: 0, to: "b", type: evil, body: { [evil]: [evil] }, cause: 0, lc: 2 },
    { i: 2, t: 2, n: "b", e: "drop", m: 0, from: evil, type: evil, why: evil, cause: 1 },
    { i: 3, t: 2, e: "partition", body: [[evil], ["b"]] },
    { i: 4, t: 3, n: "b", e: "note", body: evil },
    { kind: "end", events: 5, t: 3, ended: "quiescent", messages: { [evil]: 1 }, verdicts: { [evil]: { verdict: "violated", events: [1, 2], because: evil } }, digest: "0" },
  ];
  const file = files.file("evil.jsonl");
  writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
  synod(["trace", "convert", file, "--to", "html", "-o", files.file("evil.html")]);
  synod(["trace", "diff", file, file, "--to", "html", "-o", files.file("evil-two.html")]);
  for (const name of ["evil.html", "evil-two.html"]) {
    const { page: opened, complaints, end } = await open(files.file(name));
    await opened.getByText("Nodes", { exact: true }).click();
    for (const line of lines.slice(1, -1)) await opened.evaluate((index) => window.synod.app.choose(index), line.i);
    await opened.mouse.move(300, 400);
    await settle(opened);
    assert.equal(await opened.evaluate(() => window.pwned), undefined);
    assert.equal(await opened.locator("img").count(), 0);
    assert.ok((await opened.locator("body").textContent()).includes(evil), "it is shown as it is");
    assert.deepEqual(complaints, []);
    await end();
  }
});

look("the policy forbids what is not in the page", "token", async (opened) => {
  const policy = await opened.locator("meta[http-equiv]").getAttribute("content");
  assert.match(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; img-src data: blob:/);
  const refused = await opened.evaluate(async () => {
    const answers = [];
    addEventListener("securitypolicyviolation", (event) => answers.push(event.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.pwned = 1";
    document.body.append(script);
    await fetch("https://example.org/").catch(() => {});
    await new Promise((done) => setTimeout(done, 100));
    return { pwned: window.pwned, answers: [...new Set(answers)].sort() };
  }).catch((error) => String(error));
  assert.deepEqual(refused, { pwned: undefined, answers: ["connect-src", "script-src-elem"] });
}, { refuses: true });

look("a picture is saved as SVG that stands by itself", "token", async (opened) => {
  const coming = opened.waitForEvent("download");
  await opened.getByRole("button", { name: "Save the picture as SVG" }).click();
  const download = await coming;
  assert.equal(download.suggestedFilename(), "a_token_that_was_only_late.svg");
  const text = readFileSync(await download.path(), "utf8");
  assert.match(text, /^<svg[^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.ok(!text.includes("var(--") && !text.includes("class="), "its look is inside it");
  const parsed = await opened.evaluate((text) => {
    const picture = new DOMParser().parseFromString(text, "image/svg+xml");
    return { wrong: picture.querySelectorAll("parsererror").length, paths: picture.querySelectorAll("path").length };
  }, text);
  assert.equal(parsed.wrong, 0);
  assert.ok(parsed.paths > 20);
});

look("it prints its picture and no controls", "token", async (opened) => {
  await opened.emulateMedia({ media: "print" });
  assert.equal(await opened.locator(".toolbar").isVisible(), false);
  assert.equal(await opened.locator(".diagram svg").isVisible(), true);
  const pdf = await opened.pdf();
  assert.ok(pdf.length > 5000);
});

look("keyboards and screen readers find everything", "token", async (opened) => {
  assert.match(await opened.locator(".diagram svg").getAttribute("aria-label"), /n3 says: enter/);
  await opened.keyboard.press("j");
  assert.match(await opened.locator("[role=status][aria-live]").textContent(), /^Event \d+: /);
  const nameless = await opened.evaluate(() => [...document.querySelectorAll("button, select, input, [role=grid]")].filter((element) => !(element.getAttribute("aria-label") ?? element.closest("label")?.textContent ?? element.textContent).trim()).map((element) => element.outerHTML));
  assert.deepEqual(nameless, []);
  await opened.keyboard.press("?");
  assert.equal(await opened.locator("dialog.help").isVisible(), true);
  await opened.keyboard.press("Escape");
  assert.equal(await opened.locator("dialog.help").isVisible(), false);
  const reached = new Set();
  await opened.locator("body").press("Tab");
  for (let step = 0; step < 60; step++) {
    reached.add(await opened.evaluate(() => document.activeElement?.className?.baseVal ?? `${document.activeElement?.tagName} ${document.activeElement?.className}`));
    await opened.keyboard.press("Tab");
  }
  for (const wanted of ["SELECT ", "INPUT ", "SUMMARY "]) assert.ok([...reached].some((name) => name.startsWith(wanted)), wanted);
  assert.equal(await opened.locator(".row[aria-selected=true]").count(), 1);
});

/** How much two colours differ in lightness, as WCAG counts it. */
const contrast = (a, b) => {
  const light = (color) => {
    const parts = color.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};

for (const theme of ["light", "dark", "safe"]) {
  look(`text and arrows can be told from the ground: ${theme}`, "lossy", async (opened) => {
    await opened.getByLabel("Colours").selectOption(theme);
    const colours = await opened.evaluate(() => {
      const style = (selector) => getComputedStyle(document.querySelector(selector));
      const probe = (name) => {
        const element = document.createElement("span");
        document.body.append(element);
        element.style.color = `var(${name})`;
        const { color } = getComputedStyle(element);
        element.remove();
        return color;
      };
      const inks = ["--ink", "--soft", "--bad", "--good", "--accent", ..."01234567".split("").map((number) => `--c${number}`)];
      return { ground: style("body").backgroundColor, inks: inks.map((name) => [name, probe(name)]) };
    });
    for (const [name, color] of colours.inks) {
      const least = /--c[457]/.test(name) ? 3 : name === "--ink" ? 7 : 3;
      assert.ok(contrast(color, colours.ground) >= least, `${name}: ${contrast(color, colours.ground).toFixed(2)}`);
    }
  });
}

look("it follows the system into the dark", "token", async (opened) => {
  const ground = await opened.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.ok(contrast(ground, "rgb(255,255,255)") > 10, ground);
}, { media: { colorScheme: "dark" } });

look("a failure file is told as a story", "token", async (opened) => {
  assert.ok((await opened.locator(".story li").count()) > 3);
  await opened.locator(".story li .link").first().click();
  const first = Number(await opened.locator(".story li").first().getAttribute("data-event"));
  assert.equal(await selected(opened), first);
});

test("a search that finds something writes its page, with the story", { timeout: 120_000 }, async () => {
  const found = files.file("found.html");
  const wrong = ["--set", "network.order=any", "--set", "check=[mutual-exclusion]", "--set", "expect={}"];
  synod(["fuzz", "scenarios/mutual_exclusion/lamport_mutex_at_work.yaml", ...wrong, "--runs", "300", "--out", files.file("failures"), "--report", found], [1]);
  const { page: opened, complaints, end } = await open(found);
  assert.match(await opened.locator(".story summary").textContent(), /step by step: mutual-exclusion is violated/);
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
  assert.equal(await selected(opened), trace(files.file("token.jsonl")).footer.verdicts["mutual-exclusion"].events.at(-1));
  assert.deepEqual(complaints, []);
  await end();
});
