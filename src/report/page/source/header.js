// What stands above the picture: what ran, how to repeat it, and what became of each property.
import { el } from "./dom.js";
import { link } from "./details.js";
import { duration, grouped, plain, sentence } from "./words.js";

const WORDS = { holds: "\u2713", violated: "\u2717", undecided: "?", vacuous: "\u2205" };

/** The properties of a run: `{name, verdict, examined, events, because, expected}`, violated ones that nobody expected first. */
export function verdicts(run) {
  const expected = run.scenario?.expect ?? {};
  const all = Object.entries(run.footer?.verdicts ?? {}).map(([name, verdict]) => ({
    name,
    ...verdict,
    expected: expected[name],
  }));
  const rank = (verdict) =>
    verdict.verdict === "violated"
      ? verdict.expected === "violated"
        ? 1
        : 0
      : verdict.verdict === "undecided"
        ? 2
        : 3;
  return all.sort((a, b) => rank(a) - rank(b));
}

/** The event to look at first: the one that completes the first violation. */
export function firstViolation(run) {
  const violated = verdicts(run).find((verdict) => verdict.verdict === "violated" && verdict.events?.length);
  return violated ? violated.events.at(-1) : -1;
}

export function header(page, app) {
  const run = page.runs[0];
  const two = page.runs.length === 2;
  const standing = page.standing
    ? [el("span", { class: `standing ${page.standing.toLowerCase()}` }, page.standing)]
    : [];
  const facts = page.runs.map((of) => {
    const left = of.footer
      ? `${String(of.footer.ended).replace(/-/g, " ")} at ${duration(of.footer.t)}`
      : "the trace breaks off";
    const messages = Object.values(of.footer?.messages ?? {}).reduce((sum, count) => sum + count, 0);
    const words = [
      of.algorithm,
      `seed ${of.seed}`,
      `${of.nodes.length} nodes`,
      `${grouped(of.count)} events`,
      `${grouped(messages)} messages`,
      left,
    ];
    return el(
      "p",
      { class: "facts-line" },
      two ? el("strong", {}, `${of.label}: `) : "",
      words.map(plain).join(" \u00b7 "),
    );
  });
  const head = el("div", { class: "head" }, el("h1", {}, ...standing, plain(page.title)), ...facts);
  const about = run.scenario?.about;
  if (about)
    head.append(
      el(
        "details",
        { class: "about" },
        el("summary", {}, "About this scenario"),
        el("p", {}, String(about)),
        scenario(run),
      ),
    );
  if (page.command) head.append(command(page.command));
  for (const remark of page.remarks ?? []) head.append(el("p", { class: "remark" }, plain(remark)));
  if (two) head.append(comparison(page, app));
  const lists = page.runs.map((of, side) => verdictList(of, side, app, two));
  return [head, ...lists];
}

function scenario(run) {
  const { schedule, ...rest } = run.scenario;
  const text = JSON.stringify(rest, null, 1).replace(/\n\s{2,}/g, " ");
  return el(
    "details",
    {},
    el("summary", {}, schedule ? "The scenario, without its schedule" : "The scenario"),
    el("pre", { class: "value" }, text),
  );
}

function command(text) {
  const copied = el("span", { class: "copied", role: "status" });
  const copy = () => {
    const done = () => (copied.textContent = "copied");
    navigator.clipboard?.writeText(text).then(done, () => select(code)) ?? select(code);
  };
  const code = el("code", {}, text);
  return el(
    "p",
    { class: "command" },
    el("span", {}, "Again: "),
    code,
    el("button", { type: "button", onclick: copy, title: "Copy the command" }, "Copy"),
    copied,
  );
}

function select(element) {
  getSelection().selectAllChildren(element);
}

function comparison(page, app) {
  const { difference, notes } = page;
  const words = difference ? difference.text : "The two runs are identical.";
  const jump = difference && difference.index !== null && difference.index !== undefined;
  return el(
    "div",
    { class: "comparison" },
    el(
      "p",
      {},
      el("strong", {}, difference ? "First difference: " : ""),
      plain(words),
      jump && " ",
      jump &&
        el(
          "button",
          { type: "button", class: "jump", onclick: () => app.choose(difference.index) },
          `jump to #${difference.index}`,
        ),
    ),
    ...(notes ?? []).slice(0, 4).map((note) => el("p", { class: "hint" }, plain(note))),
  );
}

function verdictList(run, side, app, two) {
  const all = verdicts(run);
  if (!all.length) return el("p", { class: "hint verdicts" }, "No property was checked.");
  const items = all.map((verdict) => {
    const expected =
      verdict.expected === verdict.verdict && verdict.verdict !== "holds" ? " as expected:" : "";
    const grounds =
      verdict.verdict === "holds" ? `${verdict.examined} examined` : plain(verdict.because ?? "");
    const jumps = (verdict.events ?? []).slice(0, 8).map((event) =>
      el(
        "button",
        {
          type: "button",
          class: "jump",
          "aria-label": `jump to event ${event}: ${event < run.count ? sentence(run, event) : ""}`,
          onclick: () => app.choose(event, side),
        },
        `#${event}`,
      ),
    );
    return el(
      "li",
      { class: verdict.verdict },
      el("span", { class: "sign", "aria-hidden": "true" }, WORDS[verdict.verdict] ?? "?"),
      " ",
      el("strong", {}, plain(verdict.name)),
      ` ${verdict.verdict}${expected}`,
      grounds && el("span", { class: "grounds" }, ` ${grounds} `),
      ...jumps,
    );
  });
  return el(
    "ul",
    { class: "verdicts", "aria-label": two ? `Verdicts of ${run.label}` : "Verdicts" },
    two && el("li", { class: "side-name" }, plain(run.label)),
    ...items,
  );
}

/** What is only a consequence, and no step of a story. */
const QUIET = new Set(["boot", "timer-set", "save", "choice", "note"]);

/** What a search found, step by step; or what shows the first violation. */
export function story(run, app, side) {
  const scheduled = run.scenario?.schedule !== undefined;
  const violated = verdicts(run).find((verdict) => verdict.verdict === "violated" && verdict.events?.length);
  let steps = [];
  if (scheduled)
    for (let i = 0; i < run.count && steps.length < 200; i++) if (!QUIET.has(run.kindName(i))) steps.push(i);
  if (!scheduled && violated) steps = chain(run, violated.events);
  if (!steps.length) return null;
  const shows = new Set(violated?.events ?? []);
  const items = steps.map((i) =>
    el(
      "li",
      { class: shows.has(i) ? "shows" : "", "data-event": i },
      el("span", { class: "number" }, `#${i}`),
      link(run, i, { choose: (event) => app.choose(event, side) }, sentence(run, i)),
    ),
  );
  const title = scheduled
    ? `The story, step by step: ${violated ? `${violated.name} is violated` : "a schedule"}`
    : `How it came to this: ${violated.name}`;
  return el(
    "details",
    { class: "story", open: true },
    el("summary", {}, plain(title)),
    violated && el("p", { class: "because" }, plain(violated.because ?? "")),
    el("ol", {}, ...items),
  );
}

/** The events that show a violation, each after the causes that led to it. */
function chain(run, events) {
  const steps = new Set();
  for (const event of events) {
    let at = event;
    for (let depth = 0; at >= 0 && at < run.count && depth < 12 && !steps.has(at); depth++) {
      steps.add(at);
      at = run.cause[at];
    }
  }
  return [...steps].filter((i) => !QUIET.has(run.kindName(i)) || events.includes(i)).sort((a, b) => a - b);
}
