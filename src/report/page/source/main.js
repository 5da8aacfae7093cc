// The page: puts the parts together, and keeps what is selected.
import "./style.css";
import { unpack, Run } from "./data.js";
import { details } from "./details.js";
import { Diagram } from "./diagram.js";
import { el } from "./dom.js";
import { Filter } from "./filter.js";
import { firstViolation, header, story, verdicts } from "./header.js";
import { help } from "./help.js";
import { VIEWS } from "./layout.js";
import { Log } from "./log.js";
import { cones } from "./order.js";
import { Player } from "./player.js";
import { saveSvg } from "./save.js";
import { plain, sentence } from "./words.js";

class App {
  constructor(page, root) {
    this.page = page;
    this.runs = page.runs;
    this.side = 0;
    this.selected = -1;
    this.only = new Set();
    this.found = null;
    this.alarms = this.runs.map(alarms);
    this.filter = new Filter(this.runs, (found) => this.filtered(found));
    this.build(root);
    this.begin();
  }

  // Parts --------------------------------------------------------------------------------------------------------------

  build(root) {
    const two = this.runs.length === 2;
    this.panes = this.runs.map((run) =>
      el("div", { class: "diagram" }, two && el("p", { class: "side-name" }, plain(run.label))),
    );
    this.said = el("div", { class: "quiet", role: "status", "aria-live": "polite" });
    this.card = el("section", { class: "details", tabindex: -1, "aria-label": "Selected event" });
    this.stories = this.runs.map((run, side) => story(run, this, side)).filter(Boolean);
    this.rows = el("div", { class: `log${two ? " two" : ""}`, tabindex: 0 });
    this.note = el("p", { class: "crowd", role: "status" });
    this.player = new Player(this);
    const panel = el(
      "aside",
      {},
      ...this.stories,
      this.card,
      el("section", { class: "log-frame", "aria-label": "Log" }, this.rows),
    );
    root.replaceChildren(
      el("header", {}, ...header(this.page, this)),
      this.toolbar(),
      el(
        "main",
        { class: two ? "two" : "" },
        el("div", { class: "diagrams" }, ...this.panes, this.note, splitter()),
        panel,
      ),
      this.player.element,
      this.said,
    );
    this.help = help();
    root.append(this.help);
    this.diagrams = this.runs.map(
      (run, side) =>
        new Diagram(this.panes[side], run, {
          side,
          choose: (index) => this.choose(index, side),
          moved: () => {},
          drawn: (diagram) =>
            (this.note.textContent = diagram.crowded
              ? "More than can be drawn: zoom in to see every event."
              : ""),
        }),
    );
    this.log = new Log(this.rows, this.runs, { choose: (index, side) => this.choose(index, side) });
    const difference = this.page.difference?.index ?? -1;
    this.log.difference = difference;
    this.diagrams.forEach((diagram, side) => {
      diagram.alarms = this.alarms[side];
      diagram.difference = difference;
    });
    this.log.alarms = this.alarms[0];
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("hashchange", () => this.fromHash());
    addEventListener("beforeprint", () => this.diagrams.forEach((diagram) => diagram.forPaper(true)));
    addEventListener("afterprint", () => this.diagrams.forEach((diagram) => diagram.forPaper(false)));
    addEventListener("click", (event) => {
      for (const menu of document.querySelectorAll("details.menu[open]"))
        if (!menu.contains(event.target)) menu.open = false;
    });
  }

  toolbar() {
    this.views = el(
      "select",
      { "aria-label": "View of time", onchange: () => this.setView(this.views.value) },
      ...VIEWS.map(([value, name]) => el("option", { value }, name)),
    );
    this.search = el("input", {
      type: "search",
      placeholder: "Search events  (/)",
      "aria-label": "Search events",
      oninput: () => this.filter.search(this.search.value),
    });
    this.hits = el("span", { class: "hits", role: "status" });
    this.theme = el(
      "select",
      { "aria-label": "Colours", onchange: () => this.setTheme(this.theme.value) },
      ...[
        ["auto", "colours: as the system"],
        ["light", "light"],
        ["dark", "dark"],
        ["safe", "colour-blind, high contrast"],
      ].map(([value, name]) => el("option", { value }, name)),
    );
    const button = (words, title, act) =>
      el("button", { type: "button", title, "aria-label": title, onclick: act }, words);
    return el(
      "div",
      { class: "toolbar", role: "toolbar", "aria-label": "View" },
      this.views,
      button("\u2212", "Zoom out (-)", () => this.zoomBy(1 / 1.5)),
      button("+", "Zoom in (+)", () => this.zoomBy(1.5)),
      button("Fit", "Show the whole run (0)", () => this.fit()),
      this.search,
      this.hits,
      ...this.filter.menus(),
      this.theme,
      button("Save SVG", "Save the picture as SVG", () => saveSvg(this.diagrams[this.side], this.page.title)),
      button("Print", "Print this page", () => print()),
      button("? Keys", "Keys and marks (?)", () => this.help.showModal()),
    );
  }

