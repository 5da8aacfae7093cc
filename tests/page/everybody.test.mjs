// What the page owes to everybody: nothing in a trace is markup, nothing is loaded, eyes and hands of all kinds can use it.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { close, folder, looker, open, root, selected, settle, synod, trace } from "./stage.mjs";

let files;
const page = {};
before(() => {
  files = folder();
  for (const [name, scenario] of [
    ["token", "mutual_exclusion/a_token_that_was_only_late"],
    ["lossy", "mutual_exclusion/ricart_agrawala_over_a_lossy_network"],
  ]) {
    page[name] = files.file(`${name}.html`);
    synod([
      "run",
      `scenarios/${scenario}.yaml`,
      "--trace",
      files.file(`${name}.jsonl`),
      "--report",
      page[name],
    ]);
  }
  page.every = files.file("every.html");
  synod(["trace", "convert", "tests/data/every_kind.jsonl", "--to", "html", "-o", page.every]);
});
after(async () => {
  files.remove();
  await close();
});

const look = looker(page);
const chosen = (opened) => opened.locator(".details h3").textContent();

look("all that a trace can hold is shown as text", "every", async (opened) => {
  assert.equal(await opened.locator("img, iframe, object, embed, link, b, i").count(), 0);
  assert.ok(
    (await opened.locator(".heads .node").allTextContents()).some((name) => name.startsWith("so nu;#1")),
  );
  const { events } = trace(`${root}/tests/data/every_kind.jsonl`);
  for (const event of events) {
    await opened.evaluate((index) => window.synod.app.choose(index), event.i);
    assert.ok((await chosen(opened)).length > 0, `event ${event.i}`);
  }
});

test("what a trace says is never markup, and never runs", { timeout: 60_000 }, async () => {
  const evil = `</script><img src=x onerror="window.pwned=1"><script>window.pwned=2</script>{{7*7}}`;
  const lines = [
    {
      v: 1,
      kind: "header",
      tool: evil,
      seed: evil,
      algorithm: evil,
      nodes: [evil, "b"],
      scenario: { name: evil, about: evil, expect: { [evil]: "violated" } },
    },
    { i: 0, t: 0, n: evil, e: "request", body: { [evil]: evil }, lc: 1, state: `${evil} { x: "${evil}" }` },
    { i: 1, t: 1, n: evil, e: "send", m: 0, to: "b", type: evil, body: { [evil]: [evil] }, cause: 0, lc: 2 },
    { i: 2, t: 2, n: "b", e: "drop", m: 0, from: evil, type: evil, why: evil, cause: 1 },
    { i: 3, t: 2, e: "partition", body: [[evil], ["b"]] },
    { i: 4, t: 3, n: "b", e: "note", body: evil },
    {
      kind: "end",
      events: 5,
      t: 3,
      ended: "quiescent",
      messages: { [evil]: 1 },
      verdicts: { [evil]: { verdict: "violated", events: [1, 2], because: evil } },
      digest: "0",
    },
  ];
  const file = files.file("evil.jsonl");
  writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
  synod(["trace", "convert", file, "--to", "html", "-o", files.file("evil.html")]);
  synod(["trace", "diff", file, file, "--to", "html", "-o", files.file("evil-two.html")]);
  for (const name of ["evil.html", "evil-two.html"]) {
    const { page: opened, complaints, end } = await open(files.file(name));
    await opened.getByText("Nodes", { exact: true }).click();
    for (const line of lines.slice(1, -1))
      await opened.evaluate((index) => window.synod.app.choose(index), line.i);
    await opened.mouse.move(300, 400);
    await settle(opened);
    assert.equal(await opened.evaluate(() => window.pwned), undefined);
    assert.equal(await opened.locator("img").count(), 0);
    assert.ok((await opened.locator("body").textContent()).includes(evil), "it is shown as it is");
    assert.deepEqual(complaints, []);
    await end();
  }
});

look(
  "the policy forbids what is not in the page",
  "token",
  async (opened) => {
    const policy = await opened.locator("meta[http-equiv]").getAttribute("content");
    assert.match(
      policy,
      /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; img-src data: blob:/,
    );
    const refused = await opened
      .evaluate(async () => {
        const answers = [];
        addEventListener("securitypolicyviolation", (event) => answers.push(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.pwned = 1";
        document.body.append(script);
        await fetch("https://example.org/").catch(() => {});
        await new Promise((done) => setTimeout(done, 100));
        return { pwned: window.pwned, answers: [...new Set(answers)].sort() };
      })
      .catch((error) => String(error));
    assert.deepEqual(refused, { pwned: undefined, answers: ["connect-src", "script-src-elem"] });
  },
  { refuses: true },
);

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
    return {
      wrong: picture.querySelectorAll("parsererror").length,
      paths: picture.querySelectorAll("path").length,
    };
  }, text);
  assert.equal(parsed.wrong, 0);
  // All of the run, not only what is in the window: a mark for each event, a line for each message.
  const { events } = trace(files.file("token.jsonl"));
  assert.ok(parsed.paths >= events.length + 10, `${parsed.paths} paths`);
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
  const nameless = await opened.evaluate(() =>
    [...document.querySelectorAll("button, select, input, [role=grid]")]
      .filter(
        (element) =>
          !(
            element.getAttribute("aria-label") ??
            element.closest("label")?.textContent ??
            element.textContent
          ).trim(),
      )
      .map((element) => element.outerHTML),
  );
  assert.deepEqual(nameless, []);
  await opened.keyboard.press("?");
  assert.equal(await opened.locator("dialog.help").isVisible(), true);
  await opened.keyboard.press("Escape");
  assert.equal(await opened.locator("dialog.help").isVisible(), false);
  const reached = new Set();
  await opened.locator("body").press("Tab");
  for (let step = 0; step < 60; step++) {
    reached.add(
      await opened.evaluate(
        () =>
          document.activeElement?.className?.baseVal ??
          `${document.activeElement?.tagName} ${document.activeElement?.className}`,
      ),
    );
    await opened.keyboard.press("Tab");
  }
  for (const wanted of ["SELECT ", "INPUT ", "SUMMARY "])
    assert.ok(
      [...reached].some((name) => name.startsWith(wanted)),
      wanted,
    );
  assert.equal(await opened.locator(".row[aria-selected=true]").count(), 1);
});

/** How much two colours differ in lightness, as WCAG counts it. */
const contrast = (a, b) => {
  const light = (color) => {
    const parts = color
      .match(/[\d.]+/g)
      .slice(0, 3)
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
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
      const inks = [
        "--ink",
        "--soft",
        "--bad",
        "--good",
        "--accent",
        ..."01234567".split("").map((number) => `--c${number}`),
      ];
      return { ground: style("body").backgroundColor, inks: inks.map((name) => [name, probe(name)]) };
    });
    for (const [name, color] of colours.inks) {
      const least = /--c[457]/.test(name) ? 3 : name === "--ink" ? 7 : 3;
      assert.ok(
        contrast(color, colours.ground) >= least,
        `${name}: ${contrast(color, colours.ground).toFixed(2)}`,
      );
    }
  });
}

look(
  "it follows the system into the dark",
  "token",
  async (opened) => {
    const ground = await opened.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.ok(contrast(ground, "rgb(255,255,255)") > 10, ground);
  },
  { media: { colorScheme: "dark" } },
);