  /** Shows what the address asks for, else the first violation or difference. */
  begin() {
    if (this.fromHash()) return;
    const difference = this.page.difference?.index;
    if (difference !== null && difference !== undefined) return this.choose(difference, 0, { quietly: true });
    const violation = firstViolation(this.runs[0]);
    this.choose(violation, 0, { quietly: true });
  }

  fromHash() {
    const asked = /^#(b-)?e(\d+)$/.exec(location.hash);
    if (!asked) return false;
    const side = asked[1] && this.runs.length === 2 ? 1 : 0;
    const index = Number(asked[2]);
    if (index >= this.runs[side].count) return false;
    if (index !== this.selected || side !== this.side) this.choose(index, side);
    return true;
  }

  // Selecting ----------------------------------------------------------------------------------------------------------

  choose(index, side = this.side, { quietly = false, playing = false } = {}) {
    const run = this.runs[side];
    this.selected = Math.min(index, run.count - 1);
    this.side = side;
    if (!playing) this.player.pause();
    this.show();
    for (const diagram of this.diagrams) {
      if (!playing) diagram.until = -1;
      if (diagram.selected >= 0 && diagram.width) diagram.reveal(diagram.selected);
    }
    this.log.choose(this.selected);
    this.player.show(this.selected);
    if (this.selected < 0) return;
    if (!quietly) history.replaceState(null, "", `#${side ? "b-" : ""}e${this.selected}`);
    if (!playing) this.said.textContent = `Event ${this.selected}: ${sentence(run, this.selected)}`;
  }

  show() {
    const two = this.runs.length === 2;
    const cards = [];
    this.diagrams.forEach((diagram, side) => {
      const run = this.runs[side];
      const there = this.selected >= 0 && this.selected < run.count;
      diagram.selected = there ? this.selected : -1;
      diagram.cones = there ? cones(run, this.selected) : null;
      if (diagram.cones) diagram.cones.only = this.only.size ? new Set([...this.only, "self", "none"]) : null;
      diagram.describe();
      diagram.schedule();
      const host = {
        choose: (index) => this.choose(index, side),
        toggleCone: (name) => this.toggleCone(name),
        alarms: (index) => this.alarms[side].get(index) ?? [],
      };
      const parts = details(run, this.selected, diagram.cones, host);
      cards.push(
        two
          ? el("article", {}, el("p", { class: "side-name" }, plain(run.label)), ...parts)
          : el("article", {}, ...parts),
      );
    });
    // What had the focus is gone with the old card: the new one takes it, so that keyboards stay where they are.
    const focused = this.card.contains(document.activeElement);
    this.card.replaceChildren(...cards);
    this.card.scrollTop = 0;
    if (focused) this.card.focus({ preventScroll: true });
    for (const step of document.querySelectorAll(".story li")) {
      const here = Number(step.dataset.event) === this.selected;
      step.classList.toggle("here", here);
      const frame = step.closest(".story");
      if (here) frame.scrollTop = step.offsetTop - frame.offsetTop - frame.clientHeight / 2;
    }
  }

  toggleCone(name) {
    if (!this.only.delete(name)) this.only.add(name);
    this.show();
  }

  /** The next event in a direction that the filter shows. */
  step(by, { playing = false } = {}) {
    const run = this.runs[this.side];
    let index = this.selected + by;
    if (this.selected < 0) index = by > 0 ? 0 : run.count - 1;
    while (this.found && index >= 0 && index < run.count && !this.found[this.side][index]) index += by;
    if (index < 0 || index >= run.count) return false;
    this.choose(index, this.side, { playing });
    return true;
  }

  /** The next event of the same node. */
  along(by) {
    const run = this.runs[this.side];
    if (this.selected < 0) return this.step(by);
    const own = run.own[run.node[this.selected]];
    if (!own) return this.step(by);
    let place = run.position[this.selected];
    if (place < 0) {
      place = own.findIndex((index) => index > this.selected);
      if (place < 0) place = own.length;
      if (by > 0) place--;
    }
    if (own[place + by] !== undefined) this.choose(own[place + by]);
  }

  related(effect) {
    const run = this.runs[this.side];
    if (this.selected < 0) return;
    const next = effect
      ? (run.effects(this.selected)[0] ?? run.fates.get(this.selected)?.[0])
      : run.cause[this.selected];
    if (next !== undefined && next >= 0) this.choose(next);
  }

  nextViolation() {
    const all = [...this.alarms[this.side].keys()]
      .filter((index) => index < this.runs[this.side].count)
      .sort((a, b) => a - b);
    if (all.length) this.choose(all.find((index) => index > this.selected) ?? all[0]);
  }

  // View ---------------------------------------------------------------------------------------------------------------

  filtered(found) {
    this.found = found;
    const { kindsHidden, nodesHidden, words } = this.filter;
    this.diagrams.forEach((diagram, side) => {
      const run = this.runs[side];
      diagram.matches = found && words.length ? found[side] : null;
      diagram.hidden = new Set([...kindsHidden].map((kind) => run.kindOf[kind]));
      diagram.nodesHidden = new Set(
        run.nodes.map((name, node) => (nodesHidden.has(name) ? node : -1)).filter((node) => node >= 0),
      );
      diagram.schedule();
    });
    let rows = null;
    if (found) {
      const most = Math.max(...found.map((of) => of.length));
      rows = new Int32Array(most);
      let count = 0;
      for (let i = 0; i < most; i++) if (found.some((of) => of[i])) rows[count++] = i;
      rows = rows.subarray(0, count);
    }
    this.hits.textContent = rows ? `${rows.length} of ${this.log.total}` : "";
    this.log.show(rows);
    this.log.choose(this.selected);
  }

  setView(view) {
    this.views.value = view;
    for (const diagram of this.diagrams) diagram.setView(view);
  }

  setTheme(theme) {
    this.theme.value = theme;
    document.documentElement.dataset.theme = theme;
    for (const diagram of this.diagrams) diagram.schedule();
  }

  zoomBy(factor) {
    for (const diagram of this.diagrams) diagram.zoomBy(factor);
  }

  fit() {
    for (const diagram of this.diagrams) diagram.fit();
  }

  // Keys ---------------------------------------------------------------------------------------------------------------

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.help.open) return;
    const { target, key } = event;
    if (key === "Escape") return this.escape(target);
    if (
      /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) &&
      target.type !== "checkbox" &&
      target.type !== "range"
    )
      return;
    if (target.type === "range" && /^(Arrow|Home|End|Page)/.test(key)) return;
    if (/^(BUTTON|SUMMARY)$/.test(target.tagName) && (key === " " || key === "Enter")) return;
    const act = this.keys()[key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  keys() {
    const views = VIEWS.map(([view]) => view);
    const page = () => this.diagrams[this.side].height * 0.8;
    const scroll = (by) => () => this.diagrams.forEach((diagram) => diagram.scrollBy(by()));
    return {
      j: () => this.step(1),
      ArrowDown: () => this.step(1),
      ArrowRight: () => this.step(1),
      k: () => this.step(-1),
      ArrowUp: () => this.step(-1),
      ArrowLeft: () => this.step(-1),
      n: () => this.along(1),
      p: () => this.along(-1),
      c: () => this.related(false),
      e: () => this.related(true),
      x: () => this.nextViolation(),
      Home: () => this.choose(0),
      End: () => this.choose(this.runs[this.side].count - 1),
      PageDown: scroll(page),
      PageUp: scroll(() => -page()),
      "/": () => this.search.focus(),
      " ": () => this.player.toggle(),
      "+": () => this.zoomBy(1.5),
      "=": () => this.zoomBy(1.5),
      "-": () => this.zoomBy(1 / 1.5),
      0: () => this.fit(),
      t: () => this.setView(views[(views.indexOf(this.views.value) + 1) % views.length]),
      1: () => this.toggleCone("past"),
      2: () => this.toggleCone("future"),
      3: () => this.toggleCone("concurrent"),
      s: () => this.runs.length === 2 && this.choose(this.selected, 1 - this.side),
      "?": () => this.help.showModal(),
    };
  }

  escape(target) {
    if (target === this.search) {
      this.search.value = "";
      this.filter.search("");
      this.search.blur();
      return;
    }
    this.player.stop();
    this.only.clear();
    this.show();
  }
}

/** A bar beside the panel, by which it is made wider or narrower. */
function splitter() {
  let share = 36;
  const set = (wanted) => {
    share = Math.max(18, Math.min(70, wanted));
    document.querySelector("main").style.gridTemplateColumns = `minmax(0, 1fr) ${share}%`;
    bar.setAttribute("aria-valuenow", String(Math.round(share)));
  };
  const drag = (event) => event.buttons && set(100 - (event.clientX / innerWidth) * 100);
  const steps = { ArrowLeft: 3, ArrowRight: -3 };
  const key = (event) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    set(share + steps[event.key]);
  };
  const bar = el("div", {
    class: "splitter",
    role: "separator",
    tabindex: 0,
    "aria-orientation": "vertical",
    "aria-label": "Width of the panel",
    "aria-valuenow": share,
    onkeydown: key,
    onpointermove: drag,
    onpointerdown: (event) => bar.setPointerCapture(event.pointerId),
  });
  return bar;
}

/** The events that show a violation, each with the properties. */
function alarms(run) {
  const alarms = new Map();
  for (const verdict of verdicts(run)) {
    if (verdict.verdict !== "violated") continue;
    for (const event of verdict.events ?? [])
      alarms.set(event, [
        ...(alarms.get(event) ?? []),
        `${plain(verdict.name)}: ${plain(verdict.because ?? "")}`,
      ]);
  }
  return alarms;
}

/** For tests: what is drawn and what would be, apart from the window. */
function opened(app) {
  return {
    app,
    /** Every arrow of a run as it is laid out. */
    arrows: (side = 0) => {
      const diagram = app.diagrams[side];
      const { run } = diagram;
      diagram.place();
      return run.arrows.map((arrow) => {
        const at = diagram.ends(arrow);
        return {
          message: arrow.message,
          kind: arrow.kind,
          send: arrow.from,
          end: arrow.to,
          from: run.name(run.node[arrow.from]),
          why: arrow.to >= 0 ? run.reason(arrow.to) : undefined,
          ...at,
        };
      });
    },
    /** Where each node's line and each event stand. */
    columns: (side = 0) =>
      Object.fromEntries(
        app.diagrams[side].run.nodes.map((name, node) => [name, app.diagrams[side].x(node)]),
      ),
    heights: (side = 0) => Array.from(app.diagrams[side].layout.y, (_, index) => app.diagrams[side].y(index)),
    bands: (side = 0) =>
      app.diagrams[side].bands.map(({ kind, node, from, to }) => ({ kind, node, from, to })),
    selected: () => app.selected,
    vector: (index, side = 0) => Array.from(cones(app.runs[side], index).clock),
  };
}

/** Two runs are called by their files' names, without folders where those differ. */
function shortLabels(page) {
  const short = page.runs.map((run) => run.label.replace(/^.*[/\\](?=.)/, ""));
  if (page.runs.length !== 2 || short[0] === short[1]) return;
  page.runs.forEach((run, side) => (run.label = short[side]));
  page.title = short.join(" and ");
}

async function open() {
  const root = document.getElementById("page");
  try {
    const page = await unpack(document.getElementById("data"));
    shortLabels(page);
    page.runs = page.runs.map((run) => new Run(run));
    const app = new App(page, root);
    window.synod = opened(app);
    requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("synod-drawn")));
  } catch (error) {
    root.replaceChildren(
      el("p", { class: "failed", role: "alert" }, `This page cannot show its run: ${error}`),
    );
    throw error;
  }
}

open();
